//! Bar charts as SVG: a row with a bar and a dot, for the speed, for each thing that is compared.

use std::path::Path;

use gede::{Error, ErrorKind, Result};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use gede_cli::output::{count, write_file};
use gede_cli::plot::{Axis, Drawn, FONT, INK, MESH, QUIET};

/// A whole picture.
pub struct BarFigure<'a> {
    pub title: &'a str,
    /// The point of the figure, in one line.
    pub subtitle: &'a str,
    /// The axes of the bars, which begin at 0, and of the dots.
    pub axes: [Axis<'a>; 2],
    /// The meaning of the marks on bars.
    pub mark: &'a str,
    pub groups: Vec<Group<'a>>,
}

/// Bars under a heading.
pub struct Group<'a> {
    pub name: &'a str,
    pub bars: Vec<Bar>,
}

/// One row of the chart.
pub struct Bar {
    pub label: String,
    pub colour: RGBAColor,
    /// Length of the bar, and the text after it.
    pub value: f64,
    pub text: String,
    /// Where a mark is set, if anywhere.
    pub mark: Option<f64>,
    /// Place of the dot.
    pub dot: Option<f64>,
}

const WIDTH: u32 = 960;
const HEAD: i32 = 92;
const FOOT: i32 = 58;
const ROW: i32 = 23;
const HEADING: i32 = 30;
/// Half the height of a bar.
const HALF: i32 = 8;
/// From and to which pixel bars and dots are drawn.
const SPANS: [(i32, i32); 2] = [(244, 570), (658, 872)];

impl BarFigure<'_> {
    /// Writes the picture as SVG.
    ///
    /// # Errors
    /// `Io` if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut svg = String::new();
        let height = HEAD + self.body() + FOOT;
        self.draw(&SVGBackend::with_string(&mut svg, (WIDTH, height as u32)).into_drawing_area())
            .map_err(|e| Error::new(ErrorKind::Argument, format!("drawing {}: {e}", path.display())))?;
        write_file(path, svg.as_bytes())
    }

    /// Pixels of all groups, one below the other.
    fn body(&self) -> i32 {
        self.groups.iter().map(|group| HEADING + ROW * group.bars.len() as i32).sum()
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Drawn<DB> {
        root.fill(&WHITE)?;
        text(root, self.title, (20, 26), 20, INK, HPos::Left)?;
        text(root, self.subtitle, (20, 50), 13, QUIET, HPos::Left)?;
        let all = || self.groups.iter().flat_map(|group| &group.bars);
        if all().any(|bar| bar.mark.is_some()) {
            mark(root, 26, HEAD - 18)?;
            text(root, self.mark, (36, HEAD - 18), 13, QUIET, HPos::Left)?;
        }
        let [lengths, dots] = &self.axes;
        let lengths = lengths.extent(all().flat_map(|bar| [bar.value, bar.mark.unwrap_or(0.0)]).chain([0.0]));
        let lengths = 0.0..lengths.end;
        let dots = dots.extent(all().filter_map(|bar| bar.dot));
        let extents = [lengths, dots];
        let bottom = HEAD + self.body();
        for ((axis, extent), span) in self.axes.iter().zip(&extents).zip(SPANS) {
            for place in axis.ticks(extent) {
                let x = pixel(place, extent, span);
                root.draw(&PathElement::new([(x, HEAD), (x, bottom + 4)], MESH))?;
                let value = axis.value(place);
                let label = match value {
                    1e6.. => format!("{:.0} M", value / 1e6),
                    1e3.. => format!("{:.0} k", value / 1e3),
                    _ => axis.tick_label(place),
                };
                text(root, &label, (x, bottom + 15), 12, INK, HPos::Center)?;
            }
            text(root, axis.label, ((span.0 + span.1) / 2, bottom + 40), 14, INK, HPos::Center)?;
        }
        let mut y = HEAD;
        for group in &self.groups {
            text(root, group.name, (20, y + HEADING / 2 + 4), 13, QUIET, HPos::Left)?;
            y += HEADING;
            let foot = (SPANS[0].0, y + ROW * group.bars.len() as i32);
            root.draw(&PathElement::new([(SPANS[0].0, y), foot], QUIET))?;
            for bar in &group.bars {
                self.bar(root, bar, &extents, y + ROW / 2)?;
                y += ROW;
            }
        }
        root.present()
    }

    fn bar<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        bar: &Bar,
        [lengths, dots]: &[std::ops::Range<f64>; 2],
        y: i32,
    ) -> Drawn<DB> {
        text(root, &bar.label, (SPANS[0].0 - 8, y), 13, INK, HPos::Right)?;
        let end = pixel(bar.value, lengths, SPANS[0]);
        root.draw(&Rectangle::new([(SPANS[0].0, y - HALF), (end, y + HALF)], bar.colour.filled()))?;
        let mut after = end;
        if let Some(value) = bar.mark {
            let x = pixel(value, lengths, SPANS[0]);
            mark(root, x, y)?;
            after = if x + 4 > end && x < end + 48 { x } else { end };
        }
        text(root, &bar.text, (after + 6, y), 12, INK, HPos::Left)?;
        if let Some(value) = bar.dot {
            let x = pixel(self.axes[1].place(value), dots, SPANS[1]);
            root.draw(&PathElement::new([(SPANS[1].0, y), (x, y)], bar.colour.stroke_width(2)))?;
            root.draw(&Circle::new((x, y), 5, bar.colour.filled()))?;
            text(root, &rate(value), (x + 10, y), 12, INK, HPos::Left)?;
        }
        Ok(())
    }
}

/// A mark across a bar.
fn mark<DB: DrawingBackend>(root: &DrawingArea<DB, Shift>, x: i32, y: i32) -> Drawn<DB> {
    root.draw(&PathElement::new([(x, y - HALF - 2), (x, y + HALF + 2)], INK.stroke_width(2)))
}

fn pixel(place: f64, extent: &std::ops::Range<f64>, (from, to): (i32, i32)) -> i32 {
    from + ((place - extent.start) / (extent.end - extent.start) * f64::from(to - from)).round() as i32
}

/// Three digits, in thousands where there are more.
fn rate(value: f64) -> String {
    let digits = value.max(1.0).log10().floor() as i32;
    let unit = 10f64.powi((digits - 2).max(0));
    count(((value / unit).round() * unit) as u64)
}

fn text<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    text: &str,
    at: (i32, i32),
    size: i32,
    colour: RGBColor,
    side: HPos,
) -> Drawn<DB> {
    let style = (FONT, size).into_font().color(&colour).pos(Pos::new(side, VPos::Center));
    root.draw(&Text::new(text, at, style))
}

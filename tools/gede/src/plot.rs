//! Charts as SVG: panels below one another, each with its legend beside it.

use std::ops::Range;
use std::path::Path;

use crate::output::write_file;
use gede::{Error, ErrorKind, Result};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Colours that stay apart for colour-blind readers (Okabe and Ito).
pub const BLUE: RGBColor = RGBColor(0, 114, 178);
pub const VERMILION: RGBColor = RGBColor(213, 94, 0);
pub const GREEN: RGBColor = RGBColor(0, 158, 115);
pub const ORANGE: RGBColor = RGBColor(230, 159, 0);
pub const PURPLE: RGBColor = RGBColor(204, 121, 167);
pub const SKY: RGBColor = RGBColor(86, 180, 233);
pub const GREY: RGBColor = RGBColor(150, 150, 150);

pub const INK: RGBColor = RGBColor(40, 40, 40);
pub const QUIET: RGBColor = RGBColor(100, 100, 100);
pub const MESH: RGBColor = RGBColor(228, 228, 228);
pub const FONT: &str = "sans-serif";

/// A whole picture.
pub struct Figure<'a> {
    pub title: &'a str,
    /// What one is to see, in one line.
    pub subtitle: &'a str,
    /// Pixels, without and with the legend.
    pub size: (u32, u32),
    pub panels: Vec<Panel<'a>>,
}

/// Two axes and what is drawn between them.
pub struct Panel<'a> {
    pub x: Axis<'a>,
    pub y: Axis<'a>,
    pub series: Vec<Series>,
}

/// One axis.
pub struct Axis<'a> {
    /// What it shows, with its unit.
    pub label: &'a str,
    pub log: bool,
    /// The part to show; all of the data if none. A marked point beyond it is drawn as a triangle at
    /// the edge, a line beyond it is cut.
    pub range: Option<Range<f64>>,
}

/// Points that belong together.
pub struct Series {
    /// Its name in the legend; none keeps it out.
    pub name: Option<String>,
    pub colour: RGBColor,
    pub points: Vec<(f64, f64)>,
    pub line: Line,
    pub marks: Marks,
    /// Lowest and highest y at some x, drawn as a pale band.
    pub band: Vec<(f64, f64, f64)>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Line {
    None,
    Solid,
    Thin,
    Dashed,
}

#[derive(Clone, PartialEq)]
pub enum Marks {
    None,
    /// Discs of this radius in pixels.
    Discs(f64),
    /// Pale dots of this radius in pixels.
    Dots(f64),
    /// Discs of a radius each.
    Bubbles(Vec<f64>),
    /// One disc, at the last point.
    End,
}

impl Series {
    pub fn new(name: impl Into<String>, colour: RGBColor, points: Vec<(f64, f64)>) -> Self {
        let name = Some(name.into());
        Self { name, colour, points, line: Line::Solid, marks: Marks::Discs(4.0), band: Vec::new() }
    }

    /// A line without marks or a place in the legend.
    pub fn guide(colour: RGBColor, line: Line, points: Vec<(f64, f64)>) -> Self {
        Self { name: None, colour, points, line, marks: Marks::None, band: Vec::new() }
    }

    pub fn line(mut self, line: Line) -> Self {
        self.line = line;
        self
    }

    pub fn marks(mut self, marks: Marks) -> Self {
        self.marks = marks;
        self
    }

    pub fn band(mut self, band: Vec<(f64, f64, f64)>) -> Self {
        self.band = band;
        self
    }
}

impl<'a> Axis<'a> {
    pub fn linear(label: &'a str) -> Self {
        Self { label, log: false, range: None }
    }

    pub fn log(label: &'a str) -> Self {
        Self { label, log: true, range: None }
    }

    pub fn within(mut self, range: Range<f64>) -> Self {
        self.range = Some(range);
        self
    }

    /// A value's place on the axis.
    pub fn place(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }

    pub fn value(&self, place: f64) -> f64 {
        if self.log { 10f64.powf(place) } else { place }
    }

    /// The places shown: the range asked for, or that of the data and a little more.
    pub fn extent(&self, values: impl Iterator<Item = f64>) -> Range<f64> {
        if let Some(range) = &self.range {
            return self.place(range.start)..self.place(range.end);
        }
        let places = values.map(|v| self.place(v)).filter(|p| p.is_finite());
        let (lo, hi) = places.fold((f64::MAX, f64::MIN), |(lo, hi), p| (lo.min(p), hi.max(p)));
        if lo > hi {
            return 0.0..1.0;
        }
        let room = if hi > lo { 0.04 * (hi - lo) } else { 0.5 };
        lo - room..hi + room
    }

    /// Places of the ticks: round numbers, about six of them.
    pub fn ticks(&self, extent: &Range<f64>) -> Vec<f64> {
        let span = extent.end - extent.start;
        if self.log && span > 0.9 {
            let digits: &[f64] = match span {
                s if s < 1.7 => &[1.0, 2.0, 3.0, 5.0],
                s if s < 3.2 => &[1.0, 3.0],
                _ => &[1.0],
            };
            let decades = extent.start.floor() as i32..=extent.end.ceil() as i32;
            let every = (span / 8.0).ceil().max(1.0) as i32;
            return decades
                .filter(|decade| decade % every == 0)
                .flat_map(|decade| digits.iter().map(move |digit| digit.log10() + f64::from(decade)))
                .filter(|place| extent.contains(place))
                .collect();
        }
        let (lo, hi) = (self.value(extent.start), self.value(extent.end));
        let rough = (hi - lo) / 6.0;
        let magnitude = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|s| s * magnitude).find(|&s| s >= rough);
        let step = step.unwrap_or(10.0 * magnitude);
        let first = (lo / step).ceil() as i64;
        (first..).map(|i| i as f64 * step).take_while(|&v| v <= hi).map(|v| self.place(v)).collect()
    }

    pub fn tick_label(&self, place: f64) -> String {
        let value = self.value(place);
        if value != 0.0 && (value.abs() < 9.99e-4 || value.abs() >= 1e5) {
            return format!("{value:.0e}");
        }
        let text = format!("{value:.4}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if text == "-0" { "0".to_owned() } else { text.to_owned() }
    }
}

/// An axis as plotters wants it: with ticks of our own.
struct Scale {
    extent: Range<f64>,
    ticks: Vec<f64>,
}

impl Ranged for Scale {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let part = (value - self.extent.start) / (self.extent.end - self.extent.start);
        from + (part * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.extent.clone()
    }
}

const LEGEND_WIDTH: i32 = 215;
const HEAD: i32 = 64;

impl Figure<'_> {
    /// Writes the picture as SVG.
    ///
    /// # Errors
    /// `Io` if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut svg = String::new();
        self.draw(&SVGBackend::with_string(&mut svg, self.size).into_drawing_area())
            .map_err(|e| Error::new(ErrorKind::Argument, format!("drawing {}: {e}", path.display())))?;
        write_file(path, svg.as_bytes())
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Drawn<DB> {
        root.fill(&WHITE)?;
        let heading = |size: i32, colour: &RGBColor| (FONT, size).into_font().color(colour);
        root.draw(&Text::new(self.title, (20, 16), heading(20, &INK).into_text_style(root)))?;
        root.draw(&Text::new(self.subtitle, (20, 42), heading(13, &QUIET).into_text_style(root)))?;
        let (_, body) = root.split_vertically(HEAD);
        for (panel, area) in self.panels.iter().zip(body.split_evenly((self.panels.len(), 1))) {
            let (chart, legend) = area.split_horizontally(self.size.0 as i32 - LEGEND_WIDTH);
            panel.draw(&chart)?;
            panel.draw_legend(&legend)?;
        }
        root.present()
    }
}

pub type Drawn<DB> = std::result::Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

impl Panel<'_> {
    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn<DB> {
        let all = || self.series.iter().flat_map(|s| s.points.iter().copied());
        let bands = || self.series.iter().flat_map(|s| s.band.iter().copied());
        let x = self.x.extent(all().map(|p| p.0));
        let y = self.y.extent(all().map(|p| p.1).chain(bands().flat_map(|(_, lo, hi)| [lo, hi])));
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_left(14)
            .x_label_area_size(46)
            .y_label_area_size(64)
            .build_cartesian_2d(
                Scale { extent: x.clone(), ticks: self.x.ticks(&x) },
                Scale { extent: y.clone(), ticks: self.y.ticks(&y) },
            )?;
        let text = |size: i32| (FONT, size).into_font().color(&INK);
        chart
            .configure_mesh()
            .bold_line_style(MESH)
            .light_line_style(TRANSPARENT)
            .axis_style(QUIET)
            .x_desc(self.x.label)
            .y_desc(self.y.label)
            .axis_desc_style(text(14))
            .label_style(text(12))
            .x_label_formatter(&|place| self.x.tick_label(*place))
            .y_label_formatter(&|place| self.y.tick_label(*place))
            .draw()?;

        let place = |&(px, py): &(f64, f64)| (self.x.place(px), self.y.place(py));
        let inside = |&(px, py): &(f64, f64)| px >= x.start && px <= x.end && py >= y.start && py <= y.end;
        for series in &self.series {
            let band = series.band.iter().map(|&(bx, lo, _)| (bx, lo));
            let band = band.chain(series.band.iter().rev().map(|&(bx, _, hi)| (bx, hi)));
            let clamp = |(px, py): (f64, f64)| (px.clamp(x.start, x.end), py.clamp(y.start, y.end));
            let band: Vec<_> = band.map(|p| clamp(place(&p))).collect();
            chart.draw_series([Polygon::new(band, series.colour.mix(0.15))])?;
        }
        for series in &self.series {
            let places: Vec<(f64, f64)> = series.points.iter().map(place).collect();
            let marked = matches!(series.marks, Marks::Discs(_));
            for run in runs(&places, &inside, marked, &y) {
                match series.line {
                    Line::None => {}
                    Line::Dashed => {
                        let style = series.colour.stroke_width(2);
                        chart.draw_series(DashedLineSeries::new(run, 7, 5, style))?;
                    }
                    line => {
                        let style = series.colour.stroke_width(if line == Line::Thin { 1 } else { 2 });
                        chart.draw_series(LineSeries::new(run, style))?;
                    }
                }
            }
            for (i, &(px, py)) in places.iter().enumerate() {
                let beyond = py > y.end;
                let radius = match &series.marks {
                    Marks::None => continue,
                    Marks::End if i + 1 < places.len() => continue,
                    Marks::End => 5.0,
                    Marks::Discs(radius) | Marks::Dots(radius) => *radius,
                    Marks::Bubbles(radii) => radii.get(i).copied().unwrap_or(1.0),
                };
                if beyond && marked {
                    let tip = TriangleMarker::new((px, y.end), 7, series.colour.filled());
                    chart.draw_series([tip])?;
                } else if inside(&(px, py)) {
                    let style = match series.marks {
                        Marks::Dots(_) => series.colour.mix(0.35).filled(),
                        Marks::Bubbles(_) => series.colour.mix(0.6).filled(),
                        _ => series.colour.filled(),
                    };
                    chart.draw_series([Circle::new((px, py), radius, style)])?;
                    if matches!(series.marks, Marks::Bubbles(_)) {
                        chart.draw_series([Circle::new((px, py), radius, WHITE.stroke_width(1))])?;
                    }
                }
            }
        }
        Ok(())
    }

    fn draw_legend<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn<DB> {
        let style = (FONT, 13).into_font().color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
        let mut y = 20;
        for series in &self.series {
            let Some(name) = &series.name else { continue };
            let line = [(6, y), (30, y)];
            match series.line {
                Line::None => {}
                Line::Thin => area.draw(&PathElement::new(line, series.colour.stroke_width(1)))?,
                Line::Solid => area.draw(&PathElement::new(line, series.colour.stroke_width(2)))?,
                Line::Dashed => {
                    for x in [6, 18] {
                        area.draw(&PathElement::new([(x, y), (x + 8, y)], series.colour.stroke_width(2)))?;
                    }
                }
            }
            if series.marks != Marks::None {
                area.draw(&Circle::new((18, y), 4, series.colour.filled()))?;
            }
            for text in name.lines() {
                area.draw(&Text::new(text, (40, y), style.clone()))?;
                y += 17;
            }
            y += 8;
        }
        Ok(())
    }
}

/// The parts of a line inside the panel. The line of marked points follows their triangles along the
/// edge instead of leaving.
fn runs(
    places: &[(f64, f64)],
    inside: &impl Fn(&(f64, f64)) -> bool,
    marked: bool,
    y: &Range<f64>,
) -> Vec<Vec<(f64, f64)>> {
    if marked {
        return vec![places.iter().map(|&(px, py)| (px, py.clamp(y.start, y.end))).collect()];
    }
    places.split(|place| !inside(place)).filter(|run| run.len() > 1).map(<[_]>::to_vec).collect()
}

//! Charts as SVG: panels below one another, each with a legend to its right.

mod axis;
mod panel;

use std::ops::Range;
use std::path::Path;

use crate::output::write_file;
use gede::{Error, ErrorKind, Result};
use plotters::coord::Shift;
use plotters::prelude::*;

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
    /// The point of the figure, in one line.
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
    /// The quantity, with its unit.
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

/// The result of drawing.
pub type Drawn<DB> = std::result::Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

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

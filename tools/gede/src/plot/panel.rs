//! Drawing of one panel.

use std::ops::Range;

use super::axis::Scale;
use super::{Drawn, FONT, INK, Line, MESH, Marks, Panel, QUIET, Series};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<Scale, Scale>>;

/// The part of the plane that a panel shows.
struct Window {
    x: Range<f64>,
    y: Range<f64>,
}

impl Window {
    fn contains(&self, (x, y): (f64, f64)) -> bool {
        x >= self.x.start && x <= self.x.end && y >= self.y.start && y <= self.y.end
    }

    fn clamp(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x.clamp(self.x.start, self.x.end), y.clamp(self.y.start, self.y.end))
    }
}

impl Panel<'_> {
    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn<DB> {
        let window = self.window();
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_left(14)
            .x_label_area_size(46)
            .y_label_area_size(64)
            .build_cartesian_2d(
                Scale { extent: window.x.clone(), ticks: self.x.ticks(&window.x) },
                Scale { extent: window.y.clone(), ticks: self.y.ticks(&window.y) },
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
        for series in &self.series {
            self.draw_band(&mut chart, &window, series)?;
        }
        for series in &self.series {
            let places: Vec<(f64, f64)> = series.points.iter().map(|&point| self.place(point)).collect();
            draw_line(&mut chart, &window, series, &places)?;
            draw_marks(&mut chart, &window, series, &places)?;
        }
        Ok(())
    }

    fn window(&self) -> Window {
        let points = || self.series.iter().flat_map(|s| s.points.iter().copied());
        let bands = self.series.iter().flat_map(|s| s.band.iter().copied());
        let heights = points().map(|p| p.1).chain(bands.flat_map(|(_, lo, hi)| [lo, hi]));
        Window { x: self.x.extent(points().map(|p| p.0)), y: self.y.extent(heights) }
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.place(x), self.y.place(y))
    }

    fn draw_band<DB: DrawingBackend>(
        &self,
        chart: &mut Chart<'_, DB>,
        window: &Window,
        series: &Series,
    ) -> Drawn<DB> {
        let lower = series.band.iter().map(|&(x, lo, _)| (x, lo));
        let upper = series.band.iter().rev().map(|&(x, _, hi)| (x, hi));
        let outline: Vec<_> = lower.chain(upper).map(|point| window.clamp(self.place(point))).collect();
        chart.draw_series([Polygon::new(outline, series.colour.mix(0.15))])?;
        Ok(())
    }

    pub(super) fn draw_legend<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn<DB> {
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

fn draw_line<DB: DrawingBackend>(
    chart: &mut Chart<'_, DB>,
    window: &Window,
    series: &Series,
    places: &[(f64, f64)],
) -> Drawn<DB> {
    for run in runs(places, window, series.follows_edge()) {
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
    Ok(())
}

fn draw_marks<DB: DrawingBackend>(
    chart: &mut Chart<'_, DB>,
    window: &Window,
    series: &Series,
    places: &[(f64, f64)],
) -> Drawn<DB> {
    for (i, &(x, y)) in places.iter().enumerate() {
        let radius = match &series.marks {
            Marks::None => continue,
            Marks::End if i + 1 < places.len() => continue,
            Marks::End => 5.0,
            Marks::Discs(radius) | Marks::Dots(radius) => *radius,
            Marks::Bubbles(radii) => radii[i],
        };
        if y > window.y.end && series.follows_edge() {
            let tip = TriangleMarker::new((x, window.y.end), 7, series.colour.filled());
            chart.draw_series([tip])?;
        } else if window.contains((x, y)) {
            let style = match series.marks {
                Marks::Dots(_) => series.colour.mix(0.35).filled(),
                Marks::Bubbles(_) => series.colour.mix(0.6).filled(),
                _ => series.colour.filled(),
            };
            chart.draw_series([Circle::new((x, y), radius, style)])?;
            if matches!(series.marks, Marks::Bubbles(_)) {
                chart.draw_series([Circle::new((x, y), radius, WHITE.stroke_width(1))])?;
            }
        }
    }
    Ok(())
}

impl Series {
    /// True if points above the panel are drawn as triangles at its edge, and the line follows them there.
    fn follows_edge(&self) -> bool {
        matches!(self.marks, Marks::Discs(_))
    }
}

/// The parts of a line inside the window. A line that follows the edge is one part.
fn runs(places: &[(f64, f64)], window: &Window, follows_edge: bool) -> Vec<Vec<(f64, f64)>> {
    if follows_edge {
        let height = |y: f64| y.clamp(window.y.start, window.y.end);
        return vec![places.iter().map(|&(x, y)| (x, height(y))).collect()];
    }
    places.split(|&place| !window.contains(place)).filter(|run| run.len() > 1).map(<[_]>::to_vec).collect()
}

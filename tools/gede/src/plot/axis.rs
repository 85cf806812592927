//! The scale and the ticks of an axis.

use std::ops::Range;

use super::Axis;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::prelude::Ranged;

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

/// An axis in the form of plotters, with our ticks.
pub(super) struct Scale {
    pub extent: Range<f64>,
    pub ticks: Vec<f64>,
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

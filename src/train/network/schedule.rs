//! Learning rate schedules.

/// The course of the learning rate over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// The same rate for all steps.
    Constant,
    /// Half a cosine from the first step's rate to 0 after the last.
    #[default]
    Cosine,
    /// Half a cosine up from a 25th over the first 3 of 10 steps, and half a cosine down to 0 after the last (Smith and
    /// Topin, "Super-convergence").
    OneCycle,
}

/// Share of the steps of [`Schedule::OneCycle`] that rise, and their first factor.
const RISE: f64 = 0.3;
const START: f64 = 1.0 / 25.0;

impl Schedule {
    /// Factor of the highest learning rate at step `step` of `steps`.
    pub fn factor(self, step: u64, steps: u64) -> f64 {
        let part = step as f64 / steps.max(1) as f64;
        match self {
            Self::Constant => 1.0,
            Self::Cosine => fallen(part),
            Self::OneCycle if part < RISE => 1.0 - (1.0 - START) * fallen(part / RISE),
            Self::OneCycle => fallen((part - RISE) / (1.0 - RISE)),
        }
    }
}

/// Half a cosine from 1 at 0 to 0 at 1.
fn fallen(part: f64) -> f64 {
    (1.0 + (std::f64::consts::PI * part).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cycle_rises_and_falls() {
        let factors: Vec<f64> = (0..100).map(|step| Schedule::OneCycle.factor(step, 100)).collect();
        assert!((factors[0] - 0.04).abs() < 1e-12 && factors[30] == 1.0 && factors[99] < 0.001);
        assert!(factors[..=30].is_sorted() && factors[30..].is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn cosine_falls_to_nothing() {
        let factor = |step| Schedule::Cosine.factor(step, 10);
        assert!(factor(0) == 1.0 && (factor(5) - 0.5).abs() < 1e-12 && factor(10) < 1e-12);
    }
}

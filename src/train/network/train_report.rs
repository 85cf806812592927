//! Results of a training run.

/// Result of an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochReport {
    /// Its number; the first is 0.
    pub epoch: u64,
    /// Images trained on.
    pub images: u64,
    /// Mean loss of its images, each computed before the step on it.
    pub loss: f64,
}

/// Result of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainReport {
    /// One report an epoch.
    pub epochs: Vec<EpochReport>,
    /// Images trained on, all epochs together.
    pub images: u64,
    /// Steps made.
    pub steps: u64,
    /// Seconds from the first batch asked for to the last step.
    pub seconds: f64,
    /// Seconds of them that steps waited for images.
    pub waited: f64,
    /// Seconds in which rows were selected, not counted in `seconds`; 0 where rows are drawn.
    pub selection_seconds: f64,
}

//! A trained model, and the way to it.

use super::LinearModel;

/// Where a descent was before a step.
#[derive(Clone, Debug, PartialEq)]
pub struct DescentProgress {
    /// Steps taken so far.
    pub step: u64,
    /// Seconds spent on them; looks at the loss of all rows between mini-batches are not counted.
    pub seconds: f64,
    /// Half the weighted mean squared error (equations 2 and 4).
    pub loss: f64,
    /// Norm of the gradient of that loss.
    pub gradient_norm: f64,
    /// The d + 1 parameters for standardised features, the intercept first.
    pub parameters: Vec<f64>,
}

/// A trained model and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The model.
    pub model: LinearModel,
    /// Steps taken; 0 for a closed form.
    pub steps: u64,
    /// Seconds it took.
    pub seconds: f64,
    /// The gradient fell below the tolerance; true of a closed form.
    pub converged: bool,
    /// Norm of the gradient at the end, in standardised features.
    pub gradient_norm: f64,
    /// Features that are linear combinations of others and got weight 0 (closed forms only).
    pub dependent: Vec<String>,
    /// The way there, every [`Descent::check_every`](super::Descent::check_every) steps; empty for a closed form.
    pub history: Vec<DescentProgress>,
}

impl Fit {
    /// The model as it was at a moment of the history.
    pub fn model_at(&self, progress: &DescentProgress) -> LinearModel {
        let LinearModel { features, target, standardiser, .. } = &self.model;
        LinearModel::from_standardised(features, target, &progress.parameters, standardiser)
    }
}

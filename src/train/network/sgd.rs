//! Options of gradient descent.

/// Options of stochastic gradient descent with momentum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Share of the velocity that is kept from step to step.
    pub momentum: f64,
    /// L2 penalty: this multiple of a weight is added to its gradient.
    pub weight_decay: f64,
    /// Nesterov momentum: the step adds the gradient to the velocity that follows from it.
    pub nesterov: bool,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { momentum: 0.9, weight_decay: 5e-4, nesterov: false }
    }
}

//! Gradient descent with momentum on a network's parameters.

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};

use super::sgd::Sgd;

/// A parameter and its velocity, which does not exist before its first gradient.
#[derive(Debug)]
struct Parameter {
    variable: Var,
    velocity: Option<Tensor>,
}

/// Stochastic gradient descent with momentum on a network's parameters.
#[derive(Debug)]
pub struct Optimizer {
    sgd: Sgd,
    parameters: Vec<Parameter>,
}

impl Optimizer {
    /// An optimizer without velocities yet.
    pub fn new(sgd: Sgd, parameters: impl IntoIterator<Item = Var>) -> Self {
        let parameters = parameters.into_iter().map(|variable| Parameter { variable, velocity: None });
        Self { sgd, parameters: parameters.collect() }
    }

    /// Velocities in the parameters' order; `None` before a parameter's first gradient.
    pub(super) fn velocities(&self) -> impl Iterator<Item = Option<&Tensor>> {
        self.parameters.iter().map(|parameter| parameter.velocity.as_ref())
    }

    /// Sets the velocities, in the parameters' order.
    pub(super) fn restore(&mut self, velocities: Vec<Option<Tensor>>) {
        self.parameters
            .iter_mut()
            .zip(velocities)
            .for_each(|(parameter, velocity)| parameter.velocity = velocity);
    }

    /// Updates every parameter that has a gradient.
    ///
    /// # Errors
    /// Candle's.
    pub fn step(&mut self, gradients: &GradStore, learning_rate: f64) -> Result<()> {
        #[cfg(feature = "cuda")]
        if self.parameters.iter().any(|parameter| parameter.variable.device().is_cuda()) {
            return self.step_on_gpu(gradients, learning_rate);
        }
        let Sgd { momentum, weight_decay, nesterov } = self.sgd;
        for Parameter { variable, velocity } in &mut self.parameters {
            let Some(gradient) = gradients.get(variable) else { continue };
            // Detached: the graph of a gradient would keep the whole step's activations alive.
            let at = variable.as_detached_tensor();
            let gradient = match weight_decay {
                0.0 => gradient.detach(),
                decay => (gradient.detach() + (&at * decay)?)?,
            };
            let moved = match velocity.take() {
                Some(velocity) => ((velocity * momentum)? + &gradient)?,
                None => gradient.clone(),
            };
            let direction = if nesterov { (gradient + (&moved * momentum)?)? } else { moved.clone() };
            variable.set(&(at - (direction * learning_rate)?)?)?;
            *velocity = Some(moved);
        }
        Ok(())
    }

    /// [`step`](Self::step) as one launch: on a GPU a launch for each tensor would take longer than its arithmetic.
    #[cfg(feature = "cuda")]
    fn step_on_gpu(&mut self, gradients: &GradStore, learning_rate: f64) -> Result<()> {
        let mut held = Vec::with_capacity(self.parameters.len());
        for Parameter { variable, velocity } in &mut self.parameters {
            let Some(gradient) = gradients.get(variable) else { continue };
            let velocity = match velocity {
                Some(velocity) => velocity,
                None => velocity.insert(variable.zeros_like()?),
            };
            held.push((&*variable, &*velocity, gradient.contiguous()?));
        }
        let parameters =
            held.iter().map(|(variable, velocity, gradient)| [variable.as_tensor(), velocity, gradient]);
        super::gpu::step(&parameters.collect::<Vec<_>>(), self.sgd, learning_rate)
    }
}

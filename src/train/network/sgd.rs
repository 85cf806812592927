//! Stochastic gradient descent with momentum, and how its steps shorten.

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};

/// How a step is made of gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Share of the last step's direction that is kept.
    pub momentum: f64,
    /// Penalty on half the squared weights, as a part of the gradient.
    pub weight_decay: f64,
    /// Nesterov momentum: the gradient is taken at the point that momentum leads to.
    pub nesterov: bool,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { momentum: 0.9, weight_decay: 5e-4, nesterov: false }
    }
}

/// A variable and where it was going.
struct Moving {
    variable: Var,
    velocity: Option<Tensor>,
}

/// The steps of some variables.
pub struct Steps {
    sgd: Sgd,
    moving: Vec<Moving>,
}

debug_fields!([] Steps {  });

impl Steps {
    /// At rest.
    pub fn new(sgd: Sgd, variables: impl IntoIterator<Item = Var>) -> Self {
        let moving = variables.into_iter().map(|variable| Moving { variable, velocity: None });
        Self { sgd, moving: moving.collect() }
    }

    /// Where each variable was going, in their order; nothing before its first step.
    pub(crate) fn velocities(&self) -> impl Iterator<Item = Option<&Tensor>> {
        self.moving.iter().map(|moving| moving.velocity.as_ref())
    }

    /// Goes on from velocities, in the variables' order.
    pub(crate) fn go_on(&mut self, velocities: Vec<Option<Tensor>>) {
        self.moving.iter_mut().zip(velocities).for_each(|(moving, velocity)| moving.velocity = velocity);
    }

    /// Makes a step of a learning rate.
    ///
    /// # Errors
    /// Candle's.
    pub fn step(&mut self, gradients: &GradStore, rate: f64) -> Result<()> {
        #[cfg(feature = "cuda")]
        if self.moving.iter().any(|moving| moving.variable.device().is_cuda()) {
            return self.step_on_gpu(gradients, rate);
        }
        let Sgd { momentum, weight_decay, nesterov } = self.sgd;
        for Moving { variable, velocity } in &mut self.moving {
            let Some(gradient) = gradients.get(variable) else { continue };
            // What Candle remembers of how a gradient came about is not needed, nor to be kept.
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
            variable.set(&(at - (direction * rate)?)?)?;
            *velocity = Some(moved);
        }
        Ok(())
    }

    /// The same as one launch.
    #[cfg(feature = "cuda")]
    fn step_on_gpu(&mut self, gradients: &GradStore, rate: f64) -> Result<()> {
        let mut held = Vec::with_capacity(self.moving.len());
        for Moving { variable, velocity } in &mut self.moving {
            let Some(gradient) = gradients.get(variable) else { continue };
            let velocity = match velocity {
                Some(velocity) => velocity,
                None => velocity.insert(variable.zeros_like()?),
            };
            held.push((&*variable, &*velocity, gradient.contiguous()?));
        }
        let moving =
            held.iter().map(|(variable, velocity, gradient)| [variable.as_tensor(), velocity, gradient]);
        super::gpu::step(&moving.collect::<Vec<_>>(), self.sgd, rate)
    }
}

/// The learning rate of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// The same for all.
    Constant,
    /// Half a cosine from the first step's rate to 0 after the last.
    #[default]
    Cosine,
    /// Half a cosine up from a 25th over the first 3 of 10 steps, and half a cosine down to 0 after the last (Smith and
    /// Topin, "Super-convergence").
    OneCycle,
}

/// The share of the steps of [`Schedule::OneCycle`] that rise, and the share of the highest rate where they begin.
const RISE: f64 = 0.3;
const START: f64 = 1.0 / 25.0;

impl Schedule {
    /// The share of the highest rate at step `step` of `steps`.
    pub fn share(self, step: u64, steps: u64) -> f64 {
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
        let shares: Vec<f64> = (0..100).map(|step| Schedule::OneCycle.share(step, 100)).collect();
        assert!((shares[0] - 0.04).abs() < 1e-12 && shares[30] == 1.0 && shares[99] < 0.001);
        assert!(shares[..=30].is_sorted() && shares[30..].is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn cosine_falls_to_nothing() {
        let share = |step| Schedule::Cosine.share(step, 10);
        assert!(share(0) == 1.0 && (share(5) - 0.5).abs() < 1e-12 && share(10) < 1e-12);
    }
}

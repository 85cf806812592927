//! A tape of operations, for the backward pass through them.

use candle_core::backprop::GradStore;
use candle_core::{CustomOp2, CustomOp3, Device, Result, Tensor, Var};

/// Operations in the order of their application. Candle's own backward pass starts every gradient as zeros and adds to it:
/// two passes over memory too many for a tensor that is used once. This one adds only to a gradient that exists.
#[derive(Default)]
pub struct Tape {
    /// `None` if Candle records them.
    recorded: Option<Vec<Recorded>>,
}

debug_fields!([] Tape {});

/// An operation's result, and its backward pass: from the gradient of the result to those of the arguments.
struct Recorded {
    out: Tensor,
    back: Box<Back>,
}

type Back = dyn Fn(&Tensor) -> Result<Vec<(Tensor, Option<Tensor>)>>;

impl Tape {
    /// A tape for a device. Candle records instead on a GPU without cuDNN, where a convolution is several operations of its own.
    pub fn new(device: &Device) -> Self {
        let records = device.is_cpu() || cfg!(feature = "cudnn");
        Self { recorded: records.then(Vec::new) }
    }

    /// A tape that leaves recording to Candle.
    pub(crate) fn unrecorded() -> Self {
        Self::default()
    }

    /// True if it records operations.
    pub(crate) fn records(&self) -> bool {
        self.recorded.is_some()
    }

    /// Applies an operation of two arguments.
    pub(crate) fn two(
        &mut self,
        op: impl CustomOp2 + Send + Sync + 'static,
        a: &Tensor,
        b: &Tensor,
    ) -> Result<Tensor> {
        let Some(recorded) = &mut self.recorded else { return a.apply_op2(b, op) };
        let out = a.apply_op2_no_bwd(b, &op)?;
        let (a, b, own) = (a.clone(), b.clone(), out.clone());
        let back = move |gradient: &Tensor| {
            let of = op.bwd(&a, &b, &own, gradient)?;
            Ok(vec![(a.clone(), of.0), (b.clone(), of.1)])
        };
        recorded.push(Recorded { out: out.clone(), back: Box::new(back) });
        Ok(out)
    }

    /// Applies an operation of three arguments.
    pub(crate) fn three(
        &mut self,
        op: impl CustomOp3 + Send + Sync + 'static,
        [a, b, c]: [&Tensor; 3],
    ) -> Result<Tensor> {
        let Some(recorded) = &mut self.recorded else { return a.apply_op3(b, c, op) };
        let out = a.apply_op3_no_bwd(b, c, &op)?;
        let (a, b, c, own) = (a.clone(), b.clone(), c.clone(), out.clone());
        let back = move |gradient: &Tensor| {
            let of = op.bwd(&a, &b, &c, &own, gradient)?;
            Ok(vec![(a.clone(), of.0), (b.clone(), of.1), (c.clone(), of.2)])
        };
        recorded.push(Recorded { out: out.clone(), back: Box::new(back) });
        Ok(out)
    }

    /// Stand-in for the last result in the operations of Candle that follow.
    ///
    /// # Errors
    /// Candle's.
    pub fn end(&self, last: &Tensor) -> Result<Tensor> {
        // A variable of its own, so that Candle's backward pass ends here, and hands out the gradient.
        if self.records() { Var::from_tensor(last).map(Var::into_inner) } else { Ok(last.clone()) }
    }

    /// The backward pass from the last result, whose gradient Candle put among `gradients` as that of its [`end`](Self::end).
    /// Leaves the gradients of all tensors that are no operation's result.
    ///
    /// # Errors
    /// Candle's.
    pub fn back(self, last: &Tensor, end: &Tensor, gradients: &mut GradStore) -> Result<()> {
        if let Some(gradient) = gradients.remove(end).filter(|_| self.records()) {
            gradients.insert(last, gradient);
        }
        for Recorded { out, back } in self.recorded.into_iter().flatten().rev() {
            // Removed, not read: its memory is free for the gradients that follow from it.
            let Some(gradient) = gradients.remove(&out) else { continue };
            for (argument, own) in back(&gradient)? {
                let Some(own) = own else { continue };
                let sum = match gradients.remove(&argument) {
                    Some(others) => (others + own)?,
                    None => own,
                };
                gradients.insert(&argument, sum);
            }
        }
        Ok(())
    }
}

//! Operations in the order of their application, for the way back through them.

use candle_core::backprop::GradStore;
use candle_core::{CustomOp2, CustomOp3, Device, Result, Tensor, Var};

/// Operations on their way. Candle's own way back starts every gradient as zeros, to which it adds what comes: two passes
/// over every tensor for nothing where one thing comes. This one adds where there is something to add to.
#[derive(Default)]
pub struct Tape {
    /// None where Candle keeps them.
    passed: Option<Vec<Passed>>,
}

debug_fields!([] Tape {  });

/// An operation's result, and the way back from its gradient to those of its arguments.
struct Passed {
    out: Tensor,
    back: Box<Back>,
}

type Back = dyn Fn(&Tensor) -> Result<Vec<(Tensor, Option<Tensor>)>>;

impl Tape {
    /// Keeps operations on a device, but leaves them to Candle where a convolution is many: on a GPU without cuDNN.
    pub fn of(device: &Device) -> Self {
        let keeps = device.is_cpu() || cfg!(feature = "cudnn");
        Self { passed: keeps.then(Vec::new) }
    }

    /// Leaves them to Candle.
    pub(crate) fn candles() -> Self {
        Self::default()
    }

    /// True if it keeps them.
    pub(crate) fn keeps(&self) -> bool {
        self.passed.is_some()
    }

    /// Applies an operation.
    pub(crate) fn two(
        &mut self,
        op: impl CustomOp2 + Send + Sync + 'static,
        a: &Tensor,
        b: &Tensor,
    ) -> Result<Tensor> {
        let Some(passed) = &mut self.passed else { return a.apply_op2(b, op) };
        let out = a.apply_op2_no_bwd(b, &op)?;
        let (a, b, own) = (a.clone(), b.clone(), out.clone());
        let back = move |gradient: &Tensor| {
            let of = op.bwd(&a, &b, &own, gradient)?;
            Ok(vec![(a.clone(), of.0), (b.clone(), of.1)])
        };
        passed.push(Passed { out: out.clone(), back: Box::new(back) });
        Ok(out)
    }

    /// Applies an operation.
    pub(crate) fn three(
        &mut self,
        op: impl CustomOp3 + Send + Sync + 'static,
        [a, b, c]: [&Tensor; 3],
    ) -> Result<Tensor> {
        let Some(passed) = &mut self.passed else { return a.apply_op3(b, c, op) };
        let out = a.apply_op3_no_bwd(b, c, &op)?;
        let (a, b, c, own) = (a.clone(), b.clone(), c.clone(), out.clone());
        let back = move |gradient: &Tensor| {
            let of = op.bwd(&a, &b, &c, &own, gradient)?;
            Ok(vec![(a.clone(), of.0), (b.clone(), of.1), (c.clone(), of.2)])
        };
        passed.push(Passed { out: out.clone(), back: Box::new(back) });
        Ok(out)
    }

    /// Stand-in for the last result in the operations of Candle that follow.
    ///
    /// # Errors
    /// Candle's.
    pub fn end(&self, last: &Tensor) -> Result<Tensor> {
        match self.keeps() {
            true => Var::from_tensor(last).map(Var::into_inner),
            false => Ok(last.clone()),
        }
    }

    /// Goes back from the last result, whose gradient Candle found among `gradients` as that of its [`end`](Self::end), and
    /// leaves there those of all that no operation made.
    ///
    /// # Errors
    /// Candle's.
    pub fn back(self, last: &Tensor, end: &Tensor, gradients: &mut GradStore) -> Result<()> {
        if let Some(gradient) = gradients.remove(end).filter(|_| self.keeps()) {
            gradients.insert(last, gradient);
        }
        for Passed { out, back } in self.passed.into_iter().flatten().rev() {
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

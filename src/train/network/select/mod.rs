//! Methods that yield the rows of a network's epochs, drawn or selected.
//!
//! [`METHODS`] is their registry: the tool's `--method`, the lab's experiments and the tests iterate over it. A new method
//! is one file here, which ends in its [`Method`], and its lines in this file.
//!
//! Selecting methods know the gradient of a row's loss by the last layer's weights ([`Gradients`], which never builds it:
//! the error of the logits and the layer's input determine it), or the course of its logits while the network learns from
//! all rows ([`SelectionContext::rehearse`]).
//!
//! A method of your own implements [`Select`] with the same parts as the methods here:
//!
//! ```
//! use gede::sample::Amount;
//! use gede::train::select::{Choice, Gradients, Method, RowSource, Select, SelectionContext, Weighing};
//!
//! /// The rows of each class with the longest gradients, selected again every 5 epochs.
//! struct Longest(Amount);
//!
//! impl Select for Longest {
//!     fn choose(&mut self, context: &SelectionContext) -> gede::Result<Choice> {
//!         let gradients = Gradients::with_all_rows(context)?;
//!         let chosen = gradients.each_class(context, self.0, |class| {
//!             let mut places = class.places.clone();
//!             places.sort_by(|&a, &b| gradients.product(b, b).total_cmp(&gradients.product(a, a)));
//!             places.truncate(class.budget);
//!             places
//!         })?;
//!         Choice::new(gradients.rows_at(&chosen.concat()), Weighing::Equal, 5)
//!     }
//! }
//!
//! /// An entry like those of the registry.
//! const LONGEST: Method = Method {
//!     name: "longest",
//!     title: "Longest gradients",
//!     about: "Images with the longest gradients",
//!     note: "again every 5 epochs",
//!     takes_share: true,
//!     source: RowSource::Selected(|amount| Box::new(Longest(amount))),
//! };
//! assert_eq!(LONGEST.help(), "Images with the longest gradients; again every 5 epochs");
//! ```

mod ccs;
mod choice;
mod craig;
mod dq;
mod drawn;
mod glister;
mod grad_match;
mod gradients;
mod info_batch;
mod method;
mod pursuit;
mod random;
mod selection_context;
mod step_info;
mod tdds;

pub use ccs::Ccs;
pub use choice::{Choice, Weighing};
pub use craig::Craig;
pub use dq::Dq;
pub use glister::Glister;
pub use grad_match::GradMatch;
pub use gradients::{ClassBudget, Gradients};
pub use info_batch::InfoBatch;
pub use method::{Method, RowSource, Select};
pub use random::SelectionRandom;
pub use selection_context::SelectionContext;
pub use step_info::{OnStep, StepInfo};
pub use tdds::Tdds;

/// Every method of the crate, in the order of the tool's help.
///
/// ```
/// for method in gede::train::select::METHODS {
///     println!("{:12} {}", method.name, method.help());
/// }
/// ```
pub static METHODS: [&Method; 12] = [
    &drawn::RANDOM,
    &drawn::BALANCED,
    &drawn::RS2,
    &drawn::REPLACEMENT,
    &drawn::FULL,
    &grad_match::METHOD,
    &glister::METHOD,
    &craig::METHOD,
    &dq::METHOD,
    &tdds::METHOD,
    &ccs::METHOD,
    &info_batch::METHOD,
];

/// The method of [`METHODS`] with a name.
pub fn find_method(name: &str) -> Option<&'static Method> {
    METHODS.into_iter().find(|method| method.name == name)
}

//! Networks for images.

mod layer;
mod lenet;
mod network;
mod resnet;
mod saved_layout;

pub use lenet::LeNet5;
pub use network::{Backward, Network};
pub use resnet::ResNet18;
pub use saved_layout::SavedLayout;

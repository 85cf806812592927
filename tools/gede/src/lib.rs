//! Parts that the tool shares with the lab (`tools/lab`): text for people and machines, figures, devices, methods.
// The binaries of this repository alone use it: it promises nothing to others.
#![allow(missing_docs)]

pub mod allocator;
pub mod device;
pub mod exit;
pub mod methods;
pub mod output;
pub mod plot;

//! Lane transforms: values to unsigned fields of few bits, and back (spec, section 4.1).

pub(crate) mod decimal;
pub(crate) mod encode;
pub(crate) mod exceptions;
pub(crate) mod lane_transform;
pub(crate) mod limits;
pub(crate) mod materialize;
pub(crate) mod step;

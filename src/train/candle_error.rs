//! Errors of Candle.

use candle_core::Error as CandleError;

use crate::error::{Error, ErrorKind};

/// An error of Candle: of the device, if it failed, else of a wrong argument, which the message names.
pub(crate) fn candle(error: CandleError) -> Error {
    let kind = if is_of_device(&error) { ErrorKind::Device } else { ErrorKind::Argument };
    Error::new(kind, format!("Candle: {error}")).with_source(error)
}

/// True for an error of CUDA or Metal, such as a GPU that is out of memory, whatever Candle has put around it.
fn is_of_device(error: &CandleError) -> bool {
    match error {
        CandleError::Cuda(_) | CandleError::Metal(_) => true,
        CandleError::WithBacktrace { inner, .. }
        | CandleError::WithPath { inner, .. }
        | CandleError::Context { inner, .. } => is_of_device(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn a_device_that_fails_is_no_misuse_and_the_source_is_kept() {
        let out_of_memory = CandleError::Cuda("out of memory".into()).context("a convolution").bt();
        let error = candle(out_of_memory);
        assert_eq!(error.kind(), ErrorKind::Device);
        assert!(error.source().is_some_and(|source| source.is::<CandleError>()));
        assert_eq!(candle(CandleError::Msg("a shape".to_owned())).kind(), ErrorKind::Argument);
    }
}

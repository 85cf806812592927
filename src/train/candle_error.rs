//! Errors of Candle.

use crate::error::Error;

/// An error of Candle as one of a wrong argument, which it names.
pub(crate) fn candle(error: candle_core::Error) -> Error {
    Error::argument(format!("Candle: {error}"))
}

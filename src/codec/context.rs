//! The parts of a file that every read needs.

use crate::codec::strings::dictionaries::Dictionaries;
use crate::format::pages::Pages;

/// The pages of a file and its dictionaries, lent to a read.
pub(crate) struct Context<'a, S> {
    pub pages: &'a Pages<S>,
    pub dictionaries: &'a Dictionaries,
}

impl<S> Clone for Context<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Context<'_, S> {}

//! Blocks that were read lately.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;

/// Slots for values by number; a slot holds the number used last of those that share it.
pub(crate) struct Cache<T> {
    slots: Vec<Slot<T>>,
}

/// A value and its number.
type Slot<T> = Mutex<Option<(u64, Arc<T>)>>;

impl<T> Cache<T> {
    /// Slots for values of about `bytes` bytes each, within `memory` bytes but 2 to `most`, and 4096 at most.
    pub fn new(bytes: usize, memory: usize, most: u64) -> Self {
        let slots = (memory / bytes.max(1)).clamp(2, most.clamp(2, 4096) as usize);
        Self { slots: (0..slots).map(|_| Mutex::new(None)).collect() }
    }

    /// The value of a number, made where it is not there.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn get(&self, number: u64, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let slot = self.slots.get((number % self.slots.len() as u64) as usize);
        let mut slot = slot.map(|s| s.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some((_, value)) = slot.as_deref().and_then(Option::as_ref).filter(|(n, _)| *n == number) {
            return Ok(value.clone());
        }
        let value = Arc::new(make()?);
        if let Some(slot) = slot.as_deref_mut() {
            *slot = Some((number, value.clone()));
        }
        Ok(value)
    }
}

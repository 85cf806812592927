//! Calls into libraries that panic on some inputs.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// True if this thread is inside a guarded call.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls `f`. A panic in it becomes its message, on one line, and prints nothing; panics elsewhere reach the hook that
/// was there before. The flag is per thread, as panics are: the readers of the `arrow` and `parquet` crates start none.
pub(crate) fn quietly<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.try_with(Cell::get).unwrap_or(false) {
                previous(info);
            }
        }));
    });
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(f));
    GUARDED.set(before);
    result.map_err(|payload| message(payload.as_ref()))
}

/// The message of a panic on one line.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no reason is given");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_one_line() {
        assert_eq!(quietly(|| 7), Ok(7));
        let inner = quietly(|| quietly::<()>(|| panic!("deep")));
        assert_eq!(inner, Ok(Err("deep".to_owned())));
        assert_eq!(quietly(|| panic!("two\n  lines {}", 1)), Err::<(), _>("two lines 1".to_owned()));
        assert!(!GUARDED.get());
    }
}

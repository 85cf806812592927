//! Short `Debug` implementations.

/// Implements `Debug` by some fields of a type: the others are long, or have no `Debug` of their own.
macro_rules! debug_fields {
    ([$($parameter:tt)*] $name:ident { $($field:ident),* }) => {
        impl<$($parameter)*> std::fmt::Debug for $name<$($parameter)*> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($name));
                $(shown.field(stringify!($field), &self.$field);)*
                shown.finish_non_exhaustive()
            }
        }
    };
}

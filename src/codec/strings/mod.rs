//! Strings: dictionaries, symbols and heaps (spec, chapter 4.3).

pub(crate) mod decode;
pub(crate) mod dictionaries;
pub(crate) mod dictionary_entry;
pub(crate) mod encode;
mod frame;
pub(crate) mod frame_strings;
pub(crate) mod framed;
mod gathered;
pub(crate) mod interned;
pub(crate) mod string_table;
pub(crate) mod symbol_table;
pub(crate) mod symbols;
pub(crate) mod text_map;

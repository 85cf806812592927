//! The file-wide dictionaries of a table and of the items of its lists.

use crate::codec::strings::encode::Dictionary;
use crate::error::Result;
use crate::format::schema::Schema;
use crate::write::file::FileWriter;

/// The file-wide dictionaries of a table, and of the items of its lists.
#[derive(Default)]
pub(crate) struct Dictionaries {
    /// By node; empty if no survey was needed.
    pub own: Vec<Option<Dictionary>>,
    /// One a list, in the order of their nodes; empty if no survey was needed.
    pub items: Vec<Dictionaries>,
}

impl Dictionaries {
    /// No dictionaries.
    pub const NONE: &'static Self = &Self { own: Vec::new(), items: Vec::new() };

    /// Writes the dictionaries and names them in the schema, but for those that it names already.
    pub fn name(&self, out: &mut FileWriter, schema: &mut Schema) -> Result<()> {
        for (node, dictionary) in self.own.iter().enumerate() {
            if let (Some(dictionary), None) = (dictionary, schema.nodes()[node].dictionary) {
                let number = out.dictionary(&dictionary.stored)?;
                schema.set_dictionary(node, Some(number));
            }
        }
        self.items.iter().zip(schema.items_mut()).try_for_each(|(items, schema)| items.name(out, schema))
    }
}

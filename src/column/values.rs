//! Values in memory: one vector a node, holding the raw bits of its type.

/// The values of a node, instance by instance, row by row. Numbers are their raw bits in the
/// unsigned integer of their width; bools are bytes 0 and 1; fixed bytes are `U8`, `length` of them
/// an instance. Values under a null are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// Structs and lists have none of their own.
    None,
    /// 8 bits a value.
    U8(Vec<u8>),
    /// 16 bits a value.
    U16(Vec<u16>),
    /// 32 bits a value. Also dictionary codes, where a reader asks for them.
    U32(Vec<u32>),
    /// 64 bits a value.
    U64(Vec<u64>),
    /// 128 bits a value.
    U128(Vec<u128>),
    /// Byte strings: string `i` is `data[offsets[i]..offsets[i + 1]]`; `offsets[0]` is 0.
    Bytes {
        /// One more than there are strings, ascending.
        offsets: Vec<u64>,
        /// The bytes.
        data: Vec<u8>,
    },
    /// Lists: the items of list `i` are the rows `offsets[i]..offsets[i + 1]` of `items`; `offsets[0]` is 0, and a null
    /// list has none.
    Lists {
        /// One more than there are lists, ascending.
        offsets: Vec<u64>,
        /// The items, all nodes of the list's own schema.
        items: Batch,
    },
}

/// The values and validity of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// 1 where the instance is valid, 0 where it is null; none if the node is not nullable.
    pub validity: Option<Vec<u8>>,
    /// The values.
    pub values: Values,
}

/// Some rows of some nodes: `columns[i]` belongs to the i-th node asked for (all of them, in schema
/// order, when a batch is written).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Rows.
    pub rows: usize,
    /// One a node.
    pub columns: Vec<Column>,
}

impl Values {
    /// An empty vector of the right kind for a node.
    pub fn empty(node: &crate::format::schema::Node) -> Self {
        use crate::format::schema::Kind;
        match (node.kind, node.bits) {
            (Kind::Struct | Kind::FixedList, _) => Values::None,
            (Kind::List, _) => {
                let items = node.items.as_deref().map(Batch::empty).unwrap_or_default();
                Values::Lists { offsets: vec![0], items }
            }
            (Kind::Bytes | Kind::Text, _) => Values::Bytes { offsets: vec![0], data: Vec::new() },
            (_, 0..=8) => Values::U8(Vec::new()),
            (_, 9..=16) => Values::U16(Vec::new()),
            (_, 17..=32) => Values::U32(Vec::new()),
            (_, 33..=64) => Values::U64(Vec::new()),
            _ => Values::U128(Vec::new()),
        }
    }

    /// Number of values (strings for `Bytes`, lists for `Lists`).
    pub fn len(&self) -> usize {
        match self {
            Values::None => 0,
            Values::U8(v) => v.len(),
            Values::U16(v) => v.len(),
            Values::U32(v) => v.len(),
            Values::U64(v) => v.len(),
            Values::U128(v) => v.len(),
            Values::Bytes { offsets, .. } | Values::Lists { offsets, .. } => offsets.len().saturating_sub(1),
        }
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all values and keeps the memory.
    pub fn clear(&mut self) {
        match self {
            Values::None => {}
            Values::U8(v) => v.clear(),
            Values::U16(v) => v.clear(),
            Values::U32(v) => v.clear(),
            Values::U64(v) => v.clear(),
            Values::U128(v) => v.clear(),
            Values::Bytes { offsets, data } => {
                offsets.clear();
                offsets.push(0);
                data.clear();
            }
            Values::Lists { offsets, items } => {
                offsets.clear();
                offsets.push(0);
                items.rows = 0;
                items.columns.iter_mut().for_each(Column::clear);
            }
        }
    }

    /// Bytes of memory the values take.
    pub fn bytes(&self) -> usize {
        match self {
            Values::None => 0,
            Values::U8(v) => v.len(),
            Values::U16(v) => v.len() * 2,
            Values::U32(v) => v.len() * 4,
            Values::U64(v) => v.len() * 8,
            Values::U128(v) => v.len() * 16,
            Values::Bytes { offsets, data } => offsets.len() * 8 + data.len(),
            Values::Lists { offsets, items } => offsets.len() * 8 + items.bytes(),
        }
    }
}

impl Column {
    /// An empty column for a node.
    pub fn empty(node: &crate::format::schema::Node) -> Self {
        Self { validity: node.nullable.then(Vec::new), values: Values::empty(node) }
    }

    /// Removes all values and keeps the memory.
    fn clear(&mut self) {
        self.validity.iter_mut().for_each(Vec::clear);
        self.values.clear();
    }
}

impl Batch {
    /// An empty batch of all nodes of a schema.
    pub fn empty(schema: &crate::format::schema::Schema) -> Self {
        Self { rows: 0, columns: schema.nodes().iter().map(Column::empty).collect() }
    }
}

impl Column {
    /// True if a row has a label, as `label` gives it.
    pub(crate) fn has_label(&self, row: usize, label: Option<&[u8]>) -> bool {
        let null = self.validity.as_ref().is_some_and(|valid| valid.get(row) == Some(&0));
        let Some(label) = label.filter(|_| !null) else { return null && label.is_none() };
        match &self.values {
            Values::None | Values::Lists { .. } => false,
            Values::U8(v) => v.get(row).is_some_and(|x| x.to_le_bytes() == label),
            Values::U16(v) => v.get(row).is_some_and(|x| x.to_le_bytes() == label),
            Values::U32(v) => v.get(row).is_some_and(|x| x.to_le_bytes() == label),
            Values::U64(v) => v.get(row).is_some_and(|x| x.to_le_bytes() == label),
            Values::U128(v) => v.get(row).is_some_and(|x| x.to_le_bytes() == label),
            Values::Bytes { offsets, data } => {
                let range = offsets.get(row).zip(offsets.get(row + 1));
                range.and_then(|(&start, &end)| data.get(start as usize..end as usize)) == Some(label)
            }
        }
    }

    /// The label of a row as class tables have it: little-endian bytes of a number, bytes of a string; none for a null.
    pub fn label(&self, row: usize) -> Option<Vec<u8>> {
        if self.validity.as_ref().is_some_and(|valid| valid.get(row) == Some(&0)) {
            return None;
        }
        match &self.values {
            Values::None | Values::Lists { .. } => None,
            Values::U8(v) => v.get(row).map(|x| x.to_le_bytes().to_vec()),
            Values::U16(v) => v.get(row).map(|x| x.to_le_bytes().to_vec()),
            Values::U32(v) => v.get(row).map(|x| x.to_le_bytes().to_vec()),
            Values::U64(v) => v.get(row).map(|x| x.to_le_bytes().to_vec()),
            Values::U128(v) => v.get(row).map(|x| x.to_le_bytes().to_vec()),
            Values::Bytes { offsets, data } => {
                let (start, end) = (*offsets.get(row)? as usize, *offsets.get(row + 1)? as usize);
                data.get(start..end).map(<[u8]>::to_vec)
            }
        }
    }
}

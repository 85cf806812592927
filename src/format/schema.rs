//! The physical schema: a flat tree of nodes, enough to read every value without Arrow.

use crate::error::{Error, ErrorKind, Result};
use crate::format::image_shape::ImageShape;

/// Type of the values of a node (spec, chapter 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Children side by side, without values.
    Struct = 0,
    /// A fixed number of items, each an instance of the one child.
    FixedList = 1,
    /// 0 or 1, one byte in memory.
    Bool = 2,
    /// Unsigned integer of 8, 16, 32 or 64 bits.
    Unsigned = 3,
    /// Two's complement integer of 8, 16, 32 or 64 bits; dates and times with a unit.
    Signed = 4,
    /// IEEE 754 of 16, 32 or 64 bits.
    Float = 5,
    /// Two's complement integer of 32, 64 or 128 bits with a decimal scale.
    Decimal = 6,
    /// Opaque bits: day-time (64) and month-day-nano (128) intervals.
    Interval = 7,
    /// Byte strings of one length, one byte lane each.
    FixedBytes = 8,
    /// Byte strings.
    Bytes = 9,
    /// UTF-8 strings.
    Text = 10,
    /// Images of one shape, 8 bits a value, in a storage group of their own.
    Image = 11,
    /// Any number of items, rows of a table of their own. Values of the node are their numbers.
    List = 12,
    /// Values of a feature that this reader does not know: of the column, only its lanes are known. Never in a file.
    Unknown = 255,
}

impl Kind {
    /// The kind of a number in a file.
    pub fn from_u8(kind: u8) -> Option<Self> {
        use Kind::*;
        [
            Struct, FixedList, Bool, Unsigned, Signed, Float, Decimal, Interval, FixedBytes, Bytes, Text,
            Image, List,
        ]
        .into_iter()
        .find(|k| *k as u8 == kind)
    }

    /// True for byte strings of any length.
    pub fn is_bytes(self) -> bool {
        matches!(self, Kind::Bytes | Kind::Text)
    }

    pub(super) fn allows(self, bits: u16) -> bool {
        match self {
            Kind::Struct | Kind::FixedList | Kind::Bytes | Kind::Text => bits == 0,
            Kind::Bool => bits == 1,
            Kind::Unsigned | Kind::Signed => matches!(bits, 8 | 16 | 32 | 64),
            Kind::Float => matches!(bits, 16 | 32 | 64),
            Kind::Decimal => matches!(bits, 32 | 64 | 128),
            Kind::Interval => matches!(bits, 64 | 128),
            Kind::FixedBytes | Kind::Image => bits == 8,
            Kind::List => bits == 64,
            Kind::Unknown => true,
        }
    }
}

/// One node of the tree: a column, a child of a struct, or the item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name; unique among columns only by the user's care, as in Arrow.
    pub name: String,
    /// The node it belongs to; none for a column.
    pub parent: Option<usize>,
    /// Type of its values.
    pub kind: Kind,
    /// Values may be null.
    pub nullable: bool,
    /// Date, time, timestamp or duration unit (spec, chapter 3); 0 for none.
    pub unit: u8,
    /// Decimal precision in digits.
    pub precision: u8,
    /// Decimal scale: the value is the integer times 10^-scale.
    pub scale: i16,
    /// Bits of a value.
    pub bits: u16,
    /// How often the node occurs in a row.
    pub instances: u32,
    /// Value lanes an instance.
    pub lanes_per_instance: u32,
    /// Its first lane among those of its storage group: validity lanes, if it is nullable, then value lanes.
    pub first_lane: u32,
    /// Its storage group, that of its column; that of images is their own.
    pub group: u32,
    /// Its file-wide dictionary.
    pub dictionary: Option<u32>,
    /// The length of a fixed-size list or of fixed-size bytes, the values of an image, else 0.
    pub length: u32,
    /// The shape of its images.
    pub image: Option<ImageShape>,
    /// The schema of the items of a list, which has one column.
    pub items: Option<Box<Schema>>,
}

impl Node {
    /// Validity lanes a row.
    pub fn validity_lanes(&self) -> u32 {
        if self.nullable { self.instances } else { 0 }
    }

    /// The first value lane.
    pub fn first_value_lane(&self) -> u32 {
        self.first_lane + self.validity_lanes()
    }

    /// Elements of the value vector an instance.
    pub(crate) fn values_per_instance(&self) -> usize {
        if matches!(self.kind, Kind::FixedBytes | Kind::Image) { self.length as usize } else { 1 }
    }

    /// Value lanes a row.
    pub fn value_lanes(&self) -> u32 {
        self.instances * self.lanes_per_instance
    }

    /// Bytes that its values of a row take in memory, at most; those of strings and of items of lists are not known.
    pub(crate) fn value_bytes(&self) -> u64 {
        u64::from(self.validity_lanes()) + 8 * u64::from(self.value_lanes())
    }

    /// True for a column of one value or string a row, as classes are.
    pub(crate) fn is_single_column(&self) -> bool {
        let single = self.kind.is_bytes() || self.value_lanes() == u32::from(self.bits > 64) + 1;
        self.parent.is_none() && single && !matches!(self.kind, Kind::FixedBytes | Kind::Image | Kind::List)
    }

    /// True for a column of single numbers: bool, integer without a unit, float or
    /// decimal. Features, moments and value targets are such columns.
    pub fn is_numeric_column(&self) -> bool {
        let number = match self.kind {
            Kind::Bool | Kind::Unsigned | Kind::Float | Kind::Decimal => true,
            Kind::Signed => self.unit == 0,
            _ => false,
        };
        number && self.parent.is_none()
    }

    /// True for a column of single numbers, and for one of which this reader knows only the lanes.
    pub(crate) fn may_be_numeric_column(&self) -> bool {
        self.is_numeric_column() || (self.kind == Kind::Unknown && self.parent.is_none())
    }
}

/// The nodes in order: a column's nodes together, parents before children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    pub(super) nodes: Vec<Node>,
    pub(super) groups: Vec<StorageGroup>,
    /// Columns that this reader cannot read, each with the reason.
    pub(super) unreadable: Vec<(usize, String)>,
}

/// Columns that are stored together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StorageGroup {
    /// Lanes a row.
    pub lanes: u32,
    /// Its nodes, ascending.
    pub nodes: Vec<u32>,
    /// True if it is of images.
    pub has_images: bool,
}

impl Default for Schema {
    fn default() -> Self {
        Self { nodes: Vec::new(), groups: vec![StorageGroup::default()], unreadable: Vec::new() }
    }
}

impl Schema {
    /// The nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Lanes a row, of all storage groups.
    pub fn lanes(&self) -> u32 {
        self.groups.iter().map(|group| group.lanes).sum()
    }

    /// Storage groups: columns stored together. Group 0 has the first column that is no image, and no columns if all are
    /// images.
    pub fn groups(&self) -> u32 {
        self.groups.len() as u32
    }

    /// Lanes a row of a storage group.
    pub fn group_lanes(&self, group: u32) -> u32 {
        self.groups[group as usize].lanes
    }

    /// True if a storage group is a column of images, whose blocks are of another form.
    pub(crate) fn has_images(&self, group: u32) -> bool {
        self.groups[group as usize].has_images
    }

    /// The storage groups that are not of images.
    pub(crate) fn table_groups(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.groups()).filter(|&group| !self.has_images(group))
    }

    /// The lists, by node, and the schemas of their items.
    pub fn lists(&self) -> impl Iterator<Item = (usize, &Schema)> + '_ {
        self.nodes.iter().enumerate().filter_map(|(node, n)| Some((node, n.items.as_deref()?)))
    }

    /// The lists, those in items of others among them: each has a table of items.
    pub(crate) fn tables_of_items(&self) -> u32 {
        self.lists().map(|(_, items)| 1 + items.tables_of_items()).sum()
    }

    /// Nodes of strings, those of items of lists among them.
    pub(crate) fn strings(&self) -> usize {
        let own = self.nodes.iter().filter(|n| n.kind.is_bytes()).count();
        own + self.lists().map(|(_, items)| items.strings()).sum::<usize>()
    }

    /// Bytes that the values of a row take in memory, at most; those of strings and of items of lists are not known.
    pub(crate) fn value_bytes(&self) -> u64 {
        self.nodes.iter().map(Node::value_bytes).sum()
    }

    /// Memory that the fields of a row take while they are encoded: 8 bytes a lane, 4 for those of images.
    pub(crate) fn row_bytes(&self) -> usize {
        let bytes = |group: &StorageGroup| if group.has_images { 4 } else { 8 } * group.lanes as usize;
        self.groups.iter().map(bytes).sum()
    }

    /// The nodes of a storage group, with their numbers.
    pub fn group_nodes(&self, group: u32) -> impl Iterator<Item = (usize, &Node)> + '_ {
        let nodes = self.groups.get(group as usize).map_or(&[][..], |group| &group.nodes);
        nodes.iter().map(|&node| (node as usize, &self.nodes[node as usize]))
    }

    /// The node numbers of the columns of a storage group, in order.
    pub(crate) fn group_columns(&self, group: u32) -> impl Iterator<Item = usize> + '_ {
        self.group_nodes(group).filter(|(_, node)| node.parent.is_none()).map(|(node, _)| node)
    }

    /// The node numbers of the columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|&i| self.nodes[i].parent.is_none())
    }

    /// The node of the first column of that name.
    ///
    /// # Errors
    /// `Argument`, naming the columns there are.
    pub fn column(&self, name: &str) -> Result<usize> {
        self.columns().find(|&i| self.nodes[i].name == name).ok_or_else(|| {
            let mut names: Vec<_> = self.columns().map(|i| self.nodes[i].name.as_str()).collect();
            let more = names.len().saturating_sub(20);
            names.truncate(20);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Error::argument(format!("no column \"{name}\"; there are {}{more}", names.join(", ")))
        })
    }

    /// The names of a node from its column down, with dots between.
    pub(crate) fn path(&self, node: usize) -> String {
        let node = &self.nodes[node];
        node.parent.map_or_else(String::new, |up| self.path(up) + ".") + &node.name
    }

    /// The first column of a name, or the field of a struct that a path names, such as "address.city".
    ///
    /// # Errors
    /// `Argument`, naming the columns there are.
    pub(crate) fn find(&self, path: &str) -> Result<usize> {
        let own = |parent: Option<usize>, path: &str| {
            (0..self.nodes.len()).find(|&i| self.nodes[i].parent == parent && self.nodes[i].name == path)
        };
        let mut open = vec![(None, path)];
        while let Some((parent, path)) = open.pop() {
            if let Some(found) = own(parent, path) {
                return Ok(found);
            }
            let cuts =
                path.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| (&path[..at], &path[at + 1..]));
            let structs = cuts.filter_map(|(name, rest)| Some((own(parent, name)?, rest)));
            let structs = structs.filter(|(node, _)| self.nodes[*node].kind == Kind::Struct);
            open.extend(structs.map(|(node, rest)| (Some(node), rest)));
        }
        self.column(path)
    }

    /// The error of a read of a node, if its column needs a feature that this reader does not know.
    pub(crate) fn refusal(&self, node: usize) -> Option<Error> {
        let (column, why) =
            self.unreadable.iter().find(|(column, _)| self.subtree(*column).contains(&node))?;
        let column = format!("column \"{}\"", self.nodes[*column].name);
        Some(Error::new(ErrorKind::Unsupported, why.clone()).at(column))
    }

    /// True if a lane of a storage group belongs to a column that this reader cannot read.
    pub(crate) fn is_unknown_lane(&self, group: u32, lane: u32) -> bool {
        let own = |n: &Node| n.first_lane..n.first_value_lane() + n.value_lanes();
        !self.unreadable.is_empty()
            && self.group_nodes(group).any(|(_, n)| n.kind == Kind::Unknown && own(n).contains(&lane))
    }

    /// The error of a read of all columns, if one of them cannot be read.
    pub(crate) fn first_refusal(&self) -> Option<Error> {
        self.unreadable.first().and_then(|&(column, _)| self.refusal(column))
    }

    /// A column's node and everything below it: node numbers `column..end`.
    pub fn subtree(&self, column: usize) -> std::ops::Range<usize> {
        let below = self.nodes.iter().skip(column + 1);
        column..column + 1 + below.take_while(|n| n.parent.is_some_and(|p| p >= column)).count()
    }

    /// The schemas of the items of lists, in the order of their nodes.
    pub(crate) fn items_mut(&mut self) -> impl Iterator<Item = &mut Schema> + '_ {
        self.nodes.iter_mut().filter_map(|node| node.items.as_deref_mut())
    }

    /// Gives a list the schema of its items.
    ///
    /// # Errors
    /// `Corrupt` for a node that is no list, or has its items already, or items of more columns than one.
    pub(crate) fn set_items(&mut self, node: usize, items: Schema) -> Result<()> {
        let bad = |what: &str| Err(Error::corrupt(format!("schema: {what}")));
        let Some(list) = self.nodes.get_mut(node).filter(|n| n.kind == Kind::List) else {
            return bad("items of a node that is no list");
        };
        if list.items.is_some() || items.columns().count() != 1 || items.groups() != 1 {
            return bad("a list has one table of items, and that one column");
        }
        let refusal = items.unreadable.first().map(|(_, why)| why.clone());
        list.items = Some(Box::new(items));
        if let Some(why) = refusal {
            let column = self.column_of(node);
            self.unreadable.push((column, why));
        }
        Ok(())
    }

    /// The column that a node is of.
    pub(crate) fn column_of(&self, node: usize) -> usize {
        let mut column = node;
        while let Some(parent) = self.nodes[column].parent {
            column = parent;
        }
        column
    }

    /// Names no file-wide dictionary, nor for the items of its lists.
    pub(crate) fn forget_dictionaries(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.dictionary = None);
        self.items_mut().for_each(Self::forget_dictionaries);
    }

    /// Names the file-wide dictionary of a node.
    pub fn set_dictionary(&mut self, node: usize, dictionary: Option<u32>) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.dictionary = dictionary;
        }
    }
}

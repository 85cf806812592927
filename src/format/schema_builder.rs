//! Builds a schema node by node, within its limits.

use crate::error::{Error, ErrorKind, Result};
use crate::format::image_shape::ImageShape;
use crate::format::schema::{Kind, Node, Schema, StorageGroup};

/// Most lanes a row may have.
pub const MAX_LANES: u64 = 1 << 20;

/// Builds a schema node by node; lanes are numbered as nodes are pushed.
#[derive(Clone, Debug, Default)]
pub struct SchemaBuilder {
    schema: Schema,
    /// The storage group of the columns that are pushed next, images aside.
    group: u32,
}

impl SchemaBuilder {
    /// Adds a node below `parent` (a node pushed before, a struct or a list) and returns its number.
    /// `length` is the length of a list or of fixed bytes, else 0.
    ///
    /// # Errors
    /// `Type` if bits and kind do not go together, a list gets a second child, or the row gets more
    /// than 2^20 lanes.
    pub fn push(
        &mut self,
        parent: Option<usize>,
        name: &str,
        kind: Kind,
        nullable: bool,
        bits: u16,
        length: u32,
    ) -> Result<usize> {
        if kind == Kind::List {
            let what = format!("column \"{name}\": a list has the schema of its items; use push_list");
            return Err(Error::new(ErrorKind::Type, what));
        }
        self.push_node(parent, name, kind, nullable, bits, length)
    }

    /// The same for any kind: the items of a list are set afterwards.
    pub(crate) fn push_node(
        &mut self,
        parent: Option<usize>,
        name: &str,
        kind: Kind,
        nullable: bool,
        bits: u16,
        length: u32,
    ) -> Result<usize> {
        let refuse = |what: &str| Error::new(ErrorKind::Type, format!("column \"{name}\": {what}"));
        if !kind.allows(bits) {
            return Err(refuse(&format!("{kind:?} values of {bits} bits do not exist")));
        }
        let instances = self.instances(parent).map_err(&refuse)?;
        if kind.is_bytes() && instances != 1 {
            return Err(refuse(
                "strings lie in structs and lists of any length, not in lists of a fixed one",
            ));
        }
        if kind == Kind::List && instances != 1 {
            return Err(refuse(
                "lists of any length lie in structs and in each other, not in lists of a fixed one",
            ));
        }
        let lanes_per_instance = match kind {
            Kind::Struct | Kind::FixedList | Kind::Unknown => 0,
            Kind::FixedBytes | Kind::Image => length,
            Kind::List => 1,
            Kind::Bytes | Kind::Text => 2,
            _ if bits == 128 => 2,
            _ => 1,
        };
        let own = instances.saturating_mul(u64::from(nullable) + u64::from(lanes_per_instance));
        let lanes = u64::from(self.schema.lanes()).saturating_add(own);
        if lanes > MAX_LANES || instances > MAX_LANES {
            let why = match kind {
                Kind::Image => format!(
                    "images of {length} values are more than a row of {MAX_LANES} holds (591 x 591 pixels in color, 1024 x \
                     1023 in gray); make them smaller, or keep the files of pictures"
                ),
                _ => format!("a row of {lanes} lanes is more than {MAX_LANES}; store long lists another way"),
            };
            return Err(refuse(&why));
        }
        let group = match parent {
            Some(parent) => self.schema.nodes[parent].group, // `instances` has found it
            None if kind == Kind::Image => self.schema.groups(),
            None => self.group,
        };
        let first_lane = self.join(group, kind, own as u32).map_err(refuse)?;
        self.schema.nodes.push(Node {
            name: name.to_owned(),
            parent,
            kind,
            nullable,
            unit: 0,
            precision: 0,
            scale: 0,
            bits,
            instances: instances as u32,
            lanes_per_instance,
            first_lane,
            group,
            dictionary: None,
            length,
            image: None,
            items: None,
        });
        Ok(self.schema.nodes.len() - 1)
    }

    /// True if a node may be pushed below `parent`. A column's nodes lie together: a parent is an ancestor of the node
    /// before, or that node.
    fn is_open(&self, parent: Option<usize>) -> bool {
        let Some(p) = parent else { return true };
        let mut open = self.schema.nodes.len().checked_sub(1);
        while open.is_some_and(|o| o != p) {
            open = open.and_then(|o| self.schema.nodes[o].parent);
        }
        open.is_some()
    }

    /// Adds a node of a column that this reader does not know, with the lanes that the file says, and returns its number.
    ///
    /// # Errors
    /// `Type` for a parent that is not above it, more than 2^20 lanes, or a storage group that leaves one out.
    pub(crate) fn push_unknown(&mut self, node: Node) -> Result<usize> {
        let refuse = |what: &str| Error::new(ErrorKind::Type, format!("column \"{}\": {what}", node.name));
        let lanes = u64::from(node.lanes_per_instance) + u64::from(node.nullable);
        let own = lanes.saturating_mul(node.instances.into());
        let all = u64::from(self.schema.lanes()).saturating_add(own);
        if !self.is_open(node.parent) || all > MAX_LANES || u64::from(node.instances) > MAX_LANES {
            return Err(refuse("its lanes are out of range, or its parent is not above it"));
        }
        if node.parent.is_some_and(|parent| self.schema.nodes[parent].group != node.group) {
            return Err(refuse("its nodes are in several storage groups"));
        }
        let first_lane = self.join(node.group, Kind::Unknown, own as u32).map_err(refuse)?;
        self.schema.nodes.push(Node { first_lane, ..node });
        Ok(self.schema.nodes.len() - 1)
    }

    /// Adds the lanes of the next node to a storage group, which may be the next one. Returns the first of them.
    fn join(&mut self, group: u32, kind: Kind, lanes: u32) -> std::result::Result<u32, &'static str> {
        let (node, groups) = (self.schema.nodes.len() as u32, &mut self.schema.groups);
        if group as usize > groups.len() {
            return Err("its storage group does not follow the others");
        }
        if group as usize == groups.len() {
            // Of an unknown column it is not known whether it has images.
            if !matches!(kind, Kind::Image | Kind::Unknown) && groups[0].nodes.is_empty() {
                return Err("the first storage group has none of the columns before it");
            }
            groups.push(StorageGroup { has_images: kind == Kind::Image, ..StorageGroup::default() });
        }
        let own = &mut groups[group as usize];
        if own.has_images && kind != Kind::Image {
            return Err("its storage group is of images");
        }
        let first_lane = own.lanes;
        own.lanes += lanes;
        own.nodes.push(node);
        Ok(first_lane)
    }

    /// The storage group of the columns that are pushed from here on, images aside.
    pub(crate) fn storage_group(&mut self, group: u32) {
        self.group = group;
    }

    /// Says why a column cannot be read.
    pub(crate) fn unreadable(&mut self, column: usize, why: String) {
        self.schema.unreadable.push((column, why));
    }

    /// How often a row has a child of `parent` that is pushed next.
    fn instances(&self, parent: Option<usize>) -> std::result::Result<u64, &'static str> {
        let Some(p) = parent else { return Ok(1) };
        let nodes = &self.schema.nodes;
        if !self.is_open(Some(p)) {
            return Err("its parent is not above it");
        }
        let parent = &nodes[p];
        match parent.kind {
            Kind::Struct => Ok(parent.instances.into()),
            Kind::FixedList if nodes.iter().any(|m| m.parent == Some(p)) => Err("a list has one child"),
            // Below 2^52: instances are at most 2^20.
            Kind::FixedList => Ok(u64::from(parent.instances) * u64::from(parent.length)),
            _ => Err("its parent is neither a struct nor a list"),
        }
    }

    /// Adds a list of any number of items, which `items` has one column for, and returns its number.
    ///
    /// # Errors
    /// `Type` as [`push`](Self::push), or if the items do not have one column.
    pub fn push_list(
        &mut self,
        parent: Option<usize>,
        name: &str,
        nullable: bool,
        items: Schema,
    ) -> Result<usize> {
        if items.columns().count() != 1 {
            let what = format!("column \"{name}\": the items of a list have one column");
            return Err(Error::new(ErrorKind::Type, what));
        }
        let node = self.push_node(parent, name, Kind::List, nullable, 64, 0)?;
        self.schema.nodes[node].items = Some(Box::new(items));
        Ok(node)
    }

    /// Adds a column of images and returns its number.
    ///
    /// # Errors
    /// `Type` for images of no values, or a row of more than 2^20 lanes.
    pub fn push_image(&mut self, name: &str, shape: ImageShape) -> Result<usize> {
        let ImageShape { channels, height, width, interleaved } = shape;
        let shape = ImageShape::new(channels, height, width, interleaved)
            .map_err(|e| Error::new(ErrorKind::Type, format!("column \"{name}\": {e}")))?;
        let values = u32::try_from(shape.values()).unwrap_or(u32::MAX);
        let node = self.push(None, name, Kind::Image, false, 8, values)?;
        self.schema.nodes.iter_mut().skip(node).for_each(|n| n.image = Some(shape));
        Ok(node)
    }

    /// Sets the unit of the node pushed last.
    pub fn unit(&mut self, unit: u8) {
        if let Some(node) = self.schema.nodes.last_mut() {
            node.unit = unit;
        }
    }

    /// Sets precision and scale of the node pushed last.
    pub fn decimal(&mut self, precision: u8, scale: i16) {
        if let Some(node) = self.schema.nodes.last_mut() {
            (node.precision, node.scale) = (precision, scale);
        }
    }

    /// Sets unit, precision and scale of a node.
    pub(crate) fn type_of(&mut self, node: usize, unit: u8, precision: u8, scale: i16) {
        let node = &mut self.schema.nodes[node];
        (node.unit, node.precision, node.scale) = (unit, precision, scale);
    }

    /// Names the file-wide dictionary of the node pushed last.
    pub(crate) fn dictionary(&mut self, dictionary: Option<u32>) {
        if let Some(node) = self.schema.nodes.last_mut() {
            node.dictionary = dictionary;
        }
    }

    /// The node pushed last.
    pub(crate) fn last(&self) -> Option<&Node> {
        self.schema.nodes.last()
    }

    /// The schema.
    pub fn finish(self) -> Schema {
        self.schema
    }
}

//! The schema section (spec, chapter 3).

use zerocopy::little_endian::{I16, U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, Result};
use crate::format::NONE;
use crate::format::image_shape::ImageShape;
use crate::format::schema::{Kind, Node, Schema};
use crate::format::schema_builder::SchemaBuilder;

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Head {
    nodes: U32,
    lanes: U32,
    names: U32,
    zero: U32,
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct NodeEntry {
    parent: U32,
    name_offset: U32,
    name_length: U32,
    kind: u8,
    nullable: u8,
    unit: u8,
    precision: u8,
    scale: I16,
    bits: U16,
    instances: U32,
    lanes_per_instance: U32,
    first_lane: U32,
    storage_group: U32,
    dictionary: U32,
    length: U32,
    image_width: U32,
}

impl NodeEntry {
    /// The shape of a node of images.
    fn image(&self) -> Result<ImageShape> {
        let row = u32::from(self.precision).checked_mul(self.image_width.get()).filter(|&r| r > 0);
        let height = row.filter(|&r| self.length.get() % r == 0).map(|r| self.length.get() / r);
        let plain = self.parent.get() == NONE && self.nullable == 0 && self.bits.get() == 8;
        match height {
            Some(height) if plain && self.unit <= 1 && self.scale.get() == 0 => Ok(ImageShape {
                channels: self.precision,
                height,
                width: self.image_width.get(),
                interleaved: self.unit == 1,
            }),
            _ => Err(Error::corrupt("the shape of its images is out of range")),
        }
    }
}

impl NodeEntry {
    /// The node of a column of which only the lanes are known.
    fn unknown(&self, name: &str, parent: Option<usize>) -> Node {
        Node {
            name: name.to_owned(),
            parent,
            kind: Kind::Unknown,
            nullable: self.nullable == 1,
            unit: 0,
            precision: 0,
            scale: 0,
            bits: 0,
            instances: self.instances.get(),
            lanes_per_instance: self.lanes_per_instance.get(),
            first_lane: 0,
            group: self.storage_group.get(),
            dictionary: None,
            length: 0,
            image: None,
            items: None,
        }
    }
}

impl Schema {
    /// The schema section's bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let names: Vec<u8> = self.nodes().iter().flat_map(|n| n.name.bytes()).collect();
        let head = Head {
            nodes: (self.nodes().len() as u32).into(),
            lanes: self.lanes().into(),
            names: (names.len() as u32).into(),
            zero: 0.into(),
        };
        let mut bytes = head.as_bytes().to_vec();
        let mut name_offset = 0u32;
        for node in self.nodes() {
            let entry = NodeEntry {
                parent: node.parent.map_or(NONE, |p| p as u32).into(),
                name_offset: name_offset.into(),
                name_length: (node.name.len() as u32).into(),
                kind: node.kind as u8,
                nullable: node.nullable.into(),
                unit: node.image.map_or(node.unit, |i| i.interleaved.into()),
                precision: node.image.map_or(node.precision, |i| i.channels),
                scale: node.scale.into(),
                bits: node.bits.into(),
                instances: node.instances.into(),
                lanes_per_instance: node.lanes_per_instance.into(),
                first_lane: node.first_lane.into(),
                storage_group: node.group.into(),
                dictionary: node.dictionary.unwrap_or(NONE).into(),
                length: node.length.into(),
                image_width: node.image.map_or(0, |i| i.width).into(),
            };
            name_offset += node.name.len() as u32;
            bytes.extend_from_slice(entry.as_bytes());
        }
        bytes.extend_from_slice(&names);
        bytes
    }

    /// Reads a schema section: every number must be the one that `SchemaBuilder` arrives at. `unreadable` says of a column,
    /// by node and storage group, why this reader cannot read it: only the lanes of such a column are known.
    pub(crate) fn from_bytes(bytes: &[u8], unreadable: impl Fn(u32, u32) -> Option<String>) -> Result<Self> {
        let bad = |what: &str| Error::corrupt(format!("schema: {what}"));
        let (head, rest) = Head::ref_from_prefix(bytes).map_err(|_| bad("too short"))?;
        let (entries, names) = <[NodeEntry]>::ref_from_prefix_with_elems(rest, head.nodes.get() as usize)
            .map_err(|_| bad("its nodes are cut short"))?;
        if names.len() != head.names.get() as usize || head.zero.get() != 0 {
            return Err(bad("its names have the wrong length"));
        }
        let names = std::str::from_utf8(names).map_err(|_| bad("a name is not UTF-8"))?;
        let mut builder = SchemaBuilder::default();
        let mut name_offset = 0usize;
        let mut is_known = true;
        for (number, entry) in (0..).zip(entries) {
            let end = name_offset.saturating_add(entry.name_length.get() as usize);
            let name = names.get(name_offset..end).ok_or_else(|| bad("a name lies outside the names"))?;
            let parent = Some(entry.parent.get()).filter(|&p| p != NONE).map(|p| p as usize);
            if entry.nullable > 1 || entry.name_offset.get() as usize != name_offset {
                return Err(bad("a node is out of range"));
            }
            if parent.is_none() {
                builder.storage_group(entry.storage_group.get());
                let why = unreadable(number, entry.storage_group.get());
                is_known = why.is_none();
                if let Some(why) = why {
                    builder.unreadable(number as usize, why);
                }
            }
            let kind = if is_known { Kind::from_u8(entry.kind) } else { Some(Kind::Unknown) };
            let kind = kind.ok_or_else(|| bad("unknown kind of node"))?;
            let (bits, length) = (entry.bits.get(), entry.length.get());
            let number = match kind {
                Kind::Image => entry.image().and_then(|shape| builder.push_image(name, shape)),
                Kind::Unknown => builder.push_unknown(entry.unknown(name, parent)),
                _ => builder.push_node(parent, name, kind, entry.nullable == 1, bits, length),
            };
            let number = number.map_err(|e| bad(&e.to_string()))?;
            if builder.last().is_some_and(|node| node.group != entry.storage_group.get()) {
                let what = match (parent, kind) {
                    (Some(_), _) => "its nodes are in several storage groups",
                    (None, _) => "images have a storage group of their own, the next one",
                };
                return Err(bad(&format!("column \"{name}\": {what}")));
            }
            if kind != Kind::Image && is_known {
                builder.unit(entry.unit);
                builder.decimal(entry.precision, entry.scale.get());
            }
            let dictionary = Some(entry.dictionary.get()).filter(|&d| d != NONE && is_known);
            if dictionary.is_some() && !kind.is_bytes() {
                return Err(bad("a node that is no string has a dictionary"));
            }
            builder.dictionary(dictionary);
            let node = builder.last().filter(|n| {
                n.instances == entry.instances.get()
                    && n.lanes_per_instance == entry.lanes_per_instance.get()
                    && n.first_lane == entry.first_lane.get()
                    && (!is_known || n.image.map_or(0, |i| i.width) == entry.image_width.get())
            });
            if node.is_none() {
                return Err(bad(&format!("node {number} does not fit its lanes")));
            }
            name_offset = end;
        }
        let schema = builder.finish();
        if schema.lanes() != head.lanes.get() || name_offset != names.len() {
            return Err(bad("its nodes do not fit its counts"));
        }
        match schema.broken_rule() {
            Some((column, rule)) => Err(bad(&format!("column \"{column}\": {rule}"))),
            None => Ok(schema),
        }
    }
}

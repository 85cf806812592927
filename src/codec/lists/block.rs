//! The lists of a block, read and checked.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

use crate::codec::head::BlockHead;
use crate::codec::lists::{ANCHOR_ROWS, ListHead, has_one_length};
use crate::codec::transform::lane_transform::LaneTransform;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;
use crate::format::schema::{Kind, Node, Schema};

/// The lists of one node in a block.
#[derive(Debug)]
pub(crate) struct BlockList {
    pub node: usize,
    /// The row of the table of items that has the block's first item.
    pub first: u64,
    /// Items of all rows.
    pub items: u64,
    /// Items before the rows 64, 128 and so on.
    anchors: Vec<U32>,
    /// The length of all lists of the block, if they have one.
    pub one_length: Option<u64>,
}

impl BlockList {
    /// Items before the row of an anchor: row 64 times `anchor`. All items behind the last.
    pub fn items_before(&self, anchor: u64) -> u64 {
        match usize::try_from(anchor) {
            Ok(0) => 0,
            Ok(anchor) => self.anchors.get(anchor - 1).map_or(self.items, |items| items.get().into()),
            Err(_) => self.items,
        }
    }

    /// Checks that items within the block end by the next anchor. Returns their first row in the table of items.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn place(&self, row: u64, before: u64, length: u64) -> Result<u64> {
        let next = self.items_before(row / ANCHOR_ROWS + 1);
        match before.checked_add(length).filter(|&end| end <= next) {
            Some(_) => Ok(self.first + before), // `lists` refuses a block whose last item is beyond 2^64
            None => Err(Error::corrupt("the items of a list reach into those of others")),
        }
    }
}

/// The lists of a block of a storage group.
///
/// # Errors
/// `Corrupt`; `Memory`.
pub(crate) fn lists<S: ByteSource>(
    pages: &Pages<S>,
    schema: &Schema,
    group: u32,
    head: &BlockHead,
    transforms: &[LaneTransform],
) -> Result<Vec<BlockList>> {
    let bad = |what: &str| Error::corrupt(format!("lists of a block: {what}"));
    let piece = head.lists.read(pages)?;
    let (mut rest, mut lists) = (&piece[..], Vec::<BlockList>::new());
    let mut own = schema.group_nodes(group).filter(|(_, node)| node.kind == Kind::List);
    let mut last = None;
    while !rest.is_empty() {
        let (list, later) = ListHead::read_from_prefix(rest).map_err(|_| bad("they are cut short"))?;
        let (number, count) = (list.node.get() as usize, list.anchors.get() as usize);
        let (found, later) =
            <[U32]>::ref_from_prefix_with_elems(later, count).map_err(|_| bad("they are cut short"))?;
        let (padding, later) =
            later.split_at_checked(4 * (count % 2)).ok_or_else(|| bad("they are cut short"))?;
        rest = later;
        if last.is_some_and(|last| number <= last) {
            return Err(bad("they are out of order"));
        }
        last = Some(number);
        if schema.nodes().get(number).is_some_and(|node| node.kind == Kind::Unknown && node.group == group) {
            continue;
        }
        let node = own.next().filter(|(own, _)| *own == number).map(|(_, node)| node);
        let node = node.ok_or_else(|| bad("they are not those of the schema"))?;
        let (first, items) = (list.first.get(), list.items.get());
        first.checked_add(items).ok_or_else(|| bad("items beyond 2^64"))?;
        let is_one = has_one_length(node, transforms);
        let expected = if is_one { 0 } else { (head.rows - 1) / ANCHOR_ROWS };
        let is_within = found.last().is_none_or(|last| u64::from(last.get()) <= items);
        if expected != count as u64 || !found.is_sorted_by_key(|anchor| anchor.get()) || !is_within {
            return Err(bad("anchors that do not fit its rows, or are out of order"));
        }
        if padding.iter().any(|&byte| byte != 0) {
            return Err(bad("the bytes behind the anchors are not zero"));
        }
        let one_length = is_one.then(|| one_length(node, transforms));
        if one_length.is_some_and(|length| length.checked_mul(head.rows) != Some(items)) {
            return Err(bad("lists of one length do not have the items that the block names"));
        }
        let mut anchors = earned::with_room(count)?;
        anchors.extend_from_slice(found);
        lists.push(BlockList { node: number, first, items, anchors, one_length });
    }
    if own.next().is_some() {
        return Err(bad("they are not those of the schema"));
    }
    Ok(lists)
}

/// The length of lists whose lanes have no width: that of the transform, or 0 if all are null.
fn one_length(node: &Node, transforms: &[LaneTransform]) -> u64 {
    let minimum = |lane: u32| transforms[lane as usize].minimum.get();
    let is_null = node.nullable && minimum(node.first_lane) == 0;
    if is_null { 0 } else { minimum(node.first_value_lane()) }
}

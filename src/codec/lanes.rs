//! The lanes of a segment: its columns as fields, with their transforms, dictionaries, heap and exceptions.

use std::sync::Arc;

use rayon::prelude::*;
use zerocopy::IntoBytes;

use crate::codec::chunks::trained::Trained;
use crate::codec::coding::Coding;
use crate::codec::encoded_block::{EncodedBlock, LaneDictionary};
use crate::codec::lists::encode::lists_piece;
use crate::codec::strings::encode::{Dictionary, StoredDictionary, encode_strings};
use crate::codec::transform::encode::{encode_lane, encode_wide};
use crate::codec::transform::encoded_lane::EncodedLane;
use crate::codec::transform::kind::RawColumn;
use crate::column::values::{Batch, Column, Values};
use crate::error::{Error, Result};
use crate::format::schema::{Kind, Node, Schema};

/// The lanes of a segment, and what belongs to them.
#[derive(Clone)]
pub(crate) struct Lanes {
    rows: usize,
    coding: Coding,
    pub lanes: Vec<EncodedLane>,
    dictionaries: Vec<LaneDictionary>,
    heap: Vec<u8>,
    lists: Vec<u8>,
    /// What chunks of them may be compressed with.
    trained: Option<Arc<Trained>>,
}

impl Lanes {
    /// Transforms the nodes of a storage group of a segment, which has at least one row. `validities` and `dictionaries`,
    /// the file-wide ones, are by node. Nodes are transformed in parallel and joined in the order of the schema.
    pub fn of(
        (schema, group): (&Schema, u32),
        segment: &Batch,
        validities: &[Option<Vec<u8>>],
        dictionaries: &[Option<Dictionary>],
        coding: Coding,
    ) -> Result<Self> {
        let encode = |&(i, node): &(usize, &Node)| {
            let file_wide = dictionaries.get(i).and_then(Option::as_ref);
            let (column, valid) = (&segment.columns[i], validities[i].as_deref());
            NodeLanes::of(node, column, segment.rows, valid, file_wide, coding).ok_or_else(|| {
                Error::argument(format!("column \"{}\": its values do not fit its type", node.name))
            })
        };
        let nodes: Vec<_> = schema.group_nodes(group).collect();
        let nodes: Vec<Result<NodeLanes>> = nodes.par_iter().map(encode).collect();
        let nodes = nodes.into_iter().collect::<Result<Vec<_>>>()?;

        let lanes = Vec::with_capacity(schema.group_lanes(group) as usize);
        let heap = Vec::with_capacity(nodes.iter().map(|n| n.heap.len()).sum());
        let lists = Vec::new();
        let mut this =
            Self { rows: segment.rows, coding, lanes, dictionaries: Vec::new(), heap, lists, trained: None };
        nodes.into_iter().for_each(|node| this.push(node));
        let rows_fit = this.lanes.iter().all(|l| l.fields.len() == segment.rows);
        if this.lanes.len() != schema.group_lanes(group) as usize || !rows_fit {
            return Err(Error::argument("a batch does not have the rows and columns of its schema"));
        }
        for (number, lane) in this.lanes.iter().enumerate() {
            if let Some(values) = &lane.dictionary {
                this.dictionaries
                    .push(LaneDictionary { lane: number, stored: StoredDictionary::raw(values) });
            }
        }
        this.dictionaries.sort_by_key(|d| d.lane);
        this.lists = lists_piece(schema, group, segment, &this.lanes)?;
        Ok(this)
    }

    /// Appends the lanes of the next node.
    fn push(&mut self, node: NodeLanes) {
        let (first, start) = (self.lanes.len(), self.heap.len() as u64);
        self.lanes.extend(node.lanes);
        self.heap.extend_from_slice(&node.heap);
        if let Some(places) = node.places {
            let minimum = &mut self.lanes[first + places].transform.minimum;
            *minimum = (minimum.get() + start).into();
        }
        let own = node.dictionaries.into_iter();
        self.dictionaries.extend(own.map(|d| LaneDictionary { lane: first + d.lane, ..d }));
    }

    /// The same, with a dictionary that their chunks may be compressed with.
    pub fn with_trained(self, trained: Option<Arc<Trained>>) -> Self {
        Self { trained, ..self }
    }

    /// What their chunks may be compressed with.
    pub fn trained(&self) -> Option<&Trained> {
        self.trained.as_deref()
    }

    /// How they are coded.
    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// Rows of the segment.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Records with the transforms, dictionaries, exceptions and strings of their lanes.
    pub fn around(self, records: EncodedBlock) -> EncodedBlock {
        EncodedBlock {
            transforms: self.lanes.iter().map(|l| l.transform).collect(),
            exceptions: exceptions(&self.lanes),
            dictionaries: self.dictionaries,
            heap: self.heap,
            lists: self.lists,
            ..records
        }
    }
}

/// The lanes of one node. Dictionaries name lanes of the node; places are offsets in the node's heap.
#[derive(Default)]
struct NodeLanes {
    lanes: Vec<EncodedLane>,
    dictionaries: Vec<LaneDictionary>,
    heap: Vec<u8>,
    /// The lane of places in the heap.
    places: Option<usize>,
}

impl NodeLanes {
    /// Validity, then values, instance by instance; none if the column is not as the node says.
    fn of(
        node: &Node,
        column: &Column,
        rows: usize,
        valid: Option<&[u8]>,
        dictionary: Option<&Dictionary>,
        coding: Coding,
    ) -> Option<Self> {
        let mut this = Self::default();
        let instances = node.instances as usize;
        if node.nullable {
            let validity = column.validity.as_ref().filter(|v| v.len() == rows * instances)?;
            let lane = |k: usize| {
                let bits = (0..rows).map(|i| u64::from(validity[i * instances + k] == 1)).collect();
                EncodedLane::offset(bits, None)
            };
            this.lanes.par_extend((0..instances).into_par_iter().map(lane));
        }
        let valid_of = |k: usize| -> Option<Vec<u8>> {
            let valid = valid?;
            Some((0..rows).map(|i| valid[i * instances + k]).collect())
        };
        match (&column.values, node.kind) {
            (Values::None, Kind::Struct | Kind::FixedList) => {}
            (Values::Lists { offsets, .. }, Kind::List) => {
                let lengths = offsets.windows(2).map(|w| w[1] - w[0]).collect();
                this.lanes.push(EncodedLane::offset(lengths, column.validity.as_deref()));
            }
            (values @ Values::Bytes { .. }, Kind::Bytes | Kind::Text) => {
                let encoded = encode_strings(values, valid_of(0).as_deref(), dictionary, coding)?;
                let [mut places, lengths] = encoded.lanes;
                if dictionary.is_some() {
                    places.transform.dictionary = node.dictionary?.into();
                }
                let lane = this.lanes.len();
                this.dictionaries.extend(encoded.dictionary.map(|stored| LaneDictionary { lane, stored }));
                this.lanes.extend([places, lengths]);
                this.places = encoded.heap.is_some().then_some(lane);
                this.heap = encoded.heap.unwrap_or_default();
            }
            (Values::U128(v), _) => {
                for k in 0..instances {
                    let raw: Vec<u128> =
                        (0..rows).map(|i| v.get(i * instances + k).copied()).collect::<Option<_>>()?;
                    this.lanes.extend(encode_wide(node.kind, &raw, valid_of(k).as_deref()));
                }
            }
            (values, _) => {
                let per_instance = node.lanes_per_instance as usize;
                let per_row = instances * per_instance;
                let lane = |k: usize| {
                    let raw = column_of(values, rows, per_row, k)?;
                    let valid = valid_of(k / per_instance.max(1));
                    let (kind, bits, valid) = (node.kind, node.bits, valid.as_deref());
                    Some(encode_lane(&RawColumn { kind, bits, raw: &raw, valid }, coding))
                };
                let lanes: Option<Vec<_>> = (0..per_row).into_par_iter().map(lane).collect();
                this.lanes.extend(lanes?);
            }
        }
        Some(this)
    }
}

/// For each node, 1 for each instance that is valid and below valid ones all the way up; none if all are.
pub(crate) fn validities(schema: &Schema, segment: &Batch) -> Vec<Option<Vec<u8>>> {
    let mut all: Vec<Option<Vec<u8>>> = Vec::with_capacity(schema.nodes().len());
    for (node, column) in schema.nodes().iter().zip(&segment.columns) {
        let parent = node.parent.and_then(|p| Some((&schema.nodes()[p], all[p].as_ref()?)));
        let above = parent.map(|(above, valid)| {
            // Lists of length 0 have no instances, nor do columns within them.
            let per = node.instances.checked_div(above.instances).map_or(0, |per| per as usize);
            valid.iter().flat_map(|&v| std::iter::repeat_n(v, per)).collect::<Vec<u8>>()
        });
        all.push(match (above, &column.validity) {
            (Some(above), Some(own)) => Some(above.iter().zip(own).map(|(a, b)| a & b).collect()),
            (Some(above), None) => Some(above),
            (None, own) => own.clone(),
        });
    }
    all
}

/// Value `k` of every row, widened.
fn column_of(values: &Values, rows: usize, per_row: usize, k: usize) -> Option<Vec<u64>> {
    fn pick<T: Copy + Into<u64>>(v: &[T], rows: usize, per_row: usize, k: usize) -> Option<Vec<u64>> {
        let raw: Vec<u64> = v.iter().skip(k).step_by(per_row).map(|&x| x.into()).collect();
        (v.len() == rows * per_row).then_some(raw)
    }
    match values {
        Values::U8(v) => pick(v, rows, per_row, k),
        Values::U16(v) => pick(v, rows, per_row, k),
        Values::U32(v) => pick(v, rows, per_row, k),
        Values::U64(v) => pick(v, rows, per_row, k),
        Values::U128(_) | Values::None | Values::Bytes { .. } | Values::Lists { .. } => None,
    }
}

fn exceptions(lanes: &[EncodedLane]) -> Vec<u8> {
    let with: Vec<_> = lanes.iter().enumerate().filter(|(_, l)| !l.exceptions.is_empty()).collect();
    let mut bytes = Vec::new();
    if with.is_empty() {
        return bytes;
    }
    bytes.extend_from_slice([with.len() as u32, 0].as_bytes());
    for (number, lane) in &with {
        bytes.extend_from_slice([*number as u32, lane.exceptions.len() as u32].as_bytes());
    }
    for (_, lane) in &with {
        for (row, _) in &lane.exceptions {
            bytes.extend_from_slice(&row.to_le_bytes());
        }
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        for (_, raw) in &lane.exceptions {
            bytes.extend_from_slice(&raw.to_le_bytes());
        }
    }
    bytes
}

//! Base selection: the compression phase of algorithm 1.

use crate::bits::id_bits;
use crate::codec::fixed::planes::BitPlanes;

/// Role of a bit position of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// 0 in every row; stored once a block.
    Zero,
    /// 1 in every row; stored once a block.
    One,
    /// Stored once a base.
    Base,
    /// Stored in every record.
    Deviation,
}

/// The base positions of a block and the base of every row.
#[derive(Clone, Debug)]
pub struct Bases {
    /// One a position.
    pub roles: Vec<Role>,
    /// Base of every row, numbered by first appearance.
    pub ids: Vec<u32>,
    /// Distinct bases, `n_b`; 1 if there is no base position.
    pub count: usize,
    /// Base positions, the varying part of `l_b`.
    pub base_bits: usize,
    /// Deviation positions, `l_d`.
    pub deviation_bits: usize,
    /// Bytes of the base table, its padding included.
    #[cfg_attr(not(test), allow(dead_code, reason = "tests hold it against a plain version"))]
    pub table_bytes: u64,
    /// Bytes of the records, their padding included.
    #[cfg_attr(not(test), allow(dead_code, reason = "tests hold it against a plain version"))]
    pub record_bytes: u64,
}

/// Bytes of a bit stream with its 16 zero bytes; a stream of no bits is not stored.
fn stream_bytes(bits: u64) -> u64 {
    if bits == 0 { 0 } else { bits.div_ceil(8) + 16 }
}

/// Takes non-constant positions into the base by increasing entropy (ties by position) and keeps the
/// set whose base table and records take the fewest bytes; stops after `tau` positions without a gain
/// or when no two rows share a base (algorithm 1, lines 12 to 29, with the bytes really written
/// in place of equation 1). Takes time in proportion to the rows with the rarer bit, position by
/// position.
pub fn select_bases(planes: &BitPlanes, tau: usize) -> Bases {
    let rows = planes.rows() as u64;
    let order = planes.by_entropy();
    let varying = order.len() as u64;
    let bytes = |count: u64, taken: u64| {
        let record = u64::from(id_bits(count)) + varying - taken;
        (stream_bytes(count * taken), stream_bytes(rows * record))
    };

    let tau = tau.max(1);
    let mut partition = Partition::new(planes.rows());
    let mut best = (1, 0);
    let mut least = total(bytes(1, 0));
    let mut without_gain = 0;
    for (index, &position) in order.iter().enumerate() {
        partition.split(planes.plane(position), planes.ones(position));
        let (count, taken) = (partition.count() as u64, index as u64 + 1);
        let size = total(bytes(count, taken));
        if size < least {
            (least, best, without_gain) = (size, (partition.count(), index + 1), 0);
        } else {
            without_gain += 1;
        }
        // No base count shrinks and no base is wider than a record, so that `ahead` more positions
        // save at most this much; what cannot gain before `tau` runs out need not be tried.
        let ahead = (tau.saturating_sub(without_gain) as u64).min(varying - taken);
        let record = u64::from(id_bits(count)) + varying - taken - ahead;
        let bound = (count * (taken + ahead) + rows * record) / 8;
        if count == rows || ahead == 0 || bound >= least {
            break;
        }
    }

    let (count, taken) = best;
    let mut roles: Vec<Role> = (0..planes.len())
        .map(|position| match planes.ones(position) {
            0 => Role::Zero,
            ones if ones == rows => Role::One,
            _ => Role::Deviation,
        })
        .collect();
    for &position in &order[..taken] {
        roles[position] = Role::Base;
    }
    let (table_bytes, record_bytes) = bytes(count as u64, taken as u64);
    Bases {
        roles,
        ids: partition.ids_among(count),
        count,
        base_bits: taken,
        deviation_bits: order.len() - taken,
        table_bytes,
        record_bytes,
    }
}

fn total((table, records): (u64, u64)) -> u64 {
    table + records
}

/// A group of rows with equal bits at the positions taken so far.
struct Group {
    rows: u32,
    /// While a position is taken: rows with the rarer bit, then the group these go to. Else 0.
    mark: u32,
}

/// Rows grouped by their bits at the positions taken so far. Groups are numbered as they split off,
/// each remembers the one it came from, and so every earlier grouping can be had back.
struct Partition {
    ids: Vec<u32>,
    groups: Vec<Group>,
    parents: Vec<u32>,
    touched: Vec<u32>,
}

impl Partition {
    fn new(rows: usize) -> Self {
        let groups = vec![Group { rows: rows as u32, mark: 0 }];
        Self { ids: vec![0; rows], groups, parents: vec![0], touched: Vec::new() }
    }

    fn count(&self) -> usize {
        self.groups.len()
    }

    /// Splits every group by one more bit: its rows with the rarer bit become a new group, unless
    /// they are the whole group.
    fn split(&mut self, plane: &[u64], ones: u64) {
        let rows = self.ids.len();
        let flip = if 2 * ones > rows as u64 { u64::MAX } else { 0 };
        let (ids, groups) = (&mut self.ids, &mut self.groups);
        for_each_one(plane, flip, rows, |row| {
            let id = ids[row];
            let group = &mut groups[id as usize];
            if group.mark == 0 {
                self.touched.push(id);
            }
            group.mark += 1;
        });
        let before = groups.len();
        for &id in &self.touched {
            let fresh = groups.len() as u32;
            let group = &mut groups[id as usize];
            let rows = std::mem::replace(&mut group.mark, id);
            if rows < group.rows {
                group.rows -= rows;
                group.mark = fresh;
                groups.push(Group { rows, mark: 0 });
                self.parents.push(id);
            }
        }
        if groups.len() > before {
            for_each_one(plane, flip, rows, |row| ids[row] = groups[ids[row] as usize].mark);
        }
        for id in self.touched.drain(..) {
            groups[id as usize].mark = 0;
        }
    }

    /// The group of every row when there were `count` groups, numbered by first appearance.
    fn ids_among(self, count: usize) -> Vec<u32> {
        let mut ancestors: Vec<u32> = (0..count as u32).collect();
        for &parent in &self.parents[count..] {
            ancestors.push(ancestors[parent as usize]);
        }
        let mut names = vec![u32::MAX; count];
        let mut next = 0;
        let mut ids = self.ids;
        for id in &mut ids {
            let name = &mut names[ancestors[*id as usize] as usize];
            if *name == u32::MAX {
                *name = next;
                next += 1;
            }
            *id = *name;
        }
        ids
    }
}

/// Calls with every row below `rows` whose bit differs from those of `flip`.
fn for_each_one(plane: &[u64], flip: u64, rows: usize, mut with: impl FnMut(usize)) {
    for (index, &word) in plane.iter().enumerate() {
        let first = index * 64;
        let mut left = word ^ flip;
        if rows - first < 64 {
            left &= (1 << (rows - first)) - 1;
        }
        while left != 0 {
            with(first + left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}

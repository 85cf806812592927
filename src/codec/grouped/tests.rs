//! The kernels of grouped records hold each other equal.

use proptest::prelude::*;

use crate::bits::id_bits;
use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::code_group::{CodeGroups, Entry, Group, GroupLane};
use crate::codec::grouped::frame_of_reference::Slope;
use crate::codec::grouped::head::GroupedHead;
use crate::codec::grouped::kernel::{Chunk, Places, Run};
#[cfg(target_arch = "x86_64")]
use crate::codec::grouped::lane_table::LaneTable;
use crate::codec::grouped::layout::AnchorLine;
use crate::codec::grouped::width_sums::{Sum, Unit};

/// A block whose groups have these bases: of each lane its least field and its deviations' width.
fn grouped(groups: &[Vec<Vec<(u64, u32)>>]) -> Grouped {
    let mut this = Grouped {
        head: GroupedHead::default(),
        code: CodeGroups::default(),
        places: Vec::new(),
        sums: Vec::new(),
        units: Vec::new(),
        #[cfg(target_arch = "x86_64")]
        tables: Vec::new(),
        ids: 0,
        anchors: AnchorLine::default(),
        deviations: (0, 0),
        steady: None,
        lone: None,
    };
    for bases in groups {
        let (per, id_bits) = (bases[0].len(), id_bits(bases.len() as u64));
        let (first, entries) = (this.code.lanes.len(), this.code.entries.len());
        for lane in first..first + per {
            let slope = Slope::default();
            this.code.lanes.push(GroupLane {
                lane,
                minimum: None,
                slope,
                width: 64,
                loose: true,
                wraps: false,
            });
        }
        let entry = |&(low, width): &(u64, u32)| Entry { low, width };
        this.code.entries.extend(bases.iter().flatten().map(entry));
        let widest = bases.iter().map(|base| base.iter().map(|b| u64::from(b.1)).sum::<u64>()).max();
        this.deviations.1 += widest.unwrap_or(0);
        let missing = entries + (per << id_bits) - this.code.entries.len();
        this.code.entries.extend(std::iter::repeat_n(Entry::default(), missing));
        let lanes = first..first + per;
        this.code.groups.push(Group { at: this.ids, id_bits, bases: bases.len(), lanes, entries });
        this.ids += u64::from(id_bits);
    }
    this.sums = Sum::all(&this.code);
    this.units = Unit::all(&this.code);
    #[cfg(target_arch = "x86_64")]
    {
        this.tables = LaneTable::all(&this.code);
    }
    this
}

fn groups() -> impl Strategy<Value = Vec<Vec<Vec<(u64, u32)>>>> {
    let width = prop_oneof![4 => 0u32..9, 2 => 9u32..40, 1 => 40u32..=64];
    let low = prop_oneof![0u64..100, any::<u64>()];
    let shape = (1usize..4, prop_oneof![0u32..5, 5u32..8]);
    let group = shape.prop_flat_map(move |(lanes, id_bits)| {
        let base = proptest::collection::vec((low.clone(), width.clone()), lanes);
        proptest::collection::vec(base, 1 << id_bits)
    });
    proptest::collection::vec(group, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_kernel_decodes_alike(
        groups in groups(),
        noise in proptest::collection::vec(any::<u64>(), 1..64),
        parts in proptest::collection::vec((0u64..8, 1u64..9), 1..20),
        seed: u64,
    ) {
        let grouped = grouped(&groups);
        let row_bits = grouped.ids + grouped.deviations.1;
        let run = |(i, &(first, count)): (usize, &(u64, u64))| {
            let count = count.min(8 - first);
            Run { at: i as u64 * 8 * row_bits + seed % 8, rows: 8, first, count, ..Run::default() }
        };
        let runs: Vec<Run> = parts.iter().enumerate().map(run).collect();
        let bytes = (8 * row_bits * runs.len() as u64 / 8) as usize + 40;
        let data: Vec<u8> = noise.iter().flat_map(|word| word.to_le_bytes()).cycle().take(bytes).collect();
        let wanted: Vec<bool> = (0..grouped.code.lanes.len()).map(|lane| seed >> (lane % 64) & 1 == 1).collect();
        let chunk = Chunk { grouped: &grouped, runs: &runs, data: &data, wanted: &wanted };
        let decoded = |kernel: &dyn Fn(&mut Places, &mut [Vec<u64>]) -> bool| {
            let mut out = vec![Vec::new(); grouped.code.lanes.len()];
            assert!(kernel(&mut Places::default(), &mut out));
            out.iter_mut().zip(&wanted).filter(|(_, wanted)| !**wanted).for_each(|(out, _)| out.clear());
            out
        };
        let portable = decoded(&|places, out| places.decode_any(chunk, out, false));
        prop_assert_eq!(&decoded(&|places, out| places.decode(chunk, out)), &portable);
        #[cfg(target_arch = "x86_64")]
        if crate::processor::has_bits() {
            // SAFETY: the processor has what the function needs.
            let scalar = decoded(&|places, out| unsafe { places.decode_bmi2(chunk, out, false) });
            prop_assert_eq!(&scalar, &portable);
        }
    }
}

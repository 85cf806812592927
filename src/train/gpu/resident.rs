//! A file's images on a GPU, compressed as they are in the file, and decoded there batch by batch.

use candle_core::Result;
use zerocopy::IntoBytes;

use super::posed::Posed;
use super::{Kernel, Machine, Order};
use crate::image::cosine_table;
use crate::read::{PackedBlock, PackedImages};
use crate::sample::PixelFormat;
use crate::train::descent::candle;
use crate::{Error, Result as GedeResult};

/// Kernels of the codings of blocks.
const CODINGS: [(u32, &[&str]); 3] = [
    (PackedBlock::PIXELS, &["fixed_pixels"]),
    (PackedBlock::COSINES, &["fixed_coefficients", "cosines_down", "cosines_along"]),
    (PackedBlock::TILES, &["tile_groups", "tile_residuals", "tile_medians", "tile_colours"]),
];

/// Images that a kernel decodes.
pub(in crate::train) struct Resident<M: Machine> {
    posed: Posed<M>,
    /// Kernels, and the values that each goes over for an image.
    kernels: Vec<(&'static str, usize)>,
    failed: M::Memory,
    _memory: Vec<M::Memory>,
}

impl<M: Machine> Resident<M> {
    /// Copies the images; batches have at most so many.
    ///
    /// # Errors
    /// `Argument` if there is not the memory, or for a format that does not fit the channels.
    pub fn new(machine: M, packed: &PackedImages, format: &PixelFormat, most: usize) -> GedeResult<Self> {
        let shape = [packed.shape.planes(), packed.shape.rows(), packed.shape.columns()];
        let posed = Posed::new(machine, shape, format, most)?;
        Self::with_packed(posed, packed, most).map_err(candle)
    }

    fn with_packed(mut posed: Posed<M>, packed: &PackedImages, most: usize) -> Result<Self> {
        let shape = packed.shape;
        let (values, area) = (shape.values(), shape.area());
        let groups = |width: u32, channels: u32| {
            let across = shape.columns().div_ceil(width.max(1) as usize);
            shape.planes() / channels.max(1) as usize * shape.rows().div_ceil(2) * across
        };
        let tiles = packed.blocks.iter().filter(|b| b.coding == PackedBlock::TILES);
        let groups = tiles.map(|b| groups(b.group_width, b.group_channels)).max().unwrap_or(0);
        let has = |coding: u32| packed.blocks.iter().any(|block| block.coding == coding);
        let (cosines, tiles) = (has(PackedBlock::COSINES), has(PackedBlock::TILES));
        let table = |length| if cosines { cosine_table(length) } else { Vec::new() };
        let [down, along] = [shape.rows(), shape.columns()].map(table);
        let room = |wanted: bool, bytes: usize| if wanted { most.saturating_mul(bytes) } else { 0 };
        let machine = &posed.machine;
        let failed = machine.zeros(4)?;
        let memory = vec![
            machine.copy(&packed.data)?,
            machine.copy(packed.blocks.as_bytes())?,
            machine.copy(packed.lanes.as_bytes())?,
            machine.copy(packed.places.as_bytes())?,
            machine.copy(down.as_bytes())?,
            machine.copy(along.as_bytes())?,
            machine.zeros(room(cosines, 4 * values))?,
            machine.zeros(room(cosines, 4 * values))?,
            machine.zeros(room(tiles, 4 * groups))?,
            machine.zeros(room(tiles, 4 * groups))?,
            machine.zeros(room(tiles, values))?,
        ];
        let mut at = memory.iter().map(|memory| machine.address(memory));
        let a = &mut posed.arguments;
        for field in [
            &mut a.data,
            &mut a.blocks,
            &mut a.lanes,
            &mut a.places,
            &mut a.down_table,
            &mut a.along_table,
            &mut a.coefficients,
            &mut a.middle,
            &mut a.starts,
            &mut a.group_bases,
            &mut a.tiles,
        ] {
            *field = at.next().unwrap_or(0);
        }
        a.failed = posed.machine.address(&failed);
        a.rows = packed.places.len() as u32;
        a.groups = groups as u32;
        a.interleaved = shape.interleaved.into();
        let goes_over = |name: &str| match name {
            "tile_groups" => 1,
            "tile_residuals" => groups,
            "tile_medians" => shape.planes(),
            "cosines_along" | "tile_colours" => area,
            _ => values,
        };
        let kernels = CODINGS.into_iter().filter(|&(coding, _)| has(coding)).flat_map(|(_, names)| names);
        let kernels = kernels.map(|&name| (name, goes_over(name))).collect();
        Ok(Self { posed, kernels, failed, _memory: memory })
    }

    /// Where batches are made.
    #[cfg(feature = "cuda")]
    pub fn posed(&self) -> &Posed<M> {
        &self.posed
    }

    /// Decodes the images of orders and writes them to `out` [B, H, W, C].
    ///
    /// # Errors
    /// `Argument` for a row that there is none of, and Candle's.
    ///
    /// # Safety
    /// `out` is the address of as many float32 values on the machine.
    pub unsafe fn decode(&mut self, orders: &[Order], out: u64) -> GedeResult<()> {
        let rows = self.posed.arguments.rows;
        if let Some(order) = orders.iter().find(|order| order.row >= rows) {
            return Err(Error::argument(format!("no row {}; there are {rows}", order.row)));
        }
        let run = |posed: &mut Posed<M>| {
            posed.order(orders)?;
            for &(name, each) in &self.kernels {
                let count = each.saturating_mul(orders.len());
                // SAFETY: the addresses are of memory for whole batches, and of all that blocks name.
                unsafe { posed.machine.run(Kernel { name, arguments: &posed.arguments, count }) }?;
            }
            // SAFETY: the caller's promise.
            unsafe { posed.pose(out) }
        };
        run(&mut self.posed).map_err(candle)
    }

    /// Waits for all that was decoded.
    ///
    /// # Errors
    /// `Corrupt` if one of the records was damaged.
    pub fn check(&self) -> GedeResult<()> {
        let failed = self.posed.machine.fetch(&self.failed).map_err(candle)?;
        match failed.iter().all(|&byte| byte == 0) {
            true => Ok(()),
            false => Err(Error::corrupt("an image's record is damaged; gede verify tells which")),
        }
    }
}

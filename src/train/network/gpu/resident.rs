//! A file's images on a GPU, compressed as they are in the file, and decoded there, many at a time.

use candle_core::Result;
use zerocopy::IntoBytes;

use super::posed::Posed;
use super::{Images, Kernel, Machine, Order};
use crate::codec::dct::cosines::cosine_table;
use crate::read::packed::{PackedBlock, PackedImages};
use crate::sample::PixelFormat;
use crate::train::candle_error::candle;
use crate::{Error, Result as GedeResult};

/// Kernels of the codings of blocks.
const CODINGS: [(u32, &[&str]); 3] = [
    (PackedBlock::PIXELS, &["fixed_pixels"]),
    (PackedBlock::COSINES, &["fixed_coefficients", "cosines_down", "cosines_along"]),
    (PackedBlock::TILES, &["tile_groups", "tile_residuals", "tile_medians", "tile_colours"]),
];

/// Values that are decoded at a time, unless a batch has more: a kernel's steps take as long for few images as for many.
const TOGETHER: usize = 1 << 24;

/// Images that a kernel decodes.
pub(crate) struct Resident<M: Machine> {
    posed: Posed<M>,
    /// Kernels, and the values that each goes over for an image.
    kernels: Vec<(&'static str, usize)>,
    failed: M::Memory,
    /// Images that are decoded at a time at most.
    room: usize,
    orders: M::Memory,
    /// Rows whose images are decoded, and how many of them went into batches.
    decoded: Vec<u64>,
    taken: usize,
    _memory: Vec<M::Memory>,
}

impl<M: Machine> Resident<M> {
    /// Copies the images; batches have at most so many.
    ///
    /// # Errors
    /// `Argument` if there is not the memory, or for a format that does not fit the channels.
    pub fn new(machine: M, packed: &PackedImages, format: &PixelFormat, most: usize) -> GedeResult<Self> {
        let shape = [packed.shape.planes(), packed.shape.rows(), packed.shape.columns()];
        // Whole batches.
        let room = most * (TOGETHER / packed.shape.values().max(1) / most.max(1)).max(1);
        let posed = Posed::new(machine, shape, format, [most, room])?;
        Self::with_packed(posed, packed, room).map_err(candle)
    }

    fn with_packed(mut posed: Posed<M>, packed: &PackedImages, room: usize) -> Result<Self> {
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
        let space = |wanted: bool, bytes: usize| if wanted { room.saturating_mul(bytes) } else { 0 };
        let machine = &posed.machine;
        let failed = machine.zeros(4)?;
        let orders = machine.zeros(room.saturating_mul(size_of::<Order>()))?;
        let memory = vec![
            machine.copy(&packed.data)?,
            machine.copy(packed.blocks.as_bytes())?,
            machine.copy(packed.lanes.as_bytes())?,
            machine.copy(packed.places.as_bytes())?,
            machine.copy(down.as_bytes())?,
            machine.copy(along.as_bytes())?,
            machine.zeros(space(cosines, 4 * values))?,
            machine.zeros(space(cosines, 4 * values))?,
            machine.zeros(space(tiles, 4 * groups))?,
            machine.zeros(space(tiles, 4 * groups))?,
            machine.zeros(space(tiles, values))?,
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
        let (decoded, taken) = (Vec::new(), 0);
        Ok(Self { posed, kernels, failed, room, orders, decoded, taken, _memory: memory })
    }

    /// Where batches are made.
    #[cfg(feature = "cuda")]
    pub fn posed(&self) -> &Posed<M> {
        &self.posed
    }

    /// Images that are decoded at a time at most.
    #[cfg(feature = "cuda")]
    pub fn room(&self) -> usize {
        self.room
    }

    /// Decodes the images of rows, which the next batches are of.
    ///
    /// # Errors
    /// `Argument` for a row that there is none of or for more rows than there is room for, and Candle's.
    pub fn decode(&mut self, rows: &[u64]) -> GedeResult<()> {
        let there = u64::from(self.posed.arguments.rows);
        if let Some(row) = rows.iter().find(|&&row| row >= there) {
            return Err(Error::argument(format!("no row {row}; there are {there}")));
        }
        if rows.len() > self.room {
            return Err(Error::argument(format!("{} images are too many for {}", rows.len(), self.room)));
        }
        self.decoded.clear();
        let orders: Vec<Order> =
            rows.iter().map(|&row| Order { row: row as u32, ..Order::default() }).collect();
        self.run(&orders).map_err(candle)?;
        self.decoded.extend(rows);
        self.taken = 0;
        Ok(())
    }

    fn run(&mut self, orders: &[Order]) -> Result<()> {
        let machine = &self.posed.machine;
        machine.send(orders.as_bytes(), &mut self.orders)?;
        let orders_at = machine.address(&self.orders);
        let arguments = Images { orders: orders_at, batch: orders.len() as u32, ..self.posed.arguments };
        for &(name, each) in &self.kernels {
            let count = each.saturating_mul(orders.len());
            // SAFETY: the addresses are of memory for all that there is room for, and of all that blocks name.
            unsafe { machine.run(Kernel { name, arguments: &arguments, count }) }?;
        }
        Ok(())
    }

    /// Writes the images of orders to `out` [B, H, W, C]: the next ones that were decoded, or they are decoded now.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    ///
    /// # Safety
    /// `out` is the address of as many float32 values on the machine.
    pub unsafe fn take(&mut self, orders: &[Order], out: u64) -> GedeResult<()> {
        let rows = orders.iter().map(|order| u64::from(order.row));
        let next = self.decoded.get(self.taken..).unwrap_or_default().iter().copied().take(orders.len());
        if !next.eq(rows.clone()) {
            self.decode(&rows.collect::<Vec<_>>())?;
        }
        let first = self.taken;
        self.taken += orders.len();
        // SAFETY: the caller's promise.
        unsafe { self.posed.pose_from(first, orders, out) }.map_err(candle)
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

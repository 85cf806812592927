//! A file's images on a GPU, compressed as they are in the file, and decoded there, many at a time.

use candle_core::Result;
use zerocopy::IntoBytes;

use super::crop_flipper::CropFlipper;
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

/// Values that are decoded at a time, unless a batch has more. The kernel of medians has one thread a plane: it takes as long
/// for few images as for many, so that several batches are decoded at once.
const TOGETHER: usize = 1 << 24;

/// A file's images in a GPU's memory, and the kernels that decode them.
pub(in crate::train) struct Resident<M: Machine> {
    flipper: CropFlipper<M>,
    /// Kernels, and the values that each goes over for an image.
    kernels: Vec<(&'static str, usize)>,
    failed: M::Memory,
    /// Images that are decoded at a time at most.
    room: usize,
    orders: M::Memory,
    /// Rows whose images are decoded, and how many of them went into batches.
    decoded: Vec<u64>,
    taken: usize,
    /// Memory that the arguments have addresses of, in the order of their fields.
    _memory: [M::Memory; 11],
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
        let flipper = CropFlipper::new(machine, shape, format, [most, room])?;
        Self::with_packed(flipper, packed, room).map_err(candle)
    }

    fn with_packed(mut flipper: CropFlipper<M>, packed: &PackedImages, room: usize) -> Result<Self> {
        let shape = packed.shape;
        let (values, area) = (shape.values(), shape.area());
        let groups = |width: u32, channels: u32| {
            let across = shape.columns().div_ceil(width.max(1) as usize);
            shape.planes() / channels.max(1) as usize * shape.rows().div_ceil(2) * across
        };
        let tiles = packed.blocks.iter().filter(|b| b.coding == PackedBlock::TILES);
        // 0 without blocks of tiles, whose kernels then do not run.
        let groups = tiles.map(|b| groups(b.group_width, b.group_channels)).fold(0, usize::max);
        let has = |coding: u32| packed.blocks.iter().any(|block| block.coding == coding);
        let (cosines, tiles) = (has(PackedBlock::COSINES), has(PackedBlock::TILES));
        let table = |length| if cosines { cosine_table(length) } else { Vec::new() };
        let [down, along] = [shape.rows(), shape.columns()].map(table);
        let space = |wanted: bool, bytes: usize| if wanted { room.saturating_mul(bytes) } else { 0 };
        let machine = &flipper.machine;
        let failed = machine.zeros(4)?;
        let orders = machine.zeros(room.saturating_mul(size_of::<Order>()))?;
        let memory = [
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
        let addresses = memory.each_ref().map(|memory| machine.address(memory));
        let a = &mut flipper.arguments;
        let fields = [
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
        ];
        fields.into_iter().zip(addresses).for_each(|(field, address)| *field = address);
        a.failed = flipper.machine.address(&failed);
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
        Ok(Self { flipper, kernels, failed, room, orders, decoded, taken, _memory: memory })
    }

    /// The writer of batches.
    #[cfg(feature = "cuda")]
    pub fn flipper(&self) -> &CropFlipper<M> {
        &self.flipper
    }

    /// Images that are decoded at a time at most.
    #[cfg(feature = "cuda")]
    pub fn room(&self) -> usize {
        self.room
    }

    /// Decodes the images of rows, which the next batches are of.
    ///
    /// # Errors
    /// `Argument` for a row that does not exist or for more rows than there is room for, and Candle's.
    pub fn decode(&mut self, rows: &[u64]) -> GedeResult<()> {
        let there = u64::from(self.flipper.arguments.rows);
        if let Some(row) = rows.iter().find(|&&row| row >= there) {
            return Err(Error::argument(format!("no row {row}; there are {there}")));
        }
        if rows.len() > self.room {
            return Err(Error::argument(format!("{} images are too many for {}", rows.len(), self.room)));
        }
        // Both before anything may fail: `taken` is an index into `decoded`.
        self.decoded.clear();
        self.taken = 0;
        let orders: Vec<Order> =
            rows.iter().map(|&row| Order { row: row as u32, ..Order::default() }).collect();
        self.run(&orders).map_err(candle)?;
        self.decoded.extend(rows);
        Ok(())
    }

    fn run(&mut self, orders: &[Order]) -> Result<()> {
        let machine = &self.flipper.machine;
        machine.send(orders.as_bytes(), &mut self.orders)?;
        let orders_at = machine.address(&self.orders);
        let arguments = Images { orders: orders_at, batch: orders.len() as u32, ..self.flipper.arguments };
        for &(name, each) in &self.kernels {
            let count = each.saturating_mul(orders.len());
            // SAFETY: the addresses are of memory for all that there is room for, and of all that blocks name.
            unsafe { machine.run(Kernel { name, arguments: &arguments, count }) }?;
        }
        Ok(())
    }

    /// Writes the images of orders to `out` `[B, H, W, C]`: the next ones that were decoded, or they are decoded now.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    ///
    /// # Safety
    /// `out` is the address of as many float32 values on the machine.
    pub unsafe fn take(&mut self, orders: &[Order], out: u64) -> GedeResult<()> {
        let rows = orders.iter().map(|order| u64::from(order.row));
        let next = self.decoded[self.taken..].iter().copied().take(orders.len());
        if !next.eq(rows.clone()) {
            self.decode(&rows.collect::<Vec<_>>())?;
        }
        let first = self.taken;
        self.taken += orders.len();
        // SAFETY: the caller's promise.
        unsafe { self.flipper.crop_flip_from(first, orders, out) }.map_err(candle)
    }

    /// Waits for all that was decoded.
    ///
    /// # Errors
    /// `Corrupt` if one of the records was damaged.
    pub fn check(&self) -> GedeResult<()> {
        let failed = self.flipper.machine.fetch(&self.failed).map_err(candle)?;
        if failed.iter().any(|&byte| byte != 0) {
            return Err(Error::corrupt("an image's record is damaged; gede verify names it"));
        }
        Ok(())
    }
}

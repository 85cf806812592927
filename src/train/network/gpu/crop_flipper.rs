//! Batches of images from bytes on a GPU, shifted and flipped there.

use candle_core::Result;
use zerocopy::IntoBytes;

use super::{Images, Kernel, Machine, Order};
use crate::sample::PixelFormat;
use crate::train::candle_error::candle;
use crate::train::network::augment::pad_value;

/// Memory for images as bytes `[N, C, H, W]`, and the kernel that writes batches of them.
pub(in crate::train) struct CropFlipper<M: Machine> {
    pub machine: M,
    /// Arguments of the kernels; addresses are of memory that is held here.
    pub arguments: Images,
    /// Images of a batch at most.
    most: usize,
    /// Images that there is room for.
    room: usize,
    orders: M::Memory,
    pixels: M::Memory,
    _tables: [M::Memory; 2],
}

impl<M: Machine> CropFlipper<M> {
    /// For batches of at most `most` images of channels, height and width, in their format, and room for `room` of them.
    ///
    /// # Errors
    /// Candle's, also for images of more values than kernels count.
    pub fn new(
        machine: M,
        shape: [usize; 3],
        format: &PixelFormat,
        [most, room]: [usize; 2],
    ) -> crate::Result<Self> {
        let [channels, height, width] = shape;
        let tables =
            format.tables(channels)?.unwrap_or_else(|| vec![std::array::from_fn(|b| b as f32); channels]);
        let mut pad_value = pad_value(format);
        pad_value.resize(channels, 0.0);
        Self::with_tables(machine, [channels, height, width], (&tables, &pad_value), [most, room])
            .map_err(candle)
    }

    fn with_tables(
        machine: M,
        [channels, height, width]: [usize; 3],
        (tables, pad_value): (&[[f32; 256]], &[f32]),
        [most, room]: [usize; 2],
    ) -> Result<Self> {
        let number = |n: usize| i32::try_from(n).map_err(candle_core::Error::wrap);
        let tables = [machine.copy(tables.as_bytes())?, machine.copy(pad_value.as_bytes())?];
        let orders = machine.zeros(most.saturating_mul(size_of::<Order>()))?;
        let pixels =
            machine.zeros(room.saturating_mul(channels).saturating_mul(height).saturating_mul(width))?;
        let arguments = Images {
            orders: machine.address(&orders),
            pixels: machine.address(&pixels),
            table: machine.address(&tables[0]),
            pad_value: machine.address(&tables[1]),
            channels: number(channels)?,
            height: number(height)?,
            width: number(width)?,
            ..Images::default()
        };
        Ok(Self { machine, arguments, most, room, orders, pixels, _tables: tables })
    }

    /// Values of an image.
    pub fn values(&self) -> usize {
        [self.arguments.channels, self.arguments.height, self.arguments.width]
            .iter()
            .map(|&n| n as usize)
            .product()
    }

    /// Sends the orders of a batch.
    fn order(&mut self, orders: &[Order]) -> Result<()> {
        if orders.len() > self.most {
            candle_core::bail!("{} images in a batch of {}", orders.len(), self.most)
        }
        // Kernels count up to 2^31.
        if orders.len().saturating_mul(self.values()) > i32::MAX as usize {
            candle_core::bail!("{} images of {} values are too many at a time", orders.len(), self.values())
        }
        self.arguments.batch = orders.len() as u32;
        self.machine.send(orders.as_bytes(), &mut self.orders)
    }

    /// Sends a batch as bytes `[B, C, H, W]`, each image to be moved as ordered, and writes it to `out`.
    ///
    /// # Errors
    /// Candle's, also for more images than a batch has.
    ///
    /// # Safety
    /// `out` is the address of as many float32 values on the machine.
    pub unsafe fn load(&mut self, bytes: &[u8], orders: &[Order], out: u64) -> Result<()> {
        self.order(orders)?;
        if bytes.len() != orders.len() * self.values() {
            candle_core::bail!("{} bytes of {} images", bytes.len(), orders.len())
        }
        self.machine.send(bytes, &mut self.pixels)?;
        // SAFETY: the caller's promise.
        unsafe { self.crop_flip(0, out) }
    }

    /// Writes images, from the one numbered `first` on, to `out`, moved as ordered.
    ///
    /// # Errors
    /// Candle's, also for more images than a batch has or there is room for.
    ///
    /// # Safety
    /// That of [`load`](Self::load).
    pub unsafe fn crop_flip_from(&mut self, first: usize, orders: &[Order], out: u64) -> Result<()> {
        self.order(orders)?;
        // SAFETY: the caller's promise.
        unsafe { self.crop_flip(first, out) }
    }

    unsafe fn crop_flip(&mut self, first: usize, out: u64) -> Result<()> {
        let batch = self.arguments.batch as usize;
        if first + batch > self.room {
            candle_core::bail!("{batch} images from the {first}th on, of {}", self.room)
        }
        let pixels = self.arguments.pixels + (first * self.values()) as u64;
        let arguments = Images { out, pixels, ..self.arguments };
        // SAFETY: the other addresses are of memory for whole batches, and for all images.
        unsafe {
            let count = batch * self.values();
            self.machine.run(Kernel { name: "crop_flip", arguments: &arguments, count })
        }
    }
}

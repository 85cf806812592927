//! Code groups: the pixels whose residual widths share one base.

use crate::format::image_shape::ImageShape;

/// Rows of a group.
pub const GROUP_ROWS: usize = 2;

/// Most values of a group.
pub const GROUP_VALUES: usize = 16;

/// The values of a group: 2 rows of `width` columns in each of `channels` neighbouring channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupShape {
    /// Columns, 2 to 4.
    pub width: u8,
    /// Channels: 1, or all.
    pub channels: u8,
}

impl GroupShape {
    /// The groups that images of a shape can have: all channels together, or each by itself.
    pub fn of(shape: &ImageShape) -> impl Iterator<Item = Self> {
        let channels = shape.channels;
        let together = (2..=4).map(move |width| Self { width, channels });
        let alone = (channels > 1).then_some(Self { width: 4, channels: 1 });
        together.filter(move |group| group.fits(channels)).chain(alone)
    }

    /// True if images of so many channels can have these groups.
    pub fn fits(&self, channels: u8) -> bool {
        let joins = self.channels == 1 || self.channels == channels;
        (2..=4).contains(&self.width) && joins && self.values() <= GROUP_VALUES
    }

    /// Values of a group.
    pub fn values(&self) -> usize {
        GROUP_ROWS * usize::from(self.width) * usize::from(self.channels)
    }

    /// All bits of all values: one byte each.
    pub fn full(&self) -> u128 {
        u128::MAX >> (128 - 8 * self.values())
    }
}

/// The groups of an image, in order: set of channels, row of groups, column.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    pub group: GroupShape,
    pub sets: usize,
    pub down: usize,
    pub across: usize,
    /// The values of a group that are in the image, where the group is [in the last row][in the last column].
    inside: [[u128; 2]; 2],
}

impl Grid {
    /// The groups of a shape.
    pub fn new(shape: &ImageShape, group: GroupShape) -> Self {
        let (width, channels) = (usize::from(group.width), usize::from(group.channels));
        let last_rows = (shape.rows() - 1) % GROUP_ROWS + 1;
        let last_columns = (shape.columns() - 1) % width + 1;
        let inside = [GROUP_ROWS, last_rows].map(|rows| {
            [width, last_columns].map(|columns| {
                let value = |i: usize| i / width % GROUP_ROWS < rows && i % width < columns;
                (0..group.values()).filter(|&i| value(i)).fold(0, |all, i| all | 0xFF << (8 * i))
            })
        });
        Self {
            group,
            sets: shape.planes() / channels,
            down: shape.rows().div_ceil(GROUP_ROWS),
            across: shape.columns().div_ceil(width),
            inside,
        }
    }

    /// Number of groups.
    pub fn len(&self) -> usize {
        self.sets * self.down * self.across
    }

    /// The values of a group that are in the image: 0xFF in their bytes.
    #[inline(always)]
    pub fn inside(&self, row: usize, column: usize) -> u128 {
        self.inside[usize::from(row + 1 == self.down)][usize::from(column + 1 == self.across)]
    }
}

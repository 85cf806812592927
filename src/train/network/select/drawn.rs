//! Methods that draw rows without a look at the network.

use super::{Method, RowSource};
use crate::sample::Draw;

const DRAWN: Method = Method {
    name: "random",
    title: "Random",
    about: "A random subset of the images",
    note: "drawn again every epoch",
    takes_share: true,
    source: RowSource::Drawn(Draw::Uniform),
};

pub(super) const RANDOM: Method = DRAWN;

pub(super) const BALANCED: Method = Method {
    name: "balanced",
    title: "Balanced",
    about: "As many images of every class",
    note: "drawn again every epoch; the file must be stored by class",
    source: RowSource::DrawnByClass(|classes| Draw::Balanced(classes)),
    ..DRAWN
};

pub(super) const RS2: Method = Method {
    name: "rs2",
    title: "RS2",
    about: "One random order of the images, walked through epoch after epoch",
    note: "a new order at its end",
    source: RowSource::Drawn(Draw::Walk),
    ..DRAWN
};

pub(super) const REPLACEMENT: Method = Method {
    name: "replacement",
    title: "RS2 with replacement",
    about: "Every image drawn independently",
    source: RowSource::Drawn(Draw::Replacement),
    ..DRAWN
};

pub(super) const FULL: Method = Method {
    name: "full",
    title: "All",
    about: "All images",
    note: "every epoch",
    takes_share: false,
    ..DRAWN
};

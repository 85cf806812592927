//! The options of `gede convert` on how a gede file is written.

use gede::write::{CellLimit, ImageTransform, Layout, Options, TargetKind};
use std::str::FromStr;

/// How a gede file is written.
#[derive(clap::Args, PartialEq, Default)]
pub struct How {
    /// The column that models predict, and if it is a class or a value (by default a class if it has
    /// few distinct values)
    #[arg(long, value_name = "COL[:class|:value]")]
    target: Option<String>,
    /// Columns that are no features
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    exclude: Vec<String>,
    /// Cut condensed samples by this many bits
    #[arg(long, value_name = "BITS", conflicts_with = "max_condensed")]
    beta: Option<usize>,
    /// At most this many condensed samples, or this share of the rows; 0 for none (by default, if
    /// there is a target, 1% but at least 100)
    #[arg(long, value_name = "M|M%")]
    max_condensed: Option<MaxCondensed>,
    /// Cut condensed samples by high-entropy bits, or by low-entropy ones
    #[arg(long, value_name = "ENTROPY")]
    cell_bits: Option<CellBits>,
    /// Store how to cut condensed samples and make them anew whenever they are asked for
    #[arg(long)]
    recompute_condensed: bool,
    /// Store with each condensed sample how its rows scatter about it (the covariances of the features)
    #[arg(long)]
    cell_covariances: bool,
    /// Store an exact coreset for the target: few rows, with weights, that have the second moments of all
    #[arg(long)]
    coreset: bool,
    /// Bits tried without a gain before base selection stops (by default 40)
    #[arg(long, value_name = "BITS")]
    tau: Option<usize>,
    /// Store rows class by class of this column; they are read in their own order all the same. With --format, the
    /// column that is the class; others are left out then
    #[arg(long, value_name = "COL")]
    class: Option<String>,
    /// What is done to images first: nothing, the paper's cosine transform (near-lossless), or
    /// prediction (lossless; the default, but in the paper's layout only for images in colour)
    #[arg(long)]
    transform: Option<Transform>,
    /// How records are cut: code groups of columns (the default), or as in the paper
    #[arg(long)]
    layout: Option<LayoutName>,
    /// Rows a segment, at most (by default 65536)
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    segment_rows: Option<u32>,
    /// Threads (by default as many as there are processors); the bytes do not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum CellBits {
    High,
    Low,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Transform {
    None,
    Dct,
    Lossless,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum LayoutName {
    Compact,
    Paper,
}

#[derive(Clone, Copy, PartialEq)]
enum MaxCondensed {
    Samples(u64),
    Share(f64),
}

impl FromStr for MaxCondensed {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        match text.strip_suffix('%') {
            Some(share) => {
                let share = share.trim().parse::<f64>().ok().filter(|s| (0.0..=100.0).contains(s));
                share.map(|s| Self::Share(s / 100.0)).ok_or("not between 0% and 100%")
            }
            None => {
                text.parse().map(Self::Samples).map_err(|_| "neither a number of samples nor a share like 5%")
            }
        }
    }
}

impl How {
    /// Only a class.
    pub fn of_class(class: Option<&str>) -> Self {
        Self { class: class.map(str::to_owned), ..Self::default() }
    }

    /// The columns that are named for what they are to a model.
    pub fn named(&self) -> impl Iterator<Item = String> {
        let target = self.target.as_deref().map(|text| target(text).0);
        target.into_iter().chain(self.class.clone())
    }

    /// The column of the class.
    pub fn class(&self) -> Option<&str> {
        self.class.as_deref()
    }

    /// The options of the library.
    pub fn options(&self, overwrite: bool) -> Options {
        let mut options = Options::default().with_overwrite(overwrite);
        options.threads = self.threads.unwrap_or(options.threads);
        options.images.transform = match self.transform {
            None => ImageTransform::Auto,
            Some(Transform::None) => ImageTransform::None,
            Some(Transform::Dct) => ImageTransform::Dct,
            Some(Transform::Lossless) => ImageTransform::Lossless,
        };
        let layout = &mut options.layout;
        layout.records = match self.layout {
            Some(LayoutName::Paper) => Layout::Paper,
            Some(LayoutName::Compact) | None => Layout::Compact,
        };
        layout.tau = self.tau.unwrap_or(layout.tau);
        layout.class = self.class.clone();
        layout.segment_rows = self.segment_rows.map_or(layout.segment_rows, |rows| rows as usize);
        let summaries = &mut options.summaries;
        summaries.target = self.target.as_deref().map(target);
        summaries.exclude = self.exclude.clone();
        summaries.cells = match (self.beta, self.max_condensed) {
            (Some(beta), _) => CellLimit::Beta(beta),
            (_, Some(MaxCondensed::Samples(0))) => CellLimit::None,
            (_, Some(MaxCondensed::Samples(most))) => CellLimit::Most(most),
            (_, Some(MaxCondensed::Share(0.0))) => CellLimit::None,
            (_, Some(MaxCondensed::Share(share))) => CellLimit::Share(share),
            _ => CellLimit::Default,
        };
        summaries.low_entropy_cells = self.cell_bits == Some(CellBits::Low);
        summaries.recompute_condensed = self.recompute_condensed;
        summaries.cell_covariances = self.cell_covariances;
        summaries.coreset = self.coreset;
        options
    }
}

fn target(text: &str) -> (String, TargetKind) {
    let kinds = [(":class", TargetKind::Class), (":value", TargetKind::Value)];
    let found = kinds.iter().find_map(|(end, kind)| Some((text.strip_suffix(end)?, *kind)));
    let (name, kind) = found.unwrap_or((text, TargetKind::Auto));
    (name.to_owned(), kind)
}

//! The options of `gede convert` on how a gede file is written.

use gede::write::{CellLimit, ImageTransform, Layout, Options, StatisticsPolicy, StorageGroups, TargetKind};
use std::str::FromStr;

/// How a gede file is written.
#[derive(clap::Args, PartialEq, Default)]
#[command(next_help_heading = "Options for the gede file to write")]
pub struct How {
    /// Column that models predict. Append :class or :value to set its kind [default: a class if it has few distinct values]
    #[arg(long, value_name = "COL[:class|:value]")]
    target: Option<String>,
    /// Columns that are not features
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    exclude: Vec<String>,
    /// Group rows into condensed samples by this many bits
    #[arg(long, value_name = "BITS", conflicts_with = "max_condensed")]
    beta: Option<usize>,
    /// Store at most this many condensed samples, or this share of the rows; 0 stores none [default with a target: 1%, at
    /// least 100]
    #[arg(long, value_name = "M|M%")]
    max_condensed: Option<MaxCondensed>,
    /// Group rows into condensed samples by their high-entropy or their low-entropy bits [default: high]
    #[arg(long, value_name = "ENTROPY")]
    cell_bits: Option<CellBits>,
    /// Store which bits group the rows, not the condensed samples: readers compute them when asked
    #[arg(long)]
    recompute_condensed: bool,
    /// Store the covariances of the features within each condensed sample
    #[arg(long)]
    cell_covariances: bool,
    /// Store an exact coreset for the target: a few weighted rows with the same second moments as all rows
    #[arg(long)]
    coreset: bool,
    /// Store no statistics of segments, by which filters pass over rows [default: stored if they take at most 1% of the file]
    #[arg(long)]
    no_statistics: bool,
    /// Stop the selection of base bits after this many bits without a gain [default: 40]
    #[arg(long, value_name = "BITS")]
    tau: Option<usize>,
    /// Column by whose classes rows are stored together; readers see the original order. With --format: the column of
    /// classes to write
    #[arg(long, value_name = "COL")]
    class: Option<String>,
    /// Transform of images [default: lossless; with --layout paper, none for grey images]
    #[arg(long)]
    transform: Option<Transform>,
    /// Layout of records [default: compact]
    #[arg(long)]
    layout: Option<LayoutName>,
    /// Columns that are stored together, so that reading one reads these: all (rows), each alone (columns), or groups of
    /// names such as "a,b;c", where columns that are not named form one more [default: auto, neighbours if rows are wide]
    #[arg(long, value_name = "auto|rows|columns|A,B;C", value_parser = groups)]
    groups: Option<StorageGroups>,
    /// Maximum number of rows in a segment [default: 65536]
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    segment_rows: Option<u32>,
    /// Number of threads; the bytes of the file do not depend on it [default: one per processor]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Key and value to store in the file; repeat the option for more of them
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum CellBits {
    High,
    Low,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Transform {
    /// Pixels as they are
    None,
    /// The cosine transform of the paper, near-lossless
    Dct,
    /// Prediction from neighbouring pixels
    Lossless,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum LayoutName {
    /// Columns in groups that share bases
    Compact,
    /// Records of fixed width, as in the paper
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
    pub fn with_class(class: Option<&str>) -> Self {
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
        layout.groups = self.groups.clone().unwrap_or_default();
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
        if self.no_statistics {
            summaries.statistics = StatisticsPolicy::Never;
        }
        options.metadata = self.metadata.iter().cloned().collect();
        options
    }
}

/// The value of `--groups`. A name that is a word here can be written with a semicolon: `rows;`.
fn groups(text: &str) -> Result<StorageGroups, &'static str> {
    let names = |part: &str| part.split(',').map(str::to_owned).collect::<Vec<_>>();
    match text {
        "auto" => Ok(StorageGroups::Auto),
        "rows" => Ok(StorageGroups::Rows),
        "columns" => Ok(StorageGroups::Columns),
        _ => {
            let groups: Vec<_> = text.split(';').filter(|part| !part.is_empty()).map(names).collect();
            if groups.is_empty() || groups.iter().flatten().any(String::is_empty) {
                return Err("write groups of columns such as a,b;c");
            }
            Ok(StorageGroups::Named(groups))
        }
    }
}

/// The value of `--metadata`.
fn pair(text: &str) -> Result<(String, String), &'static str> {
    let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = pair.ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn target(text: &str) -> (String, TargetKind) {
    let kinds = [(":class", TargetKind::Class), (":value", TargetKind::Value)];
    let found = kinds.iter().find_map(|(end, kind)| Some((text.strip_suffix(end)?, *kind)));
    let (name, kind) = found.unwrap_or((text, TargetKind::Auto));
    (name.to_owned(), kind)
}

//! `gede convert`: other formats to gede, gede to other formats.

mod columns;
mod export;
mod how;
mod images;
mod import;
mod out;
mod pipes;
mod portion;
mod text;

use super::large::Large;
use super::{misuse, open, refuse_existing};
use gede::{ErrorKind, Result};
pub use how::How;
use images::Images;
pub use pipes::{Pipes, Spool, is_pipe};
use portion::Portion;
use std::path::{Path, PathBuf};
use std::time::Instant;
pub use text::Text;

const EXAMPLES: &str = "\
Examples:
  gede convert housing.parquet housing.gede --target MedHouseVal
  gede convert 'data/*.parquet' all.gede
  gede convert housing.gede part.csv --columns MedInc,AveRooms --rows 0..1000
  producer | gede convert - table.gede --from csv
  gede convert pictures/ pictures.gede --resize 224x224
  gede convert mnist.gede digits --format png";

/// Convert tables and images to gede, and gede files to other formats
#[derive(clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Convert {
    /// The inputs, then the output; - is standard input or output
    ///
    /// An input is a table (Parquet, Arrow IPC, CSV, LIBSVM), an IDX file of images, a CIFAR file or a folder of CIFAR files,
    /// a folder of pictures, or a folder with one subfolder of pictures per class. The first bytes of a file decide its
    /// format; CSV, TSV and CIFAR files are recognised by name (.csv, .tsv, .bin). Text may be compressed (.gz, .zst).
    ///
    /// Several tables, folders of Parquet, Arrow or CSV files, and quoted patterns ('data/*.parquet') become one table:
    /// columns are matched by name, and folders named key=value become columns.
    ///
    /// The output is a .gede file. For an input that is a gede file it is a .parquet, .arrow, .feather, .ipc or .csv file, or
    /// with --format a new folder.
    // One argument, since options may stand between inputs and output.
    #[arg(value_name = "IN... OUT", required = true)]
    paths: Vec<PathBuf>,
    /// Replace OUT if it exists; of folders, only empty ones are replaced
    #[arg(long)]
    overwrite: bool,
    // First, since the options of the others have headings, which last until the next one.
    #[command(flatten)]
    large: Large,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    text: Text,
    #[command(flatten)]
    images: Images,
    #[command(flatten)]
    portion: Portion,
    #[command(flatten)]
    pipes: Pipes,
}

impl Convert {
    fn inputs(&self) -> &[PathBuf] {
        &self.paths[..self.paths.len() - 1]
    }

    fn output(&self) -> &Path {
        &self.paths[self.paths.len() - 1]
    }

    pub fn run(&self, as_json: bool) -> Result<()> {
        if self.inputs().is_empty() {
            return Err(misuse(format!("{}: name the output after it", self.output().display())));
        }
        if self.images.format().is_none() && !is_pipe(self.output()) {
            refuse_existing(self.output(), self.overwrite)?;
        }
        if self.pipes.to.is_some() && !is_pipe(self.output()) {
            return Err(misuse(
                "--to is for standard output, OUT being -; the format of a file follows from its name",
            ));
        }
        let started = Instant::now();
        let piped = self.inputs().iter().filter(|input| is_pipe(input)).count();
        if piped > 1 {
            return Err(misuse("- is named more than once; standard input is one table"));
        }
        if piped == 0 {
            return self.convert(self.inputs(), false, as_json, started);
        }
        let spool = Spool::read(self.output())?;
        let named = |input: &PathBuf| if is_pipe(input) { spool.path.clone() } else { input.clone() };
        let inputs: Vec<PathBuf> = self.inputs().iter().map(named).collect();
        self.convert(&inputs, true, as_json, started).map_err(|e| spool.named(e))
    }

    /// Exports a single gede file, and imports anything else. `spooled` if one of the inputs was standard input.
    fn convert(&self, inputs: &[PathBuf], spooled: bool, as_json: bool, started: Instant) -> Result<()> {
        let [input] = inputs else { return self.import(inputs, spooled, as_json, started) };
        if !input.is_file() && (!is_gede(input) || input.is_dir()) {
            return self.import(inputs, spooled, as_json, started);
        }
        match open(input) {
            Ok(reader) => self.export(input, &reader, as_json, started),
            Err(e) if e.kind() == ErrorKind::NotGede && !is_gede(input) => {
                self.import(inputs, spooled, as_json, started)
            }
            Err(e) => Err(e),
        }
    }
}

fn is_gede(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gede"))
}

//! The gede command-line tool.

mod commands;
mod input;
mod progress;
mod signals;

use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{Parser, Subcommand};
use commands::{
    append, completions, condensed, convert, count, demo, head, info, merge, optimize, salvage, sample, take,
    train, verify,
};
use gede::{Error, FORMAT_VERSION, Result};
use gede_cli::{allocator, device, exit, methods, output, plot};

const EXAMPLES: &str = "\
Examples:
  gede demo
  gede convert housing.parquet housing.gede --target MedHouseVal
  gede info housing.gede
  gede take housing.gede --rows 5,3,3 --columns MedInc,AveRooms
  gede train linear housing.gede

gede COMMAND --help describes a command and its options.";

/// The answer to `--version`: the tool's version, and that of the files it writes.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let (major, minor) = FORMAT_VERSION;
    format!("{} (format {major}.{minor})", env!("CARGO_PKG_VERSION"))
});

/// Columnar files with O(1) access to single rows of compressed data, and training straight from them
#[derive(Parser)]
#[command(name = "gede", version = VERSION.as_str(), after_long_help = EXAMPLES)]
struct Tool {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true, display_order = 1000)]
    json: bool,
    /// Read gede files without memory maps: slower, but safe if another program truncates a file meanwhile
    #[arg(long, global = true, display_order = 1001)]
    no_map: bool,
}

#[derive(Subcommand)]
enum Command {
    Convert(convert::Convert),
    Info(info::Info),
    Verify(verify::Verify),
    Head(head::Head),
    Take(take::Take),
    Count(count::Count),
    Condensed(condensed::Condensed),
    Append(append::Append),
    Optimize(optimize::Optimize),
    Merge(merge::Merge),
    Salvage(salvage::Salvage),
    Sample(sample::Sample),
    Train(train::Train),
    Demo(demo::Demo),
    Completions(completions::Completions),
}

fn main() -> ExitCode {
    exit::run("gede", |tool: Tool| {
        if tool.no_map {
            input::read_at_positions();
        }
        signals::install().map_err(|e| Error::io("taking charge of signals", e))?;
        tool.command.run(tool.json)
    })
}

impl Command {
    fn run(&self, json: bool) -> Result<()> {
        match self {
            Self::Convert(command) => command.run(json),
            Self::Info(command) => command.run(json),
            Self::Verify(command) => command.run(json),
            Self::Head(command) => command.run(json),
            Self::Take(command) => command.run(json),
            Self::Count(command) => command.run(json),
            Self::Condensed(command) => command.run(json),
            Self::Append(command) => command.run(json),
            Self::Optimize(command) => command.run(json),
            Self::Merge(command) => command.run(json),
            Self::Salvage(command) => command.run(json),
            Self::Sample(command) => command.run(json),
            Self::Train(command) => command.run(json),
            Self::Demo(command) => command.run(json),
            Self::Completions(command) => command.run::<Tool>(json),
        }
    }
}

//! The gede command-line tool.

mod commands;
mod input;
mod progress;
mod signals;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use commands::{condensed, convert, demo, head, info, merge, salvage, sample, take, train, verify};
use gede::{Error, Result};
use gede_cli::{allocator, device, exit, methods, output, plot};

/// Columnar files with O(1) rows out of compressed data, and training straight from them.
#[derive(Parser)]
#[command(name = "gede", version)]
struct Tool {
    #[command(subcommand)]
    command: Command,
    /// Print JSON, for machines
    #[arg(long, global = true, display_order = 1000)]
    json: bool,
    /// Read gede files at positions, not through memory maps: slower, and safe for files that others cut short meanwhile
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
    Condensed(condensed::Condensed),
    Merge(merge::Merge),
    Salvage(salvage::Salvage),
    Sample(sample::Sample),
    Train(train::Train),
    Demo(demo::Demo),
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
            Self::Condensed(command) => command.run(json),
            Self::Merge(command) => command.run(json),
            Self::Salvage(command) => command.run(json),
            Self::Sample(command) => command.run(json),
            Self::Train(command) => command.run(json),
            Self::Demo(command) => command.run(json),
        }
    }
}

//! The gede command-line tool.

mod allocator;
mod commands;
mod device;
mod experiment;
mod methods;
mod output;
mod plot;
mod progress;

use clap::error::ErrorKind as Kind;
use clap::{Parser, Subcommand};
use commands::{condensed, convert, demo, head, info, merge, sample, take, train, verify};
use gede::{ErrorKind, Result};
use std::process::ExitCode;

/// Columnar files with O(1) rows out of compressed data, and training straight from them.
#[derive(Parser)]
#[command(name = "gede", version)]
struct Tool {
    #[command(subcommand)]
    command: Command,
    /// Print JSON, for machines
    #[arg(long, global = true, display_order = 1000)]
    json: bool,
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
    Sample(sample::Sample),
    Train(train::Train),
    Experiment(commands::experiment::Experiment),
    Demo(demo::Demo),
}

const FAILED: u8 = 1;
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let tool = match Tool::try_parse() {
        Ok(tool) => tool,
        Err(e) if matches!(e.kind(), Kind::DisplayHelp | Kind::DisplayVersion) => {
            let _ = e.print(); // nobody may be there to read it
            return ExitCode::SUCCESS;
        }
        Err(e) if e.kind() == Kind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = e.print();
            return ExitCode::from(MISUSED);
        }
        Err(e) => {
            let text = e.render().to_string();
            let what = text.trim_start_matches("error: ").split("\n\n").next().unwrap_or_default();
            return fail(&format!("{}; see gede --help", what.trim_end_matches('.')), MISUSED);
        }
    };
    match tool.command.run(tool.json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) if output::is_closed(&e) => ExitCode::SUCCESS,
        Err(e) if e.kind() == ErrorKind::Argument => fail(&e.to_string(), MISUSED),
        Err(e) => fail(&e.to_string(), FAILED),
    }
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
            Self::Sample(command) => command.run(json),
            Self::Train(command) => command.run(json),
            Self::Experiment(command) => command.run(json),
            Self::Demo(command) => command.run(json),
        }
    }
}

/// Says on one line what went wrong.
fn fail(what: &str, code: u8) -> ExitCode {
    let line: Vec<&str> = what.split_whitespace().collect();
    output::complain(&line.join(" "));
    ExitCode::from(code)
}

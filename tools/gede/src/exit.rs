//! The end of a process: an exit status, and one line on what went wrong.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as Kind;
use gede::{ErrorKind, Result};

use crate::output;

const FAILED: u8 = 1;
const MISUSED: u8 = 2;

/// Parses the arguments of the process and runs what they ask for. `name` is that of the program.
pub fn run<T: Parser>(name: &str, run: impl FnOnce(T) -> Result<()>) -> ExitCode {
    let arguments = match T::try_parse() {
        Ok(arguments) => arguments,
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
            let what = format!("{}; see {name} --help", what.trim_end_matches('.'));
            return fail(name, &what, MISUSED);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) if output::is_closed(&e) => ExitCode::SUCCESS,
        Err(e) if e.kind() == ErrorKind::Argument => fail(name, &e.to_string(), MISUSED),
        Err(e) => fail(name, &e.to_string(), FAILED),
    }
}

/// Says on one line what went wrong.
fn fail(name: &str, what: &str, code: u8) -> ExitCode {
    let line: Vec<&str> = what.split_whitespace().collect();
    output::complain(name, &line.join(" "));
    ExitCode::from(code)
}

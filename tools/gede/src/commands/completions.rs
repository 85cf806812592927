//! `gede completions`: scripts with which a shell completes commands and options.

use super::misuse;
use crate::output::print_bytes;
use clap::CommandFactory;
use clap_complete::{Shell, generate};
use gede::Result;

const EXAMPLES: &str = "\
Examples:
  gede completions bash > ~/.local/share/bash-completion/completions/gede
  gede completions zsh > ~/.zfunc/_gede
  gede completions fish > ~/.config/fish/completions/gede.fish";

/// Print a script that completes commands and options in a shell
#[derive(clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Completions {
    /// The shell that reads the script
    shell: Shell,
}

impl Completions {
    /// Prints the script for the tool `T`.
    pub fn run<T: CommandFactory>(&self, as_json: bool) -> Result<()> {
        if as_json {
            return Err(misuse("completions are a script for a shell; leave out --json"));
        }
        // In memory first: `generate` panics where standard output fails.
        let mut script = Vec::new();
        generate(self.shell, &mut T::command(), "gede", &mut script);
        print_bytes(&script)
    }
}

//! `gede --version` and `gede completions`.
#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;

#[test]
fn the_version_names_the_format_that_files_have() {
    let folder = Folder::new();
    folder.california();
    // The header: eight bytes of magic, then the major and the minor version.
    let bytes = folder.read("c.gede");
    let (major, minor) =
        (u16::from_le_bytes([bytes[8], bytes[9]]), u16::from_le_bytes([bytes[10], bytes[11]]));
    let expected = format!("gede {} (format {major}.{minor})\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(folder.fine("--version"), expected);
    assert_eq!(folder.fine("-V"), expected);
}

#[test]
fn every_shell_is_given_all_commands() {
    let folder = Folder::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = folder.fine(&format!("completions {shell}"));
        for word in ["convert", "salvage", "completions", "linear", "lenet5", "max-condensed", "no-map"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn bash_completes_commands_and_options() {
    let folder = Folder::new();
    folder.write("gede.bash", folder.fine("completions bash"));
    let completed = |line: &str| {
        let words = line.split_whitespace().collect::<Vec<_>>();
        let (command, word, previous) = (words[0], words[words.len() - 1], words[words.len() - 2]);
        let script = format!(
            "source gede.bash; COMP_WORDS=({line}); COMP_CWORD={}; _{command} {command} '{word}' '{previous}'; \
             echo \"${{COMPREPLY[@]}}\"",
            words.len() - 1
        );
        let mut bash = std::process::Command::new("bash");
        let output = bash.current_dir(folder.path("")).args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(completed("gede sal"), "salvage\n");
    assert_eq!(completed("gede convert --max"), "--max-condensed\n");
}

#[test]
fn completions_refuse_other_shells_and_json() {
    let folder = Folder::new();
    assert!(folder.refused("completions tcsh", 2).contains("tcsh"));
    assert!(folder.refused("completions bash --json", 2).contains("leave out --json"));
}

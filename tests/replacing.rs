//! Promise 4: files are replaced only if asked, with their permissions, and through links; temporary files of dead
//! writers are in nobody's way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs::Metadata;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use common::memory::{Builder, Memory};
use common::zoo::random;
use gede::column::Kind;
use gede::internal::NewFile;
use gede::read::ByteSource;
use gede::write::{Disk, FileSystem, InPlace, Options, Output, Scratch};
use gede::{ErrorKind, Writer};

fn table(seed: u64) -> Memory {
    Builder::new(2000).number("x", Kind::Unsigned, 32, |i| u128::from(random(seed, i))).finish()
}

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect()
}

/// The disk, with something done before an operation.
struct Meddling<F: Fn(&str, &Path) -> io::Result<()> + Sync>(F);

impl<F: Fn(&str, &Path) -> io::Result<()> + Sync> FileSystem for Meddling<F> {
    fn create(&self, path: &Path, private: bool) -> io::Result<Box<dyn Output>> {
        self.0("create", path)?;
        Disk.create(path, private)
    }

    fn open(&self, path: &Path) -> gede::Result<Box<dyn ByteSource>> {
        Disk.open(path)
    }

    fn take_attributes(&self, of: &Metadata, to: &Path) -> io::Result<()> {
        Disk.take_attributes(of, to)
    }

    fn rename(&self, from: &Path, to: &Path, overwrite: bool) -> io::Result<()> {
        self.0("rename", to)?;
        Disk.rename(from, to, overwrite)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn open_in_place(&self, path: &Path) -> io::Result<Box<dyn InPlace>> {
        self.0("open in place", path)?;
        Disk.open_in_place(path)
    }

    fn scratch(&self, folder: &Path) -> io::Result<Box<dyn Scratch>> {
        Disk.scratch(folder)
    }

    fn remove_stale(&self, folder: &Path) {
        Disk.remove_stale(folder);
    }
}

#[test]
fn a_file_that_comes_into_being_meanwhile_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let meddling = Meddling(|operation, to| match operation {
        "rename" => std::fs::write(to, "something dear"),
        _ => Ok(()),
    });
    let error = Writer::new(Options::default()).write_to(&meddling, &path, &table(1)).unwrap_err();
    assert!(error.kind() == ErrorKind::Argument && error.to_string().contains("exists"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"something dear");
    assert_eq!(names(folder.path()), ["t.gede"]);
}

/// Process ids repeat, in containers above all: names that a dead process with the same one has left block nobody.
#[test]
fn names_that_are_taken_block_no_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    for number in 0..200 {
        let name = format!(".t.gede.{}-{number}.tmp", std::process::id());
        std::fs::write(folder.path().join(name), "left by a dead process").unwrap();
    }
    let tries = AtomicUsize::new(0);
    let meddling = Meddling(|operation, name| match operation {
        "create" if tries.fetch_add(1, Relaxed) < 3 => std::fs::write(name, "in the way"),
        _ => Ok(()),
    });
    Writer::new(Options::default()).write_to(&meddling, &path, &table(1)).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), table(1).file(&Options::default()));
    assert_eq!(tries.load(Relaxed), 4);
}

#[test]
#[cfg(target_os = "linux")]
fn only_temporary_files_of_dead_writers_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let mut live = NewFile::create(&folder.path().join("live"), false).unwrap();
    live.write_all(b"whole").unwrap();
    let live_name = live.path().file_name().unwrap().to_owned().into_string().unwrap();
    // The same name as a dead writer's, but for one digit; and others that only look like it.
    let flip = |c: char| if c == '0' { '1' } else { '0' };
    let at = live_name.len() - ".tmp".len() - 1;
    let dead = format!("{}{}.tmp", &live_name[..at], flip(live_name[at..].chars().next().unwrap()));
    let at = ".gede-".len();
    let elsewhere =
        format!(".gede-{}{}", flip(live_name[at..].chars().next().unwrap()), &live_name[at + 1..]);
    let others = [elsewhere.as_str(), ".gede-.tmp", ".gede-notes.tmp", ".t.gede.1-0.tmp", "t.tmp"];
    for name in others.iter().chain([&dead.as_str()]) {
        std::fs::write(folder.path().join(name), "bytes").unwrap();
    }
    Writer::new(Options::default()).write(&path, &table(1)).unwrap();
    let mut left = names(folder.path());
    left.sort();
    let mut wanted = [&others[..], &["t.gede", &live_name]].concat();
    wanted.sort();
    assert_eq!(left, wanted);
    live.commit().unwrap();
    assert_eq!(std::fs::read(folder.path().join("live")).unwrap(), b"whole");
}

/// A folder with an old file in `there/old.gede`.
#[cfg(unix)]
fn with_old() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("there/old.gede");
    std::fs::create_dir(folder.path().join("there")).unwrap();
    std::fs::write(&old, "old").unwrap();
    (folder, old)
}

#[test]
#[cfg(unix)]
fn a_file_that_is_replaced_keeps_its_permissions_and_owner() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let overwrite = Options::default().with_overwrite(true);
    for mode in [0o600, 0o640, 0o444, 0o777, 0o200] {
        let (_folder, old) = with_old();
        std::fs::set_permissions(&old, PermissionsExt::from_mode(mode)).unwrap();
        // Only root gives files away.
        let given = std::os::unix::fs::chown(&old, Some(7), Some(8)).is_ok();
        let private = Meddling(|operation, target: &Path| {
            for name in names(target.parent().unwrap())
                .iter()
                .filter(|name| operation == "rename" && name.ends_with(".tmp"))
            {
                let temporary = target.with_file_name(name).metadata().unwrap();
                assert_eq!(temporary.mode() & 0o777, mode);
            }
            Ok(())
        });
        Writer::new(overwrite.clone()).write_to(&private, &old, &table(1)).unwrap();
        let new = old.metadata().unwrap();
        assert_eq!(new.mode() & 0o777, mode);
        assert!(new.len() > 1000 && (!given || (new.uid(), new.gid()) == (7, 8)), "{mode:o}");
    }
    // A new one has what the process gives to any file.
    let (folder, old) = with_old();
    let new = folder.path().join("new.gede");
    Writer::new(overwrite.clone()).write(&new, &table(1)).unwrap();
    assert_eq!(new.metadata().unwrap().mode(), old.metadata().unwrap().mode());
}

#[test]
#[cfg(unix)]
fn links_stay_and_what_they_lead_to_is_replaced() {
    use std::os::unix::fs::symlink;
    let overwrite = Options::default().with_overwrite(true);
    let (folder, old) = with_old();
    let [link, second, dangling] =
        ["link.gede", "second.gede", "dangling.gede"].map(|name| folder.path().join(name));
    symlink("there/old.gede", &link).unwrap();
    symlink(&link, &second).unwrap();
    symlink("there/new.gede", &dangling).unwrap();
    for path in [&link, &second, &dangling] {
        let error = Writer::new(Options::default()).write(path, &table(1)).unwrap_err();
        assert!(error.kind() == ErrorKind::Argument && error.to_string().contains("exists"), "{error}");
    }
    assert_eq!(std::fs::read(&old).unwrap(), b"old");
    for (seed, path, target) in
        [(1, &link, &old), (2, &second, &old), (3, &dangling, &old.with_file_name("new.gede"))]
    {
        Writer::new(overwrite.clone()).write(path, &table(seed)).unwrap();
        assert!(path.is_symlink());
        assert_eq!(std::fs::read(target).unwrap(), table(seed).file(&Options::default()));
    }
    assert_eq!(names(&folder.path().join("there")).len(), 2);
}

#[test]
#[cfg(unix)]
fn only_files_are_replaced() {
    use std::os::unix::fs::symlink;
    let (folder, old) = with_old();
    let [circle, device, link] = ["circle.gede", "device.gede", "there"].map(|name| folder.path().join(name));
    symlink("circle.gede", &circle).unwrap();
    symlink("/dev/null", &device).unwrap();
    for (path, says) in [(&circle, "circle"), (&device, "no regular file"), (&link, "is a folder")] {
        let error = Writer::new(Options::default().with_overwrite(true)).write(path, &table(1)).unwrap_err();
        assert!(error.kind() == ErrorKind::Argument && error.to_string().contains(says), "{error}");
    }
    assert_eq!(std::fs::read(&old).unwrap(), b"old");
    assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
}

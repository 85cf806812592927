//! The fuzz targets, in one program: GEDE_TARGET names the one that runs. With GEDE_SEEDS the target's seeds are written
//! into that folder, and nothing else is done.

#![no_main]

mod bounds;
mod mutate;
mod seeds;
mod targets;

#[allow(dead_code)]
#[path = "../../tests/common/allocation.rs"]
mod allocation;
#[allow(dead_code)]
#[path = "../../tests/common/frame.rs"]
mod frame;
#[allow(dead_code)]
#[path = "../../tests/common/memory.rs"]
mod memory;
#[allow(dead_code)]
#[path = "../../tests/common/read.rs"]
mod read;
#[path = "../../tests/common/repair.rs"]
mod repair;

use std::sync::LazyLock;
use targets::{Target, named};

#[global_allocator]
static ALLOCATOR: allocation::Tracked = allocation::Tracked;

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("GEDE_TARGET").expect("GEDE_TARGET names the target");
    named(&name).unwrap_or_else(|| panic!("there is no target {name}"))
});

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    match TARGET.is_gede {
        true => mutate::gede(data, size, max_size, seed),
        false => mutate::other(data, size, max_size, seed),
    }
});

libfuzzer_sys::fuzz_target!(
    init: {
        if let Ok(folder) = std::env::var("GEDE_SEEDS") {
            seeds::write(TARGET.name, folder.as_ref());
            std::process::exit(0);
        }
    },
    |data: &[u8]| (TARGET.run)(data)
);

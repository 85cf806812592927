//! Timing: by the processor, which other work on the machine hardly changes, and by the clock.

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use gede::Result;

/// Passes over a set: at least, at most, and the seconds after which there are enough.
const LEAST: usize = 5;
const MOST: usize = 15;
const ENOUGH: Duration = Duration::from_secs(5);

/// Seconds of a pass, medians.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub processor: f64,
    pub clock: f64,
}

/// Times some passes.
pub fn passes(mut pass: impl FnMut() -> Result<()>) -> Result<Times> {
    let (mut processor, mut clock) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    while clock.len() < LEAST || (clock.len() < MOST && begun.elapsed() < ENOUGH) {
        let (on_clock, on_processor) = (Instant::now(), ProcessTime::now());
        pass()?;
        processor.push(on_processor.elapsed().as_secs_f64());
        clock.push(on_clock.elapsed().as_secs_f64());
    }
    Ok(Times { processor: median(processor), clock: median(clock) })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The processor, its cores and the system.
pub fn machine() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let system = std::env::consts::OS;
    let (first, rest) = system.split_at(1.min(system.len()));
    format!("{model}, {cores} cores, {}{rest}", first.to_uppercase())
}

//! Settings of the system's allocator.

/// Keeps memory that is given back: a step of training asks for the same megabytes as the one before, from several
/// threads, and to return them to the system each time takes a third of it. Nothing where the allocator is another.
pub fn keep_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the function sets two numbers of the allocator.
    unsafe {
        const MEGABYTE: i32 = 1 << 20;
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 * MEGABYTE);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 1024 * MEGABYTE);
    }
}

/// Restarts the measurement of peak memory, after unused memory was returned to the system. Does
/// nothing where the system cannot do so; then the peak is that since the process began.
pub fn forget_peak() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the function gives back what is not in use.
    unsafe {
        libc::malloc_trim(0);
    }
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

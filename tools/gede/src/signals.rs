//! Signals: temporary files go before the process does, and a mapped file that is cut short is named.
//!
//! A thread waits for INT, TERM and HUP, which are blocked everywhere else: it may take locks and memory, as a handler
//! may not. A fault in a map is handled in the thread that faults, which writes a line and wakes the other one.

pub use system::{MappedName, install};

#[cfg(unix)]
mod system {
    use std::io;
    use std::mem::{MaybeUninit, zeroed};
    use std::ops::Range;
    use std::os::fd::AsRawFd;
    use std::os::unix::thread::JoinHandleExt;
    use std::path::Path;
    use std::ptr::{self, null_mut};
    use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
    use std::sync::{Mutex, PoisonError};

    use libc::{c_int, c_void, sigaction, siginfo_t, sigset_t};

    /// Signals that end the process and that its user, or whoever manages it, sends.
    const ENDING: [c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

    /// The exit status after a fault in a map.
    const FAILED: c_int = 1;

    /// Stack of the waiting thread, which removes files and nothing else.
    const STACK: usize = 256 << 10;

    /// Seconds that a faulting thread leaves to the removal of temporary files.
    const PATIENCE: u32 = 60;

    /// The waiting thread; 0 before there is one.
    static WAITING: AtomicUsize = AtomicUsize::new(0);

    /// Set by the first thread that faults in a map.
    static FAULTED: AtomicBool = AtomicBool::new(false);

    /// The action for SIGBUS before this one: the standard library's, which knows overflowing stacks.
    static mut BEFORE: MaybeUninit<sigaction> = MaybeUninit::uninit();

    /// The maps, newest first. None is ever taken out, so that a handler may walk the list at any time.
    static MAPS: AtomicPtr<MapEntry> = AtomicPtr::new(null_mut());
    static ADDING: Mutex<()> = Mutex::new(());

    struct MapEntry {
        start: usize,
        /// 0 once the map is gone.
        end: AtomicUsize,
        name: Vec<u8>,
        next: *mut MapEntry,
    }

    /// The name of a mapped file, known to the handler until this is dropped.
    pub struct MappedName(&'static MapEntry);

    // SAFETY: an entry is only read, but for its end, and lives for ever, as do those that it leads to.
    unsafe impl Send for MapEntry {}
    // SAFETY: as above.
    unsafe impl Sync for MapEntry {}

    impl MappedName {
        /// Notes the bytes of a map and the file that they come from.
        pub fn new(bytes: Range<*const u8>, path: &Path) -> Self {
            let name =
                path.display().to_string().split_whitespace().collect::<Vec<_>>().join(" ").into_bytes();
            let (start, end) = (bytes.start as usize, AtomicUsize::new(bytes.end as usize));
            // One thread at a time puts entries in; handlers only walk the list.
            let _adding = ADDING.lock().unwrap_or_else(PoisonError::into_inner);
            let next = MAPS.load(Ordering::Acquire);
            let entry = Box::leak(Box::new(MapEntry { start, end, name, next }));
            MAPS.store(entry, Ordering::Release);
            Self(entry)
        }
    }

    impl Drop for MappedName {
        fn drop(&mut self) {
            self.0.end.store(0, Ordering::Release);
        }
    }

    /// The map that an address is in. Called by the handler.
    fn map_at(address: usize) -> Option<&'static MapEntry> {
        let mut at = MAPS.load(Ordering::Acquire);
        // SAFETY: entries are leaked, and whole before they are in the list.
        while let Some(entry) = unsafe { at.as_ref() } {
            if (entry.start..entry.end.load(Ordering::Acquire)).contains(&address) {
                return Some(entry);
            }
            at = entry.next;
        }
        None
    }

    /// Takes charge of the signals. Call it before any other thread is started: threads inherit what is blocked.
    pub fn install() -> io::Result<()> {
        // SAFETY: calls of the system on sets and actions that live here; the handler keeps to functions that are safe
        // in one (write, pthread_kill, sleep, _exit, sigaction, raise).
        unsafe {
            let mut all = empty_set();
            for signal in ENDING {
                let mut action: sigaction = zeroed();
                done(libc::sigaction(signal, ptr::null(), &mut action))?;
                // Signals that nohup, or a shell for its background jobs, has ignored stay ignored.
                if action.sa_sigaction != libc::SIG_IGN {
                    libc::sigaddset(&mut all, signal);
                }
            }
            let mut fault = empty_set();
            libc::sigaddset(&mut fault, libc::SIGBUS);
            block(libc::SIG_BLOCK, &all)?;
            block(libc::SIG_BLOCK, &fault)?;
            libc::sigaddset(&mut all, libc::SIGBUS);
            let waiting = std::thread::Builder::new().name("signals".to_owned()).stack_size(STACK);
            let waiting = waiting.spawn(move || wait(&all));
            block(libc::SIG_UNBLOCK, &fault)?;
            let waiting = waiting.inspect_err(|_| {
                // Without the thread signals end the process as ever.
                let _ = block(libc::SIG_UNBLOCK, &all);
            })?;
            WAITING.store(waiting.as_pthread_t() as usize, Ordering::Release);
            let mut action: sigaction = zeroed();
            action.sa_sigaction = on_fault as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            done(libc::sigaction(libc::SIGBUS, &action, (&raw mut BEFORE).cast()))
        }
    }

    unsafe fn empty_set() -> sigset_t {
        // SAFETY: a set is plain bits, and emptied before it is used.
        unsafe {
            let mut set: sigset_t = zeroed();
            libc::sigemptyset(&mut set);
            set
        }
    }

    fn done(result: c_int) -> io::Result<()> {
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    fn block(how: c_int, set: &sigset_t) -> io::Result<()> {
        // SAFETY: the set lives.
        match unsafe { libc::pthread_sigmask(how, set, null_mut()) } {
            0 => Ok(()),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }

    /// Waits for a signal, removes the temporary files, and ends the process.
    fn wait(signals: &sigset_t) {
        let mut signal = 0;
        // SAFETY: set and number live.
        while unsafe { libc::sigwait(signals, &mut signal) } != 0 {}
        gede::write::remove_temporaries();
        // SAFETY: nothing of this process is used afterwards.
        unsafe {
            if FAULTED.load(Ordering::Acquire) {
                libc::_exit(FAILED);
            }
            // The status then says which signal it was. The first process of a container gets no signal from itself.
            libc::signal(signal, libc::SIG_DFL);
            let _ = block(libc::SIG_UNBLOCK, signals);
            libc::raise(signal);
            libc::_exit(128 + signal);
        }
    }

    /// The handler of SIGBUS: the system has no bytes for a page of a map.
    extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, _: *mut c_void) {
        // SAFETY: the system passes the fault's description; `install` has stored the action before. Only functions
        // that are safe in a handler are called.
        unsafe {
            let sent = (*info).si_code <= 0;
            let Some(map) = map_at((*info).si_addr() as usize).filter(|_| !sent) else {
                // Not ours: whatever was there before finds the same fault.
                libc::sigaction(signal, (&raw const BEFORE).cast(), null_mut());
                if sent {
                    libc::raise(signal);
                }
                return;
            };
            if !FAULTED.swap(true, Ordering::AcqRel) {
                complain(map);
                let waiting = WAITING.load(Ordering::Acquire);
                libc::pthread_kill(waiting as libc::pthread_t, libc::SIGBUS);
            }
            libc::sleep(PATIENCE);
            libc::_exit(FAILED);
        }
    }

    /// Says on one line what has happened, in one write.
    fn complain(map: &MapEntry) {
        let parts: [&[u8]; 3] = [
            b"gede: ",
            &map.name,
            b": the file was cut short, or its disk failed, while it was read; read a file that others change with --no-map\n",
        ];
        let parts =
            parts.map(|part| libc::iovec { iov_base: part.as_ptr() as *mut c_void, iov_len: part.len() });
        // SAFETY: the parts live; nobody writes to them.
        unsafe { libc::writev(io::stderr().as_raw_fd(), parts.as_ptr(), parts.len() as c_int) };
    }
}

/// Elsewhere the system reports faults, and temporary files are removed where a process ends by itself.
#[cfg(not(unix))]
mod system {
    use std::ops::Range;
    use std::path::Path;

    pub struct MappedName;

    impl MappedName {
        pub fn new(_: Range<*const u8>, _: &Path) -> Self {
            Self
        }
    }

    pub fn install() -> std::io::Result<()> {
        Ok(())
    }
}

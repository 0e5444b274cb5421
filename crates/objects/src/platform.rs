//! What differs between operating systems, so that another one needs this file only.

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The path that the running program was started by, made absolute; links in it stay, as a virtual environment needs it.
pub fn executable() -> Option<PathBuf> {
    // SAFETY: the kernel keeps the string above the stack.
    let name = unsafe {
        let name = libc::getauxval(libc::AT_EXECFN) as *const c_char;
        (!name.is_null()).then(|| OsStr::from_bytes(CStr::from_ptr(name).to_bytes()))
    };
    let mut arguments = std::env::args_os();
    let first = arguments.next();
    // Of a script the kernel tells the script, and hands it to what runs it as an argument. Where it did not, the name is the
    // program's: asking /proc takes longer than anything else here.
    if let Some(name) = name
        && !arguments.any(|argument| argument == name)
    {
        return std::path::absolute(name).ok();
    }
    let itself = identity(Path::new("/proc/self/exe"));
    let candidates = [first.map(PathBuf::from), name.map(PathBuf::from)].into_iter().flatten();
    let found = candidates
        .filter_map(|path| std::path::absolute(path).ok())
        .find(|path| itself.is_none() || identity(path) == itself);
    found.or_else(|| std::env::current_exe().ok())
}

/// Which file a path leads to.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// Loads the C library's mathematics, which our command does not bring along: extension modules may count on it without naming it,
/// as CPython's command brings it, and a program that confines itself or uses all its files up can load nothing any more.
pub fn load_mathematics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    if cfg!(target_env = "gnu") {
        ONCE.call_once(|| {
            // SAFETY: constant text; the library is the system's.
            unsafe { libc::dlopen(c"libm.so.6".as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
        });
    }
}

/// The shared library that this code was loaded from; `None` if it is part of the program.
pub fn own_library() -> Option<PathBuf> {
    struct Search {
        here: usize,
        file: Option<PathBuf>,
    }
    /// Called for each loaded file until one is found to hold the address.
    unsafe extern "C" fn visit(
        info: *mut libc::dl_phdr_info,
        _: usize,
        data: *mut c_void,
    ) -> c_int {
        // SAFETY: the loader's description of a file, and the caller's own data.
        unsafe {
            let (info, search) = (&*info, &mut *data.cast::<Search>());
            let segments = std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into());
            let offset = search.here.wrapping_sub(info.dlpi_addr as usize) as u64;
            if !segments.iter().any(|part| offset.wrapping_sub(part.p_vaddr) < part.p_memsz) {
                return 0;
            }
            // The program's own name is empty here.
            let name = OsStr::from_bytes(CStr::from_ptr(info.dlpi_name).to_bytes());
            search.file = std::fs::canonicalize(name).ok();
            1
        }
    }
    let mut search = Search { here: own_library as fn() -> _ as usize, file: None };
    // SAFETY: the function is called only within this call, with this data.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    search.file
}

/// The lowest and highest address of the calling thread's native stack.
pub fn stack_bounds() -> (usize, usize) {
    main_stack_bounds().unwrap_or_else(thread_stack_bounds)
}

/// The main thread's stack, whose bounds the C library would look for in the kernel's list of mappings. `None` for
/// another thread, and where only that list tells.
fn main_stack_bounds() -> Option<(usize, usize)> {
    // The kernel leaves this much room below the stack, or what the limit allows if that is more.
    const LEAST_GAP: u64 = 128 << 20;
    const PAGE: usize = 4096;
    // SAFETY: system calls that only ask; the name of the program is the last string above the stack.
    unsafe {
        if libc::syscall(libc::SYS_gettid) != libc::getpid().into() {
            return None;
        }
        let mut limit: libc::rlimit = std::mem::zeroed();
        if libc::getrlimit(libc::RLIMIT_STACK, &mut limit) != 0 || limit.rlim_cur > LEAST_GAP {
            return None;
        }
        let name = libc::getauxval(libc::AT_EXECFN) as *const c_char;
        if name.is_null() {
            return None;
        }
        let end = name as usize + CStr::from_ptr(name).count_bytes() + 1;
        let high = end.next_multiple_of(PAGE);
        let here = 0u8;
        let here = &raw const here as usize;
        let low = high.checked_sub(limit.rlim_cur as usize)?;
        // A program that runs on a stack of its own making knows better.
        (low..high).contains(&here).then_some((low, high))
    }
}

fn thread_stack_bounds() -> (usize, usize) {
    let here = 0u8;
    let here = &raw const here as usize;
    // Used where the system does not tell: the least a thread gets by default.
    let fallback = (here.saturating_sub(1 << 20), here);
    // SAFETY: the attribute object is initialised by `pthread_getattr_np` before it is read, and destroyed.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return fallback;
        }
        let (mut low, mut size, mut guard) = (std::ptr::null_mut(), 0, 0);
        let failed = libc::pthread_attr_getstack(&attributes, &mut low, &mut size) != 0
            || libc::pthread_attr_getguardsize(&attributes, &mut guard) != 0;
        libc::pthread_attr_destroy(&mut attributes);
        if failed {
            return fallback;
        }
        let low = low as usize;
        (low + guard, low + size)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn another_stack_is_not_taken_for_the_main_one() {
        // SAFETY: the child only asks and exits.
        let status = unsafe {
            let child = libc::fork();
            if child == 0 {
                // It is the main thread of its process now, on the stack of the test's thread.
                libc::_exit(i32::from(super::main_stack_bounds().is_some()));
            }
            let mut status = 0;
            libc::waitpid(child, &mut status, 0);
            libc::WEXITSTATUS(status)
        };
        assert_eq!(status, 0);
    }
}

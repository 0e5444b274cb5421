//! The word that says with which state this OS thread is attached.
//!
//! Every call from C reads it. A `thread_local!` of a shared library is found by a call of the loader's function, which costs more
//! than many of the calls that need it. On Linux with glibc the word therefore has a fixed place beside the thread pointer
//! (the "initial executable" model of thread-local storage), of which glibc keeps some for libraries that are loaded later. The same
//! job as `_Py_tss_tstate` in CPython's `Python/pystate.c`.

#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
mod word {
    use std::arch::{asm, global_asm};

    use crate::thread::Thread;

    global_asm!(
        ".pushsection .tbss.krait_current, \"awT\", @nobits",
        ".p2align 3",
        ".hidden krait_current",
        ".globl krait_current",
        ".type krait_current, @object",
        ".size krait_current, 8",
        "krait_current:",
        ".zero 8",
        ".popsection",
    );

    /// The compiler may leave this out, or put it off, as any other load: a function that needs its thread only to raise
    /// an error pays nothing.
    #[inline(always)]
    pub fn get() -> *const Thread {
        let thread;
        // SAFETY: reads this thread's own word, defined above.
        unsafe {
            asm!(
                "mov {0}, qword ptr [rip + krait_current@GOTTPOFF]",
                "mov {0}, qword ptr fs:[{0}]",
                out(reg) thread,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        thread
    }

    #[inline]
    pub fn set(thread: *const Thread) {
        // SAFETY: writes this thread's own word.
        unsafe {
            asm!(
                "mov {0}, qword ptr [rip + krait_current@GOTTPOFF]",
                "mov qword ptr fs:[{0}], {1}",
                out(reg) _,
                in(reg) thread,
                options(nostack, preserves_flags),
            );
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")))]
mod word {
    use std::cell::Cell;

    use crate::thread::Thread;

    thread_local! {
        static CURRENT: Cell<*const Thread> = const { Cell::new(std::ptr::null()) };
    }

    #[inline(always)]
    pub fn get() -> *const Thread {
        CURRENT.get()
    }

    pub fn set(thread: *const Thread) {
        CURRENT.set(thread);
    }
}

pub use word::{get, set};

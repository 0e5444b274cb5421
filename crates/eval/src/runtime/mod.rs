//! `_PyRuntime`: where a debugger or profiler of another process begins.
//!
//! It starts with a table of what lies where (`_Py_DebugOffsets`); from there a reader follows pointers to interpreters,
//! threads and frames, which are the live ones. `objects` are for extension modules. Nothing in Krait reads any of it. The
//! same job as the head of CPython's `_PyRuntimeState`; `docs/internals/debuggers.md` has the picture.
//!
//! Invariant: 1. The table is written before the first interpreter is shown, and the same each time.

pub mod objects;

use std::cell::UnsafeCell;
use std::mem::offset_of;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicPtr, AtomicU64, Ordering};

use krait_abi as abi;
use krait_abi::debug_offsets;
use krait_objects::gc::Collector;
use krait_objects::interp::Interpreter;
use krait_objects::thread::Thread;

const SIZE: usize = 316_616;
const SHOWN: usize = 848;

/// The reference's size and offsets, for readers that know them.
#[repr(C)]
pub struct Runtime {
    offsets: UnsafeCell<abi::_Py_DebugOffsets>,
    is_initialized: AtomicI32,
    is_pre_initializing: AtomicI32,
    is_pre_initialized: AtomicI32,
    has_core: AtomicI32,
    is_complete: AtomicI32,
    finalizing: AtomicPtr<Thread>,
    finalizing_id: AtomicU64,
    _mutex: AtomicU64,
    /// The newest interpreter.
    interpreters: AtomicPtr<Interpreter>,
    main: AtomicPtr<Interpreter>,
    _next_id: AtomicI64,
    _main_ident: AtomicU64,
    main_thread: AtomicPtr<Thread>,
    _rest: UnsafeCell<[u64; (SIZE - SHOWN) / 8]>,
}

const _: () = {
    assert!(size_of::<Runtime>() == SIZE);
    assert!(offset_of!(Runtime, is_initialized) == 760);
    assert!(offset_of!(Runtime, finalizing) == 784);
    assert!(offset_of!(Runtime, interpreters) == 808);
    assert!(offset_of!(Runtime, main_thread) == 840);
    assert!(offset_of!(Runtime, _rest) == SHOWN);
};

// SAFETY: all but the table is atomic or not used; the table is written as (1) says.
unsafe impl Sync for Runtime {}

/// All zero until there is an interpreter, so that it takes no room in the file.
#[unsafe(no_mangle)]
pub static _PyRuntime: Runtime = Runtime {
    offsets: UnsafeCell::new(abi::_Py_DebugOffsets::EMPTY),
    is_initialized: AtomicI32::new(0),
    is_pre_initializing: AtomicI32::new(0),
    is_pre_initialized: AtomicI32::new(0),
    has_core: AtomicI32::new(0),
    is_complete: AtomicI32::new(0),
    finalizing: AtomicPtr::new(null_mut()),
    finalizing_id: AtomicU64::new(0),
    _mutex: AtomicU64::new(0),
    interpreters: AtomicPtr::new(null_mut()),
    main: AtomicPtr::new(null_mut()),
    _next_id: AtomicI64::new(0),
    _main_ident: AtomicU64::new(0),
    main_thread: AtomicPtr::new(null_mut()),
    _rest: UnsafeCell::new([0; (SIZE - SHOWN) / 8]),
};

/// What lies where.
pub static OFFSETS: abi::_Py_DebugOffsets = abi::_Py_DebugOffsets {
    runtime_state: debug_offsets::_runtime_state {
        size: SIZE as u64,
        finalizing: offset_of!(Runtime, finalizing) as u64,
        interpreters_head: offset_of!(Runtime, interpreters) as u64,
    },
    interpreter_state: Interpreter::OFFSETS,
    gc: debug_offsets::_gc {
        size: size_of::<Collector>() as u64,
        collecting: offset_of!(Collector, collecting) as u64,
    },
    debugger_support: debug_offsets::_debugger_support {
        remote_debugging_enabled: offset_of!(Interpreter, remote_debug) as u64,
        ..abi::_Py_DebugOffsets::OBJECTS.debugger_support
    },
    ..abi::_Py_DebugOffsets::OBJECTS
};

/// Shows the newest interpreter, from which the others are linked, and the main one. Calls do not overlap.
pub fn show(newest: *mut Interpreter, main: Option<(*const Interpreter, *const Thread)>) {
    let runtime = &_PyRuntime;
    let running = i32::from(main.is_some());
    let (main, thread) = main.unwrap_or((null_mut(), null_mut()));
    // SAFETY: (1); calls do not overlap, and nobody else writes.
    unsafe {
        if (*runtime.offsets.get()).version == 0 {
            runtime.offsets.get().write(OFFSETS);
        }
    }
    let states = [
        &runtime.is_initialized,
        &runtime.is_pre_initialized,
        &runtime.has_core,
        &runtime.is_complete,
    ];
    for state in states {
        state.store(running, Ordering::Relaxed);
    }
    if newest.is_null() {
        runtime.finalizing.store(null_mut(), Ordering::Relaxed);
    }
    runtime.main.store(main.cast_mut(), Ordering::Release);
    runtime.main_thread.store(thread.cast_mut(), Ordering::Release);
    runtime.interpreters.store(newest, Ordering::Release);
}

/// The main interpreter is ending, by this thread.
pub fn show_finalizing(th: &Thread) {
    // SAFETY: the thread is ours while attached.
    let ident = unsafe { (*th.raw()).thread_id };
    _PyRuntime.finalizing_id.store(ident, Ordering::Relaxed);
    _PyRuntime.finalizing.store(std::ptr::from_ref(th).cast_mut(), Ordering::Release);
}

//! Small things: arenas of memory, perf maps, a frozen program's `main`, signals.
//!
//! SAFETY, throughout: C passes live objects and structs, and NUL-terminated strings.

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, MutexGuard};

use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

/// Blocks and objects that go together.
#[derive(Default)]
pub struct Arena {
    blocks: Vec<Box<[u64]>>,
    objects: Vec<Owned>,
}

#[capi]
pub fn _PyArena_New() -> *mut Arena {
    Box::into_raw(Box::default())
}

#[capi]
pub fn _PyArena_Free(arena: *mut Arena) {
    // SAFETY: made by `_PyArena_New`.
    drop(unsafe { Box::from_raw(arena) });
}

#[capi]
pub fn _PyArena_Malloc(th: &Thread, arena: *mut Arena, size: usize) -> PyResult<*mut c_void> {
    let mut block = Vec::new();
    let words = size.div_ceil(8).max(1);
    if block.try_reserve_exact(words).is_err() {
        return Err(th.no_memory());
    }
    block.resize(words, 0);
    let mut block = block.into_boxed_slice();
    let start = block.as_mut_ptr().cast();
    // SAFETY: made by `_PyArena_New`.
    unsafe { (*arena).blocks.push(block) };
    Ok(start)
}

/// Takes the reference.
#[capi]
pub fn _PyArena_AddPyObject(arena: *mut Arena, ob: Owned) -> PyResult<c_int> {
    // SAFETY: made by `_PyArena_New`.
    unsafe { (*arena).objects.push(ob) };
    Ok(0)
}

/// The file in which profilers look for names of machine code.
static PERF_MAP: Mutex<Option<File>> = Mutex::new(None);

fn perf_map() -> MutexGuard<'static, Option<File>> {
    PERF_MAP.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn open_perf_map(map: &mut Option<File>) -> c_int {
    if map.is_none() {
        let name = format!("/tmp/perf-{}.map", std::process::id());
        match File::options().append(true).create(true).open(name) {
            Ok(file) => *map = Some(file),
            Err(_) => return -1,
        }
    }
    0
}

#[capi]
pub fn PyUnstable_PerfMapState_Init() -> c_int {
    open_perf_map(&mut perf_map())
}

#[capi]
pub fn PyUnstable_PerfMapState_Fini() {
    *perf_map() = None;
}

#[capi]
pub fn PyUnstable_WritePerfMapEntry(
    address: *const c_void,
    size: c_uint,
    name: *const c_char,
) -> c_int {
    let mut map = perf_map();
    if open_perf_map(&mut map) != 0 {
        return -1;
    }
    let line = format!("{:x} {size:x} {}\n", address as usize, text_of(name));
    match map.as_mut().map(|file| file.write_all(line.as_bytes())) {
        Some(Ok(())) => 0,
        _ => -1,
    }
}

/// After a fork, the child has the parent's code.
#[capi]
pub fn PyUnstable_CopyPerfMapFile(parent: *const c_char) -> c_int {
    let Ok(text) = std::fs::read(&*text_of(parent)) else { return 0 };
    let mut map = perf_map();
    if open_perf_map(&mut map) != 0 {
        return -1;
    }
    match map.as_mut().map(|file| file.write_all(&text)) {
        Some(Ok(())) => 0,
        _ => -1,
    }
}

/// There are no trampolines: nothing is to be done for a profiler that is not on.
#[capi]
pub fn PyUnstable_PerfTrampoline_CompileCode(_code: Ptr) -> c_int {
    0
}

#[capi]
pub fn PyUnstable_PerfTrampoline_SetPersistAfterFork(enable: c_int) -> c_int {
    enable
}

#[capi]
pub fn PySignal_SetWakeupFd(descriptor: c_int) -> c_int {
    krait_modules::signal::trip::set_wakeup(descriptor.max(-1), true)
}

/// Runs the frozen `__main__`.
#[capi]
pub fn Py_FrozenMain(argc: c_int, argv: *mut *mut c_char) -> c_int {
    // SAFETY: see the top of the file.
    unsafe {
        crate::config::initialize_with_arguments(argc, argv);
        match crate::import_code::PyImport_ImportFrozenModule(c"__main__".as_ptr()) {
            0 => {
                crate::lifecycle::fatal_error("Py_FrozenMain", "the __main__ module is not frozen")
            }
            found => {
                if found < 0 {
                    crate::errors::PyErr_Print();
                }
                let status = crate::lifecycle::Py_FinalizeEx();
                if found < 0 {
                    1
                } else if status < 0 {
                    120
                } else {
                    0
                }
            }
        }
    }
}

//! The C library's mathematics, loaded when a program first imports something or calculates with it.
//!
//! Opening, mapping and relocating `libm` takes a twentieth of the time of an interpreter that starts and ends, and the
//! smallest programs call none of it. These are its functions that our code calls, by its names; each looks for the real one. They stand
//! in for it in the command only; `platform::load_mathematics` loads it before a program can get into a state where that fails.
//!
//! Invariant: 1. a pointer in a function's `FOUND` is that function of the loaded library, with the same parameters.

use std::ffi::{CStr, c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

macro_rules! functions {
    ($($name:ident($($argument:ident: $kind:ty),*) $(-> $answer:ty)?;)*) => {$(
        // Extension modules are to find the library's own.
        std::arch::global_asm!(concat!(".hidden ", stringify!($name)));

        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: $kind),*) $(-> $answer)? {
            static FOUND: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
            let mut found = FOUND.load(Ordering::Acquire);
            if found.is_null() {
                found = find(concat!(stringify!($name), "\0"));
                FOUND.store(found, Ordering::Release);
            }
            type Function = extern "C" fn($($kind),*) $(-> $answer)?;
            // SAFETY: (1).
            let function = unsafe { std::mem::transmute::<*mut c_void, Function>(found) };
            function($($argument),*)
        }
    )*};
}

functions! {
    acos(x: f64) -> f64;
    acosh(x: f64) -> f64;
    asin(x: f64) -> f64;
    asinh(x: f64) -> f64;
    atan(x: f64) -> f64;
    atan2(y: f64, x: f64) -> f64;
    atanh(x: f64) -> f64;
    cos(x: f64) -> f64;
    cosh(x: f64) -> f64;
    erf(x: f64) -> f64;
    erfc(x: f64) -> f64;
    exp(x: f64) -> f64;
    exp2(x: f64) -> f64;
    expm1(x: f64) -> f64;
    hypot(x: f64, y: f64) -> f64;
    ldexp(x: f64, exponent: c_int) -> f64;
    log(x: f64) -> f64;
    log10(x: f64) -> f64;
    log1p(x: f64) -> f64;
    log2(x: f64) -> f64;
    nextafter(x: f64, y: f64) -> f64;
    pow(x: f64, y: f64) -> f64;
    remainder(x: f64, y: f64) -> f64;
    sin(x: f64) -> f64;
    sincos(x: f64, sin: *mut f64, cos: *mut f64);
    sinh(x: f64) -> f64;
    tan(x: f64) -> f64;
    tanh(x: f64) -> f64;
}

/// A function of the library, which is loaded if it is not there.
#[cold]
#[inline(never)]
fn find(name: &str) -> *mut c_void {
    const LIBRARY: &CStr = c"libm.so.6";
    // SAFETY: both are terminated; opening what is open already answers the same.
    let found = unsafe {
        let library = libc::dlopen(LIBRARY.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL);
        libc::dlsym(library, name.as_ptr().cast())
    };
    if found.is_null() {
        // It was there when we were linked.
        eprintln!("Fatal Python error: libm.so.6 has no {}", name.trim_end_matches('\0'));
        std::process::abort();
    }
    found
}

//! The `krait` command: python3.14's command line.
//!
//! C's `main` rather than Rust's, whose start-up opens standard streams that the parent has closed: programs may look.

#![no_main]

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod mathematics;

// The C API: extension modules look its functions up in this program.
use krait_capi as _;

/// The arguments come from where the system left them.
#[unsafe(no_mangle)]
extern "C" fn main(_argc: i32, _argv: *const *const std::ffi::c_char) -> i32 {
    krait_host::command_line()
}

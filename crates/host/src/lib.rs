//! The safe Rust API for host programs.

pub use krait_modules::NATIVE_MODULES;

/// The `krait` command: runs the process's own arguments and answers the exit code.
pub fn command_line() -> i32 {
    use std::os::unix::ffi::OsStringExt;
    // Arguments that are not UTF-8 keep their bytes as far as text can show them.
    let args: Vec<String> = std::env::args_os()
        .map(|arg| String::from_utf8_lossy(&arg.into_vec()).into_owned())
        .collect();
    krait_eval::command_line::main(&args, NATIVE_MODULES)
}

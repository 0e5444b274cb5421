//! `cpython/initconfig.h`: how C says in which way the interpreter is to start.
//!
//! `PyConfig` and `PyPreConfig` are C structs with strings of their own (`memory`); `fields` is the one table of their
//! members, from which everything that goes through all of them follows. `read` turns a `PyConfig` into the
//! interpreter's own `Config`, `start` starts with it, `running` asks and changes the running one, `init_config` is
//! `PyInitConfig`. The same job as CPython's `Python/initconfig.c` and `Python/preconfig.c`.
//!
//! Invariant, for the `SAFETY` comments of this folder:
//! 1. C passes structs that `PyConfig_Init…` or `PyPreConfig_Init…` filled in; their strings are null or memory of
//!    `PyMem_RawMalloc`, ending with NUL.

mod defaults;
mod describe;
mod fields;
mod init_config;
mod memory;
mod process;
mod read;
mod running;
mod settled;
mod start;
mod status;

pub use process::{
    Early, home, ignores_environment, is_interactive, is_isolated, is_pre_initialized,
    program_name, remember_option, was_running,
};
pub use running::search_path;
pub use start::{initialize, initialize_with_arguments};

//! The `krait` command: python3.14's command line.

// The C API: extension modules look its functions up in this program.
use krait_capi as _;

fn main() {
    std::process::exit(krait_host::command_line());
}

//! The `krait` command: python3.14's command line.

fn main() {
    std::process::exit(krait_host::command_line());
}

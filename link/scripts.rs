//! What both build scripts, the libraries' and the command's, pass on to the linker.

/// The linker scripts, as arguments of the kind `argument`; `folder` is where they are.
pub fn pass(argument: &str, folder: &str) {
    let mut scripts = vec!["runtime.ld"];
    // Ordering takes the linker seconds, which only what is built to be fast repays.
    if matches!(std::env::var("OPT_LEVEL").as_deref(), Ok("2" | "3")) {
        scripts.push("order.ld");
    }
    for script in scripts {
        println!("cargo::rerun-if-changed={folder}/{script}");
        println!("cargo::{argument}=-Wl,-T,{folder}/{script}");
    }
}

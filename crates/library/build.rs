//! Gives the shared library the name that programs linked against CPython ask for, debuggers the section that they look for, and the
//! functions their order.

#[path = "../../link/scripts.rs"]
mod scripts;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        return;
    }
    scripts::pass("rustc-cdylib-link-arg", concat!(env!("CARGO_MANIFEST_DIR"), "/../../link"));
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libpython3.14.so.1.0");
    // A bit for each pointer in static data instead of 24 bytes. Linkers that cannot do so say it and go on.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,pack-relative-relocs");
}

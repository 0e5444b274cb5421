//! Gives the shared library the name that programs linked against CPython ask for, debuggers the section that they look for, and the
//! functions their order.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        return;
    }
    let mut scripts = vec!["runtime.ld"];
    // Ordering takes the linker seconds, which only what is built to be fast repays.
    if std::env::var("OPT_LEVEL").as_deref() == Ok("3") {
        scripts.push("order.ld");
    }
    for script in scripts {
        let script = format!("{}/link/{script}", env!("CARGO_MANIFEST_DIR"));
        println!("cargo::rerun-if-changed={script}");
        println!("cargo::rustc-cdylib-link-arg=-Wl,-T,{script}");
    }
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libpython3.14.so.1.0");
    // A bit for each pointer in static data instead of 24 bytes. Linkers that cannot do so say it and go on.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,pack-relative-relocs");
}

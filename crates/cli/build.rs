//! Lets extension modules find the C API in the command itself, as they do in CPython's, and lays the command out for a short start.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => linux(),
        Ok("windows") => {}
        _ => println!("cargo::rustc-link-arg-bins=-rdynamic"),
    }
}

fn linux() {
    for names in ["Py*", "_Py*"] {
        println!("cargo::rustc-link-arg-bins=-Wl,--export-dynamic-symbol={names}");
    }
    // At a fixed address, 30,000 pointers in static data need no relocation at each start, and their pages stay shared.
    println!("cargo::rustc-link-arg-bins=-no-pie");
    // The unwinder inside: a library less to load at each start.
    println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    let mut scripts = vec!["runtime.ld"];
    // Ordering takes the linker seconds, which only what is built to be fast repays.
    if std::env::var("OPT_LEVEL").as_deref() == Ok("3") {
        scripts.push("order.ld");
    }
    for script in scripts {
        let script = format!("{}/../../link/{script}", env!("CARGO_MANIFEST_DIR"));
        println!("cargo::rerun-if-changed={script}");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{script}");
    }
}

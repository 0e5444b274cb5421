//! Lets extension modules find the C API in the command itself, as they do in CPython's, and lays the command out for a short start.

#[path = "../../link/scripts.rs"]
mod scripts;

use std::path::PathBuf;

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
    if std::env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu") {
        // The unwinder inside: a library less to load at each start.
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
    scripts::pass("rustc-link-arg-bins", concat!(env!("CARGO_MANIFEST_DIR"), "/../../link"));
    // For `cargo xtask order`, beside the command.
    if let Some(folder) = std::env::var_os("OUT_DIR").map(PathBuf::from)
        && let Some(folder) = folder.ancestors().nth(3)
    {
        let map = folder.join("krait.map");
        println!("cargo::rustc-link-arg-bins=-Wl,-Map={}", map.display());
    }
}

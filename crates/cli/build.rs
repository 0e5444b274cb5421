//! Lets extension modules find the C API in the command itself, as they do in CPython's.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => {
            for names in ["Py*", "_Py*"] {
                println!("cargo::rustc-link-arg-bins=-Wl,--export-dynamic-symbol={names}");
            }
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../eval/runtime.ld");
            println!("cargo::rerun-if-changed={script}");
            println!("cargo::rustc-link-arg-bins=-Wl,-T,{script}");
        }
        Ok("windows") => {}
        _ => println!("cargo::rustc-link-arg-bins=-rdynamic"),
    }
}

//! Compiles the one C file: the functions of the C API that take `...`.

fn main() {
    println!("cargo::rerun-if-changed=c/variadic.c");
    cc::Build::new()
        .file("c/variadic.c")
        .std("c11")
        .warnings(true)
        .extra_warnings(true)
        .compile("krait_variadic");
}

//! Chooses how the evaluation loop dispatches.
//!
//! An optimised build turns a call in tail position into a jump, so the handlers call one another through the
//! table (`cfg(tail_calls)`); without optimisation the native stack would grow with every instruction, so a
//! loop drives the same handlers.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(tail_calls)");
    let level = std::env::var("OPT_LEVEL").unwrap_or_default();
    if level != "0" {
        println!("cargo::rustc-cfg=tail_calls");
    }
}

//! Programs that nest deeply: how they are compiled does not depend on the stack there is, as far as it lasts.

use krait_compiler::code::Code;
use krait_compiler::{Bump, CompileError, CompileOptions, compile_source};

/// In a thread whose stack is never the limit.
fn compile(text: String, stack_budget: usize) -> Result<Code<'static>, CompileError> {
    let compile = move || {
        // As long as the test program lives.
        let arena = Box::leak(Box::new(Bump::new()));
        let options = CompileOptions { stack_budget, ..CompileOptions::default() };
        compile_source(arena, arena.alloc_str(&text) as &str, arena.alloc(options))
            .map(|compiled| compiled.code)
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(compile);
    thread.expect("a thread").join().expect("no overflow")
}

#[test]
fn chains_cost_no_stack() {
    let links = [
        ".a",
        "(1)",
        "[b]",
        " + c",
        ".a()",
        ".a(b, c=d)",
        ".a[1:2]",
        "(*b)",
        " * 2 .e",
        "(1).a() - f(g.h.i(j).k)",
        ".a(x.b.c.d(1).e.f.g.h.i.j)",
    ];
    for link in links {
        let text =
            format!("super().s = x{} = {}", ".t".repeat(500), "x".to_owned() + &link.repeat(500));
        let text =
            format!("class C:\n def f(self):\n  y = super().m{}\n  {text}", link.repeat(500));
        let roomy = compile(text.clone(), 60 << 20).expect("it compiles");
        let narrow = compile(text, 96 << 10).unwrap_or_else(|error| panic!("{link}: {error:?}"));
        assert!(roomy == narrow, "{link}");
    }
}

#[test]
fn chains_are_as_long_as_in_the_reference() {
    for link in [".a", "(1)", "[1]", " + 1", ".a()"] {
        assert!(compile(format!("x{}", link.repeat(37_000)), 1 << 20).is_ok(), "{link}");
        let result = compile(format!("x{}", link.repeat(80_000)), 1 << 20);
        assert_eq!(result.err(), Some(CompileError::Recursion), "{link}");
    }
}

#[test]
fn long_conditions_cost_no_stack() {
    let elifs = format!("if a: b\n{}else: c\n", "elif d: e\n".repeat(5_900));
    assert!(compile(elifs, 1 << 20).is_ok());
}

#[test]
fn functions_within_functions_take_linear_time() {
    assert!(compile(format!("{}1", "lambda: ".repeat(2_900)), 60 << 20).is_ok());
}

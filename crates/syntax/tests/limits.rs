//! Texts that nest deeply or are long: an error or a tree, in bounded stack and time.

use bumpalo::Bump;
use krait_syntax::{ErrorKind, Mode, ParseOptions, parse};
use std::time::{Duration, Instant};

/// Leaves twice the default budget of the parser.
const STACK: usize = 2 << 20;

fn parse_in_thread(text: String, mode: Mode) -> Result<(), ErrorKind> {
    let parse_it = move || {
        let arena = Bump::new();
        let options = ParseOptions { mode, ..Default::default() };
        parse(&arena, text.as_str(), &options).map(|_| ()).map_err(|error| error.kind)
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(parse_it);
    thread.expect("a thread").join().expect("no overflow")
}

/// `start` repeated as often as it takes, then the rest.
fn nest(start: &str, times: usize, middle: &str, end: &str) -> String {
    format!("{}{middle}{}", start.repeat(times), end.repeat(times))
}

#[test]
fn brackets_nest_two_hundred_deep() {
    for (open, close) in
        [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("x[", "]"), ("{1:", "}")]
    {
        assert_eq!(parse_in_thread(nest(open, 200, "1", close), Mode::Eval), Ok(()));
        let too_deep = nest(open, 201, "1", close);
        assert_eq!(parse_in_thread(too_deep, Mode::Eval), Err(ErrorKind::SyntaxError));
        let unclosed = nest(open, 150, "1 1", "");
        assert_eq!(parse_in_thread(unclosed, Mode::Exec), Err(ErrorKind::SyntaxError));
    }
}

#[test]
fn prefix_operators_are_limited() {
    for prefix in ["-", "not ", "lambda:", "1**", "(lambda:", "(-(-", "[not[not"] {
        for times in [50, 200, 2_900, 100_000] {
            let result = parse_in_thread(nest(prefix, times, "1", ""), Mode::Eval);
            assert!(result != Err(ErrorKind::IncompleteInputError), "{prefix} {times}");
        }
        let many = parse_in_thread(nest(prefix, 100_000, "1", ""), Mode::Eval);
        assert!(many.is_err());
    }
    assert_eq!(
        parse_in_thread(nest("-", 100_000, "1", ""), Mode::Eval),
        Err(ErrorKind::MemoryError)
    );
}

#[test]
fn strings_and_patterns_nest() {
    let fields = nest("f'{", 70, "1", "}'");
    assert_eq!(parse_in_thread(fields, Mode::Eval), Ok(()));
    let fields = nest("f'{", 170, "1", "}'");
    assert_eq!(parse_in_thread(fields, Mode::Eval), Err(ErrorKind::SyntaxError));
    let pattern = format!("match x:\n case {}:\n  pass\n", nest("[", 200, "_", "]"));
    assert_eq!(parse_in_thread(pattern, Mode::Exec), Ok(()));
    let blocks: String = (0..99).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
    let blocks = format!("{blocks}{}pass\n", " ".repeat(99));
    assert_eq!(parse_in_thread(blocks, Mode::Exec), Ok(()));
}

#[test]
fn long_chains_need_no_stack() {
    for part in ["+1", ".a", "(1)", " or 1", " < 1", "[0]", ", 1"] {
        assert_eq!(parse_in_thread(format!("a{}", part.repeat(50_000)), Mode::Eval), Ok(()));
    }
    let conditional = format!("{}c", "a if b else ".repeat(5_900));
    assert_eq!(parse_in_thread(conditional, Mode::Eval), Ok(()));
    let elifs = format!("if a: pass\n{}", "elif b: pass\n".repeat(5_900));
    assert_eq!(parse_in_thread(elifs, Mode::Exec), Ok(()));
}

#[test]
fn errors_are_found_in_linear_time() {
    let texts = [
        nest("{1:", 200, "1 1", ""),
        nest("f(", 150, "a b", ")"),
        nest("(lambda x=", 150, "= 1", ""),
        nest("f'{", 60, "a b", "}'"),
        format!("x = [{} 1 2]", "a, ".repeat(20_000)),
        format!("{}1 1", "f(x)\n".repeat(20_000)),
        format!("match x:\n case {}1:\n  1 1\n", "1|".repeat(2_000)),
    ];
    for text in texts {
        let start = Instant::now();
        assert!(parse_in_thread(text.clone(), Mode::Exec).is_err());
        assert!(start.elapsed() < Duration::from_secs(10), "{}", &text[..60]);
    }
}

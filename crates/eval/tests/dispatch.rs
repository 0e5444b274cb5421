//! Two tests that keep the loop what it is: in an optimised build every handler ends in a jump to the next.
//!
//! The first reads the machine code; the second runs more instructions than a small stack could hold frames.

mod harness;

use std::process::Command;

/// Handlers that end the loop, and so return.
const LEAVING: [&str; 2] = ["leave_loop", "interpreter_exit"];

/// The name of a handler or cold path, if a line of the disassembly begins one.
fn handler(line: &str) -> Option<&str> {
    let symbol = line.strip_suffix(">:")?.split_once('<')?.1;
    let (_, name) = symbol.split_once("interpreter::table::tail::")?;
    let name = name.strip_prefix("entry::").or(name.starts_with("cold_entry").then_some(name))?;
    // Legacy mangling ends in a hash.
    Some(name.split("::h").next().unwrap_or(name))
}

/// Whether an instruction returns, or calls through the table of handlers.
fn comes_back(instruction: &str) -> bool {
    let mut words = instruction.split_whitespace();
    let operation = words.next().unwrap_or("");
    let target = words.next().unwrap_or("");
    operation.starts_with("ret")
        || operation.starts_with("call") && target.starts_with('*') && target.contains(",8)")
}

#[test]
#[cfg_attr(debug_assertions, ignore = "only optimised builds dispatch by jumps")]
fn every_handler_ends_in_a_jump() {
    let program = std::env::current_exe().expect("the test knows its own file");
    let output =
        Command::new("objdump").args(["-d", "-C", "--no-show-raw-insn"]).arg(&program).output();
    let Ok(output) = output else {
        eprintln!("objdump is not installed: nothing checked");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let (mut current, mut seen, mut wrong) = (None, 0, Vec::new());
    for line in text.lines() {
        if line.ends_with(">:") {
            current = handler(line);
            seen += usize::from(current.is_some());
            continue;
        }
        let Some(name) = current else { continue };
        let instruction = line.split_once('\t').map_or("", |(_, instruction)| instruction);
        if comes_back(instruction) && !LEAVING.contains(&name) {
            wrong.push(format!("{name}: {instruction}"));
        }
    }
    assert!(seen > 150, "the handlers are in the program: {seen}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const MANY_INSTRUCTIONS: &str = "
class Point:
    def __init__(self, x): self.x = x
    def move(self): self.x = self.x + 1
def count(n):
    i = 0
    while i < n:
        yield i
        i += 1
def run():
    p = Point(0)
    total = 0
    for i in count(50000):
        p.move()
        total += i if i % 2 else -1
        try:
            [1][i]
        except IndexError:
            pass
    return p.x
print(run())
";

#[test]
fn instructions_use_no_stack() {
    // A frame of 16 bytes per instruction would need 30 MiB.
    let compiled = harness::compile(MANY_INSTRUCTIONS);
    let runner = std::thread::Builder::new().stack_size(1 << 20);
    let run = runner.spawn(move || harness::run_compiled(&compiled));
    let printed = run.expect("a thread starts").join().expect("and ends");
    assert_eq!(printed, "50000\n");
}

//! Damaged marshalled code in whole interpreters: whatever is accepted runs to its end, to an exception, or for ever, and
//! leaves the process in good health.
//!
//! `hostile_marshal.py` draws, loads and runs the mutants. `KRAIT_HOSTILE=FIRST..END` asks for others than the few that
//! are tried by default; what goes wrong names the mutant, which runs alone with
//! `krait -I -S -W ignore crates/cli/tests/hostile_marshal.py NUMBER NUMBER+1`.

use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile_marshal.py");

/// How long one mutant may run before it counts as endless.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a child has ended.
enum End {
    Done,
    /// Killed at this mutant, because nothing more came.
    Endless(u32),
    /// Ended by itself at this mutant.
    Early(u32, ExitStatus, String),
}

fn mutants() -> Range<u32> {
    let Ok(text) = std::env::var("KRAIT_HOSTILE") else { return 0..150 };
    let bounds =
        text.split_once("..").and_then(|(first, end)| Some(first.parse().ok()?..end.parse().ok()?));
    bounds.expect("KRAIT_HOSTILE=FIRST..END")
}

fn start(mutants: &Range<u32>) -> Child {
    Command::new(env!("CARGO_BIN_EXE_krait"))
        .args(["-I", "-S", "-W", "ignore", SCRIPT])
        .args([mutants.start.to_string(), mutants.end.to_string()])
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("krait starts")
}

fn lines_of(child: &mut Child) -> Receiver<String> {
    let output = child.stdout.take().expect("piped");
    let (send, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// What the child says on its way out, so that it never waits for someone to read it.
fn errors_of(child: &mut Child) -> std::thread::JoinHandle<String> {
    let mut errors = child.stderr.take().expect("piped");
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        drop(errors.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn run(mutants: &Range<u32>) -> End {
    let mut child = start(mutants);
    let (lines, errors) = (lines_of(&mut child), errors_of(&mut child));
    let (mut current, mut done) = (mutants.start, false);
    loop {
        match lines.recv_timeout(PATIENCE) {
            // A mutant may print, too.
            Ok(line) if line.starts_with("loaded ") => done = true,
            Ok(line) => {
                current = line.parse().ok().filter(|at| mutants.contains(at)).unwrap_or(current)
            }
            Err(RecvTimeoutError::Timeout) => {
                child.kill().expect("it runs");
                child.wait().expect("it is ours");
                return End::Endless(current);
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = child.wait().expect("it is ours");
    if done && status.success() {
        return End::Done;
    }
    End::Early(current, status, errors.join().unwrap_or_default())
}

#[test]
fn damaged_marshalled_code_does_no_harm() {
    let mut left = mutants();
    let mut faults = Vec::new();
    while !left.is_empty() {
        let at = match run(&left) {
            End::Done => break,
            End::Endless(at) => at,
            End::Early(at, status, errors) => {
                // The timer may strike anywhere, and a mutant may ask to exit.
                if status.signal().is_some() || status.core_dumped() || errors.contains("panicked")
                {
                    faults.push(format!("mutant {at}: {status}\n{errors}"));
                }
                at
            }
        };
        left.start = at + 1;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

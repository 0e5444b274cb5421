//! The interactive prompt: reads, runs and prints, one statement at a time.
//!
//! `krait_syntax` tells whether a statement is complete. The same job as `PyRun_InteractiveLoop`.

use krait_bytecode::future_flags;
use krait_objects::prelude::*;
use krait_syntax::{Mode, Source};

use super::exit_code;
use super::program::main_dict;
use crate::code::{self, Code};
use crate::compile::{self, Request, flags};
use crate::{config, import, run, sys};

/// Runs the prompt until the end of input; the exit code, if the program asked to leave.
pub fn interact(th: &Thread) -> Option<i32> {
    if !config::of(th).quiet {
        crate::builtins::write_stderr(&format!(
            "Python {}\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n",
            sys::version_text()
        ));
    }
    // Future features that statements have asked for.
    let mut features = 0;
    for number in 0u64.. {
        let Some((source, ending)) = read_statement(th, features) else {
            break;
        };
        if let Err(raised) = run_statement(th, &source, ending, &mut features, number) {
            let leaving = th.exception_matches(exc::SYSTEM_EXIT);
            let code = exit_code(th, Err(raised));
            if leaving {
                return Some(code);
            }
        }
    }
    Some(0)
}

fn prompt_text(th: &Thread, name: Borrowed<'static, Str>, default: &str) -> String {
    let text =
        sys::get(th, name).ok().flatten().and_then(|prompt| object::str(th, prompt.object()).ok());
    text.map_or_else(|| default.to_owned(), |text| text.to_string_lossy())
}

/// Asks for the first line of a statement, or for one more.
pub fn show_prompt(th: &Thread, first: bool) {
    let prompt = match first {
        true => prompt_text(th, id::ps1, ">>> "),
        false => prompt_text(th, id::ps2, "... "),
    };
    crate::builtins::write_stderr(&prompt);
}

/// Who says where a statement ends.
#[derive(Clone, Copy)]
enum Ending {
    /// The parser: a block has its empty line.
    Complete,
    /// The end of input, which ends all blocks too.
    Input,
}

/// The lines of one statement: more are asked for as long as the parser could go on.
fn read_statement(th: &Thread, features: u32) -> Option<(String, Ending)> {
    let mut source = String::new();
    loop {
        show_prompt(th, source.is_empty());
        let mut line = String::new();
        match std::io::stdin().read_line(&mut line) {
            Ok(0) | Err(_) => return (!source.is_empty()).then_some((source, Ending::Input)),
            Ok(_) => {}
        }
        let blank = line.trim().is_empty();
        if source.is_empty() && blank {
            continue;
        }
        source.push_str(&line);
        if !is_incomplete_with(&source, features) {
            return Some((source, Ending::Complete));
        }
    }
}

/// Whether a statement may go on after these lines.
pub fn is_incomplete(source: &str) -> bool {
    is_incomplete_with(source, 0)
}

fn is_incomplete_with(source: &str, features: u32) -> bool {
    // A block is finished by an empty line, not by the end of its last one.
    let source = source.strip_suffix('\n').unwrap_or(source);
    let arena = bumpalo::Bump::new();
    let options = krait_syntax::ParseOptions {
        mode: Mode::Single,
        allow_incomplete_input: true,
        // A compound statement goes on until a blank line.
        dont_imply_dedent: true,
        barry_as_flufl: features & future_flags::BARRY_AS_BDFL != 0,
        ..Default::default()
    };
    matches!(krait_syntax::parse(&arena, source, &options), Err(error) if error.kind == krait_syntax::ErrorKind::IncompleteInputError)
}

/// Each statement's code has a file name of its own, under which `linecache` keeps the lines.
fn run_statement(
    th: &Thread,
    source: &str,
    ending: Ending,
    features: &mut u32,
    number: u64,
) -> PyResult<()> {
    let filename = Str::interned(th, "<stdin>")?;
    let dedent = match ending {
        Ending::Complete => flags::DONT_IMPLY_DEDENT,
        Ending::Input => 0,
    };
    let request = Request {
        filename: filename.borrow(),
        mode: Mode::Single,
        flags: dedent | *features,
        optimize: None,
        feature_version: None,
    };
    let code = compile::compile(th, Source::Text(source), request)?;
    *features |= code.flags as u32 & flags::FUTURE;
    let own_name = Str::from_fmt(th, format_args!("<stdin-{number}>"))?;
    code::set_filename(code.borrow(), own_name.borrow());
    keep_lines(th, &code, source, filename.borrow())?;
    let dict = main_dict(th)?;
    run::eval_code(th, code.borrow(), dict.borrow(), None)?;
    crate::streams::flush(th);
    Ok(())
}

/// Tells `linecache` of the lines, for tracebacks and `inspect`. Without that module they show no lines.
fn keep_lines(
    th: &Thread,
    code: &Owned<Code>,
    source: &str,
    filename: Borrowed<'_, Str>,
) -> PyResult<()> {
    let linecache = match import::import(th, "linecache") {
        Ok(linecache) => linecache,
        Err(raised) => return th.take_if(raised, exc::IMPORT_ERROR).map(drop),
    };
    let register = Str::interned(th, "_register_code")?;
    let register = object::get_attr(th, linecache.object(), register.borrow())?;
    let source = Str::new(th, source)?;
    let arguments = [code.object(), source.object(), filename.object()];
    call::call(th, register.borrow(), &arguments).map(drop)
}

//! `print`, `input`, `open`, `breakpoint`.

use std::io::Write as _;

use krait_objects::args::Args;
use krait_objects::prelude::*;

use super::Builtins;
use crate::sys;

#[pyfunctions(part = "output")]
impl Builtins {
    /// Write the values as text.
    ///
    ///   sep
    ///     what is written between two of them.
    ///   end
    ///     what is written after the last one.
    ///   file
    ///     an object with a write() method; None stands for sys.stdout.
    ///   flush
    ///     whether the file is flushed at the end.
    #[function(sig = "(*args, sep=' ', end='\\n', file=None, flush=False)")]
    fn print(
        th: &Thread,
        args: &[Borrowed<'_>],
        #[default(None)] sep: Option<Borrowed<'_>>,
        #[default(None)] end: Option<Borrowed<'_>>,
        file: Option<Borrowed<'_>>,
        flush: bool,
    ) -> PyResult<()> {
        let file = match file {
            Some(file) => file.to_owned(),
            None => {
                let stdout = sys::get(th, id::stdout)?;
                let stdout =
                    stdout.ok_or_else(|| th.raise(exc::RUNTIME_ERROR, "lost sys.stdout"))?;
                // A program without a console has no stdout: nothing to do.
                if stdout.is_none() {
                    return Ok(());
                }
                stdout
            }
        };
        let separator = text_or_none(th, "sep", sep)?;
        let end = text_or_none(th, "end", end)?;
        let write =
            |text: Borrowed<'_>| call::call_method(th, file.object(), id::write, &[text]).map(drop);
        for (at, &value) in args.iter().enumerate() {
            if at > 0 {
                match separator {
                    Some(separator) => write(separator)?,
                    None => write(Str::from_char(th, u32::from(b' '))?.object())?,
                }
            }
            let text = object::str(th, value)?;
            write(text.object())?;
        }
        match end {
            Some(end) => write(end)?,
            None => write(Str::from_char(th, u32::from(b'\n'))?.object())?,
        }
        if flush {
            call::call_method(th, file.object(), id::flush, &[])?;
        }
        Ok(())
    }

    /// Read a line from standard input, without its newline.
    ///
    /// The prompt, if there is one, is printed to standard output first. EOFError is raised at the end
    /// of the input.
    #[function(sig = "(prompt='', /)")]
    fn input(th: &Thread, #[default(None)] prompt: Option<Borrowed<'_>>) -> PyResult<Owned<Str>> {
        let stream = |name: Borrowed<'static, Str>| -> PyResult {
            let stream = sys::get(th, name)?.filter(|stream| !stream.is_none());
            stream.ok_or_else(|| raise!(th, RUNTIME_ERROR, "input(): lost sys.{}", *name))
        };
        let (stdin, stdout, stderr) =
            (stream(id::stdin)?, stream(id::stdout)?, stream(id::stderr)?);
        sys::audit(th, "builtins.input", &[prompt.unwrap_or(none())])?;
        flush_if_possible(th, stderr.object());
        if let Some(prompt) = prompt {
            let text = object::str(th, prompt)?;
            call::call_method(th, stdout.object(), id::write, &[text.object()])?;
        }
        flush_if_possible(th, stdout.object());
        let line = call::call_method(th, stdin.object(), id::readline, &[])?;
        let Some(line) = line.object().downcast::<Str>() else {
            return Err(th.raise(exc::TYPE_ERROR, "object.readline() returned non-string"));
        };
        let line = match line.len() {
            0 => Err(th.raise(exc::EOF_ERROR, "EOF when reading a line")),
            length if line.char_at(length - 1) == u32::from(b'\n') => {
                line.substring(th, 0, length - 1)
            }
            _ => Ok(line.to_owned()),
        }?;
        // SAFETY: plain questions.
        if unsafe { libc::isatty(0) == 1 && libc::isatty(1) == 1 } {
            audit!(th, "builtins.input/result", line.borrow())?;
        }
        Ok(line)
    }

    /// Call sys.breakpointhook() with all arguments: the debugger, unless the hook was replaced.
    #[function(sig = "(*args, **kws)")]
    fn breakpoint(th: &Thread, args: Args<'_>) -> PyResult {
        let Some(hook) = sys::get(th, id::breakpointhook)? else {
            return Err(th.raise(exc::RUNTIME_ERROR, "lost sys.breakpointhook"));
        };
        sys::audit(th, "builtins.breakpoint", &[hook.object()])?;
        call::vectorcall(th, hook.object(), args)
    }
}

/// Flushes a stream before the program waits for its user; one that cannot be flushed is none the worse for it.
fn flush_if_possible(th: &Thread, stream: Borrowed<'_>) {
    if call::call_method(th, stream, id::flush, &[]).is_err() {
        drop(th.take_exception());
    }
}

fn text_or_none<'a>(
    th: &Thread,
    name: &str,
    value: Option<Borrowed<'a>>,
) -> PyResult<Option<Borrowed<'a>>> {
    match value.filter(|value| !value.is_none()) {
        Some(value) if value.downcast::<Str>().is_none() => Err(raise!(
            th,
            TYPE_ERROR,
            "{name} must be None or a string, not {}",
            value.type_name()
        )),
        value => Ok(value),
    }
}

/// Writes to the process's standard error, where no Python stream can be trusted.
pub fn write_stderr(text: &str) {
    // Nobody is left to tell if even this fails.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

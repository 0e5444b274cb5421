//! What the front end and the compiler refuse, as exceptions: with the line that a SyntaxError shows, and what else
//! programs find in it.

use krait_compiler::CompileError;
use krait_objects::exceptions::{raise_decode_error, raise_encode_error};
use krait_objects::prelude::*;
use krait_objects::text::codec::CodecError;
use krait_syntax::{ErrorKind, Mode, ParseOptions, SyntaxError};

use super::source::Codecs;

/// Raises what stands for `error`.
pub fn raise_compile_error(
    th: &Thread,
    error: CompileError,
    filename: Borrowed<'_, Str>,
) -> Raised {
    match error {
        CompileError::Syntax(error) => raise_placed(th, error, filename),
        CompileError::Scope(error) => {
            let raised = raise_placed(th, error, filename);
            with_message_only(th, raised)
        }
        CompileError::Recursion => th.stack_overflow(" during compilation"),
        CompileError::Type(message) => th.raise(exc::TYPE_ERROR, &message),
        CompileError::Value(message) => th.raise(exc::VALUE_ERROR, &message),
        CompileError::System(message) => th.raise(exc::SYSTEM_ERROR, &message),
        CompileError::Runtime(message) => th.raise(exc::RUNTIME_ERROR, &message),
        CompileError::Overflow(message) => th.raise(exc::OVERFLOW_ERROR, &message),
        CompileError::Unicode { text, start, end } => match Str::from_wtf8(th, &text) {
            Ok(text) => {
                let error = CodecError { start, end, reason: "surrogates not allowed" };
                raise_encode_error(th, "utf-8", text.borrow(), error)
            }
            Err(raised) => raised,
        },
    }
}

/// A syntax error with the line that it is about.
fn raise_placed(th: &Thread, mut error: SyntaxError, filename: Borrowed<'_, Str>) -> Raised {
    if error.text.is_none() {
        match line_of_file(th, filename, error.lineno) {
            Ok(line) => error.text = line,
            Err(raised) => return raised,
        }
    }
    raise_syntax_error(th, &error, filename)
}

/// The syntax error just raised, with its place in attributes only: its arguments are the message.
fn with_message_only(th: &Thread, raised: Raised) -> Raised {
    let exception = th.take_raised(raised);
    let attempt = || -> PyResult<()> {
        let name = Str::interned(th, "args")?;
        let arguments = object::get_attr(th, exception.object(), name.borrow())?;
        let Some(arguments) = arguments.borrow().downcast::<Tuple>() else { return Ok(()) };
        let message =
            Tuple::from_slice(th, arguments.get().as_slice().get(..1).unwrap_or_default())?;
        object::set_attr(th, exception.object(), name.borrow(), message.object())
    };
    if let Err(raised) = attempt() {
        return raised;
    }
    th.set_exception(exception.into_object())
}

/// A syntax error with what is known of it.
pub(super) fn raise_syntax_error(
    th: &Thread,
    error: &SyntaxError,
    filename: Borrowed<'_, Str>,
) -> Raised {
    let class = match error.kind {
        ErrorKind::SyntaxError => exc::SYNTAX_ERROR,
        ErrorKind::IndentationError => exc::INDENTATION_ERROR,
        ErrorKind::TabError => exc::TAB_ERROR,
        ErrorKind::IncompleteInputError => exc::INCOMPLETE_INPUT_ERROR,
        ErrorKind::MemoryError => return th.raise(exc::MEMORY_ERROR, &error.message),
        ErrorKind::OverflowError => return th.raise(exc::OVERFLOW_ERROR, &error.message),
        ErrorKind::UnicodeDecodeError { start, end, reason } => {
            let data = error.text.as_deref().unwrap_or_default();
            return match Bytes::new(th, data.as_bytes()) {
                Ok(data) => {
                    let error = CodecError { start, end, reason };
                    raise_decode_error(th, "unicodeescape", data.borrow(), error)
                }
                Err(raised) => raised,
            };
        }
        ErrorKind::ValueError => return th.raise(exc::VALUE_ERROR, &error.message),
    };
    match arguments(th, error, filename) {
        Ok(arguments) => th.raise_value(class, arguments.object()),
        Err(raised) => raised,
    }
}

/// `(message, (filename, lineno, offset, text, end_lineno, end_offset))`.
fn arguments(
    th: &Thread,
    error: &SyntaxError,
    filename: Borrowed<'_, Str>,
) -> PyResult<Owned<Tuple>> {
    let int = |value: i32| Int::from_i64(th, value.into()).map(Owned::into_object);
    let line = match &error.text {
        Some(line) => Str::new(th, line)?.into_object(),
        None => none().to_owned(),
    };
    let mut place =
        vec![filename.object().to_owned(), int(error.lineno)?, int(error.offset)?, line];
    // An encoding that cannot be read has no place in the text.
    if error.lineno != 0 || error.offset >= 0 {
        // The end of an empty text has one, the line 0.
        place.extend(match error.end_lineno {
            0 if error.text.is_none() || error.lineno != 0 => {
                [none().to_owned(), none().to_owned()]
            }
            end => [int(end)?, int(error.end_offset)?],
        });
    }
    let place = Tuple::from_vec(th, place)?;
    Tuple::pack(th, [Str::new(th, &error.message)?.into_object(), place.into_object()])
}

/// The line of a file, with its end, as SyntaxError shows it; nothing if there is no such file.
fn line_of_file(th: &Thread, filename: Borrowed<'_, Str>, line: i32) -> PyResult<Option<String>> {
    use std::os::unix::ffi::OsStrExt;
    let name = filename.to_fs_bytes(th)?;
    let path = std::path::Path::new(std::ffi::OsStr::from_bytes(&name));
    // Reading anything else might wait.
    if !path.is_file() {
        return Ok(None);
    }
    let Ok(bytes) = std::fs::read(path) else {
        return Ok(None);
    };
    let codecs = Codecs(th);
    let options = ParseOptions { decoder: Some(&codecs), ..ParseOptions::default() };
    let Ok(text) = krait_syntax::decode_source(&bytes, &options) else {
        return Ok(None);
    };
    let at = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
    Ok(at.and_then(|at| text.split_inclusive('\n').nth(at)).map(str::to_owned))
}

/// The SyntaxError just raised, for a text that cannot be decoded: its `args` do not name the file.
pub(super) fn without_name(th: &Thread, raised: Raised) -> Raised {
    amended(th, raised, |exception| {
        let args = exception.args();
        let [message, place] = args.get().as_slice() else { return Ok(()) };
        let Some(place) = place.downcast::<Tuple>() else { return Ok(()) };
        let mut place = place.get().as_slice().to_vec();
        place[0] = none();
        let place = Tuple::from_slice(th, &place)?;
        let args = Tuple::from_slice(th, &[*message, place.object()])?;
        object::set_attr(th, exception.object(), Str::interned(th, "args")?.borrow(), args.object())
    })
}

/// The SyntaxError just raised, with the text from which `traceback` guesses which keyword was meant, and the place of
/// the statement that it reads on from.
pub(super) fn with_source(
    th: &Thread,
    raised: Raised,
    mut text: String,
    (lineno, column): (i32, i32),
    mode: Mode,
) -> Raised {
    if mode == Mode::Exec && !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    amended(th, raised, |exception| {
        if !exception.object().ty().is_subtype(exc::SYNTAX_ERROR) {
            return Ok(());
        }
        let number = |value: i32| Int::from_i64(th, value.into()).map(Owned::into_object);
        let text = Str::from_string(th, text)?.into_object();
        let metadata = Tuple::pack(th, [number(lineno)?, number(column)?, text])?;
        let name = Str::interned(th, "_metadata")?;
        object::set_attr(th, exception.object(), name.borrow(), metadata.object())
    })
}

/// The exception just raised after `change`, which may fail: then it is as it was.
fn amended(
    th: &Thread,
    raised: Raised,
    change: impl FnOnce(&Owned<BaseException>) -> PyResult<()>,
) -> Raised {
    let exception = th.take_raised(raised);
    if let Err(raised) = change(&exception) {
        drop(th.take_raised(raised));
    }
    th.set_exception(exception.into_object())
}

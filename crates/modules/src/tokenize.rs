//! The `_tokenize` module: the front end's tokens for Python code.
//!
//! The whole source is read when the first token is asked for; an error in it is raised where it stands. The
//! same job as CPython's `Python/Python-tokenize.c`.

use std::cell::{Cell, RefCell};

use krait_compiler::CompileError;
use krait_eval::compile;
use krait_objects::prelude::*;
use krait_syntax::{Tokenizer, TokenizerSource};

/// Tokens of source text.
#[pymodule(name = "_tokenize")]
pub struct Tokenize;

#[pyfunctions]
impl Tokenize {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, TokenizerIter::type_object())
    }
}

/// Iterates over the tokens of what `readline` gives.
#[pytype(name = "_tokenize.TokenizerIter", flags(HAVE_GC))]
#[repr(C)]
pub struct TokenizerIter {
    head: Head,
    #[visit]
    readline: Slot,
    encoding: Slot<Str>,
    extra_tokens: Cell<bool>,
    /// What is left to give, last first; `None` before the source was read.
    #[visit]
    tokens: Slot<List>,
    position: Cell<usize>,
    error: RefCell<Option<Box<krait_syntax::SyntaxError>>>,
}

impl TokenizerIter {
    /// The lines of the source, up to the first empty one or StopIteration.
    fn read_source(&self, th: &Thread) -> PyResult<String> {
        let Some(readline) = self.readline.get_owned() else {
            return Err(th.bad_internal_call());
        };
        let encoding = self.encoding.get_owned();
        let mut source = String::new();
        loop {
            let line = match call::call(th, readline.object(), &[]) {
                Ok(line) => line,
                Err(raised) => {
                    th.take_if(raised, exc::STOP_ITERATION)?;
                    return Ok(source);
                }
            };
            let text = match (
                &encoding,
                line.object().downcast::<Str>(),
                line.object().downcast::<Bytes>(),
            ) {
                (None, Some(text), _) => text.get().as_utf8(th)?.to_owned(),
                (None, ..) => {
                    return Err(
                        th.raise(exc::TYPE_ERROR, "readline() returned a non-string object")
                    );
                }
                (Some(encoding), _, Some(bytes)) => decode(th, bytes, encoding)?,
                (Some(_), ..) => {
                    return Err(th.raise(exc::TYPE_ERROR, "readline() returned a non-bytes object"));
                }
            };
            if text.is_empty() {
                return Ok(source);
            }
            source.push_str(&text);
        }
    }

    /// Cuts the source into tokens, and keeps the error that ends them.
    fn fill(&self, th: &Thread) -> PyResult<Owned<List>> {
        let source = self.read_source(th)?;
        let tokens = List::new(th)?;
        let Some(source) = TokenizerSource::new(&source) else {
            return Err(th.no_memory());
        };
        let mut tokenizer = Tokenizer::new(&source, self.extra_tokens.get());
        loop {
            match tokenizer.next_token() {
                Ok(Some(token)) => {
                    let place = |(line, column): (u32, i32)| -> PyResult {
                        let pair = [
                            Int::from_i64(th, line.into())?.into_object(),
                            Int::from_i64(th, column.into())?.into_object(),
                        ];
                        Tuple::pack(th, pair).map(Owned::into_object)
                    };
                    let parts = [
                        Int::from_i64(th, token.kind.into())?.into_object(),
                        Str::new(th, token.text)?.into_object(),
                        place(token.start)?,
                        place(token.end)?,
                        Str::new(th, token.line)?.into_object(),
                    ];
                    tokens.push(th, Tuple::pack(th, parts)?.into_object())?;
                }
                Ok(None) => return Ok(tokens),
                Err(error) => {
                    *self.error.borrow_mut() = Some(Box::new(error));
                    return Ok(tokens);
                }
            }
        }
    }
}

fn decode(th: &Thread, bytes: Borrowed<'_, Bytes>, encoding: &Owned<Str>) -> PyResult<String> {
    if let Ok(text) = std::str::from_utf8(bytes.as_bytes()) {
        if encoding.eq_str("utf-8") {
            return Ok(text.to_owned());
        }
    }
    let text = call::call_method(th, bytes.object(), id::decode, &[encoding.object()])?;
    match text.object().downcast::<Str>() {
        Some(text) => text.get().as_utf8(th).map(str::to_owned),
        None => Err(th.raise(exc::TYPE_ERROR, "decoder did not return a string")),
    }
}

/// Tells an error where it is, without the text.
fn place(th: &Thread, raised: Raised, error: &krait_syntax::SyntaxError) -> PyResult<Raised> {
    let exception = th.take_raised(raised);
    let set = |name: &str, value: Borrowed<'_>| {
        object::set_attr(th, exception.object(), Str::interned(th, name)?.borrow(), value)
    };
    let lineno = Int::from_i64(th, error.lineno.into())?;
    set("filename", Str::interned(th, "<string>")?.object())?;
    set("lineno", lineno.object())?;
    set("end_lineno", lineno.object())?;
    set("offset", Int::from_i64(th, error.offset.into())?.object())?;
    Ok(th.set_exception(exception.into_object()))
}

fn raise(th: &Thread, error: krait_syntax::SyntaxError) -> Raised {
    if error.text.is_none() && error.end_lineno == 0 {
        let raised = th.raise(exc::SYNTAX_ERROR, &error.message);
        return place(th, raised, &error).unwrap_or_else(|raised| raised);
    }
    match Str::interned(th, "<string>") {
        Ok(filename) => {
            compile::raise_compile_error(th, CompileError::Syntax(error), filename.borrow())
        }
        Err(raised) => raised,
    }
}

#[pymethods]
impl TokenizerIter {
    #[new(sig = "(readline, /, *, encoding=NULL, extra_tokens=False)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        readline: Borrowed<'_>,
        encoding: Option<Borrowed<'_, Str>>,
        extra_tokens: bool,
    ) -> PyResult<Owned<TokenizerIter>> {
        let made = cls.get().alloc::<TokenizerIter>(th, 0)?;
        // SAFETY: zeroed memory that nobody knows yet.
        unsafe {
            (&raw mut (*made.as_ptr().cast::<TokenizerIter>()).error).write(RefCell::new(None))
        };
        made.readline.set(Some(readline.to_owned()));
        made.encoding.set(encoding.map(Borrowed::to_owned));
        made.extra_tokens.set(extra_tokens);
        Ok(made)
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, _th: &Thread) -> PyResult<Owned<TokenizerIter>> {
        Ok(this.to_owned())
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let tokens = match self.tokens.get_owned() {
            Some(tokens) => tokens,
            None => {
                let tokens = self.fill(th)?;
                self.tokens.set(Some(tokens.clone()));
                tokens
            }
        };
        let at = self.position.get();
        if let Some(token) = tokens.get(at) {
            self.position.set(at + 1);
            return Ok(Some(token));
        }
        let error = self.error.borrow_mut().take();
        match error {
            Some(error) => Err(raise(th, *error)),
            None => Ok(None),
        }
    }
}

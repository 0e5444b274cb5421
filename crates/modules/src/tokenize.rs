//! The `_tokenize` module: the front end's tokens for Python code.
//!
//! Lines are read when the tokens asked for need them, so an error in the source, or one that `readline` raises,
//! comes after the tokens before it. The same job as CPython's `Python/Python-tokenize.c`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use krait_compiler::CompileError;
use krait_eval::compile;
use krait_objects::codecs;
use krait_objects::prelude::*;
use krait_syntax::{FedSource, Feed, TokenInfo, Tokenizer};

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
    /// Absent while it runs, and for good after an error.
    tokenizer: RefCell<Option<Box<Tokenizer<FedSource<Lines>>>>>,
    running: Cell<bool>,
}

/// The lines that `readline` gives, for as long as a call of `__next__` lasts.
struct Lines(Rc<Call>);

#[derive(Default)]
struct Call {
    /// The iterator that is asked for a token.
    iterator: RefCell<Option<Owned<TokenizerIter>>>,
    /// What reading a line raised.
    raised: Cell<Option<Raised>>,
}

impl Feed for Lines {
    fn feed(&mut self) -> String {
        let Some(iterator) = self.0.iterator.borrow().clone() else { return String::new() };
        iterator.read_line(Thread::current()).unwrap_or_else(|raised| {
            self.0.raised.set(Some(raised));
            String::new()
        })
    }
}

impl TokenizerIter {
    /// The next line; empty at the end, which StopIteration marks too.
    fn read_line(&self, th: &Thread) -> PyResult<String> {
        let Some(readline) = self.readline.get_owned() else {
            return Err(th.bad_internal_call());
        };
        let line = match call::call(th, readline.object(), &[]) {
            Ok(line) => line,
            Err(raised) => {
                th.take_if(raised, exc::STOP_ITERATION)?;
                return Ok(String::new());
            }
        };
        let Some(encoding) = self.encoding.get_owned() else {
            return match line.object().downcast::<Str>() {
                Some(text) => text.get().as_utf8(th).map(str::to_owned),
                None => Err(th.raise(exc::TYPE_ERROR, "readline() returned a non-string object")),
            };
        };
        let Some(bytes) = line.object().downcast::<Bytes>() else {
            return Err(th.raise(exc::TYPE_ERROR, "readline() returned a non-bytes object"));
        };
        let encoding = encoding.as_utf8(th)?;
        let text = codecs::decode(th, bytes.as_bytes(), Some(encoding), Some("replace"))?;
        text.as_utf8(th).map(str::to_owned)
    }

    /// A token as a tuple, `None` at the end.
    fn next_token(
        &self,
        th: &Thread,
        tokenizer: &mut Tokenizer<FedSource<Lines>>,
    ) -> PyResult<Option<Owned>> {
        let call = tokenizer.feed_mut().0.clone();
        let token = tokenizer.next_token();
        if let Some(raised) = call.raised.take() {
            return Err(raised);
        }
        let made = match token {
            Ok(None) => return Ok(None),
            Ok(Some(token)) => tuple_of(th, token)?,
            Err(error) => return Err(raise(th, error)),
        };
        if tokenizer.is_too_large() {
            return Err(th.no_memory());
        }
        Ok(Some(made))
    }
}

fn tuple_of(th: &Thread, token: TokenInfo<'_>) -> PyResult {
    let place = |(line, column): (u32, i32)| -> PyResult {
        let line = Int::from_i64(th, line.into())?.into_object();
        let column = Int::from_i64(th, column.into())?.into_object();
        Tuple::pack(th, [line, column]).map(Owned::into_object)
    };
    let parts = [
        Int::from_i64(th, token.kind.into())?.into_object(),
        Str::new(th, token.text)?.into_object(),
        place(token.start)?,
        place(token.end)?,
        Str::new(th, token.line)?.into_object(),
    ];
    Tuple::pack(th, parts).map(Owned::into_object)
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
        let tokenizer = Box::new(Tokenizer::fed(Lines(Rc::default()), extra_tokens));
        // SAFETY: zeroed memory that nobody knows yet.
        unsafe {
            (&raw mut (*made.as_ptr().cast::<TokenizerIter>()).tokenizer)
                .write(RefCell::new(Some(tokenizer)))
        };
        made.readline.set(Some(readline.to_owned()));
        made.encoding.set(encoding.map(Borrowed::to_owned));
        Ok(made)
    }

    #[slot(tp_iternext)]
    fn next(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned>> {
        let taken = this.tokenizer.borrow_mut().take();
        let Some(mut tokenizer) = taken else {
            return match this.running.get() {
                true => Err(th.raise(exc::VALUE_ERROR, "tokenizer already executing")),
                false => Ok(None),
            };
        };
        let call = tokenizer.feed_mut().0.clone();
        call.iterator.replace(Some(this.to_owned()));
        this.running.set(true);
        let token = this.next_token(th, &mut tokenizer);
        this.running.set(false);
        // The iterator must not own itself between calls.
        let this_again = call.iterator.take();
        if token.is_ok() {
            this.tokenizer.replace(Some(tokenizer));
        }
        drop(this_again);
        token
    }
}

//! Binding the arguments of a call to the parameters of a Python function.
//!
//! `initialize_locals` of CPython's `Python/ceval.c`; the messages are in `errors`.

mod errors;

use krait_bytecode::code_flags;
use krait_objects::prelude::*;
use krait_objects::row::move_words;

use crate::code::Code;
use crate::frame::StackRef;
use crate::function::Function;

/// One call being bound: what has been consumed of the arguments must not be released again.
struct Binding<'a> {
    th: &'a Thread,
    function: Borrowed<'a, Function>,
    code: Borrowed<'a, Code>,
    locals: *mut StackRef,
    /// Parameters that can be given by name or position: all but `*args` and `**kwargs`.
    named: usize,
}

/// Moves `count` positional references at `args`, and one behind them for each of `kwnames`, into the
/// locals of a fresh frame. On error all of them have been released or moved; the frame is cleared by the
/// caller.
///
/// # Safety
/// `locals` are the empty locals of a frame for `function`; the references are the caller's to give.
pub unsafe fn bind(
    th: &Thread,
    function: Borrowed<'_, Function>,
    locals: *mut StackRef,
    args: *const StackRef,
    count: usize,
    kwnames: Option<Borrowed<'_, Tuple>>,
) -> PyResult<()> {
    let code = function.get().code_handle();
    let named = (code.argcount + code.kwonlyargcount) as usize;
    let binding = Binding { th, function, code, locals, named };
    // SAFETY: the caller's promise.
    unsafe { binding.bind(args, count, kwnames) }
}

/// A tuple of `len` references, which move into it; without memory nobody takes them.
///
/// # Safety
/// There are as many at `args`, which are the caller's to give.
#[inline(never)]
pub unsafe fn tuple_of(th: &Thread, args: *const StackRef, len: usize) -> PyResult<Owned<Tuple>> {
    // SAFETY: the caller's promise.
    Tuple::from_fn(th, len, |at| unsafe { (*args.add(at)).into_owned() })
}

/// References that were given away: those that nobody takes are released.
struct Given {
    next: *const StackRef,
    end: *const StackRef,
}

impl Iterator for Given {
    type Item = Owned;

    #[inline]
    fn next(&mut self) -> Option<Owned> {
        if self.next == self.end {
            return None;
        }
        // SAFETY: a reference that has not been taken yet.
        unsafe {
            let value = *self.next;
            self.next = self.next.add(1);
            Some(value.into_owned())
        }
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

impl Given {
    /// All `count` of them.
    fn into_tuple(self, th: &Thread, count: usize) -> PyResult<Owned<Tuple>> {
        // SAFETY: there are `count` references.
        let tuple = unsafe { tuple_of(th, self.next, count)? };
        std::mem::forget(self);
        Ok(tuple)
    }
}

impl<'a> Binding<'a> {
    /// The local of a parameter.
    fn local(&self, index: usize) -> *mut StackRef {
        // SAFETY: the frame has a local for every parameter.
        unsafe { self.locals.add(index) }
    }

    unsafe fn bind(
        &self,
        args: *const StackRef,
        count: usize,
        kwnames: Option<Borrowed<'_, Tuple>>,
    ) -> PyResult<()> {
        let (code, th) = (self.code, self.th);
        let positional = code.argcount as usize;
        let names = kwnames.map_or(0, |names| names.len());
        // SAFETY: each reference is moved to a local or released, once, whatever fails.
        unsafe {
            let taken = count.min(positional);
            move_words(args, self.locals, taken);
            let extra = Given { next: args.add(taken), end: args.add(count) };
            let keywords = Given { next: args.add(count), end: args.add(count + names) };
            let surplus = count - taken;
            let mut next = self.named;
            if code.has_flag(code_flags::VARARGS) {
                *self.local(next) = StackRef::from_owned(extra.into_tuple(th, surplus)?);
                next += 1;
            } else {
                drop(extra);
            }
            if let Some(kwnames) = kwnames {
                self.bind_keywords(kwnames, keywords, next)?;
            } else if code.has_flag(code_flags::VARKEYWORDS) {
                *self.local(next) = StackRef::from_fresh(Dict::new(th)?);
            }
            if surplus > 0 && !code.has_flag(code_flags::VARARGS) {
                return Err(self.too_many_positional(count));
            }
            self.fill_defaults(count)
        }
    }

    /// The index of the parameter called `name`, not counting the first `skip`.
    fn parameter(&self, name: Borrowed<'_>, skip: usize) -> PyResult<Option<usize>> {
        for index in skip..self.named {
            if self.code.get().local_name(index).is(name) {
                return Ok(Some(index));
            }
        }
        let interned = name.downcast_exact::<Str>().is_some_and(|name| name.is_interned());
        for index in skip..self.named {
            let parameter = self.code.get().local_name(index);
            // Interned names are equal only if they are the same.
            if interned && parameter.is_interned() {
                continue;
            }
            if object::eq(self.th, name, parameter.object())? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    unsafe fn bind_keywords(
        &self,
        kwnames: Borrowed<'_, Tuple>,
        values: Given,
        collector: usize,
    ) -> PyResult<()> {
        let th = self.th;
        // SAFETY: the frame's locals.
        unsafe {
            let mut collected = None;
            if self.code.has_flag(code_flags::VARKEYWORDS) {
                let dict = Dict::new(th)?;
                *self.local(collector) = StackRef::from_fresh(dict.clone());
                collected = Some(dict);
            }
            for (index, value) in values.enumerate() {
                let Some(name) = kwnames.get().get(index) else { break };
                if name.downcast::<Str>().is_none() {
                    return Err(self.not_a_name());
                }
                let skip = self.code.posonlyargcount as usize;
                match self.parameter(name, skip)? {
                    Some(parameter) => {
                        if !(*self.local(parameter)).is_null() {
                            return Err(self.given_twice(name));
                        }
                        *self.local(parameter) = StackRef::from_owned(value);
                    }
                    None => match &collected {
                        Some(dict) => dict.set_owned(th, name.to_owned(), value)?,
                        None => return Err(self.unexpected_keyword(kwnames, name)),
                    },
                }
            }
        }
        Ok(())
    }

    /// Defaults for parameters without a value, or the error that lists those that have none.
    #[inline]
    unsafe fn fill_defaults(&self, given: usize) -> PyResult<()> {
        // SAFETY: the frame's locals.
        unsafe {
            if given < self.code.argcount as usize {
                self.fill_positional_defaults(given)?;
            }
            if self.code.kwonlyargcount > 0 {
                self.fill_keyword_defaults()?;
            }
        }
        Ok(())
    }

    unsafe fn fill_positional_defaults(&self, given: usize) -> PyResult<()> {
        let positional = self.code.argcount as usize;
        let defaults = self.function.get().defaults.get();
        let defaults = defaults.as_ref().map_or(&[][..], |defaults| defaults.get().as_slice());
        let required = positional.saturating_sub(defaults.len());
        if (given..required).any(|index| self.is_missing(index)) {
            return Err(self.missing(0..required, "positional"));
        }
        // More defaults than parameters: the last ones count.
        let skipped = defaults.len().saturating_sub(positional);
        for (index, value) in (required..).zip(&defaults[skipped..]) {
            if index >= given && self.is_missing(index) {
                // SAFETY: the frame has a local for every parameter.
                unsafe { *self.local(index) = StackRef::new(value.as_ptr()) };
            }
        }
        Ok(())
    }

    unsafe fn fill_keyword_defaults(&self) -> PyResult<()> {
        let positional = self.code.argcount as usize;
        // Comparing names may run code, which may replace the defaults: from then on the new ones count.
        let current = || self.function.get().kwdefaults.get_owned();
        let mut defaults = current();
        let mut position = 0;
        let mut missing = false;
        // SAFETY: the frame's locals; the dictionary is not changed while an entry is looked at.
        unsafe {
            for index in positional..self.named {
                // They are mostly in the order of the parameters.
                let next = defaults.as_ref().and_then(|it| it.next_borrowed(&mut position));
                if !self.is_missing(index) {
                    continue;
                }
                let name = self.code.get().local_name(index);
                let value = match (next, &defaults) {
                    (Some((key, value)), _) if key.is(name.object()) => Some(value.to_owned()),
                    (_, Some(old)) => {
                        let value = old.get(self.th, name.object())?;
                        defaults = current();
                        value
                    }
                    (_, None) => None,
                };
                match value {
                    Some(value) => *self.local(index) = StackRef::from_owned(value),
                    None => missing = true,
                }
            }
        }
        if missing { Err(self.missing(positional..self.named, "keyword-only")) } else { Ok(()) }
    }
}

//! `_multibytecodec.MultibyteStreamReader` and `MultibyteStreamWriter`: codecs around byte streams.

use krait_objects::prelude::*;

use super::state::State;

with_errors!(MultibyteStreamReader);
with_errors!(MultibyteStreamWriter);

/// Reads text from a stream of bytes.
#[pytype(name = "_multibytecodec.MultibyteStreamReader", doc = "", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct MultibyteStreamReader {
    head: Head,
    #[visit]
    state: State,
    #[visit]
    #[member(readonly)]
    stream: Slot,
}

impl MultibyteStreamReader {
    /// Calls a method of the stream, again if it gave too little for a character.
    fn gather(
        &self,
        th: &Thread,
        method: &str,
        size: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Str>> {
        let mut hint = match size.filter(|size| !size.is_none()) {
            None => -1,
            Some(size) => match size.downcast::<Int>() {
                Some(size) => number::as_isize(th, size.object(), Some(exc::OVERFLOW_ERROR))?,
                None => return Err(th.raise(exc::TYPE_ERROR, "arg 1 must be an integer")),
            },
        };
        if hint == 0 {
            return Ok(Str::empty().to_owned());
        }
        let stream = self.stream.get_owned().ok_or_else(|| th.bad_internal_call())?;
        let method = Str::interned(th, method)?;
        loop {
            let data = if hint < 0 {
                call::call_method(th, stream.object(), method.borrow(), &[])?
            } else {
                let size = Int::from_i64(th, hint as i64)?;
                call::call_method(th, stream.object(), method.borrow(), &[size.object()])?
            };
            let Some(bytes) = data.object().downcast::<Bytes>() else {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "stream function returned a non-bytes object ({})",
                    data.type_name()
                ));
            };
            let is_last = bytes.is_empty() || hint < 0;
            let text = self.state.decode(th, bytes.as_bytes(), is_last)?;
            if is_last || !text.is_empty() {
                return Ok(text);
            }
            hint = 1;
        }
    }
}

#[pymethods(parts(errors))]
impl MultibyteStreamReader {
    #[new(sig = "(stream, errors='strict')", called = "StreamReader")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        stream: Borrowed<'_>,
        errors: &str,
    ) -> PyResult<Owned<MultibyteStreamReader>> {
        let made = cls.alloc::<MultibyteStreamReader>(th, 0)?;
        made.stream.set(Some(stream.to_owned()));
        made.state.fill(th, cls, errors, true)?;
        Ok(made)
    }

    #[method(sig = "(self, sizeobj=None, /)")]
    fn read(&self, th: &Thread, sizeobj: Option<Borrowed<'_>>) -> PyResult<Owned<Str>> {
        self.gather(th, "read", sizeobj)
    }

    #[method(sig = "(self, sizeobj=None, /)")]
    fn readline(&self, th: &Thread, sizeobj: Option<Borrowed<'_>>) -> PyResult<Owned<Str>> {
        self.gather(th, "readline", sizeobj)
    }

    #[method(sig = "(self, sizehintobj=None, /)")]
    fn readlines(&self, th: &Thread, sizehintobj: Option<Borrowed<'_>>) -> PyResult {
        let text = self.gather(th, "read", sizehintobj)?;
        let name = Str::interned(th, "splitlines")?;
        call::call_method(th, text.object(), name.borrow(), &[bool_object(true).object()])
    }

    #[method(sig = "(self, /)")]
    fn reset(&self) {
        self.state.reset();
    }
}

/// Writes text to a stream of bytes.
#[pytype(name = "_multibytecodec.MultibyteStreamWriter", doc = "", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct MultibyteStreamWriter {
    head: Head,
    #[visit]
    state: State,
    #[visit]
    #[member(readonly)]
    stream: Slot,
}

impl MultibyteStreamWriter {
    fn put(&self, th: &Thread, bytes: Owned<Bytes>) -> PyResult<()> {
        let stream = self.stream.get_owned().ok_or_else(|| th.bad_internal_call())?;
        call::call_method(th, stream.object(), id::write, &[bytes.object()]).map(drop)
    }
}

#[pymethods(parts(errors))]
impl MultibyteStreamWriter {
    #[new(sig = "(stream, errors='strict')", called = "StreamWriter")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        stream: Borrowed<'_>,
        errors: &str,
    ) -> PyResult<Owned<MultibyteStreamWriter>> {
        let made = cls.alloc::<MultibyteStreamWriter>(th, 0)?;
        made.stream.set(Some(stream.to_owned()));
        made.state.fill(th, cls, errors, false)?;
        Ok(made)
    }

    #[method(sig = "(self, strobj, /)")]
    fn write(&self, th: &Thread, strobj: Borrowed<'_>) -> PyResult<()> {
        self.put(th, self.state.encode(th, strobj, false)?)
    }

    #[method(sig = "(self, lines, /)")]
    fn writelines(&self, th: &Thread, lines: Borrowed<'_>) -> PyResult<()> {
        if !sequence::check(lines) {
            return Err(th.raise(exc::TYPE_ERROR, "arg must be a sequence object"));
        }
        for line in iter::collect(th, lines)? {
            self.put(th, self.state.encode(th, line.object(), false)?)?;
        }
        Ok(())
    }

    #[method(sig = "(self, /)")]
    fn reset(&self, th: &Thread) -> PyResult<()> {
        let rest = self.state.encode(th, Str::empty().object(), true)?;
        self.state.reset();
        match rest.is_empty() {
            true => Ok(()),
            false => self.put(th, rest),
        }
    }
}

//! `SyntaxError`: a message and where it applies.

use krait_abi as abi;

use super::base::tuple_of;
use super::classes::Exception;
use super::text::concat;
use crate::prelude::*;
use crate::str::Chars;

/// Invalid syntax.
#[pytype(name = "SyntaxError", base = Exception, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct SyntaxError {
    #[visit]
    base: Exception,
    #[visit]
    #[member(doc = "exception msg")]
    msg: Slot,
    #[visit]
    #[member(doc = "exception filename")]
    filename: Slot,
    #[visit]
    #[member(doc = "exception lineno")]
    lineno: Slot,
    #[visit]
    #[member(doc = "exception offset")]
    offset: Slot,
    #[visit]
    #[member(doc = "exception end lineno")]
    end_lineno: Slot,
    #[visit]
    #[member(doc = "exception end offset")]
    end_offset: Slot,
    #[visit]
    #[member(doc = "exception text")]
    text: Slot,
    #[visit]
    #[member(doc = "exception print_file_and_line")]
    print_file_and_line: Slot,
    #[visit]
    #[member(name = "_metadata", doc = "exception private metadata")]
    metadata: Slot,
}
assert_layout!(SyntaxError => abi::PySyntaxErrorObject);

impl std::ops::Deref for SyntaxError {
    type Target = Exception;

    fn deref(&self) -> &Exception {
        &self.base
    }
}

impl SyntaxError {
    /// The details: `(filename, lineno, offset, text[, end_lineno, end_offset[, metadata]])`.
    fn set_details(&self, th: &Thread, info: &Tuple) -> PyResult<()> {
        let count = info.len();
        if !(4..=7).contains(&count) {
            let (bound, limit) = if count < 4 { ("least", 4) } else { ("most", 7) };
            return Err(raise!(
                th,
                TYPE_ERROR,
                "function takes at {bound} {limit} arguments ({count} given)"
            ));
        }
        let fields = [
            &self.filename,
            &self.lineno,
            &self.offset,
            &self.text,
            &self.end_lineno,
            &self.end_offset,
            &self.metadata,
        ];
        for (at, field) in fields.into_iter().enumerate() {
            field.set(info.as_slice().get(at).map(|&value| value.to_owned()));
        }
        if count == 5 {
            return Err(th.raise(
                exc::TYPE_ERROR,
                "end_offset must be provided when end_lineno is provided",
            ));
        }
        Ok(())
    }

    pub fn text(&self) -> Option<Borrowed<'_>> {
        self.text.get()
    }

    pub fn lineno(&self) -> Option<Borrowed<'_>> {
        self.lineno.get()
    }
}

/// The part of a path behind its last separator.
fn basename(th: &Thread, path: Borrowed<'_, Str>) -> PyResult<Owned<Str>> {
    let points = path.chars();
    let start = points.iter().enumerate().filter(|(_, point)| *point == u32::from('/')).last();
    let start = start.map_or(0, |(at, _)| at + 1);
    path.substring(th, start, path.len())
}

#[pymethods]
impl SyntaxError {
    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        self.refuse_keywords(th, kwargs)?;
        self.set_args(args.to_owned());
        if let Some(&message) = args.as_slice().first() {
            self.msg.set(Some(message.to_owned()));
        }
        if let [_, info] = args.as_slice() {
            let info = tuple_of(th, *info)?;
            self.set_details(th, &info)?;
        }
        Ok(())
    }

    #[slot(tp_str)]
    fn str(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let message = this.msg.get_owned().unwrap_or_else(|| none().to_owned());
        let filename = match this.filename.get().and_then(|name| name.downcast::<Str>()) {
            Some(path) => Some(basename(th, path)?),
            None => None,
        };
        let lineno = this.lineno.get().and_then(|lineno| lineno.downcast_exact::<Int>());
        // A number that does not fit reads as C's conversion gives it.
        let lineno = lineno.map(|lineno| lineno.to_i64().unwrap_or(-1).to_string());
        let message = object::str(th, message.borrow())?;
        match (&filename, &lineno) {
            (None, None) => Ok(message),
            (Some(name), Some(line)) => concat(
                th,
                &[
                    message.chars(),
                    Chars::One(b" ("),
                    name.chars(),
                    Chars::One(b", line "),
                    Chars::One(line.as_bytes()),
                    Chars::One(b")"),
                ],
            ),
            (Some(name), None) => {
                concat(th, &[message.chars(), Chars::One(b" ("), name.chars(), Chars::One(b")")])
            }
            (None, Some(line)) => concat(
                th,
                &[
                    message.chars(),
                    Chars::One(b" (line "),
                    Chars::One(line.as_bytes()),
                    Chars::One(b")"),
                ],
            ),
        }
    }
}

/// incomplete input.
#[pytype(
    name = "_IncompleteInputError", symbol = "_PyExc_IncompleteInputError", base = SyntaxError,
    flags(BASETYPE, HAVE_GC), doc = "incomplete input.",
)]
#[repr(C)]
pub struct IncompleteInputError {
    #[visit]
    base: SyntaxError,
}

#[pymethods]
impl IncompleteInputError {}

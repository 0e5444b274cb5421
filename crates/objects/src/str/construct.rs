//! `str(...)`, and instances of subclasses, whose characters lie in a block of their own.

use krait_abi as abi;

use crate::codecs;
use crate::prelude::*;
use crate::protocol::buffer::{self, Buffer};

/// `str(object, encoding, errors)`: an exact string.
fn make(
    th: &Thread,
    object: Option<Borrowed<'_>>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult<Owned<Str>> {
    match object {
        None => Ok(Str::empty().to_owned()),
        Some(object) if encoding.is_none() && errors.is_none() => object::str(th, object),
        Some(object) => from_encoded_object(th, object, encoding, errors),
    }
}

/// `PyUnicode_FromEncodedObject`.
pub fn from_encoded_object(
    th: &Thread,
    object: Borrowed<'_>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult<Owned<Str>> {
    if let Some(bytes) = object.downcast::<Bytes>() {
        return codecs::decode(th, bytes.as_bytes(), encoding, errors);
    }
    if object.downcast::<Str>().is_some() {
        return Err(th.raise(exc::TYPE_ERROR, "decoding str is not supported"));
    }
    if !buffer::check(object) {
        let found = object.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "decoding to str: need a bytes-like object, {found} found"
        ));
    }
    let data = Buffer::simple(th, object)?;
    codecs::decode(th, data.as_bytes(), encoding, errors)
}

/// A copy of `text` as an instance of `cls`, a subclass.
pub fn of_subclass(th: &Thread, cls: Borrowed<'_, Type>, text: &Str) -> PyResult<Owned<Str>> {
    let kind = text.state().kind() as usize;
    let size = (text.len() + 1) * kind;
    let string: Owned<Str> = cls.alloc(th, 0)?;
    let raw: *mut abi::PyUnicodeObject = string.as_ptr().cast();
    // SAFETY: a fresh instance, zeroed; the block has room for the characters and the terminating one.
    unsafe {
        let ascii = &raw mut (*raw)._base._base;
        // A string that is whole, should the next step fail.
        (*ascii).state = abi::_PyUnicodeObject_state(
            text.state().0 & abi::_PyUnicodeObject_state::KIND_MASK
                | text.state().0 & abi::_PyUnicodeObject_state::ASCII,
        );
        (*ascii).hash = -1;
        let block = th.interp().heap.alloc(size);
        if block.is_null() {
            return Err(th.no_memory());
        }
        block.copy_from_nonoverlapping(text.data(), size);
        (*raw).data = block.cast();
        (*ascii).length = text.len() as isize;
        (*ascii).hash = text.hash(th);
    }
    Ok(string)
}

#[pymethods(part = "construct")]
impl Str {
    #[new(sig = "(object=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)")]
    fn new_slot(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        object: Option<Borrowed<'_>>,
        encoding: Option<&str>,
        errors: Option<&str>,
    ) -> PyResult<Owned<Str>> {
        let text = make(th, object, encoding, errors)?;
        if std::ptr::eq(cls.get(), Str::type_object()) {
            return Ok(text);
        }
        of_subclass(th, cls, &text)
    }

    /// `str(x)` without detours.
    #[slot(tp_vectorcall)]
    fn construct(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult {
        match (args.has_keywords(), args.positionals()) {
            (false, []) => return Ok(Str::empty().to_owned().into_object()),
            (false, [object]) => return object::str(th, *object).map(Owned::into_object),
            (false, many) if many.len() > 3 => {
                let given = many.len();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "str expected at most 3 arguments, got {given}"
                ));
            }
            _ => {}
        }
        let positional = Tuple::from_slice(th, args.positionals())?;
        let keywords = args.keywords().to_dict(th)?;
        let Some(new) = Str::type_object().raw().tp_new else {
            return Err(th.bad_internal_call());
        };
        // SAFETY: the callable of a type's vectorcall is the type; `tp_new` takes it, a tuple and a
        // dictionary, and gives a new reference or NULL.
        let made = unsafe {
            Owned::from_ptr_or_null(new(
                this.as_ptr().cast(),
                positional.as_ptr(),
                keywords.as_ptr(),
            ))
        };
        made.ok_or_else(|| th.raised_by_c())
    }
}

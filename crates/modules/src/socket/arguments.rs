//! Arguments of functions that the reference parses with `PyArg_ParseTuple`: its counts, its words.
//!
//! The same job as CPython's `Python/getargs.c` does for this module.

use std::ffi::{CStr, CString};

use krait_objects::int::arithmetic;
use krait_objects::int_digits::BitOp;
use krait_objects::prelude::*;

/// TypeError unless between `min` and `max` arguments are given.
pub fn count(
    th: &Thread,
    function: &str,
    args: &[Borrowed<'_>],
    min: usize,
    max: usize,
) -> PyResult<()> {
    let given = args.len();
    if (min..=max).contains(&given) {
        return Ok(());
    }
    let (how, bound) = match (min == max, given < min) {
        (true, _) => ("exactly", min),
        (false, true) => ("at least", min),
        (false, false) => ("at most", max),
    };
    let plural = if bound == 1 { "" } else { "s" };
    Err(raise!(th, TYPE_ERROR, "{function}() takes {how} {bound} argument{plural} ({given} given)"))
}

/// The items of a tuple with between `min` and `max` of them; `message` says what it should be.
pub fn items<'a>(
    th: &Thread,
    tuple: Borrowed<'a, Tuple>,
    min: usize,
    max: usize,
    message: &str,
) -> PyResult<&'a [Borrowed<'a>]> {
    let items = tuple.get().as_slice();
    if (min..=max).contains(&items.len()) {
        return Ok(items);
    }
    Err(th.raise(exc::TYPE_ERROR, message))
}

/// `i`: a C `int`.
pub fn int(th: &Thread, ob: Borrowed<'_>) -> PyResult<i32> {
    let Some(value) = number::index(th, ob)?.to_i64() else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C long"));
    };
    i32::try_from(value).map_err(|_| {
        let bound = if value > 0 { "greater than maximum" } else { "less than minimum" };
        raise!(th, OVERFLOW_ERROR, "signed integer is {bound}")
    })
}

/// `n`: a `Py_ssize_t`.
pub fn size(th: &Thread, ob: Borrowed<'_>) -> PyResult<isize> {
    let value = number::index(th, ob)?.to_i64();
    value.map(|value| value as isize).ok_or_else(|| {
        th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C ssize_t")
    })
}

/// `I`, `k`, `K`, `B`: the low 64 bits of an integer, whatever its size; callers cut what they need.
pub fn bits(th: &Thread, ob: Borrowed<'_>) -> PyResult<u64> {
    let value = number::index(th, ob)?;
    if let Some(small) = value.to_i64() {
        return Ok(small as u64);
    }
    let mask = Int::from_u64(th, u64::MAX)?;
    let low = arithmetic::bitwise(th, BitOp::And, &value, &mask)?;
    Ok(low.to_u64().unwrap_or_default())
}

/// An optional argument by position.
pub fn int_or(th: &Thread, arg: Option<&Borrowed<'_>>, default: i32) -> PyResult<i32> {
    arg.map_or(Ok(default), |&arg| int(th, arg))
}

/// As `int_or`, for sizes.
pub fn size_or(th: &Thread, arg: Option<&Borrowed<'_>>, default: isize) -> PyResult<isize> {
    arg.map_or(Ok(default), |&arg| size(th, arg))
}

/// `s`: the UTF-8 of a string without NUL; `expected` begins the message for anything else.
pub fn text(th: &Thread, ob: Borrowed<'_>, expected: &str) -> PyResult<CString> {
    let Some(text) = ob.downcast::<Str>() else {
        let found = if ob.is_none() { "None" } else { ob.get().type_name() };
        return Err(raise!(th, TYPE_ERROR, "{expected} must be str, not {found}"));
    };
    CString::new(text.get().as_utf8(th)?)
        .map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null character"))
}

/// As `text`, where any other type gets `message` as a whole.
pub fn text_or(th: &Thread, ob: Borrowed<'_>, message: &str) -> PyResult<CString> {
    if ob.downcast::<Str>().is_none() {
        return Err(th.raise(exc::TYPE_ERROR, message));
    }
    text(th, ob, "")
}

/// The IDNA form of a string.
fn to_idna(th: &Thread, text: Borrowed<'_, Str>) -> PyResult<Owned> {
    // What the codec would let through as it is, without loading it.
    if let Some(ascii) = text.as_ascii() {
        let labels = ascii.strip_suffix('.').unwrap_or(ascii).split('.');
        if ascii.is_empty() || labels.into_iter().all(|label| (1..64).contains(&label.len())) {
            return Bytes::new(th, ascii.as_bytes()).map(Owned::into_object);
        }
    }
    let encoding = Str::interned(th, "idna")?;
    let method = Str::interned(th, "encode")?;
    call::call_method(th, text.object(), method.borrow(), &[encoding.object()])
}

/// The bytes of a host's name: a string in IDNA, or bytes as they are. `None` if it is neither.
fn host_bytes(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<Vec<u8>>> {
    if let Some(text) = ob.downcast::<Str>() {
        if let Some(ascii) = text.as_ascii() {
            return Ok(Some(ascii.as_bytes().to_vec()));
        }
        let encoded = to_idna(th, text)?;
        return Ok(encoded.object().downcast::<Bytes>().map(|bytes| bytes.as_bytes().to_vec()));
    }
    if let Some(bytes) = ob.downcast::<Bytes>() {
        return Ok(Some(bytes.as_bytes().to_vec()));
    }
    let array = ob.downcast::<krait_objects::bytearray::ByteArray>();
    Ok(array.map(|array| array.as_bytes().to_vec()))
}

/// The host of an address tuple.
pub fn host(th: &Thread, ob: Borrowed<'_>) -> PyResult<CString> {
    let bytes = host_bytes(th, ob).map_err(|raised| {
        drop(th.take_raised(raised));
        th.raise(exc::TYPE_ERROR, "encoding of hostname failed")
    })?;
    let Some(bytes) = bytes else {
        let found = ob.type_name();
        return Err(raise!(th, TYPE_ERROR, "str, bytes or bytearray expected, not {found}"));
    };
    CString::new(bytes)
        .map_err(|_| th.raise(exc::TYPE_ERROR, "host name must not contain null character"))
}

/// `et` with "idna": the only argument of `function`.
pub fn host_argument(th: &Thread, function: &str, ob: Borrowed<'_>) -> PyResult<CString> {
    let found = if ob.is_none() { "None" } else { ob.get().type_name() };
    let Some(bytes) = host_bytes(th, ob)? else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{function}() argument 1 must be str, bytes or bytearray, not {found}"
        ));
    };
    CString::new(bytes).map_err(|_| {
        raise!(
            th,
            TYPE_ERROR,
            "{function}() argument 1 must be encoded string without null bytes, not {found}"
        )
    })
}

/// The host that `getaddrinfo` is asked for: a string in IDNA, or bytes; cut at a NUL, as C reads it.
pub fn host_or_none(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<CString>> {
    if ob.is_none() {
        return Ok(None);
    }
    let bytes = if let Some(text) = ob.downcast::<Str>() {
        let encoded = to_idna(th, text)?;
        encoded.object().downcast::<Bytes>().map(|bytes| bytes.as_bytes().to_vec())
    } else {
        ob.downcast::<Bytes>().map(|bytes| bytes.as_bytes().to_vec())
    };
    match bytes {
        Some(bytes) => Ok(Some(until_nul(bytes))),
        None => Err(th.raise(exc::TYPE_ERROR, "getaddrinfo() argument 1 must be string or None")),
    }
}

/// The text before the first NUL.
pub fn until_nul(mut bytes: Vec<u8>) -> CString {
    bytes.push(0);
    CStr::from_bytes_until_nul(&bytes).map(CStr::to_owned).unwrap_or_default()
}

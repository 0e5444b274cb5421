//! Kinds of arguments of methods of `bytes` and `bytearray`.

use crate::args::{FromArg, Site};
use crate::bytearray::ByteArray;
use crate::prelude::*;
use crate::protocol::buffer::{self, Buffer};
use crate::str::arguments::{Bound, range};

/// What is searched for: bytes, or the number of one.
pub enum Needle {
    Byte([u8; 1]),
    Buffer(Buffer),
}

impl Needle {
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Needle::Byte(byte) => byte,
            Needle::Buffer(buffer) => buffer.as_bytes(),
        }
    }
}

impl Needle {
    pub fn of(th: &Thread, arg: Borrowed<'_>) -> PyResult<Self> {
        if arg.is_exact::<Bytes>() || buffer::check(arg) {
            return Buffer::simple(th, arg).map(Needle::Buffer);
        }
        if !number::is_index(arg) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "argument should be integer or bytes-like object, not '{}'",
                arg.type_name()
            ));
        }
        byte_value(th, number::as_isize(th, arg, None)?).map(|byte| Needle::Byte([byte]))
    }
}

/// ValueError if it is not a byte.
pub fn byte_value(th: &Thread, value: isize) -> PyResult<u8> {
    u8::try_from(value).map_err(|_| th.raise(exc::VALUE_ERROR, "byte must be in range(0, 256)"))
}

/// A byte as an item: anything with `__index__`.
#[derive(Clone, Copy)]
pub struct Byte(pub u8);

impl Byte {
    pub fn of(th: &Thread, value: Borrowed<'_>) -> PyResult<Byte> {
        byte_value(th, number::as_isize(th, value, None)?).map(Byte)
    }
}

impl<'a> FromArg<'a> for Byte {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        Byte::of(th, arg)
    }
}

/// The byte that `center`, `ljust` and `rjust` fill up with.
#[derive(Clone, Copy)]
pub struct FillByte(pub u8);

impl<'a> FromArg<'a> for FillByte {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        let data = if let Some(bytes) = arg.downcast::<Bytes>() {
            bytes.get().as_bytes()
        } else if let Some(array) = arg.downcast::<ByteArray>() {
            array.get().as_bytes()
        } else {
            return Err(site.wrong_type(th, "a byte string of length 1", arg));
        };
        match *data {
            [byte] => Ok(FillByte(byte)),
            _ => Err(raise!(
                th,
                TYPE_ERROR,
                "{}(): {} must be a byte string of length 1, not a {} object of length {}",
                site.function,
                site.argument,
                if arg.downcast::<Bytes>().is_some() { "bytes" } else { "bytearray" },
                data.len()
            )),
        }
    }
}

/// `startswith` and `endswith`: bytes, or a tuple of them. `data` is asked for when no Python code runs any more.
pub fn any_affix<'d>(
    th: &Thread,
    data: impl Fn() -> &'d [u8],
    name: &str,
    affix: Borrowed<'_>,
    bounds: (Option<Bound>, Option<Bound>),
    at_end: bool,
) -> PyResult<bool> {
    let matches = |affix: &[u8]| {
        let data = data();
        range(bounds.0, bounds.1, data.len()).is_some_and(|(start, end)| {
            let within = &data[start..end];
            if at_end { within.ends_with(affix) } else { within.starts_with(affix) }
        })
    };
    if let Some(tuple) = affix.downcast::<Tuple>() {
        for &item in tuple.get().as_slice() {
            if matches(Buffer::simple(th, item)?.as_bytes()) {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if !buffer::check(affix) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{name} first arg must be bytes or a tuple of bytes, not {}",
            affix.type_name()
        ));
    }
    Ok(matches(Buffer::simple(th, affix)?.as_bytes()))
}

/// The separator of `split` and `partition`, which is not empty.
pub fn separator(th: &Thread, sep: Borrowed<'_>) -> PyResult<Buffer> {
    let sep = Buffer::simple(th, sep)?;
    if sep.as_bytes().is_empty() {
        return Err(th.raise(exc::VALUE_ERROR, "empty separator"));
    }
    Ok(sep)
}

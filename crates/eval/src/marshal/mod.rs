//! The `marshal` module: objects to bytes and back, in the format of `.pyc` files.
//!
//! The same job as CPython's `Python/marshal.c`. Format version 5.

mod read;
mod write;

use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

pub const VERSION: i32 = 5;

/// How deep data may be nested.
const MAX_DEPTH: usize = 2000;

/// The bytes that say what follows; `REF` is added for objects that are referred to again.
mod tag {
    pub const NULL: u8 = b'0';
    pub const NONE: u8 = b'N';
    pub const FALSE: u8 = b'F';
    pub const TRUE: u8 = b'T';
    pub const STOP_ITERATION: u8 = b'S';
    pub const ELLIPSIS: u8 = b'.';
    pub const INT: u8 = b'i';
    pub const INT64: u8 = b'I';
    pub const LONG: u8 = b'l';
    pub const FLOAT: u8 = b'f';
    pub const BINARY_FLOAT: u8 = b'g';
    pub const COMPLEX: u8 = b'x';
    pub const BINARY_COMPLEX: u8 = b'y';
    pub const STRING: u8 = b's';
    pub const INTERNED: u8 = b't';
    pub const REFERENCE: u8 = b'r';
    pub const TUPLE: u8 = b'(';
    pub const SMALL_TUPLE: u8 = b')';
    pub const LIST: u8 = b'[';
    pub const DICT: u8 = b'{';
    pub const CODE: u8 = b'c';
    pub const UNICODE: u8 = b'u';
    pub const UNKNOWN: u8 = b'?';
    pub const SET: u8 = b'<';
    pub const FROZENSET: u8 = b'>';
    pub const SLICE: u8 = b':';
    pub const ASCII: u8 = b'a';
    pub const ASCII_INTERNED: u8 = b'A';
    pub const SHORT_ASCII: u8 = b'z';
    pub const SHORT_ASCII_INTERNED: u8 = b'Z';
    pub const REF: u8 = 0x80;
}

/// This module contains functions that can read and write Python values in
/// a binary format. The format is specific to Python, but independent of
/// machine architecture issues.
///
/// Not all Python object types are supported; in general, only objects
/// whose value is independent from a particular invocation of Python can be
/// written and read: numbers, strings, bytes, tuples, lists, sets, dictionaries,
/// slices, code objects, None, Ellipsis, StopIteration, True and False.
#[pymodule(name = "marshal")]
pub struct Marshal;

#[pyfunctions]
impl Marshal {
    #[constant(name = "version")]
    const FORMAT: i32 = VERSION;

    /// Return the bytes that dump() would write.
    ///
    /// ValueError is raised for a value of a type that cannot be written.
    #[function(
        sig = "(value, version=5, /, *, allow_code=True)",
        text = "($module, value, version=version, /, *, allow_code=True)"
    )]
    fn dumps(
        th: &Thread,
        value: Borrowed<'_>,
        version: i32,
        allow_code: bool,
    ) -> PyResult<Owned<Bytes>> {
        audit!(th, "marshal.dumps", value, version)?;
        let data = write::dumps(th, value, version, allow_code)?;
        Bytes::new(th, &data)
    }

    /// Write the value on the open file.
    ///
    /// ValueError is raised for a value of a type that cannot be written.
    #[function(
        sig = "(value, file, version=5, /, *, allow_code=True)",
        text = "($module, value, file, version=version, /, *, allow_code=True)"
    )]
    fn dump(
        th: &Thread,
        value: Borrowed<'_>,
        file: Borrowed<'_>,
        version: i32,
        allow_code: bool,
    ) -> PyResult {
        audit!(th, "marshal.dumps", value, version)?;
        let data = write::dumps(th, value, version, allow_code)?;
        let data = Bytes::new(th, &data)?;
        call::call_method(th, file, id::write, &[data.object()])
    }

    /// Convert bytes to the value that they hold; bytes after it are left alone.
    ///
    /// EOFError, ValueError or TypeError is raised if they hold none.
    #[function(sig = "(bytes, /, *, allow_code=True)")]
    fn loads(th: &Thread, bytes: Buffer, allow_code: bool) -> PyResult {
        audit!(th, "marshal.loads", Bytes::new(th, bytes.as_bytes()))?;
        read::loads(th, bytes.as_bytes(), Trust::of(allow_code)).map(|(value, _)| value)
    }

    /// Read one value from the open file and return it.
    ///
    /// EOFError, ValueError or TypeError is raised if there is none.
    #[function(sig = "(file, /, *, allow_code=True)")]
    fn load(th: &Thread, file: Borrowed<'_>, allow_code: bool) -> PyResult {
        load_file(th, file, Trust::of(allow_code))
    }
}

/// Reads a value from a file object, which is left right behind it.
fn load_file(th: &Thread, file: Borrowed<'_>, trust: Trust) -> PyResult {
    // Reading nothing shows whether the file is one of bytes.
    let nothing = Int::from_i64(th, 0)?;
    let data = call::call_method(th, file, id::read, &[nothing.object()])?;
    if data.borrow().downcast::<Bytes>().is_none() {
        let found = data.type_name();
        return Err(raise!(th, TYPE_ERROR, "file.read() returned not bytes but {found}"));
    }
    let readinto = object::get_attr(th, file, Str::interned(th, "readinto")?.borrow())?;
    read::load(th, readinto, trust)
}

/// What is done with code objects in the data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    Refused,
    /// They may hold anything, and are verified.
    Verified,
    /// They come from our own compiler.
    Own,
}

impl Trust {
    fn of(allow_code: bool) -> Trust {
        if allow_code { Trust::Verified } else { Trust::Refused }
    }
}

/// The value in marshal data from outside, such as a `.pyc`.
pub fn loads(th: &Thread, data: &[u8]) -> PyResult {
    read::loads(th, data, Trust::Verified).map(|(value, _)| value)
}

/// The value in marshal data that the house made itself and has kept to itself.
pub fn loads_own(th: &Thread, data: &[u8]) -> PyResult {
    read::loads(th, data, Trust::Own).map(|(value, _)| value)
}

/// The value that marshal data from outside begins with, and how many bytes it takes.
pub fn loads_prefix(th: &Thread, data: &[u8]) -> PyResult<(Owned, usize)> {
    read::loads(th, data, Trust::Verified)
}

/// The marshal data of a value.
pub fn dumps(th: &Thread, value: Borrowed<'_>, version: i32) -> PyResult<Vec<u8>> {
    write::dumps(th, value, version, true)
}

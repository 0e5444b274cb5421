//! Conversion of arguments to Rust values, and of results to objects.

use super::{CompareOp, Index};
use crate::error::{PyResult, Raised};
use crate::exceptions::exc;
use crate::float::Float;
use crate::handle::{Borrowed, Instance, Object, Owned};
use crate::int::Int;
use crate::protocol::buffer::Buffer;
use crate::protocol::{number, object};
use crate::raise;
use crate::singletons::{bool_object, none};
use crate::str::Str;
use crate::thread::Thread;
use crate::tuple::Tuple;
use crate::typeobj::Type;

/// Where a conversion happens, for its message.
pub struct Site {
    pub function: &'static str,
    /// `argument`, `argument 2` or `argument 'name'`.
    pub argument: &'static str,
    /// Whether `None` would have been right too.
    pub or_none: bool,
}

impl Site {
    /// TypeError: the argument is no instance of `class`. Everything comes in registers, so that the way of those that are
    /// writes nothing down for it.
    #[cold]
    #[inline(never)]
    fn no_instance(&self, th: &Thread, class: &'static Type, found: Borrowed<'_>) -> Raised {
        self.wrong_type(th, class.tp_name(), found)
    }

    /// TypeError: the argument is not an `expected`.
    #[cold]
    #[inline(never)]
    pub fn wrong_type(&self, th: &Thread, expected: &str, found: Borrowed<'_>) -> Raised {
        let Site { function, argument, .. } = self;
        let or_none = if self.or_none { " or None" } else { "" };
        let found = if found.get().is_none() { "None" } else { found.get().type_name() };
        raise!(th, TYPE_ERROR, "{function}() {argument} must be {expected}{or_none}, not {found}")
    }
}

/// A value that an argument converts to.
pub trait FromArg<'a>: Sized {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self>;
}

/// An argument that may be absent.
#[inline(always)]
pub fn optional<'a, T: FromArg<'a>>(
    th: &Thread,
    argument: Option<Borrowed<'a>>,
    site: &'static Site,
) -> PyResult<Option<T>> {
    match argument {
        None => Ok(None),
        Some(argument) => T::from_arg(th, argument, site).map(Some),
    }
}

impl<'a, T: Instance> FromArg<'a> for Borrowed<'a, T> {
    #[inline(always)]
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        match arg.downcast::<T>() {
            Some(value) => Ok(value),
            None => Err(site.no_instance(th, T::type_object(), arg)),
        }
    }
}

impl<'a, T: Instance> FromArg<'a> for Owned<T> {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        Borrowed::<T>::from_arg(th, arg, site).map(Borrowed::to_owned)
    }
}

impl<'a, T: FromArg<'a>> FromArg<'a> for Option<T> {
    #[inline(always)]
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        T::from_arg(th, arg, site).map(Some)
    }
}

/// `__index__`, unless the object is an `int` already.
fn with_int<R>(
    th: &Thread,
    arg: Borrowed<'_>,
    convert: impl FnOnce(&Int) -> PyResult<R>,
) -> PyResult<R> {
    match arg.downcast::<Int>() {
        Some(int) => convert(&int),
        None => {
            let int = number::index(th, arg)?;
            convert(&int)
        }
    }
}

/// An argument as a signed integer of C; `name` is C's type in the message.
fn signed<T: TryFrom<i64>>(th: &Thread, arg: Borrowed<'_>, name: &str) -> PyResult<T> {
    with_int(th, arg, |int| {
        int.to_i64().and_then(|value| T::try_from(value).ok()).ok_or_else(|| {
            raise!(th, OVERFLOW_ERROR, "Python int too large to convert to C {name}")
        })
    })
}

/// An argument as an unsigned integer of C.
pub fn unsigned<T: TryFrom<u64>>(th: &Thread, arg: Borrowed<'_>, name: &str) -> PyResult<T> {
    with_int(th, arg, |int| {
        if int.is_negative() {
            return Err(th.raise(exc::VALUE_ERROR, "Cannot convert negative int"));
        }
        int.to_u64()
            .and_then(|value| T::try_from(value).ok())
            .ok_or_else(|| raise!(th, OVERFLOW_ERROR, "Python int too large for C {name}"))
    })
}

macro_rules! integers {
    ($($convert:ident $ty:ty = $name:literal;)*) => {$(
        impl<'a> FromArg<'a> for $ty {
            fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
                $convert(th, arg, $name)
            }
        }
    )*};
}

integers! {
    signed isize = "ssize_t";
    signed i8 = "char";
    signed i16 = "short";
    signed i32 = "int";
    signed i64 = "long";
    unsigned usize = "size_t";
    unsigned u8 = "unsigned char";
    unsigned u16 = "unsigned short";
    unsigned u32 = "unsigned int";
    unsigned u64 = "uint64_t";
}

impl<'a> FromArg<'a> for Index {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        isize::from_arg(th, arg, site).map(Index)
    }
}

impl<'a> FromArg<'a> for f64 {
    #[inline]
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        match arg.downcast_exact::<Float>() {
            Some(float) => Ok(float.value()),
            None => number::as_f64(th, arg),
        }
    }
}

impl<'a> FromArg<'a> for bool {
    #[inline]
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        object::is_true(th, arg)
    }
}

/// A `str` of one character, which may be a lone surrogate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodePoint(pub u32);

impl<'a> FromArg<'a> for CodePoint {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        let Some(text) = arg.downcast::<Str>() else {
            return Err(site.wrong_type(th, "a unicode character", arg));
        };
        if text.len() == 1 {
            return Ok(CodePoint(text.char_at(0)));
        }
        Err(raise!(
            th,
            TYPE_ERROR,
            "{}(): {} must be a unicode character, not a string of length {}",
            site.function,
            site.argument,
            text.len()
        ))
    }
}

/// As `CodePoint`; a lone surrogate is refused.
impl<'a> FromArg<'a> for char {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        let CodePoint(point) = CodePoint::from_arg(th, arg, site)?;
        char::from_u32(point).ok_or_else(|| th.raise(exc::VALUE_ERROR, "surrogates not allowed"))
    }
}

/// The UTF-8 of a `str`, as a C string would be passed: without NUL.
impl<'a> FromArg<'a> for &'a str {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        let text = Borrowed::<Str>::from_arg(th, arg, site)?.get().as_utf8(th)?;
        if text.contains('\0') {
            return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
        }
        Ok(text)
    }
}

/// A bytes-like object.
impl<'a> FromArg<'a> for Buffer {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        Buffer::simple(th, arg)
    }
}

/// The comparison a `tp_richcompare` is asked for.
pub fn comparison(th: &Thread, op: i32) -> PyResult<CompareOp> {
    CompareOp::from_c(op).ok_or_else(|| th.bad_internal_call())
}

/// An attribute's name, as `tp_getattro` wants it: any object, or checked to be a `str`.
pub trait AttributeName<'a>: Sized {
    fn check(th: &Thread, name: Borrowed<'a>) -> PyResult<Self>;
}

impl<'a> AttributeName<'a> for Borrowed<'a, Object> {
    #[inline(always)]
    fn check(_: &Thread, name: Borrowed<'a>) -> PyResult<Self> {
        Ok(name)
    }
}

impl<'a> AttributeName<'a> for Borrowed<'a, Str> {
    #[inline(always)]
    fn check(th: &Thread, name: Borrowed<'a>) -> PyResult<Self> {
        name.downcast::<Str>().ok_or_else(|| {
            let found = name.get().type_name();
            raise!(th, TYPE_ERROR, "attribute name must be string, not '{found}'")
        })
    }
}

/// A default value written in a signature, as a parameter's type.
pub trait FromDefault<L> {
    fn from_default(literal: L) -> Self;
}

/// The literal `None`.
pub struct NoneDefault;

macro_rules! defaults {
    ($($literal:ty as $value:ident => $($ty:ty = $make:expr),*;)*) => {$($(
        impl FromDefault<$literal> for $ty {
            #[inline(always)]
            fn from_default($value: $literal) -> Self {
                $make
            }
        }
    )*)*};
}

defaults! {
    // Literals are written by us: one that does not fit would be a mistake the tests show.
    i64 as value => isize = value as isize, usize = value as usize, i32 = value as i32, u32 = value as u32,
        u64 = value as u64, i64 = value, u8 = value as u8, u16 = value as u16, i16 = value as i16,
        f64 = value as f64, bool = value != 0, Index = Index(value as isize);
    f64 as value => f64 = value;
    bool as value => bool = value, Borrowed<'_> = bool_object(value).object(), i32 = i32::from(value);
    &'static str as value => &'static str = value, char = value.chars().next().unwrap_or('\0');
    NoneDefault as _none => Borrowed<'_> = none();
}

/// A result that becomes an object.
pub trait ToObject {
    fn to_object(self, th: &Thread) -> PyResult;
}

/// A reference to a singleton, which needs no count.
#[inline(always)]
fn immortal(singleton: Borrowed<'static>) -> Owned {
    // SAFETY: `None`, `True` and `False` are immortal: an `Owned` of them accounts for no count.
    unsafe { Owned::from_ptr(singleton.as_ptr()) }
}

impl<T> ToObject for Owned<T> {
    #[inline(always)]
    fn to_object(self, _: &Thread) -> PyResult {
        Ok(self.into_object())
    }
}

impl<T> ToObject for Borrowed<'_, T> {
    #[inline(always)]
    fn to_object(self, _: &Thread) -> PyResult {
        Ok(self.object().to_owned())
    }
}

/// A failure passes through.
impl<T: ToObject> ToObject for PyResult<T> {
    #[inline(always)]
    fn to_object(self, th: &Thread) -> PyResult {
        self?.to_object(th)
    }
}

/// `None` for nothing.
impl<T: ToObject> ToObject for Option<T> {
    #[inline(always)]
    fn to_object(self, th: &Thread) -> PyResult {
        match self {
            Some(value) => value.to_object(th),
            None => Ok(immortal(none())),
        }
    }
}

impl ToObject for () {
    #[inline(always)]
    fn to_object(self, _: &Thread) -> PyResult {
        Ok(immortal(none()))
    }
}

impl ToObject for bool {
    #[inline(always)]
    fn to_object(self, _: &Thread) -> PyResult {
        Ok(immortal(bool_object(self).object()))
    }
}

macro_rules! results {
    ($($ty:ty: $value:ident, $th:ident => $make:expr;)*) => {$(
        impl ToObject for $ty {
            #[inline]
            fn to_object(self, $th: &Thread) -> PyResult {
                let $value = self;
                $make.map(Owned::into_object)
            }
        }
    )*};
}

results! {
    i8: value, th => Int::from_i64(th, value.into());
    u8: value, th => Int::from_i64(th, value.into());
    i16: value, th => Int::from_i64(th, value.into());
    u16: value, th => Int::from_i64(th, value.into());
    i32: value, th => Int::from_i64(th, value.into());
    u32: value, th => Int::from_i64(th, value.into());
    i64: value, th => Int::from_i64(th, value);
    u64: value, th => Int::from_u64(th, value);
    isize: value, th => Int::from_isize(th, value);
    usize: value, th => Int::from_usize(th, value);
    f64: value, th => Float::new(th, value);
    &str: value, th => Str::new(th, value);
    String: value, th => Str::from_string(th, value);
    char: value, th => Str::from_char(th, value.into());
    CodePoint: value, th => Str::from_char(th, value.0);
}

impl<A: ToObject, B: ToObject> ToObject for (A, B) {
    fn to_object(self, th: &Thread) -> PyResult {
        let items = [self.0.to_object(th)?, self.1.to_object(th)?];
        Tuple::pack(th, items).map(Owned::into_object)
    }
}

impl<A: ToObject, B: ToObject, C: ToObject> ToObject for (A, B, C) {
    fn to_object(self, th: &Thread) -> PyResult {
        let items = [self.0.to_object(th)?, self.1.to_object(th)?, self.2.to_object(th)?];
        Tuple::pack(th, items).map(Owned::into_object)
    }
}

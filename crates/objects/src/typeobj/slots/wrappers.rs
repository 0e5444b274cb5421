//! Python methods that call the C function in a slot: `int.__add__`, `list.__len__`.
//!
//! The same job as the `wrap_` functions of CPython's `Objects/typeobject.c`.
//!
//! SAFETY, throughout: `slot` is the C function that the table's line for this wrapper stands for, taken
//! from a type that `this` is an instance of; it answers as its slot's contract says.

use std::ffi::{c_int, c_void};
use std::mem::transmute;

use krait_abi as abi;

use crate::args::CompareOp;
use crate::dict::Dict;
use crate::error::PyResult;
use crate::exceptions::exc;
use crate::handle::{Borrowed, Owned};
use crate::int::Int;
use crate::protocol::number;
use crate::raise;
use crate::singletons::{bool_object, none};
use crate::str::Str;
use crate::thread::Thread;
use crate::tuple::Tuple;
use crate::typeobj::Type;

type Ptr = *mut abi::PyObject;

/// The arguments of a wrapper's call, after `self`.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub args: &'a [Borrowed<'a>],
    /// Only `__init__` and `__call__` may have keyword arguments.
    pub kwargs: Option<Borrowed<'a, Dict>>,
}

pub type Wrapper = fn(&Thread, Borrowed<'_>, Call<'_>, *const c_void) -> PyResult;

/// Whether the wrapper takes keyword arguments.
pub fn takes_keywords(wrapper: Wrapper) -> bool {
    std::ptr::fn_addr_eq(wrapper, init as Wrapper)
        || std::ptr::fn_addr_eq(wrapper, self::call as Wrapper)
}

fn result(th: &Thread, ptr: Ptr) -> PyResult {
    // SAFETY: see the top of the file: a new reference, or NULL with an exception.
    unsafe { Owned::from_ptr_or_null(ptr) }.ok_or_else(|| th.raised_by_c())
}

fn done(th: &Thread, status: c_int) -> PyResult {
    if status < 0 { Err(th.raised_by_c()) } else { Ok(none().to_owned()) }
}

impl<'a> Call<'a> {
    fn exactly<const N: usize>(&self, th: &Thread) -> PyResult<[Borrowed<'a>; N]> {
        <[Borrowed<'a>; N]>::try_from(self.args).map_err(|_| {
            let (plural, given) = (if N == 1 { "" } else { "s" }, self.args.len());
            raise!(th, TYPE_ERROR, "expected {N} argument{plural}, got {given}")
        })
    }

    fn power_arguments(&self, th: &Thread) -> PyResult<(Borrowed<'a>, Option<Borrowed<'a>>)> {
        match self.args.len() {
            1 | 2 => self.one_or_two(th),
            given => Err(raise!(th, TYPE_ERROR, "expected 1 or 2 arguments, got {given}")),
        }
    }

    /// One or two arguments, the second absent or None counting as none.
    fn one_or_two(&self, th: &Thread) -> PyResult<(Borrowed<'a>, Option<Borrowed<'a>>)> {
        match *self.args {
            [first] => Ok((first, None)),
            [first, second] => Ok((first, Some(second))),
            [] => Err(th.raise(exc::TYPE_ERROR, "expected at least 1 argument, got 0")),
            _ => {
                Err(raise!(th, TYPE_ERROR, "expected at most 2 arguments, got {}", self.args.len()))
            }
        }
    }
}

macro_rules! slot_as {
    ($slot:expr, fn($($arg:ty),*) $(-> $ret:ty)?) => {
        transmute::<*const c_void, unsafe extern "C" fn($($arg),*) $(-> $ret)?>($slot)
    };
}

/// For lines of the table whose method is not a wrapper: `__new__` is a static method, `__getattr__` nothing in C.
pub fn absent(th: &Thread, _: Borrowed<'_>, _: Call<'_>, _: *const c_void) -> PyResult {
    Err(th.bad_internal_call())
}

pub fn unary(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [] = call.exactly(th)?;
    // SAFETY: see the top of the file.
    result(th, unsafe { slot_as!(slot, fn(Ptr) -> Ptr)(this.as_ptr()) })
}

pub fn binary(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [other] = call.exactly(th)?;
    // SAFETY: see the top of the file.
    result(th, unsafe { slot_as!(slot, fn(Ptr, Ptr) -> Ptr)(this.as_ptr(), other.as_ptr()) })
}

pub fn binary_left(
    th: &Thread,
    this: Borrowed<'_>,
    call: Call<'_>,
    slot: *const c_void,
) -> PyResult {
    binary(th, this, call, slot)
}

pub fn binary_right(
    th: &Thread,
    this: Borrowed<'_>,
    call: Call<'_>,
    slot: *const c_void,
) -> PyResult {
    let [other] = call.exactly(th)?;
    // SAFETY: see the top of the file.
    result(th, unsafe { slot_as!(slot, fn(Ptr, Ptr) -> Ptr)(other.as_ptr(), this.as_ptr()) })
}

pub fn ternary_left(
    th: &Thread,
    this: Borrowed<'_>,
    call: Call<'_>,
    slot: *const c_void,
) -> PyResult {
    let (other, third) = call.power_arguments(th)?;
    let third = third.unwrap_or(none());
    // SAFETY: see the top of the file.
    result(th, unsafe {
        slot_as!(slot, fn(Ptr, Ptr, Ptr) -> Ptr)(this.as_ptr(), other.as_ptr(), third.as_ptr())
    })
}

pub fn ternary_right(
    th: &Thread,
    this: Borrowed<'_>,
    call: Call<'_>,
    slot: *const c_void,
) -> PyResult {
    let (other, third) = call.power_arguments(th)?;
    let third = third.unwrap_or(none());
    // SAFETY: see the top of the file.
    result(th, unsafe {
        slot_as!(slot, fn(Ptr, Ptr, Ptr) -> Ptr)(other.as_ptr(), this.as_ptr(), third.as_ptr())
    })
}

pub fn inquiry(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [] = call.exactly(th)?;
    // SAFETY: see the top of the file.
    let answer = unsafe { slot_as!(slot, fn(Ptr) -> c_int)(this.as_ptr()) };
    if answer < 0 {
        Err(th.raised_by_c())
    } else {
        Ok(bool_object(answer != 0).to_owned().into_object())
    }
}

pub fn contains(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [item] = call.exactly(th)?;
    // SAFETY: see the top of the file.
    let answer = unsafe { slot_as!(slot, fn(Ptr, Ptr) -> c_int)(this.as_ptr(), item.as_ptr()) };
    if answer < 0 {
        Err(th.raised_by_c())
    } else {
        Ok(bool_object(answer != 0).to_owned().into_object())
    }
}

/// Lengths and hashes: -1 only with an exception.
fn number_result(th: &Thread, value: isize) -> PyResult {
    if value == -1 && th.is_raised() {
        return Err(th.raised_by_c());
    }
    Int::from_isize(th, value).map(Owned::into_object)
}

pub fn length(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [] = call.exactly(th)?;
    // SAFETY: see the top of the file.
    number_result(th, unsafe { slot_as!(slot, fn(Ptr) -> isize)(this.as_ptr()) })
}

pub fn hash(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    length(th, this, call, slot)
}

pub fn repeat(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [count] = call.exactly(th)?;
    let count = number::as_isize(th, count, Some(exc::OVERFLOW_ERROR))?;
    // SAFETY: see the top of the file.
    result(th, unsafe { slot_as!(slot, fn(Ptr, isize) -> Ptr)(this.as_ptr(), count) })
}

/// A sequence index: a negative one counts from the end, if the length is known.
fn index(th: &Thread, this: Borrowed<'_>, key: Borrowed<'_>) -> PyResult<isize> {
    let at = number::as_isize(th, key, Some(exc::OVERFLOW_ERROR))?;
    let sequence = this.ty().raw().tp_as_sequence;
    // SAFETY: a type's tables live as long as the type.
    let length = unsafe { sequence.as_ref() }.and_then(|methods| methods.sq_length);
    let Some(length) = length.filter(|_| at < 0) else {
        return Ok(at);
    };
    // SAFETY: see the top of the file.
    match unsafe { length(this.as_ptr()) } {
        -1 => Err(th.raised_by_c()),
        length => Ok(at + length),
    }
}

pub fn sq_item(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [key] = call.exactly(th)?;
    let at = index(th, this, key)?;
    // SAFETY: see the top of the file.
    result(th, unsafe { slot_as!(slot, fn(Ptr, isize) -> Ptr)(this.as_ptr(), at) })
}

pub fn sq_set_item(
    th: &Thread,
    this: Borrowed<'_>,
    call: Call<'_>,
    slot: *const c_void,
) -> PyResult {
    let [key, value] = call.exactly(th)?;
    let at = index(th, this, key)?;
    // SAFETY: see the top of the file.
    done(th, unsafe {
        slot_as!(slot, fn(Ptr, isize, Ptr) -> c_int)(this.as_ptr(), at, value.as_ptr())
    })
}

pub fn sq_del_item(
    th: &Thread,
    this: Borrowed<'_>,
    call: Call<'_>,
    slot: *const c_void,
) -> PyResult {
    let [key] = call.exactly(th)?;
    let at = index(th, this, key)?;
    // SAFETY: see the top of the file.
    done(th, unsafe {
        slot_as!(slot, fn(Ptr, isize, Ptr) -> c_int)(this.as_ptr(), at, std::ptr::null_mut())
    })
}

pub fn set_item(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [key, value] = call.exactly(th)?;
    // SAFETY: see the top of the file.
    done(th, unsafe {
        slot_as!(slot, fn(Ptr, Ptr, Ptr) -> c_int)(this.as_ptr(), key.as_ptr(), value.as_ptr())
    })
}

pub fn del_item(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [key] = call.exactly(th)?;
    // SAFETY: see the top of the file.
    done(th, unsafe {
        slot_as!(slot, fn(Ptr, Ptr, Ptr) -> c_int)(
            this.as_ptr(),
            key.as_ptr(),
            std::ptr::null_mut(),
        )
    })
}

pub fn descr_set(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    set_item(th, this, call, slot)
}

pub fn descr_delete(
    th: &Thread,
    this: Borrowed<'_>,
    call: Call<'_>,
    slot: *const c_void,
) -> PyResult {
    del_item(th, this, call, slot)
}

pub fn setattr(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [name, value] = call.exactly(th)?;
    check_name(th, name)?;
    reject_shortcut(th, this, slot, "__setattr__")?;
    set_item(th, this, Call { args: &[name, value], kwargs: None }, slot)
}

pub fn delattr(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [name] = call.exactly(th)?;
    check_name(th, name)?;
    reject_shortcut(th, this, slot, "__delattr__")?;
    del_item(th, this, call, slot)
}

fn check_name(th: &Thread, name: Borrowed<'_>) -> PyResult<()> {
    if name.downcast::<Str>().is_none() {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "attribute name must be string, not '{}'",
            name.type_name()
        ));
    }
    Ok(())
}

/// `object.__setattr__(some_type, …)` must not get around the type's own rules: on the way from the base that defines
/// the type's slot, no C type may override the one that is called.
fn reject_shortcut(
    th: &Thread,
    this: Borrowed<'_>,
    slot: *const c_void,
    what: &str,
) -> PyResult<()> {
    let set_of =
        |ty: &Type| ty.raw().tp_setattro.map_or(std::ptr::null(), |set| set as *const c_void);
    let dispatcher = super::dispatch::tp_setattro as *const c_void;
    let ty = this.ty();
    let order = ty.get().mro().map_or(&[][..], |order| order.get().as_slice());
    // Python classes have no slot of their own.
    let defining = order.iter().rev().filter_map(|base| base.downcast::<Type>()).find(|base| {
        !std::ptr::eq(set_of(base), dispatcher) && std::ptr::eq(set_of(base), set_of(&ty))
    });
    let mut base = Some(defining.unwrap_or(ty));
    while let Some(current) = base {
        let set = set_of(&current);
        if std::ptr::eq(set, slot) {
            return Ok(());
        }
        if !std::ptr::eq(set, dispatcher) {
            break;
        }
        base = current.get().base();
    }
    Err(raise!(th, TYPE_ERROR, "can't apply this {what} to {} object", this.type_name()))
}

macro_rules! compare {
    ($($name:ident $op:ident;)*) => {$(
        pub fn $name(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
            let [other] = call.exactly(th)?;
            // SAFETY: see the top of the file.
            result(th, unsafe { slot_as!(slot, fn(Ptr, Ptr, c_int) -> Ptr)(this.as_ptr(), other.as_ptr(), CompareOp::$op as c_int) })
        }
    )*};
}

compare! {
    richcmp_lt Lt;
    richcmp_le Le;
    richcmp_eq Eq;
    richcmp_ne Ne;
    richcmp_gt Gt;
    richcmp_ge Ge;
}

pub fn next(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [] = call.exactly(th)?;
    // SAFETY: see the top of the file; NULL without an exception is the end.
    let item = unsafe { Owned::from_ptr_or_null(slot_as!(slot, fn(Ptr) -> Ptr)(this.as_ptr())) };
    match item {
        Some(item) => Ok(item),
        None if th.is_raised() => Err(th.raised_by_c()),
        None => Err(th.raise_none(exc::STOP_ITERATION)),
    }
}

pub fn descr_get(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let (instance, owner) = call.one_or_two(th)?;
    let null_if_none =
        |ob: Borrowed<'_>| if ob.is_none() { std::ptr::null_mut() } else { ob.as_ptr() };
    let (instance, owner) =
        (null_if_none(instance), owner.map_or(std::ptr::null_mut(), null_if_none));
    if instance.is_null() && owner.is_null() {
        return Err(th.raise(exc::TYPE_ERROR, "__get__(None, None) is invalid"));
    }
    // SAFETY: see the top of the file.
    result(th, unsafe { slot_as!(slot, fn(Ptr, Ptr, Ptr) -> Ptr)(this.as_ptr(), instance, owner) })
}

pub fn init(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let args = Tuple::from_slice(th, call.args)?;
    let kwargs = call.kwargs.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: see the top of the file.
    done(th, unsafe {
        slot_as!(slot, fn(Ptr, Ptr, Ptr) -> c_int)(this.as_ptr(), args.as_ptr(), kwargs)
    })
}

pub fn call(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let args = Tuple::from_slice(th, call.args)?;
    let kwargs = call.kwargs.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: see the top of the file.
    result(th, unsafe {
        slot_as!(slot, fn(Ptr, Ptr, Ptr) -> Ptr)(this.as_ptr(), args.as_ptr(), kwargs)
    })
}

pub fn del(th: &Thread, this: Borrowed<'_>, call: Call<'_>, slot: *const c_void) -> PyResult {
    let [] = call.exactly(th)?;
    // SAFETY: see the top of the file.
    unsafe { slot_as!(slot, fn(Ptr))(this.as_ptr()) };
    Ok(none().to_owned())
}

pub fn buffer(th: &Thread, this: Borrowed<'_>, call: Call<'_>, _: *const c_void) -> PyResult {
    let [flags] = call.exactly(th)?;
    let flags = number::as_isize(th, flags, Some(exc::OVERFLOW_ERROR))?;
    match c_int::try_from(flags) {
        Ok(flags) => crate::memoryview::from_object_with_flags(th, this, flags),
        Err(_) => Err(th.raise(exc::OVERFLOW_ERROR, "buffer flags out of range")),
    }
}

pub fn release_buffer(
    th: &Thread,
    this: Borrowed<'_>,
    call: Call<'_>,
    _: *const c_void,
) -> PyResult {
    let [view] = call.exactly(th)?;
    crate::memoryview::release_from_python(th, this, view)?;
    Ok(none().to_owned())
}

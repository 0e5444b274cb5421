//! Exact types and what specialised handlers read straight from objects, as C's macros do.
//!
//! Every function asks for a live object; those that read fields, for one of the type they name.

use krait_abi as abi;
use krait_objects::iterators::list::ListIterator;
use krait_objects::iterators::tuple::TupleIterator;
use krait_objects::prelude::*;
use krait_objects::range::RangeIterator;
use krait_objects::set::{FrozenSet, Set};
use krait_objects::typeobj::alloc::init_static_head;

macro_rules! exact {
    ($($(#[$doc:meta])* $name:ident: $ty:ty;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $name(ob: *mut abi::PyObject) -> bool {
            // SAFETY: a live object.
            unsafe { (*ob).ob_type == <$ty>::type_object().as_type_ptr() }
        }
    )*};
}

exact! {
    is_int: Int;
    is_float: Float;
    is_str: Str;
    is_list: List;
    is_tuple: Tuple;
    is_dict: Dict;
    is_type: Type;
    is_set: Set;
    is_frozen_set: FrozenSet;
    is_list_iterator: ListIterator;
    is_tuple_iterator: TupleIterator;
    is_range_iterator: RangeIterator;
}

/// Whether iteration gives the items of a tuple: of one as it is, or of a class (a named tuple) that keeps `__iter__`.
#[inline(always)]
pub unsafe fn iterates_as_tuple(ob: *mut abi::PyObject) -> bool {
    // SAFETY: a live object.
    unsafe {
        let ty = (*ob).ob_type;
        is_tuple(ob)
            || ((*ty).tp_flags & abi::Py_TPFLAGS_TUPLE_SUBCLASS != 0
                && (*ty).tp_iter.map(|slot| slot as usize)
                    == Tuple::type_object().raw().tp_iter.map(|slot| slot as usize))
    }
}

/// `ob_size`.
#[inline(always)]
pub unsafe fn size(ob: *mut abi::PyObject) -> isize {
    // SAFETY: a variable-size object.
    unsafe { (*ob.cast::<abi::PyVarObject>()).ob_size }
}

#[inline(always)]
pub unsafe fn tuple_items(ob: *mut abi::PyObject) -> *const *mut abi::PyObject {
    // SAFETY: a tuple.
    unsafe { (&raw const (*ob.cast::<abi::PyTupleObject>()).ob_item).cast() }
}

#[inline(always)]
pub unsafe fn float_value(ob: *mut abi::PyObject) -> f64 {
    // SAFETY: a float.
    unsafe { (*ob.cast::<abi::PyFloatObject>()).ob_fval }
}

/// Where the digits of an `int` begin: behind the head and the tag.
const DIGITS: usize = size_of::<abi::PyObject>() + size_of::<usize>();

/// The tag of an `int`: digits above three bits, of which the lowest two are the sign (1 minus it).
#[inline(always)]
unsafe fn int_tag(ob: *mut abi::PyObject) -> usize {
    // SAFETY: an int.
    unsafe { *ob.byte_add(size_of::<abi::PyObject>()).cast::<usize>() }
}

/// The value of an `int` of at most one digit.
#[inline(always)]
pub unsafe fn compact_int(ob: *mut abi::PyObject) -> Option<i64> {
    // SAFETY: an int; the digits follow the tag.
    unsafe {
        let tag = int_tag(ob);
        if tag >= 2 << 3 {
            return None;
        }
        let digit = *ob.byte_add(DIGITS).cast::<u32>();
        Some((1 - (tag & 3) as i64) * i64::from(digit))
    }
}

/// The place that a negative index of one digit counts, from the end of `len` items.
#[inline(always)]
pub unsafe fn index_from_end(index: *mut abi::PyObject, len: isize) -> Option<isize> {
    // SAFETY: an int.
    let index = unsafe { compact_int(index)? } as isize;
    (-len..0).contains(&index).then_some(index + len)
}

/// The bits of the tags of zero and of positive numbers of one digit; one says that the int exists once.
const NATURAL: usize = 1 << 3 | 1 << 2 | 1;

/// The value of an `int` that is not negative and has at most one digit.
#[inline(always)]
pub unsafe fn natural(ob: *mut abi::PyObject) -> Option<u32> {
    // SAFETY: an int; the digits follow the tag.
    unsafe { (int_tag(ob) & !NATURAL == 0).then(|| *ob.byte_add(DIGITS).cast()) }
}

/// As `natural`, of two objects: one test tells.
#[inline(always)]
pub unsafe fn natural_pair(
    left: *mut abi::PyObject,
    right: *mut abi::PyObject,
) -> Option<(i64, i64)> {
    // SAFETY: two ints; the digits follow the tags.
    unsafe {
        if (int_tag(left) | int_tag(right)) & !NATURAL != 0 {
            return None;
        }
        let digit = |ob: *mut abi::PyObject| i64::from(*ob.byte_add(DIGITS).cast::<u32>());
        Some((digit(left), digit(right)))
    }
}

/// Whether two strings are known to be of different texts without a look at them.
#[inline(always)]
pub unsafe fn texts_differ(left: *mut abi::PyObject, right: *mut abi::PyObject) -> bool {
    // SAFETY: two strings, which begin as `PyASCIIObject`.
    unsafe {
        let (left, right) =
            (&*left.cast::<abi::PyASCIIObject>(), &*right.cast::<abi::PyASCIIObject>());
        left.length != right.length
            || (left.hash != right.hash && left.hash != -1 && right.hash != -1)
    }
}

/// The value of an `int` of at most two digits: sums and differences of such fit an `i64`.
#[inline(always)]
pub unsafe fn short_int(ob: *mut abi::PyObject) -> Option<i64> {
    // SAFETY: an int; the digits follow the tag.
    unsafe {
        let tag = int_tag(ob);
        let digits: *const u32 = ob.byte_add(DIGITS).cast();
        let mut magnitude = i64::from(*digits);
        if tag >= 2 << 3 {
            if tag >= 3 << 3 {
                return None;
            }
            magnitude |= i64::from(*digits.add(1)) << 30;
        }
        Some((1 - (tag & 3) as i64) * magnitude)
    }
}

/// Whether a number has at most one digit.
#[inline(always)]
pub fn is_one_digit(value: i64) -> bool {
    const DIGIT: i64 = 1 << 30;
    -DIGIT < value && value < DIGIT
}

/// Whether an object that only the stack holds may become this number: one digit, and not one of the small
/// ones that are shared.
#[inline(always)]
pub fn fits_in_place(value: i64) -> bool {
    is_one_digit(value) && !krait_objects::int::is_small(value)
}

/// Makes a block of the free list an `int` of one digit.
///
/// # Safety
/// A block of an `int`'s size that is the caller's, and `fits_in_place` holds for `value`.
#[inline(always)]
pub unsafe fn init_compact_int(block: *mut abi::PyObject, value: i64) {
    // SAFETY: the caller's promise.
    unsafe {
        init_static_head(block, Int::type_object());
        write_compact_int(block, value);
    }
}

/// Makes an `int` of one digit another number.
///
/// # Safety
/// Nobody else holds it, and `fits_in_place` holds for `value`.
#[inline(always)]
pub unsafe fn write_compact_int(ob: *mut abi::PyObject, value: i64) {
    // SAFETY: the caller's promise; the digits follow the tag.
    unsafe {
        let tag: *mut usize = ob.byte_add(size_of::<abi::PyObject>()).cast();
        *tag = 1 << 3 | if value < 0 { 2 } else { 0 };
        *tag.add(1).cast::<u32>() = value.unsigned_abs() as u32;
    }
}

/// Makes a block of the free list a `float`.
///
/// # Safety
/// A block of a `float`'s size that is the caller's.
#[inline(always)]
pub unsafe fn init_float(block: *mut abi::PyObject, value: f64) {
    // SAFETY: the caller's promise.
    unsafe {
        init_static_head(block, Float::type_object());
        write_float(block, value);
    }
}

/// # Safety
/// A `float` that nobody else holds.
#[inline(always)]
pub unsafe fn write_float(ob: *mut abi::PyObject, value: f64) {
    // SAFETY: the caller's promise.
    unsafe { (*ob.cast::<abi::PyFloatObject>()).ob_fval = value }
}

#[inline(always)]
pub unsafe fn int_is_zero(ob: *mut abi::PyObject) -> bool {
    // SAFETY: an int.
    unsafe { int_tag(ob) & 3 == 1 }
}

/// Code points of a `str`.
#[inline(always)]
pub unsafe fn str_len(ob: *mut abi::PyObject) -> isize {
    // SAFETY: a str.
    unsafe { (*ob.cast::<abi::PyASCIIObject>()).length }
}

/// The version of the object's type; 0 if it has none now.
#[inline(always)]
pub unsafe fn type_version(ob: *mut abi::PyObject) -> u32 {
    // SAFETY: a live object.
    unsafe { (*(*ob).ob_type).tp_version_tag }
}

//! `list.sort`: taking the items out, choosing a comparison, putting the sorted items back.
//!
//! The algorithm itself is `merge`. The same job as CPython's `list_sort_impl`.
//!
//! SAFETY, throughout: while sorting, the list is empty (invariant 2 of `list/mod.rs`) and the items are held by a
//! `Taken`, so that nothing that a comparison runs can reach or free them.

mod merge;
mod unboxed;

use std::cmp::Ordering;

use krait_abi as abi;

use super::{List, Ptr};
use crate::dict::lookup::equal_words;
use crate::float::Float;
use crate::int::{Bool, Int};
use crate::prelude::*;
use crate::str::Chars;
use merge::{Keyed, Sorter};

/// How two keys compare: chosen once, from the types of all keys.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// `__lt__`, whatever the types.
    General,
    /// Exact ints of one digit.
    Ints,
    /// Exact floats.
    Floats,
    /// Exact strings of one byte a character.
    Latin,
    /// Exact tuples, not empty, whose first items compare so.
    Tuples(First),
}

/// The order of the first items of tuples.
#[derive(Clone, Copy)]
pub(super) enum First {
    General,
    Ints,
    Floats,
    Latin,
}

impl First {
    /// How two items compare, if that can be told without running code.
    ///
    /// # Safety
    /// Both are live objects of the kind the order was chosen for.
    #[inline(always)]
    unsafe fn compare(self, left: Ptr, right: Ptr) -> Option<Ordering> {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                First::General => None,
                First::Ints => Some(compact_int(left).cmp(&compact_int(right))),
                // No answer for NaN, which can be the same object.
                First::Floats => float(left).partial_cmp(&float(right)),
                First::Latin => Some(latin(left).cmp(latin(right))),
            }
        }
    }
}

impl Order {
    /// Whether `left < right`.
    ///
    /// # Safety
    /// Both are live objects of the kind the order was chosen for.
    #[inline(always)]
    pub(super) unsafe fn less(self, th: &Thread, left: Ptr, right: Ptr) -> PyResult<bool> {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Order::General => general(th, left, right),
                Order::Ints => Ok(compact_int(left) < compact_int(right)),
                Order::Floats => Ok(float(left) < float(right)),
                Order::Latin => Ok(latin(left) < latin(right)),
                Order::Tuples(first) => tuples(th, first, left, right),
            }
        }
    }
}

unsafe fn general(th: &Thread, left: Ptr, right: Ptr) -> PyResult<bool> {
    // SAFETY: see `Order::less`.
    unsafe {
        let (left, right) = (Borrowed::from_ptr(left), Borrowed::from_ptr(right));
        object::compare_bool(th, left, right, CompareOp::Lt)
    }
}

/// The value of an int of at most one digit.
#[inline(always)]
unsafe fn compact_int(ob: Ptr) -> i64 {
    // SAFETY: see `Order::less`.
    unsafe {
        let long = ob.cast::<abi::PyLongObject>();
        let tag = (*long).long_value.lv_tag as i64;
        (1 - (tag & abi::_PyLong_SIGN_MASK as i64)) * i64::from((*long).long_value.ob_digit[0])
    }
}

#[inline(always)]
unsafe fn float(ob: Ptr) -> f64 {
    // SAFETY: see `Order::less`.
    unsafe { (*ob.cast::<Float>()).value() }
}

#[inline(always)]
unsafe fn latin<'a>(ob: Ptr) -> &'a [u8] {
    // SAFETY: see `Order::less`.
    match unsafe { (*ob.cast::<Str>()).chars() } {
        Chars::One(bytes) => bytes,
        _ => &[],
    }
}

/// As comparing tuples does it, but for the first items.
unsafe fn tuples(th: &Thread, first: First, left: Ptr, right: Ptr) -> PyResult<bool> {
    // SAFETY: see `Order::less`.
    let (left, right) = unsafe { (&*left.cast::<Tuple>(), &*right.cast::<Tuple>()) };
    let (a, b) = (left.as_slice(), right.as_slice());
    // SAFETY: see `Order::less`: the tuples are not empty.
    if let Some(ordering) = unsafe { first.compare(a[0].as_ptr(), b[0].as_ptr()) } {
        if ordering.is_ne() {
            return Ok(ordering.is_lt());
        }
    } else if !object::eq(th, a[0], b[0])? {
        return object::compare_bool(th, a[0], b[0], CompareOp::Lt);
    }
    for (&x, &y) in a.iter().zip(b).skip(1) {
        let equal = match equal_words(x, y) {
            Some(equal) => equal,
            None => object::eq(th, x, y)?,
        };
        if !equal {
            return object::compare_bool(th, x, y, CompareOp::Lt);
        }
    }
    Ok(a.len() < b.len())
}

/// The order for keys that are all like `first`.
fn order_of(
    first: Borrowed<'_>,
    mut all: impl FnMut(&dyn Fn(Borrowed<'_>) -> bool) -> bool,
) -> Order {
    if first.is_exact::<Int>() && !first.is_exact::<Bool>() {
        let compact = |ob: Borrowed<'_>| {
            // SAFETY: the type was checked.
            ob.is_exact::<Int>()
                && unsafe { (*ob.as_ptr().cast::<abi::PyLongObject>()).long_value.lv_tag }
                    < 2 << abi::_PyLong_NON_SIZE_BITS
        };
        if all(&compact) {
            return Order::Ints;
        }
    } else if first.is_exact::<Float>() {
        if all(&|ob| ob.is_exact::<Float>()) {
            return Order::Floats;
        }
    } else if first.is_exact::<Str>() {
        let narrow = |ob: Borrowed<'_>| {
            ob.downcast_exact::<Str>().is_some_and(|text| matches!(text.chars(), Chars::One(_)))
        };
        if all(&narrow) {
            return Order::Latin;
        }
    }
    Order::General
}

/// The order for all keys.
fn choose<E: Keyed>(items: &[E]) -> Order {
    // SAFETY: see the top of the file.
    let key = |item: &E| unsafe { Borrowed::<Object>::from_ptr(item.key()) };
    let Some(first) = items.first().map(key) else {
        return Order::General;
    };
    let item = |ob: Borrowed<'_>| match ob.downcast_exact::<Tuple>() {
        // SAFETY: the tuple is held by the items.
        Some(tuple) => tuple.get().get(0).map(Borrowed::as_ptr),
        None => None,
    };
    let Some(inner) = item(first) else {
        return order_of(first, |test| items.iter().all(|item| test(key(item))));
    };
    if !items.iter().all(|element| item(key(element)).is_some()) {
        return Order::General;
    }
    // SAFETY: as above.
    let at = |pointer: Ptr| unsafe { Borrowed::<Object>::from_ptr(pointer) };
    let inner = order_of(at(inner), |test| {
        items.iter().all(|element| item(key(element)).is_some_and(|first| test(at(first))))
    });
    Order::Tuples(match inner {
        Order::Ints => First::Ints,
        Order::Floats => First::Floats,
        Order::Latin => First::Latin,
        Order::General | Order::Tuples(_) => First::General,
    })
}

/// The storage of a list that is being sorted; it goes back when this is dropped.
struct Taken<'a> {
    list: &'a List,
    items: *mut Ptr,
    len: usize,
    allocated: isize,
}

impl<'a> Taken<'a> {
    fn take(list: &'a List) -> Taken<'a> {
        let taken = Taken {
            list,
            items: list.items.get(),
            len: list.len(),
            allocated: list.allocated.get(),
        };
        list.head.set_size(0);
        list.items.set(std::ptr::null_mut());
        list.allocated.set(-1);
        taken
    }

    fn slice(&mut self) -> &mut [Ptr] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: see the top of the file.
        unsafe { std::slice::from_raw_parts_mut(self.items, self.len) }
    }

    /// Puts the items back; true if somebody changed the list meanwhile. What they put in is released.
    fn finish(self) -> bool {
        let list = self.list;
        let intruder = (list.items.get(), list.len());
        let modified = list.allocated.get() != -1;
        list.items.set(self.items);
        list.head.set_size(self.len as isize);
        list.allocated.set(self.allocated);
        // SAFETY: the storage that was put in is nobody's now.
        unsafe {
            if !intruder.0.is_null() {
                for at in (0..intruder.1).rev() {
                    drop(Owned::<Object>::from_ptr_or_null(*intruder.0.add(at)));
                }
                Thread::current().interp().heap.free(intruder.0.cast());
            }
        }
        modified
    }
}

pub(super) fn sort(
    list: &List,
    th: &Thread,
    key: Option<Borrowed<'_>>,
    reverse: bool,
) -> PyResult<()> {
    let mut taken = Taken::take(list);
    let result = match key {
        None => run(th, taken.slice(), reverse),
        Some(key) => run_keyed(th, taken.slice(), key, reverse),
    };
    let modified = taken.finish();
    if result.is_ok() && modified {
        return Err(th.raise(exc::VALUE_ERROR, "list modified during sort"));
    }
    result
}

/// Reversing before and after keeps equal items in their order.
fn run<E: Keyed>(th: &Thread, items: &mut [E], reverse: bool) -> PyResult<()> {
    if items.len() < 2 {
        return Ok(());
    }
    if reverse {
        items.reverse();
    }
    let order = choose(items);
    let result = match unboxed::sort(order, items) {
        true => Ok(()),
        false => Sorter::new(th, order, items).sort(),
    };
    if reverse {
        items.reverse();
    }
    result
}

fn run_keyed(th: &Thread, items: &mut [Ptr], key: Borrowed<'_>, reverse: bool) -> PyResult<()> {
    let mut keys: Vec<Owned> = Vec::with_capacity(items.len());
    for &item in items.iter() {
        // SAFETY: see the top of the file.
        let item = unsafe { Borrowed::from_ptr(item) };
        keys.push(call::call(th, key, &[item])?);
    }
    let mut pairs: Vec<(Ptr, Ptr)> =
        keys.iter().zip(items.iter()).map(|(key, &item)| (key.as_ptr(), item)).collect();
    let result = run(th, &mut pairs, reverse);
    for (place, (_, item)) in items.iter_mut().zip(pairs) {
        *place = item;
    }
    result
}

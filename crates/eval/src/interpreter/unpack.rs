//! Unpacking: `a, b = …` and `a, *b, c = …`.

use krait_objects::prelude::*;

use super::op::Op;
use crate::frame::StackRef;

pub fn unpack_sequence(op: Op<'_>) -> PyResult<()> {
    let sequence = op.pop1();
    let items = take(op.th, sequence.get(), op.arg, None)?;
    push_reversed(op, items);
    Ok(())
}

/// The first item ends on top.
fn push_reversed(op: Op<'_>, items: Vec<Owned>) {
    for item in items.into_iter().rev() {
        op.push(item);
    }
}

/// `before, *rest, after = sequence`; the argument holds both counts.
pub fn unpack_ex(op: Op<'_>) -> PyResult<()> {
    let sequence = op.pop1();
    let (before, after) = (op.arg & 0xff, op.arg >> 8);
    let mut items = take(op.th, sequence.get(), before, Some(after))?;
    let tail = items.split_off(items.len() - after);
    let rest = List::from_vec(op.th, items.split_off(before))?;
    push_reversed(op, tail);
    op.push(rest);
    push_reversed(op, items);
    Ok(())
}

/// Exactly `count` items of `iterable`; with `after`, at least `count + after`.
fn take(
    th: &Thread,
    iterable: Borrowed<'_>,
    count: usize,
    after: Option<usize>,
) -> PyResult<Vec<Owned>> {
    let iterator = match iter::get_iter(th, iterable) {
        Ok(iterator) => iterator,
        Err(raised) => return Err(cannot_unpack(th, iterable, raised)),
    };
    let mut items = Vec::with_capacity(count.min(1 << 10));
    while items.len() < count {
        match iter::next(th, iterator.borrow())? {
            Some(item) => items.push(item),
            None if after.is_none() => {
                let got = items.len();
                return Err(raise!(
                    th,
                    VALUE_ERROR,
                    "not enough values to unpack (expected {count}, got {got})"
                ));
            }
            None => {
                let wanted = count + after.unwrap_or(0);
                return Err(too_few(th, wanted, items.len()));
            }
        }
    }
    let Some(after) = after else {
        return match iter::next(th, iterator.borrow())? {
            None => Ok(items),
            Some(_extra) => Err(too_many(th, iterable, count)),
        };
    };
    while let Some(item) = iter::next(th, iterator.borrow())? {
        items.push(item);
    }
    if items.len() < count + after {
        return Err(too_few(th, count + after, items.len()));
    }
    Ok(items)
}

fn too_few(th: &Thread, wanted: usize, got: usize) -> Raised {
    raise!(th, VALUE_ERROR, "not enough values to unpack (expected at least {wanted}, got {got})")
}

/// Says how many there were where that costs nothing to know.
fn too_many(th: &Thread, iterable: Borrowed<'_>, count: usize) -> Raised {
    let sized =
        iterable.is_exact::<List>() || iterable.is_exact::<Tuple>() || iterable.is_exact::<Dict>();
    if sized
        && let Ok(len) = object::len(th, iterable)
        && len > count
    {
        return raise!(th, VALUE_ERROR, "too many values to unpack (expected {count}, got {len})");
    }
    raise!(th, VALUE_ERROR, "too many values to unpack (expected {count})")
}

fn cannot_unpack(th: &Thread, iterable: Borrowed<'_>, raised: Raised) -> Raised {
    let ty = iterable.ty();
    if !th.exception_matches(exc::TYPE_ERROR)
        || ty.get().raw().tp_iter.is_some()
        || sequence::check(iterable)
    {
        return raised;
    }
    drop(th.take_raised(raised));
    raise!(th, TYPE_ERROR, "cannot unpack non-iterable {} object", ty.tp_name())
}

/// Handlers in registers.
pub mod hot {
    use krait_abi as abi;

    use super::super::cold::{Dealloc, deopt};
    use super::super::specialize::layout;
    use super::super::state::{Dispatch, State};
    use super::StackRef;

    const UNPACK_SEQUENCE: usize = 2;

    /// Replaces the sequence on top by its items, the first on top, and releases it.
    #[inline(always)]
    unsafe fn spread<D: Dispatch>(s: State, items: *const *mut abi::PyObject) -> D::Out {
        // SAFETY: (9): there are as many items as the argument says.
        unsafe {
            let sequence = s.peek(1);
            let mut s = s.drop(1);
            let mut index = s.arg;
            while index > 0 {
                index -= 1;
                s = s.push(StackRef::new(*items.add(index)));
            }
            let s = s.skip(UNPACK_SEQUENCE);
            if sequence.release() {
                return D::cold::<Dealloc>(s, sequence.bits());
            }
            D::next(s)
        }
    }

    #[inline(always)]
    pub unsafe fn unpack_sequence_two_tuple<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); the checks make the operand what is read.
        unsafe {
            let tuple = s.peek(1).ptr();
            if !layout::is_tuple(tuple) || layout::size(tuple) != 2 {
                return deopt::<D>(s);
            }
            let items = layout::tuple_items(tuple);
            let (first, second) = (StackRef::new(*items), StackRef::new(*items.add(1)));
            let sequence = s.peek(1);
            s.poke(1, second);
            let s = s.push(first).skip(UNPACK_SEQUENCE);
            if sequence.release() {
                return D::cold::<Dealloc>(s, sequence.bits());
            }
            D::next(s)
        }
    }

    #[inline(always)]
    pub unsafe fn unpack_sequence_tuple<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); the checks make the operand what is read.
        unsafe {
            let tuple = s.peek(1).ptr();
            if !layout::iterates_as_tuple(tuple) || layout::size(tuple) as usize != s.arg {
                return deopt::<D>(s);
            }
            spread::<D>(s, layout::tuple_items(tuple))
        }
    }

    #[inline(always)]
    pub unsafe fn unpack_sequence_list<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); the checks make the operand what is read.
        unsafe {
            let list = s.peek(1).ptr();
            if !layout::is_list(list) || layout::size(list) as usize != s.arg {
                return deopt::<D>(s);
            }
            spread::<D>(s, (*list.cast::<abi::PyListObject>()).ob_item)
        }
    }
}

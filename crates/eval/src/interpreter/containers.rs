//! Building, indexing and filling containers.

use krait_objects::dict::OnConflict;
use krait_objects::list::assign_slice;
use krait_objects::prelude::*;
use krait_objects::set::Set;
use krait_objects::slice::{Slice, SliceRange, plain_bound};

use super::op::Op;
use crate::frame::Held;

pub fn build_tuple(op: Op<'_>) -> PyResult<()> {
    let items = op.own_top(op.arg);
    // SAFETY: the stack's own references move: it forgets them once they are in the tuple.
    let tuple = unsafe { Tuple::from_raw(op.th, items.as_ptr().cast(), items.len())? };
    op.pop_slice(op.arg);
    op.push(tuple);
    Ok(())
}

pub fn build_list(op: Op<'_>) -> PyResult<()> {
    let items = op.own_top(op.arg);
    // SAFETY: as in `build_tuple`.
    let list = unsafe { List::from_raw(op.th, items.as_ptr().cast(), items.len())? };
    op.pop_slice(op.arg);
    op.push(list);
    Ok(())
}

pub fn build_set(op: Op<'_>) -> PyResult<()> {
    let set = Set::new(op.th)?;
    for depth in (1..=op.arg).rev() {
        set.add(op.th, op.peek(depth))?;
    }
    op.release_top(op.arg);
    op.push(set);
    Ok(())
}

pub fn build_map(op: Op<'_>) -> PyResult<()> {
    let dict = Dict::new(op.th)?;
    for depth in (1..=op.arg).rev() {
        dict.set(op.th, op.peek(2 * depth), op.peek(2 * depth - 1))?;
    }
    op.release_top(2 * op.arg);
    op.push(dict);
    Ok(())
}

/// The value in a bound of a slice.
fn bound(value: &Held) -> Owned {
    value.get().to_owned()
}

pub fn build_slice(op: Op<'_>) -> PyResult<()> {
    let slice = if op.arg == 3 {
        let [start, stop, step] = op.pop();
        Slice::new(op.th, bound(&start), bound(&stop), bound(&step))?
    } else {
        let [start, stop] = op.pop();
        Slice::new(op.th, bound(&start), bound(&stop), none().to_owned())?
    };
    op.push(slice);
    Ok(())
}

/// What most slices are: a part of a text, list or tuple between plain bounds. No slice object is made.
fn plain_slice(
    th: &Thread,
    container: Borrowed<'_>,
    (start, stop): (Borrowed<'_>, Borrowed<'_>),
) -> PyResult<Option<Owned>> {
    let (Some(start), Some(stop)) = (plain_bound(start, 0), plain_bound(stop, isize::MAX)) else {
        return Ok(None);
    };
    let range = |len| SliceRange::of(start, stop, 1, len).bounds();
    Ok(if let Some(text) = container.downcast_exact::<Str>() {
        let (start, end) = range(text.len());
        Some(text.get().substring(th, start, end)?.into_object())
    } else if let Some(list) = container.downcast_exact::<List>() {
        let (start, end) = range(list.len());
        Some(list.get().slice(th, start, end - start)?.into_object())
    } else if let Some(tuple) = container.downcast_exact::<Tuple>() {
        let (start, end) = range(tuple.len());
        Some(Tuple::slice(tuple, th, start, end)?.into_object())
    } else {
        None
    })
}

/// `container[start:stop]`.
pub fn binary_slice(op: Op<'_>) -> PyResult<()> {
    let [container, start, stop] = op.pop();
    if let Some(part) = plain_slice(op.th, container.get(), (start.get(), stop.get()))? {
        op.push(part);
        return Ok(());
    }
    let slice = Slice::new(op.th, bound(&start), bound(&stop), none().to_owned())?;
    op.push(object::get_item(op.th, container.get(), slice.object())?);
    Ok(())
}

/// `container[start:stop] = value`.
pub fn store_slice(op: Op<'_>) -> PyResult<()> {
    let [value, container, start, stop] = op.pop();
    if let Some(list) = container.get().downcast_exact::<List>()
        && let Some(from) = plain_bound(start.get(), 0)
        && let Some(to) = plain_bound(stop.get(), isize::MAX)
    {
        return assign_slice(list, op.th, (from, to), Some(value.get()));
    }
    let slice = Slice::new(op.th, bound(&start), bound(&stop), none().to_owned())?;
    object::set_item(op.th, container.get(), slice.object(), value.get())
}

#[inline(always)]
pub fn store_subscr(op: Op<'_>) -> PyResult<()> {
    let [value, container, key] = op.pop();
    object::set_item(op.th, container.get(), key.get(), value.get())
}

pub fn delete_subscr(op: Op<'_>) -> PyResult<()> {
    let [container, key] = op.pop();
    object::del_item(op.th, container.get(), key.get())
}

#[inline(always)]
pub fn contains_op(op: Op<'_>) -> PyResult<()> {
    let [item, container] = op.pop();
    let found = sequence::contains(op.th, container.get(), item.get())?;
    op.push_bool(found != (op.arg != 0));
    Ok(())
}

pub fn get_len(op: Op<'_>) -> PyResult<()> {
    let len = object::len(op.th, op.peek(1))?;
    op.push(Int::from_usize(op.th, len)?);
    Ok(())
}

/// The container that a comprehension or display is filling, below the operands that have been popped.
/// It is of its kind in all code that a compiler makes; SystemError in other code.
#[inline(always)]
fn filling<'a, T: Instance>(op: Op<'a>) -> PyResult<Borrowed<'a, T>> {
    op.peek(op.arg).downcast::<T>().ok_or_else(|| op.th.bad_internal_call())
}

pub fn list_append(op: Op<'_>) -> PyResult<()> {
    let item = op.pop1();
    filling::<List>(op)?.push(op.th, item.into_owned())
}

pub fn set_add(op: Op<'_>) -> PyResult<()> {
    let item = op.pop1();
    // The names of annotations that ran are kept in a variable, which the program may overwrite.
    let container = op.peek(op.arg);
    match container.downcast::<Set>() {
        Some(set) => set.get().add(op.th, item.get()),
        None => Err(raise!(op.th, TYPE_ERROR, "'{}' object is not a set", container.type_name())),
    }
}

pub fn map_add(op: Op<'_>) -> PyResult<()> {
    let [key, value] = op.pop();
    filling::<Dict>(op)?.set(op.th, key.get(), value.get())
}

pub fn list_extend(op: Op<'_>) -> PyResult<()> {
    let iterable = op.pop1();
    match filling::<List>(op)?.extend(op.th, iterable.get()) {
        Ok(()) => Ok(()),
        Err(raised) => Err(not_iterable(op.th, iterable.get(), raised)),
    }
}

/// The unpacking's own words for a value that cannot be iterated at all.
fn not_iterable(th: &Thread, iterable: Borrowed<'_>, raised: Raised) -> Raised {
    let ty = iterable.ty();
    if !th.exception_matches(exc::TYPE_ERROR)
        || ty.get().raw().tp_iter.is_some()
        || sequence::check(iterable)
    {
        return raised;
    }
    drop(th.take_raised(raised));
    raise!(th, TYPE_ERROR, "Value after * must be an iterable, not {}", ty.tp_name())
}

pub fn set_update(op: Op<'_>) -> PyResult<()> {
    let iterable = op.pop1();
    filling::<Set>(op)?.update(op.th, iterable.get())
}

pub fn dict_update(op: Op<'_>) -> PyResult<()> {
    let update = op.pop1();
    match filling::<Dict>(op)?.merge(op.th, update.get(), true) {
        Ok(()) => Ok(()),
        Err(raised) => match op.th.take_if(raised, exc::ATTRIBUTE_ERROR) {
            Ok(_replaced) => {
                Err(raise!(op.th, TYPE_ERROR, "'{}' object is not a mapping", update.type_name()))
            }
            Err(raised) => Err(raised),
        },
    }
}

/// `**update` in a call: keywords must be new.
pub fn dict_merge(op: Op<'_>) -> PyResult<()> {
    let update = op.pop1();
    let callable = op.peek(op.arg + 3);
    let merged = filling::<Dict>(op)?.merge_with(op.th, update.get(), OnConflict::Refuse);
    merged.map_err(|raised| super::calls::keywords_error(op.th, callable, update.get(), raised))
}

/// Handlers of specialised forms: the type is checked in registers, the work is done without the protocol.
pub mod hot {
    use krait_abi as abi;
    use krait_objects::gc;
    use krait_objects::prelude::*;
    use krait_objects::set::Set;

    use super::super::cold::{Rare, ReleaseOperands, deopt};
    use super::super::op::Op;
    use super::super::specialize::layout::{self, compact_int};
    use super::super::state::{Cold, Dispatch, Operation, State};
    use crate::code::CodeUnit;
    use crate::frame::StackRef;

    /// Units of `STORE_SUBSCR` with its cache.
    const STORE_SUBSCR: usize = 2;

    /// In line, if the list has room.
    #[inline(always)]
    pub unsafe fn list_append<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); the check makes the container what is written.
        unsafe {
            let list = s.peek(s.arg + 1).ptr();
            if !layout::is_list(list) {
                return D::cold::<Rare<ListAppend>>(s, 0);
            }
            let list: *mut abi::PyListObject = list.cast();
            let len = (*list).ob_base.ob_size;
            if (*list).allocated <= len {
                return D::cold::<Rare<ListAppend>>(s, 0);
            }
            *(*list).ob_item.offset(len) = s.peek(1).into_heap_safe().ptr();
            (*list).ob_base.ob_size = len + 1;
            D::next(s.drop(1).skip(1))
        }
    }

    /// Of few items, with memory at hand: no call.
    #[inline(always)]
    pub unsafe fn build_tuple<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9): `arg` references move from the stack into a block for as many.
        unsafe {
            let block = Tuple::reuse(s.thread(), s.arg);
            if block.is_null() {
                return D::cold::<Rare<BuildTuple>>(s, 0);
            }
            let from = s.sp.sub(s.arg);
            let to = layout::tuple_items(block).cast_mut();
            let mut flags = 0;
            for at in 0..s.arg {
                let item = (*from.add(at)).into_heap_safe().ptr();
                to.add(at).write(item);
                flags |= (*(*item).ob_type).tp_flags;
            }
            *from = StackRef::from_bits(block as usize);
            let s = s.drop(s.arg - 1).skip(1);
            // Without items that the collector follows, a tuple cannot be in a cycle.
            if flags & abi::Py_TPFLAGS_HAVE_GC != 0 && gc::track_quietly(s.thread(), block) {
                return D::cold::<AskForCollection>(s, 0);
            }
            D::next(s)
        }
    }

    struct BuildTuple;

    impl Operation for BuildTuple {
        #[inline(always)]
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            super::build_tuple(op)?;
            Ok(op.next())
        }
    }

    struct AskForCollection;

    impl Cold for AskForCollection {
        #[inline(always)]
        unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
            gc::ask(s.thread());
            // SAFETY: the state is complete.
            unsafe { D::next(s) }
        }
    }

    struct ListAppend;

    impl Operation for ListAppend {
        #[inline(always)]
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            super::list_append(op)?;
            Ok(op.next())
        }
    }

    #[inline(always)]
    pub unsafe fn contains_op_dict<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            if !layout::is_dict(s.peek(1).ptr()) {
                return deopt::<D>(s);
            }
            D::out_of_line::<ContainsDict>(s)
        }
    }

    struct ContainsDict;

    impl Operation for ContainsDict {
        #[inline(always)]
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            let [item, container] = op.pop();
            // SAFETY: the handler has checked the type.
            let dict: Borrowed<'_, Dict> = unsafe { container.get().cast() };
            let found = dict.get().contains(op.th, item.get())?;
            op.push_bool(found != (op.arg != 0));
            Ok(op.next())
        }
    }

    #[inline(always)]
    pub unsafe fn contains_op_set<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let set = s.peek(1).ptr();
            if !layout::is_set(set) && !layout::is_frozen_set(set) {
                return deopt::<D>(s);
            }
            D::out_of_line::<ContainsSet>(s)
        }
    }

    struct ContainsSet;

    impl Operation for ContainsSet {
        #[inline(always)]
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            let [item, container] = op.pop();
            // SAFETY: the handler has checked the type; both kinds of set are laid out alike.
            let set: Borrowed<'_, Set> = unsafe { container.get().cast() };
            let found = set.get().contains_element(op.th, item.get())?;
            op.push_bool(found != (op.arg != 0));
            Ok(op.next())
        }
    }

    #[inline(always)]
    pub unsafe fn store_subscr_dict<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            if !layout::is_dict(s.peek(2).ptr()) {
                return deopt::<D>(s);
            }
            D::out_of_line::<StoreDict>(s)
        }
    }

    struct StoreDict;

    impl Operation for StoreDict {
        #[inline(always)]
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            let [value, container, key] = op.pop();
            // SAFETY: the handler has checked the type.
            let dict: Borrowed<'_, Dict> = unsafe { container.get().cast() };
            dict.get().set(op.th, key.get(), value.get())?;
            Ok(op.next())
        }
    }

    /// `list[index] = value` within the list: the old item takes the value's place until it is released.
    #[inline(always)]
    pub unsafe fn store_subscr_list_int<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); the checks make the operands what is read.
        unsafe {
            let (list, index) = (s.peek(2).ptr(), s.peek(1).ptr());
            if !layout::is_list(list) || !layout::is_int(index) {
                return deopt::<D>(s);
            }
            let list: *mut abi::PyListObject = list.cast();
            let len = (*list).ob_base.ob_size;
            let Some(at) = compact_int(index) else {
                return deopt::<D>(s);
            };
            let at = if at < 0 { at + len as i64 } else { at };
            if at < 0 || at >= len as i64 || s.peek(1).is_counted() {
                return deopt::<D>(s);
            }
            let slot = (*list).ob_item.offset(at as isize);
            let old = StackRef::steal(*slot);
            *slot = s.peek(3).into_owned().into_ptr();
            let container = s.peek(2);
            s.poke(3, old);
            let s = s.drop(3).skip(STORE_SUBSCR);
            if old.is_counted() | container.is_counted() {
                return D::cold::<ReleaseOperands>(s, container.bits());
            }
            D::next(s)
        }
    }
}

//! Iteration: `iter`, `next`, and their asynchronous forms.

use krait_objects::prelude::*;

use super::op::Op;
use super::suspend;
use super::unwind::tell_of_stop;
use crate::code::CodeUnit;
use crate::frame::StackRef;
use crate::generator::{AsyncGenerator, Generator, awaitable};

pub fn get_iter(op: Op<'_>) -> PyResult<()> {
    let iterable = op.pop1();
    op.push(iter::get_iter(op.th, iterable.get())?);
    Ok(())
}

/// The next item on the stack; at the end, on to the `POP_ITER` behind the loop.
#[inline]
pub fn for_iter(op: Op<'_>) -> PyResult<*const CodeUnit> {
    let iterator = op.peek(1);
    if let Some(generator) = iterator.downcast_exact::<Generator>()
        && suspend::can_resume(op, generator)
    {
        // SAFETY: just checked.
        return Ok(unsafe { suspend::resume(op, generator, StackRef::none()) });
    }
    match next_item(op)? {
        Some(item) => {
            op.push(item);
            Ok(op.next())
        }
        None => Ok(behind_loop(op)),
    }
}

/// The next item of the iterator on top; an iterator's StopIteration is its regular end.
#[inline]
pub fn next_item(op: Op<'_>) -> PyResult<Option<Owned>> {
    match suspend::iter_next_raw(op.th, op.peek(1)) {
        Ok(item) => Ok(item),
        Err(raised) => {
            tell_of_stop(op.th);
            op.th.take_if(raised, exc::STOP_ITERATION).map(|_end| None)
        }
    }
}

/// What `FOR_ITER` makes of an iterator that has given nothing, or is none.
fn no_item(op: Op<'_>) -> PyResult<*const CodeUnit> {
    if op.peek(1).ty().get().raw().tp_iternext.is_none() {
        return for_iter(op);
    }
    if op.th.is_raised() {
        tell_of_stop(op.th);
        let _end = op.th.take_if(op.th.raised_by_c(), exc::STOP_ITERATION)?;
    }
    Ok(behind_loop(op))
}

/// Where `FOR_ITER` goes on when there are no more items.
pub fn behind_loop(op: Op<'_>) -> *const CodeUnit {
    // SAFETY: (8): the argument leads to `END_FOR`, which only generators need.
    unsafe { op.next().add(op.arg + 1) }
}

pub fn get_aiter(op: Op<'_>) -> PyResult<()> {
    let iterable = op.pop1();
    let ty = iterable.ty();
    // SAFETY: a type's `tp_as_async` is null or points to its suite.
    let slot = unsafe { ty.get().raw().tp_as_async.as_ref() }.and_then(|suite| suite.am_aiter);
    let Some(am_aiter) = slot else {
        return Err(raise!(
            op.th,
            TYPE_ERROR,
            "'async for' requires an object with __aiter__ method, got {}",
            ty.tp_name()
        ));
    };
    // SAFETY: the slot's contract.
    let iterator = unsafe { Owned::<Object>::from_ptr_or_null(am_aiter(iterable.get().as_ptr())) };
    let Some(iterator) = iterator else { return Err(op.th.raised_by_c()) };
    if awaitable::anext_slot(&iterator.ty()).is_none() {
        return Err(raise!(
            op.th,
            TYPE_ERROR,
            "'async for' received an object from __aiter__ that does not implement __anext__: {}",
            iterator.ty().tp_name()
        ));
    }
    op.push(iterator);
    Ok(())
}

/// An awaitable for the next item, above the iterator.
pub fn get_anext(op: Op<'_>) -> PyResult<()> {
    let iterator = op.peek(1);
    let Some(am_anext) = awaitable::anext_slot(&iterator.ty()) else {
        return Err(raise!(
            op.th,
            TYPE_ERROR,
            "'async for' requires an iterator with __anext__ method, got {}",
            iterator.ty().tp_name()
        ));
    };
    // SAFETY: the slot's contract.
    let next = unsafe { Owned::<Object>::from_ptr_or_null(am_anext(iterator.as_ptr())) };
    let Some(next) = next else { return Err(op.th.raised_by_c()) };
    if iterator.is_exact::<AsyncGenerator>() {
        op.push(next);
        return Ok(());
    }
    match awaitable::get_iter(op.th, next.borrow()) {
        Ok(awaitable) => {
            op.push(awaitable);
            Ok(())
        }
        Err(raised) => Err(awaitable::invalid_anext(op.th, next.borrow(), raised)),
    }
}

/// Handlers in registers.
pub mod hot {
    use krait_abi as abi;
    use krait_objects::error::PyResult;
    use krait_objects::handle::Borrowed;
    use krait_objects::list::List;
    use krait_objects::str::iterator::StrAsciiIterator;
    use krait_objects::tuple::Tuple;

    pub use super::super::suspend::hot::for_iter_gen;

    use super::super::YIELD_OFFSET;
    use super::super::cold::{self, Rare, deopt};
    use super::super::integers::{at_hand, new_int};
    use super::super::op::Op;
    use super::super::specialize::layout;
    use super::super::state::{Cold, Dispatch, Operation, State};
    use crate::code::CodeUnit;
    use crate::frame::StackRef;
    use crate::generator::Generator;

    /// Goes on behind the loop, at its `POP_ITER`.
    #[inline(always)]
    unsafe fn exhausted<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (8).
        unsafe { D::next(s.skip(YIELD_OFFSET + s.arg + 1)) }
    }

    /// The generic form. Characters of ASCII text, which no specialised form knows, need no call.
    #[inline(always)]
    pub unsafe fn for_iter<D: Dispatch>(s: State) -> D::Out {
        struct ForIter;
        impl Operation for ForIter {
            fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
                super::for_iter(op)
            }
        }
        // SAFETY: the iterator is live; the instruction has a cache.
        unsafe {
            let iterator: Borrowed<'_> = Borrowed::from_ptr(s.peek(1).ptr());
            if let Some(characters) = iterator.downcast_exact::<StrAsciiIterator>()
                && let Some(character) = characters.get().advance()
            {
                return D::next(s.push(StackRef::new(character.as_ptr())).skip(YIELD_OFFSET));
            }
            if cold::counter_triggers(s) {
                return D::cold::<cold::Specialize>(s, 0);
            }
            if iterator.is_exact::<Generator>() {
                return D::cold::<Rare<ForIter>>(s, 0);
            }
            D::cold::<NextItem>(s, 0)
        }
    }

    /// Asks the iterator's type.
    struct NextItem;

    impl Cold for NextItem {
        #[inline(always)]
        unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
            // SAFETY: (9), and the slot's contract. Only the thread and the argument are kept during the call.
            unsafe {
                s.save();
                let iterator = s.peek(1).ptr();
                let Some(next) = (*(*iterator).ob_type).tp_iternext else {
                    return D::cold::<Rare<NoItem>>(s, 0);
                };
                let item = next(iterator);
                let s = State { arg: s.arg, ..State::reload(s.th, s.ip) };
                if item.is_null() {
                    return D::cold::<Rare<NoItem>>(s, 0);
                }
                D::next(s.push(StackRef::steal(item)).skip(YIELD_OFFSET))
            }
        }
    }

    /// The iterator has given nothing: by its regular end or by an exception.
    struct NoItem;

    impl Operation for NoItem {
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            super::no_item(op)
        }
    }

    #[inline(always)]
    pub unsafe fn for_iter_list<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: an exact list iterator has this layout, its list this one.
        unsafe {
            let ob = s.peek(1).ptr();
            if !layout::is_list_iterator(ob) {
                return deopt::<D>(s);
            }
            let iterator: *mut abi::_PyListIterObject = ob.cast();
            let list: *mut abi::PyListObject = (*iterator).it_seq;
            if list.is_null() {
                return exhausted::<D>(s);
            }
            let index = (*iterator).it_index;
            if index as usize >= (*list).ob_base.ob_size as usize {
                return D::cold::<ListExhausted>(s, 0);
            }
            (*iterator).it_index = index + 1;
            let item = *(*list).ob_item.offset(index);
            D::next(s.push(StackRef::new(item)).skip(YIELD_OFFSET))
        }
    }

    /// Lets go of the list, then leaves the loop.
    struct ListExhausted;

    impl Cold for ListExhausted {
        #[inline(always)]
        unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
            // SAFETY: the iterator's reference to its list.
            unsafe {
                s.save();
                let iterator: *mut abi::_PyListIterObject = s.peek(1).ptr().cast();
                (*iterator).it_index = -1;
                let list = std::mem::replace(&mut (*iterator).it_seq, std::ptr::null_mut());
                drop(krait_objects::handle::Owned::<List>::from_ptr_or_null(list.cast()));
                exhausted::<D>(s)
            }
        }
    }

    #[inline(always)]
    pub unsafe fn for_iter_tuple<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: an exact tuple iterator has this layout.
        unsafe {
            let ob = s.peek(1).ptr();
            if !layout::is_tuple_iterator(ob) {
                return deopt::<D>(s);
            }
            let iterator: *mut abi::_PyTupleIterObject = ob.cast();
            let tuple: *mut abi::PyTupleObject = (*iterator).it_seq;
            if tuple.is_null() {
                return exhausted::<D>(s);
            }
            let index = (*iterator).it_index;
            if index >= (*tuple).ob_base.ob_size {
                return D::cold::<TupleExhausted>(s, 0);
            }
            (*iterator).it_index = index + 1;
            let item = *(&raw const (*tuple).ob_item).cast::<*mut abi::PyObject>().offset(index);
            D::next(s.push(StackRef::new(item)).skip(YIELD_OFFSET))
        }
    }

    struct TupleExhausted;

    impl Cold for TupleExhausted {
        #[inline(always)]
        unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
            // SAFETY: the iterator's reference to its tuple.
            unsafe {
                s.save();
                let iterator: *mut abi::_PyTupleIterObject = s.peek(1).ptr().cast();
                let tuple = std::mem::replace(&mut (*iterator).it_seq, std::ptr::null_mut());
                drop(krait_objects::handle::Owned::<Tuple>::from_ptr_or_null(tuple.cast()));
                exhausted::<D>(s)
            }
        }
    }

    #[inline(always)]
    pub unsafe fn for_iter_range<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: an exact range iterator has this layout.
        unsafe {
            let ob = s.peek(1).ptr();
            if !layout::is_range_iterator(ob) {
                return deopt::<D>(s);
            }
            let iterator: *mut abi::_PyRangeIterObject = ob.cast();
            let len = (*iterator).len;
            if len <= 0 {
                return exhausted::<D>(s);
            }
            let value = (*iterator).start;
            (*iterator).start = value.wrapping_add((*iterator).step);
            (*iterator).len = len - 1;
            match at_hand(s, value) {
                Some(item) => D::next(s.push(item).skip(YIELD_OFFSET)),
                None => D::cold::<RangeItem>(s, value as usize),
            }
        }
    }

    /// An item that needs memory of the heap.
    struct RangeItem;

    impl Cold for RangeItem {
        #[inline(always)]
        unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
            // SAFETY: (9); a new reference, or null with an exception.
            unsafe {
                let item = new_int(s.th, x as i64);
                if item.is_null() {
                    return D::next(s.unwinding());
                }
                D::next(s.push(StackRef::steal(item)).skip(YIELD_OFFSET))
            }
        }
    }
}

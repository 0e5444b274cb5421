//! Generators, coroutines and what waits for them: `yield`, `await`, `yield from`, `async for`.
//!
//! A generator of ours is resumed by going on in its frame, without a native call.

use krait_bytecode::code_flags;
use krait_objects::prelude::*;

use super::evaluator;
use super::exceptions::exception_in;
use super::op::Op;
use super::unwind::{tell_of_stop, unwind_again};
use crate::code::CodeUnit;
use crate::frame::{self, Frame, OWNED_BY_GENERATOR, StackRef};
use crate::generator::{self, AsyncGenSend, Coroutine, Generator, Step, awaitable};

/// Makes a generator out of the frame that has just begun, and returns it to the caller.
pub fn return_generator(op: Op<'_>) -> PyResult<*const CodeUnit> {
    // SAFETY: (7): the frame is the current one.
    unsafe {
        if evaluator::is_set(op.th) {
            return Ok(evaluator::hand_over(op.th, op.frame));
        }
        let caller = (*op.frame).previous;
        let generator = move_into_generator(op.th, op.frame)?;
        *(*caller).sp = StackRef::from_fresh(generator);
        (*caller).sp = (*caller).sp.add(1);
        Ok((*caller).ip.add((*caller).return_offset as usize))
    }
}

/// Makes a generator out of the current frame, and its caller the current one.
///
/// # Safety
/// The frame has come to the instruction that does this.
pub unsafe fn move_into_generator(th: &Thread, frame: *mut Frame) -> PyResult<Owned<Generator>> {
    // SAFETY: (4) to (7): the frame moves into the generator, which owns it from then on.
    unsafe {
        let generator = generator::from_function(th, Frame::function(frame))?;
        let inside = generator.frame();
        (*frame).ip = (*frame).ip.add(1);
        Frame::move_to_heap(frame, inside);
        if let Some(object) = (*inside).object.as_ref() {
            object.frame.set(inside);
        }
        (*inside).owner = OWNED_BY_GENERATOR;
        generator.frame_state.set(generator::CREATED);
        krait_objects::gc::track(th, generator.borrow());
        (*th.raw()).py_recursion_remaining += 1;
        frame::set_current(th, (*frame).previous);
        frame::datastack::pop(th, frame);
        Ok(generator)
    }
}

/// `receiver.send(value)` of a delegation; the receiver is resumed in place if it is ours.
pub fn send(op: Op<'_>) -> PyResult<*const CodeUnit> {
    let receiver = op.peek(2);
    if let Some(ip) = resume_in_place(op, receiver) {
        return Ok(ip);
    }
    let value = op.pop1();
    let result = if let Some(awaitable) = receiver.downcast_exact::<AsyncGenSend>() {
        match awaitable.get().advance(op.th, value.get()) {
            Ok(Step::Passed(passed)) => Ok(Some(passed)),
            // No exception is made of what only this instruction would see.
            Ok(Step::Item(item)) if !crate::monitoring::is_on(op.th) => {
                op.push(item);
                // SAFETY: (8): the argument leads to `END_SEND`.
                return Ok(unsafe { op.next().add(op.arg) });
            }
            Ok(Step::Item(item)) => Err(generator::raise_stop(op.th, item.borrow())),
            Err(raised) => Err(raised),
        }
    } else if value.is_none() && iter::is_iterator(receiver) {
        iter_next_raw(op.th, receiver)
    } else {
        call::call_method(op.th, receiver, id::send, &[value.get()]).map(Some)
    };
    let raised = match result {
        Ok(Some(result)) => {
            op.push(result);
            return Ok(op.next());
        }
        Ok(None) => None,
        Err(raised) => {
            tell_of_stop(op.th);
            Some(raised)
        }
    };
    op.push(generator::stop_value(op.th, raised)?);
    // SAFETY: (8): the argument leads to `END_SEND`.
    Ok(unsafe { op.next().add(op.arg) })
}

/// `tp_iternext`, with StopIteration left set for its value.
#[inline]
pub fn iter_next_raw(th: &Thread, iterator: Borrowed<'_>) -> PyResult<Option<Owned>> {
    let Some(next) = iterator.ty().get().raw().tp_iternext else {
        let ty = iterator.type_name();
        return Err(raise!(th, TYPE_ERROR, "'{ty}' object is not an iterator"));
    };
    // SAFETY: a live iterator, and the slot's contract.
    match unsafe { Owned::from_ptr_or_null(next(iterator.as_ptr())) } {
        Some(item) => Ok(Some(item)),
        None if th.is_raised() => Err(th.raised_by_c()),
        None => Ok(None),
    }
}

/// Goes on in the receiver's frame with the value on top of the stack, if it is a generator or coroutine of
/// ours that waits.
fn resume_in_place(op: Op<'_>, receiver: Borrowed<'_>) -> Option<*const CodeUnit> {
    if !receiver.is_exact::<Generator>() && !receiver.is_exact::<Coroutine>() {
        return None;
    }
    // SAFETY: coroutines are laid out as generators.
    let generator: Borrowed<'_, Generator> = unsafe { receiver.cast() };
    if !can_resume(op, generator) {
        return None;
    }
    let value = op.pop1().into_ref();
    // SAFETY: the generator waits; the frame's state is saved.
    Some(unsafe { resume(op, generator, value) })
}

/// Whether the generator waits, and its return would find its way by `return_offset`.
pub fn can_resume(op: Op<'_>, generator: Borrowed<'_, Generator>) -> bool {
    // SAFETY: the thread is ours.
    let depth = unsafe { (*op.th.raw()).py_recursion_remaining };
    generator.frame_state.get() < generator::EXECUTING && op.arg < 0xff00 && depth > 1
}

/// Links the generator's frame in and answers where it goes on. When it returns, the current frame goes on
/// `arg` units behind the instruction.
///
/// # Safety
/// `can_resume` has answered true.
pub unsafe fn resume(
    op: Op<'_>,
    generator: Borrowed<'_, Generator>,
    value: StackRef,
) -> *const CodeUnit {
    // SAFETY: (7), (8).
    unsafe {
        (*op.frame).return_offset = op.next().add(op.arg).offset_from(op.ip()) as u16;
        generator.enter(op.th, value);
        (*op.th.raw()).py_recursion_remaining -= 1;
        let inside = generator.frame();
        (*inside).previous = op.frame;
        frame::set_current(op.th, inside);
        (*inside).ip
    }
}

pub fn get_awaitable(op: Op<'_>) -> PyResult<()> {
    let iterable = op.pop1();
    let iterator = match awaitable::get_iter(op.th, iterable.get()) {
        Ok(iterator) => iterator,
        Err(raised) => {
            let method = match op.arg {
                1 => "__aenter__",
                2 => "__aexit__",
                _ => return Err(raised),
            };
            return Err(awaitable::with_error(op.th, iterable.get(), method, raised));
        }
    };
    if let Some(coroutine) = iterator.borrow().downcast_exact::<Coroutine>()
        && coroutine.generator().delegate().is_some()
    {
        return Err(op.th.raise(exc::RUNTIME_ERROR, "coroutine is being awaited already"));
    }
    op.push(iterator);
    Ok(())
}

pub fn get_yield_from_iter(op: Op<'_>) -> PyResult<()> {
    let iterable = op.peek(1);
    if iterable.is_exact::<Generator>() {
        return Ok(());
    }
    if iterable.is_exact::<Coroutine>() {
        let flags = op.code().flags as u32;
        if flags & (code_flags::COROUTINE | code_flags::ITERABLE_COROUTINE) == 0 {
            let message = "cannot 'yield from' a coroutine object in a non-coroutine generator";
            return Err(op.th.raise(exc::TYPE_ERROR, message));
        }
        return Ok(());
    }
    let iterator = iter::get_iter(op.th, iterable)?;
    drop(op.pop1());
    op.push(iterator);
    Ok(())
}

/// An exception came out of the receiver of a delegation while one was thrown in: StopIteration ends the
/// delegation with its value.
pub fn cleanup_throw(op: Op<'_>) -> PyResult<*const CodeUnit> {
    let exception = op.peek(1);
    if !exception.ty().is_subtype(exc::STOP_ITERATION) {
        let raised = exception_in(op.th, op.pop1())?;
        let _raised = op.th.set_exception(raised);
        return Ok(unwind_again(op.th, op.ip()));
    }
    let value = generator::stop_iteration_value(op.th, exception)?;
    let [receiver, last, exception] = op.pop();
    op.push_ref(StackRef::none());
    op.push(value);
    drop((exception, last, receiver));
    Ok(op.next())
}

/// The end of `async for`: StopAsyncIteration is the regular one.
pub fn end_async_for(op: Op<'_>) -> PyResult<*const CodeUnit> {
    let [awaitable, exception] = op.pop();
    if exception.ty().is_subtype(exc::STOP_ASYNC_ITERATION) {
        drop((exception, awaitable));
        return Ok(op.next());
    }
    let exception = exception_in(op.th, exception)?;
    let _raised = op.th.set_exception(exception);
    drop(awaitable);
    Ok(unwind_again(op.th, op.ip()))
}

/// Handlers in registers.
pub mod hot {
    use super::super::YIELD_OFFSET;
    use super::super::cold::deopt;
    use super::super::state::{Dispatch, State};
    use crate::frame;
    use crate::generator::{self, Coroutine, Generator};
    use krait_objects::handle::Borrowed;

    /// Suspends the frame and hands the value to whoever resumed it.
    #[inline(always)]
    pub unsafe fn yield_value<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (7), (9): the frame belongs to a generator that runs.
        unsafe {
            let value = s.peek(1).into_heap_safe();
            let frame = s.frame;
            (*frame).ip = s.ip.add(1);
            (*frame).sp = s.sp.sub(1);
            let generator = &*Generator::of_frame(frame);
            generator.frame_state.set(generator::SUSPENDED + s.arg as i8);
            generator.leave_handlers(s.thread());
            (*s.thread().raw()).py_recursion_remaining += 1;
            let caller = (*frame).previous;
            (*frame).previous = std::ptr::null_mut();
            frame::set_current(s.thread(), caller);
            let ip = (*caller).ip.add(YIELD_OFFSET);
            let s = State { ip, sp: (*caller).sp, frame: caller, th: s.th, arg: 0 };
            D::next(s.push(value))
        }
    }

    /// Resumes the generator or coroutine below the value.
    #[inline(always)]
    pub unsafe fn send_gen<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); the checks make `resume` valid.
        unsafe {
            let receiver = s.peek(2).get();
            if !receiver.is_exact::<Generator>() && !receiver.is_exact::<Coroutine>() {
                return deopt::<D>(s);
            }
            let generator: Borrowed<'_, Generator> = receiver.cast();
            enter::<D>(s, generator, s.drop(1), s.peek(1))
        }
    }

    /// Resumes the generator that feeds a `for`.
    #[inline(always)]
    pub unsafe fn for_iter_gen<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: as for `send_gen`.
        unsafe {
            let receiver = s.peek(1).get();
            if !receiver.is_exact::<Generator>() {
                return deopt::<D>(s);
            }
            enter::<D>(s, receiver.cast(), s, frame::StackRef::none())
        }
    }

    /// `left` is the state in which the current frame waits.
    #[inline(always)]
    unsafe fn enter<D: Dispatch>(
        s: State,
        generator: Borrowed<'_, Generator>,
        left: State,
        value: frame::StackRef,
    ) -> D::Out {
        // SAFETY: the caller's check of the type.
        unsafe {
            let recursion = (*s.thread().raw()).py_recursion_remaining;
            if generator.frame_state.get() >= generator::EXECUTING
                || s.arg >= 0xff00
                || recursion <= 1
            {
                return deopt::<D>(s);
            }
            left.save();
            (*s.frame).return_offset = (YIELD_OFFSET + s.arg) as u16;
            generator.enter(s.thread(), value);
            (*s.thread().raw()).py_recursion_remaining = recursion - 1;
            let inside = generator.frame();
            (*inside).previous = s.frame;
            frame::set_current(s.thread(), inside);
            D::next(State { ip: (*inside).ip, sp: (*inside).sp, frame: inside, th: s.th, arg: 0 })
        }
    }
}

//! Generators, coroutines and asynchronous generators: objects that own a frame.
//!
//! All three are laid out alike and share what is here: resuming, throwing, closing, finalisation. `types`
//! declares them, `coroutine` and `async_gen` have what is particular to these kinds, `awaitable` the protocol behind
//! `await`. The same job as CPython's `Objects/genobject.c`.
//!
//! Invariant 10: `frame_state` tells where the frame is: `CREATED` or `SUSPENDED` (it waits, unlinked),
//! `EXECUTING` (it is in the thread's chain, and `exc_state` in its chain of handled exceptions), `CLEARED`
//! (only `executable` is left in it).

pub mod anext;
mod async_gen;
pub mod awaitable;
mod coroutine;
mod resume;
mod types;

use std::cell::{Cell, UnsafeCell};

use krait_abi as abi;
use krait_bytecode::code_flags;
use krait_objects::prelude::*;
use krait_objects::typeobj::alloc::alloc_collected_before;

pub use async_gen::{AsyncGenSend, AsyncGenWrappedValue, Step};
pub use resume::{Resumed, raise_stop, stop_iteration_value, stop_value};
pub use types::{AsyncGenerator, Coroutine, Generator};

use crate::code::Code;
use crate::frame::{Frame, StackRef};
use crate::function::Function;

pub const CREATED: i8 = abi::FRAME_CREATED as i8;
pub const SUSPENDED: i8 = abi::FRAME_SUSPENDED as i8;
pub const SUSPENDED_YIELD_FROM: i8 = abi::FRAME_SUSPENDED_YIELD_FROM as i8;
pub const EXECUTING: i8 = abi::FRAME_EXECUTING as i8;
pub const CLEARED: i8 = abi::FRAME_CLEARED as i8;

/// What the three kinds are called in messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Generator,
    Coroutine,
    AsyncGenerator,
}

/// The types of generators and of what they answer.
pub fn types() -> Vec<&'static Type> {
    let awaitables = async_gen::types();
    [
        Generator::type_object(),
        Coroutine::type_object(),
        AsyncGenerator::type_object(),
        coroutine::CoroutineWrapper::type_object(),
        anext::AnextAwaitable::type_object(),
    ]
    .into_iter()
    .chain(awaitables)
    .collect()
}

/// A new generator of the kind that the function's code asks for, with an unfinished frame in it.
pub fn from_function(th: &Thread, function: Borrowed<'_, Function>) -> PyResult<Owned<Generator>> {
    let code = function.get().code_handle();
    let kinds = code_flags::GENERATOR | code_flags::COROUTINE | code_flags::ASYNC_GENERATOR;
    let ty = match code.flags as u32 & kinds {
        code_flags::COROUTINE => Coroutine::type_object(),
        code_flags::ASYNC_GENERATOR => AsyncGenerator::type_object(),
        _ => Generator::type_object(),
    };
    // Locals and stack are written when the frame moves in.
    let words = (code.nlocalsplus + code.stacksize) as usize;
    let generator: Owned<Generator> = alloc_collected_before(th, ty, words * size_of::<usize>())?;
    generator.frame_state.set(CLEARED);
    generator.name.set(function.get().name.get_owned());
    generator.qualname.set(function.get().qualname.get_owned());
    if std::ptr::eq(ty, Coroutine::type_object()) {
        // SAFETY: the thread is ours.
        let depth = unsafe { (*th.raw()).coroutine_origin_tracking_depth };
        if depth > 0 {
            generator.origin_or_finalizer.set(Some(coroutine::origin(th, depth)?));
        }
    }
    Ok(generator)
}

impl Generator {
    /// The generator that owns `frame`.
    #[inline(always)]
    pub fn of_frame(frame: *mut Frame) -> *mut Generator {
        frame.wrapping_byte_sub(std::mem::offset_of!(Generator, frame)).cast()
    }

    #[inline(always)]
    pub fn frame(&self) -> *mut Frame {
        self.frame.get()
    }

    pub fn code(&self) -> Borrowed<'_, Code> {
        // SAFETY: the frame's code stays as long as the generator.
        unsafe { Frame::code(self.frame()) }
    }

    pub fn kind(&self) -> Kind {
        let ob = Borrowed::from_ref(self).object();
        if ob.is_exact::<Coroutine>() {
            Kind::Coroutine
        } else if ob.is_exact::<AsyncGenerator>() {
            Kind::AsyncGenerator
        } else {
            Kind::Generator
        }
    }

    /// Marks the generator as running, with `value` as the result of the `yield` at which it waits.
    ///
    /// # Safety
    /// The generator waits; the caller links its frame in.
    #[inline(always)]
    pub unsafe fn enter(&self, th: &Thread, value: StackRef) {
        // SAFETY: (9), (10).
        unsafe {
            let frame = self.frame();
            *(*frame).sp = value;
            (*frame).sp = (*frame).sp.add(1);
            self.frame_state.set(EXECUTING);
            let state = th.raw();
            (*self.exc_state.get()).previous_item = (*state).exc_info;
            (*state).exc_info = self.exc_state.get();
        }
    }

    /// Takes the generator's level off the chain of handled exceptions.
    #[inline(always)]
    pub fn leave_handlers(&self, th: &Thread) {
        // SAFETY: (10): it is the innermost level.
        unsafe {
            let level = self.exc_state.get();
            (*th.raw()).exc_info = (*level).previous_item;
            (*level).previous_item = std::ptr::null_mut();
        }
    }

    /// What the generator delegates to by `yield from` or `await`, while it waits there.
    pub fn delegate(&self) -> Option<Owned> {
        if self.frame_state.get() != SUSPENDED_YIELD_FROM {
            return None;
        }
        // SAFETY: (10): the receiver is on top of the waiting frame's stack.
        unsafe {
            let frame = self.frame();
            Some((*(*frame).sp.sub(1)).get().to_owned())
        }
    }

    /// Releases the handled exception of a generator that has finished.
    fn clear_exc_state(&self) {
        // SAFETY: (10): the level is not linked.
        unsafe {
            let value =
                std::mem::replace(&mut (*self.exc_state.get()).exc_value, std::ptr::null_mut());
            drop(Owned::<Object>::from_ptr_or_null(value));
        }
    }
}

/// The frame of a generator has returned or raised: releases what it held.
///
/// # Safety
/// `frame` lies in its generator and has just been unlinked.
pub unsafe fn finish_frame(th: &Thread, frame: *mut Frame) {
    // SAFETY: (10); the caller of the loop keeps the generator alive.
    unsafe {
        let generator = &*Generator::of_frame(frame);
        generator.frame_state.set(CLEARED);
        generator.leave_handlers(th);
        (*frame).previous = std::ptr::null_mut();
        Frame::clear_except_code(th, frame);
        generator.clear_exc_state();
    }
}

/// The fields that all three kinds share; `types` puts them into each declaration.
pub(crate) type Frames = UnsafeCell<Frame>;
pub(crate) type Level = UnsafeCell<abi::_PyErr_StackItem>;
pub(crate) type Flag = Cell<i8>;

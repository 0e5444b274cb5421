//! Interpreter frames: `_PyInterpreterFrame` on the thread's data stack, in a generator, or in a frame object.
//!
//! A frame is its fixed part, then the fast locals (arguments, locals, cells, free variables), then the
//! evaluation stack. `docs/internals/evaluation.md` has the picture. The same job as CPython's
//! `Python/frame.c` and `pycore_interpframe.h`.
//!
//! Invariants, besides those of `stackref`:
//! 4. Every slot from `localsplus` up to `sp` is a valid reference or `NULL`; above it, anything.
//! 5. `executable` is the frame's code (a `Code`), and `ip` points into its code units; except in entry
//!    frames, whose owner is `OWNED_BY_INTERPRETER`.
//! 6. `globals` and `builtins` are kept alive by `func`; `locals` and `object` are owned.
//! 7. `Thread::current_frame` is the innermost frame; `previous` leads outwards to the entry frames.

pub mod datastack;
mod inspect;
pub mod jump;
pub mod locals;
pub mod object;
mod push;
mod stackref;

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::row::move_words;

pub use inspect::{
    WarningPlace, current_code, current_locals, object_at_depth, running, warning_place,
};
pub use object::FrameObject;
pub use push::push_for_call;
pub use stackref::{Held, StackRef};

use crate::code::{Code, CodeUnit};
use crate::function::Function;

/// Who gives the frame's memory back.
pub const OWNED_BY_THREAD: u8 = abi::FRAME_OWNED_BY_THREAD as u8;
pub const OWNED_BY_GENERATOR: u8 = abi::FRAME_OWNED_BY_GENERATOR as u8;
pub const OWNED_BY_FRAME_OBJECT: u8 = abi::FRAME_OWNED_BY_FRAME_OBJECT as u8;
pub const OWNED_BY_INTERPRETER: u8 = abi::FRAME_OWNED_BY_INTERPRETER as u8;

/// The words of a frame before its locals.
pub const FRAME_WORDS: usize = std::mem::offset_of!(Frame, localsplus) / size_of::<usize>();

/// A running function, or a suspended one.
#[repr(C)]
pub struct Frame {
    pub executable: StackRef,
    pub previous: *mut Frame,
    pub func: StackRef,
    pub globals: *mut abi::PyObject,
    pub builtins: *mut abi::PyObject,
    /// The namespace of a class body or module; null in functions.
    pub locals: *mut abi::PyObject,
    /// The frame object, if someone asked for it.
    pub object: *mut FrameObject,
    /// The instruction that runs, or at which the frame waits for a callee.
    pub ip: *const CodeUnit,
    /// The top of the evaluation stack, as of the last time the loop wrote it back.
    pub sp: *mut StackRef,
    /// How far behind `ip` the frame goes on when its callee returns.
    pub return_offset: u16,
    pub owner: u8,
    pub visited: u8,
    pub localsplus: [StackRef; 1],
}

const _: () = assert!(
    size_of::<Frame>() == size_of::<abi::_PyInterpreterFrame>()
        && std::mem::offset_of!(Frame, localsplus)
            == std::mem::offset_of!(abi::_PyInterpreterFrame, localsplus)
        && std::mem::offset_of!(Frame, return_offset)
            == std::mem::offset_of!(abi::_PyInterpreterFrame, return_offset)
);

impl Frame {
    /// Makes all locals of a new frame unset.
    ///
    /// # Safety
    /// What was in the slots is forgotten.
    #[inline(always)]
    pub unsafe fn unset_locals(frame: *mut Frame) {
        // SAFETY: (4): the stack is empty, and begins behind the locals.
        unsafe { Frame::unset_from(frame, Frame::local(frame, 0)) }
    }

    /// The same for the locals from `local` on.
    ///
    /// # Safety
    /// (4), but for those locals; the evaluation stack is empty.
    #[inline(always)]
    pub unsafe fn unset_from(frame: *mut Frame, mut local: *mut StackRef) {
        // SAFETY: the caller's promise.
        unsafe {
            let top = (*frame).sp;
            while local < top {
                // There are few: the compiler is not to call for it.
                local.write_volatile(StackRef::NULL);
                local = local.add(1);
            }
        }
    }

    /// Fills in a frame but for its locals, which the caller writes or unsets (4).
    ///
    /// # Safety
    /// `frame` has room for `code`'s frame; `func` and `locals` become the frame's.
    #[inline(always)]
    pub unsafe fn init(
        frame: *mut Frame,
        func: StackRef,
        locals: *mut abi::PyObject,
        code: Borrowed<'_, Code>,
        previous: *mut Frame,
    ) {
        // SAFETY: the caller's promise establishes (5) and (6).
        unsafe {
            let function: &Function = &*func.ptr().cast();
            (&raw mut (*frame).executable).write(StackRef::new(code.as_ptr()));
            (*frame).previous = previous;
            (*frame).func = func;
            (*frame).globals = function.globals.as_ptr();
            (*frame).builtins = function.builtins.as_ptr();
            (*frame).locals = locals;
            (*frame).object = std::ptr::null_mut();
            (*frame).ip = code.units();
            (*frame).sp = Frame::local(frame, code.nlocalsplus as usize);
            (*frame).return_offset = 0;
            (*frame).owner = OWNED_BY_THREAD;
            (*frame).visited = 0;
        }
    }

    /// The address of a fast local; behind the last one the evaluation stack begins.
    ///
    /// # Safety
    /// `frame` points to a frame with that much room.
    #[inline(always)]
    pub unsafe fn local(frame: *mut Frame, index: usize) -> *mut StackRef {
        // SAFETY: the caller's promise.
        unsafe { (&raw mut (*frame).localsplus).cast::<StackRef>().add(index) }
    }

    /// # Safety
    /// (5); not an entry frame.
    #[inline(always)]
    pub unsafe fn code<'a>(frame: *const Frame) -> Borrowed<'a, Code> {
        // SAFETY: (5).
        unsafe { Borrowed::from_ptr((*frame).executable.ptr()) }
    }

    /// # Safety
    /// (6); not an entry frame.
    #[inline(always)]
    pub unsafe fn function<'a>(frame: *const Frame) -> Borrowed<'a, Function> {
        // SAFETY: (6).
        unsafe { Borrowed::from_ptr((*frame).func.ptr()) }
    }

    /// The bottom of the evaluation stack.
    ///
    /// # Safety
    /// (5); not an entry frame.
    pub unsafe fn stack_base(frame: *mut Frame) -> *mut StackRef {
        // SAFETY: (5).
        unsafe { Frame::local(frame, Frame::code(frame).nlocalsplus as usize) }
    }

    /// What lies on the evaluation stack is held by it from now on, not by the locals that it was borrowed from.
    ///
    /// # Safety
    /// (4), (5); not an entry frame. The stack is saved.
    pub unsafe fn own_stack(frame: *mut Frame) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut slot = Frame::stack_base(frame);
            while slot < (*frame).sp {
                if (*slot).as_tagged_int().is_none() && !(*slot).is_null() {
                    *slot = (*slot).into_heap_safe();
                }
                slot = slot.add(1);
            }
        }
    }

    /// The index of the current instruction, in code units.
    ///
    /// # Safety
    /// (5); not an entry frame.
    pub unsafe fn last_unit(frame: *const Frame) -> isize {
        // SAFETY: (5).
        unsafe { (*frame).ip.offset_from(Frame::code(frame).units()) }
    }

    /// The line of the current instruction, if it has one.
    ///
    /// # Safety
    /// (5); not an entry frame.
    pub unsafe fn line(frame: *const Frame) -> Option<i32> {
        // SAFETY: (5).
        unsafe { Frame::code(frame).line_of_unit(Frame::last_unit(frame)) }
    }

    /// Whether Python code must not see the frame: an entry frame, or one that still sets itself up.
    ///
    /// # Safety
    /// `frame` points to a live frame.
    pub unsafe fn is_incomplete(frame: *const Frame) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            if (*frame).owner >= OWNED_BY_INTERPRETER {
                return true;
            }
            let code = Frame::code(frame);
            (*frame).owner != OWNED_BY_GENERATOR
                && (*frame).ip < code.units().add(code.first_traceable as usize)
        }
    }

    /// Whether its first instruction is still to run.
    ///
    /// # Safety
    /// (5); not an entry frame.
    pub unsafe fn has_not_begun(frame: *const Frame) -> bool {
        // SAFETY: (5).
        unsafe { Frame::last_unit(frame) <= 0 }
    }

    /// `frame` itself, or the next one outwards that Python code may see; null if there is none.
    ///
    /// # Safety
    /// `frame` is null or points to a live frame.
    pub unsafe fn first_complete(mut frame: *mut Frame) -> *mut Frame {
        // SAFETY: (7).
        unsafe {
            while !frame.is_null() && Frame::is_incomplete(frame) {
                frame = (*frame).previous;
            }
        }
        frame
    }

    /// Moves a frame with its locals and stack to where it outlives the call: what it has borrowed from its caller it
    /// holds from now on.
    ///
    /// # Safety
    /// (4); `to` has room for the code's frame.
    pub unsafe fn move_to_heap(from: *mut Frame, to: *mut Frame) {
        // SAFETY: the caller's promise.
        unsafe {
            let words = (*from).sp.offset_from(Frame::local(from, 0)) as usize;
            move_words(from.cast::<usize>(), to.cast::<usize>(), FRAME_WORDS);
            (*to).previous = std::ptr::null_mut();
            (*to).sp = Frame::local(to, words);
            (*to).func = (*from).func.into_heap_safe();
            (*to).executable = (*from).executable.into_heap_safe();
            for index in 0..words {
                let value = *Frame::local(from, index);
                let integer = value.as_tagged_int().is_some();
                *Frame::local(to, index) = if integer { value } else { value.into_heap_safe() };
            }
        }
    }

    /// Releases everything but the code, or moves it into the frame object if someone holds that.
    ///
    /// # Safety
    /// The frame does not run any more.
    pub unsafe fn clear_except_code(th: &Thread, frame: *mut Frame) {
        // SAFETY: (4), (6).
        unsafe {
            let object = (*frame).object;
            if !object.is_null() {
                (*frame).object = std::ptr::null_mut();
                let object: Owned<FrameObject> = Owned::from_ptr(object.cast());
                if object.object().ref_count() > 1 {
                    object::take_ownership(th, &object, frame);
                    return;
                }
            }
            Frame::clear_locals(frame);
            std::mem::replace(&mut (*frame).func, StackRef::NULL).close();
        }
    }

    /// Releases the stack and the locals, from the top down.
    ///
    /// # Safety
    /// (4).
    pub unsafe fn clear_locals(frame: *mut Frame) {
        // SAFETY: (4): the frame is empty before the first release can run code that looks at it.
        unsafe {
            let base = Frame::local(frame, 0);
            let mut sp = (*frame).sp;
            (*frame).sp = base;
            while sp > base {
                sp = sp.sub(1);
                // A frame object may still show the slot.
                std::mem::replace(&mut *sp, StackRef::NULL).close();
            }
            let locals = std::mem::replace(&mut (*frame).locals, std::ptr::null_mut());
            drop(Owned::<Object>::from_ptr_or_null(locals));
        }
    }
}

/// The innermost frame, of whatever kind.
#[inline(always)]
pub fn current(th: &Thread) -> *mut Frame {
    // SAFETY: the thread is ours while attached.
    unsafe { (*th.raw()).current_frame.cast() }
}

/// # Safety
/// (7).
#[inline(always)]
pub unsafe fn set_current(th: &Thread, frame: *mut Frame) {
    // SAFETY: the caller's promise.
    unsafe { (*th.raw()).current_frame = frame.cast() }
}

/// The innermost frame that Python code may see; null if none runs.
pub fn current_complete(th: &Thread) -> *mut Frame {
    // SAFETY: (7).
    unsafe { Frame::first_complete(current(th)) }
}

/// Leaves the frame that has finished: releases what it holds, gives its room back and answers its caller,
/// which is then the current frame.
///
/// # Safety
/// `frame` is the current frame; its evaluation stack has been emptied of results.
#[inline(never)]
pub unsafe fn leave(th: &Thread, frame: *mut Frame) -> *mut Frame {
    // SAFETY: the caller's promise; (4) to (7).
    unsafe {
        let previous = (*frame).previous;
        set_current(th, previous);
        let state = th.raw();
        if (*frame).owner == OWNED_BY_GENERATOR {
            crate::generator::finish_frame(th, frame);
            (*state).py_recursion_remaining += 1;
            return previous;
        }
        Frame::clear_except_code(th, frame);
        (*frame).executable.close();
        (*state).py_recursion_remaining += 1;
        datastack::pop(th, frame);
        previous
    }
}

/// Shows the collector what a frame that does not run holds.
///
/// # Safety
/// (4) to (6).
pub unsafe fn visit(
    frame: *mut Frame,
    visitor: &mut krait_objects::gc::Visitor<'_>,
) -> std::ffi::c_int {
    // SAFETY: (4) to (6).
    unsafe {
        let mut stop = visitor.visit(Borrowed::<Object>::from_ptr_or_null((*frame).locals));
        for reference in [(*frame).func, (*frame).executable] {
            if reference.is_counted() {
                stop |= visitor.visit(reference.get_opt());
            }
        }
        let mut slot = Frame::local(frame, 0);
        while stop == 0 && slot < (*frame).sp {
            // What is not counted here is someone else's to show.
            if (*slot).is_counted() {
                stop = visitor.visit((*slot).get_opt());
            }
            slot = slot.add(1);
        }
        stop
    }
}

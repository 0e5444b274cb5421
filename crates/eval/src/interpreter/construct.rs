//! Making an instance of a Python class: `__init__` runs in the same loop.
//!
//! A frame of a few instructions stands between the caller and `__init__`. It holds the new instance, checks
//! that `__init__` answered None, and returns the instance. `CALL_ALLOC_AND_ENTER_INIT` of the reference.

use krait_abi as abi;
use krait_bytecode::Opcode;
use krait_objects::prelude::*;
use krait_objects::typeobj;
use krait_objects::typeobj::slots::dispatch;
use std::ptr::NonNull;

use super::calls::{self, Callee};
use super::cold::deopt;
use super::op::Op;
use super::state::{Dispatch, Operation, State};
use super::{UNWIND, abandon, too_deep};
use crate::code::{self, Code, CodeUnit};
use crate::frame::{self, Frame, OWNED_BY_THREAD, StackRef};
use crate::function::Function;

/// `NOP` waits for `__init__`; `RESUME` is behind the end, so that no one sees the frame.
const INSTRUCTIONS: [Opcode; 4] =
    [Opcode::NOP, Opcode::EXIT_INIT_CHECK, Opcode::RETURN_VALUE, Opcode::RESUME];

/// The interpreter's code object between a caller and `__init__`.
#[inline(always)]
fn cleanup_code(th: &Thread) -> PyResult<Borrowed<'_, Code>> {
    match th.interp().init_cleanup.get() {
        // SAFETY: only `make_cleanup_code` fills the slot, which then stays as it is.
        Some(code) => Ok(unsafe { code.cast() }),
        None => make_cleanup_code(th),
    }
}

/// Whether a frame's code is that of a construction that waits.
pub fn is_cleanup(th: &Thread, code: Borrowed<'_, Code>) -> bool {
    th.interp().init_cleanup.get().is_some_and(|cleanup| cleanup.is(code.object()))
}

#[cold]
fn make_cleanup_code(th: &Thread) -> PyResult<Borrowed<'_, Code>> {
    let nothing = || Tuple::empty().to_owned();
    let no_bytes = || Bytes::new(th, &[]);
    let name = Str::interned(th, "__init__")?;
    let made = code::new(
        th,
        code::Parts {
            argcount: 0,
            posonlyargcount: 0,
            kwonlyargcount: 0,
            stacksize: 2,
            flags: (krait_bytecode::code_flags::OPTIMIZED) as i32,
            firstlineno: 1,
            code: INSTRUCTIONS
                .iter()
                .flat_map(|opcode| [*opcode as u8, 0])
                .collect::<Vec<_>>()
                .into(),
            consts: nothing(),
            names: nothing(),
            localsplusnames: nothing(),
            localspluskinds: no_bytes()?,
            filename: name.clone(),
            name: name.clone(),
            qualname: name,
            linetable: no_bytes()?,
            exceptiontable: no_bytes()?,
        },
    )?;
    th.interp().init_cleanup.set(Some(made.into_object()));
    cleanup_code(th)
}

/// Whether a call of `class` may be specialised: `object.__new__`, and `__init__` written in Python.
pub fn initializer(th: &Thread, class: Borrowed<'_, Type>) -> Option<Owned<Function>> {
    let address = |new: abi::newfunc| new.map(|new| new as usize);
    let plain_new = address(class.raw().tp_new) == address(Object::type_object().raw().tp_new);
    if !class.is_heap_type()
        || !plain_new
        || class.has_flag(abi::Py_TPFLAGS_IS_ABSTRACT)
        || class.raw().tp_itemsize != 0
        || !is_called_as_type(class.as_ptr())
    {
        return None;
    }
    let init = class.get().lookup(th, id::__init__)?;
    if !calls::is_python(init.borrow()) {
        return None;
    }
    init.downcast::<Function>().ok()
}

/// Lets the type remember its `__init__` until it changes. Answers its version; 0 if there are no more.
pub fn remember(th: &Thread, class: Borrowed<'_, Type>, init: &Owned<Function>) -> u32 {
    let version = class.get().assign_version(th);
    if version != 0 {
        // SAFETY: `initializer` has answered: a heap type, whose dictionary (or a base's) holds the function.
        unsafe {
            let heap: *mut abi::PyHeapTypeObject = class.as_ptr().cast();
            (*heap)._spec_cache.init = init.as_ptr();
        }
    }
    version
}

/// The class that is called, if the call does no more than make an instance and run an `__init__` written in Python, which
/// the class then remembers.
pub fn initialized_class<'a>(th: &Thread, callee: &Callee<'a>) -> Option<Borrowed<'a, Type>> {
    let class =
        callee.callable.downcast::<Type>().filter(|class| is_called_as_type(class.as_ptr()))?;
    let slot = class.raw().tp_init.map_or(0, |slot| slot as usize);
    if slot != dispatch::tp_init as *const () as usize {
        return None;
    }
    if remembered(class).is_none() && remember(th, class, &initializer(th, class)?) == 0 {
        return None;
    }
    Some(class)
}

/// Whether `ob` is a class that is called as `type` says: no metaclass has a `__call__` of its own.
#[inline(always)]
fn is_called_as_type(ob: *mut abi::PyObject) -> bool {
    // SAFETY: (1).
    let call = unsafe { (*(*ob).ob_type).tp_call };
    call.map(|call| call as usize) == Type::type_object().raw().tp_call.map(|call| call as usize)
}

fn remembered(class: Borrowed<'_, Type>) -> Option<NonNull<abi::PyObject>> {
    // SAFETY: a heap type; what it remembers of `__init__` goes when the type changes.
    unsafe { NonNull::new((*class.as_ptr().cast::<abi::PyHeapTypeObject>())._spec_cache.init) }
}

/// The class with the cached version is called.
#[inline(always)]
pub unsafe fn call_alloc_and_enter_init<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9); the version says that the class is made as `initializer` has found.
    unsafe {
        let base = s.sp.sub(s.arg + 2);
        let class = (*base).ptr();
        if !is_called_as_type(class)
            || !(*base.add(1)).is_null()
            || (*class.cast::<abi::PyTypeObject>()).tp_version_tag != s.cache_u32(2)
        {
            return deopt::<D>(s);
        }
        D::out_of_line::<Construct>(s)
    }
}

struct Construct;

impl Operation for Construct {
    #[inline(always)]
    fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
        construct(op)
    }
}

fn construct(op: Op<'_>) -> PyResult<*const CodeUnit> {
    let base = op.slot(op.arg + 2);
    // SAFETY: (9): the handler has checked that a class lies there.
    let class: Borrowed<'_, Type> = unsafe { (*base).get().cast() };
    match remembered(class) {
        None => calls::call(op),
        // SAFETY: (9): the instruction's operands.
        Some(_) => unsafe { enter_init(op, base, class, op.arg, None) },
    }
}

/// Makes an instance of a class that remembers its `__init__`, and enters that with the operands that begin at `base`.
///
/// # Safety
/// The operands are the class, null, and `count` arguments, the last of which `kwnames` name.
pub unsafe fn enter_init(
    op: Op<'_>,
    base: *mut StackRef,
    class: Borrowed<'_, Type>,
    count: usize,
    kwnames: Option<Borrowed<'_, Tuple>>,
) -> PyResult<*const CodeUnit> {
    let th = op.th;
    let Some(init) = remembered(class) else { return Err(th.bad_internal_call()) };
    // SAFETY: (2): a live function.
    let init = unsafe { StackRef::new(init.as_ptr()) };
    let made =
        cleanup_code(th).and_then(|cleanup| Ok((cleanup, typeobj::alloc::alloc(th, class, 0)?)));
    let (cleanup, instance) = match made {
        Ok(made) => made,
        Err(raised) => {
            // SAFETY: (2).
            unsafe { init.close() };
            return Err(raised);
        }
    };
    // SAFETY: (2), (4) to (7): the operands move into the new frames.
    unsafe {
        let Some(waiting) = frame::datastack::push(th, cleanup.framesize as usize) else {
            init.close();
            return Err(th.no_memory());
        };
        begin_cleanup(waiting, cleanup, op.frame);
        *(*waiting).sp = StackRef::from_fresh(instance.clone());
        (*waiting).sp = (*waiting).sp.add(1);
        let class = *base;
        *base.add(1) = StackRef::from_fresh(instance);
        (*op.frame).sp = base;
        let pushed = frame::push_for_call(
            th,
            init,
            std::ptr::null_mut(),
            base.add(1),
            count + 1 - kwnames.map_or(0, |names| names.len()),
            kwnames,
            waiting,
        );
        let inside = match pushed {
            Ok(inside) => inside,
            Err(raised) => {
                drop_cleanup(th, waiting);
                class.close();
                return Err(raised);
            }
        };
        class.close();
        (*op.frame).return_offset = op.next().offset_from(op.ip()) as u16;
        frame::set_current(th, inside);
        (*th.raw()).py_recursion_remaining -= 2;
        if (*th.raw()).py_recursion_remaining < 0 {
            let _raised = too_deep(th);
            abandon(th, inside);
            return Ok(UNWIND.as_ptr());
        }
        Ok((*inside).ip)
    }
}

/// The frame that waits for `__init__`. It has no function, and so no globals.
unsafe fn begin_cleanup(frame: *mut Frame, code: Borrowed<'_, Code>, previous: *mut Frame) {
    // SAFETY: there is room for the code's frame.
    unsafe {
        frame.write(Frame {
            executable: StackRef::new(code.as_ptr()),
            previous,
            func: StackRef::NULL,
            globals: std::ptr::null_mut(),
            builtins: std::ptr::null_mut(),
            locals: std::ptr::null_mut(),
            object: std::ptr::null_mut(),
            ip: code.units(),
            sp: Frame::local(frame, 0),
            return_offset: 1,
            owner: OWNED_BY_THREAD,
            visited: 0,
            localsplus: [StackRef::NULL],
        });
    }
}

unsafe fn drop_cleanup(th: &Thread, frame: *mut Frame) {
    // SAFETY: the frame was never linked in.
    unsafe {
        Frame::clear_locals(frame);
        (*frame).executable.close();
        frame::datastack::pop(th, frame);
    }
}

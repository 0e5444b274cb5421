//! Entering a Python function whose arguments fit its parameters one to one: from a call, from a property, from
//! `container[key]`.

use krait_abi as abi;
use krait_bytecode::code_flags;
use krait_objects::descr::Property;
use krait_objects::prelude::*;

use super::calls;
use super::cold::deopt;
use super::specialize::layout;
use super::state::{Dispatch, State};
use crate::frame::{self, Frame, StackRef};
use crate::function::Function;

/// Units with their caches.
const BINARY_OP: u16 = 6;
const LOAD_ATTR: u16 = 10;

/// Whether the function has plain parameters only, `count` of them.
#[inline(always)]
pub fn takes_exactly(function: Borrowed<'_, Function>, count: usize) -> bool {
    let code = function.get().code_handle();
    let collectors = code_flags::VARARGS | code_flags::VARKEYWORDS;
    calls::is_python(function.object())
        && code.flags as u32 & (code_flags::OPTIMIZED | collectors) == code_flags::OPTIMIZED
        && code.kwonlyargcount == 0
        && code.argcount as usize == count
}

/// A function of plain parameters gets its arguments moved into a frame, where the loop goes on; it comes back
/// `UNITS` behind this instruction. With too many or too few arguments, the generic form runs.
///
/// The operands begin at `base`, the arguments at `first`; they end at the top of the stack.
#[inline(always)]
pub unsafe fn enter_exact<D: Dispatch, const UNITS: u16>(
    s: State,
    function: StackRef,
    base: *mut StackRef,
    first: *const StackRef,
) -> D::Out {
    // SAFETY: (9); the caller has checked that `function` is a Python function with plain parameters only.
    unsafe {
        let callee: &Function = &*function.ptr().cast();
        let code = callee.code_handle();
        let th = s.thread();
        if s.sp.cast_const().sub(code.argcount as usize) != first
            || !frame::datastack::has_room(th, code.framesize as usize)
            || (*th.raw()).py_recursion_remaining <= 1
        {
            return deopt::<D>(s);
        }
        (*s.frame).ip = s.ip;
        (*s.frame).sp = base;
        (*s.frame).return_offset = UNITS;
        let inside = frame::datastack::take(th, code.framesize as usize);
        // Loops by address, because there are few arguments: the optimiser unrolls the other kind.
        let mut local = Frame::local(inside, 0);
        let mut arg = first;
        while arg < s.sp.cast_const() {
            local.write_volatile(*arg);
            local = local.add(1);
            arg = arg.add(1);
        }
        Frame::init(inside, function, std::ptr::null_mut(), code, s.frame);
        let top = (*inside).sp;
        Frame::unset_from(inside, local);
        frame::set_current(th, inside);
        (*th.raw()).py_recursion_remaining -= 1;
        D::next(State { ip: code.units(), sp: top, frame: inside, th: s.th, arg: 0 })
    }
}

/// As `enter_exact`, for a function with more parameters than there are arguments: the last ones take the values from `defaults` on.
///
/// # Safety
/// As for `enter_exact`, and there are so many defaults, and room for the frame and for one call more.
#[inline(always)]
pub unsafe fn enter_with<D: Dispatch, const UNITS: u16>(
    s: State,
    function: StackRef,
    base: *mut StackRef,
    first: *const StackRef,
    mut defaults: *const *mut abi::PyObject,
) -> D::Out {
    // SAFETY: (9), the caller's promise.
    unsafe {
        let callee: &Function = &*function.ptr().cast();
        let code = callee.code_handle();
        let th = s.thread();
        (*s.frame).ip = s.ip;
        (*s.frame).sp = base;
        (*s.frame).return_offset = UNITS;
        let inside = frame::datastack::take(th, code.framesize as usize);
        let mut local = Frame::local(inside, 0);
        let end = Frame::local(inside, code.argcount as usize);
        let mut arg = first;
        while arg < s.sp.cast_const() {
            local.write_volatile(*arg);
            local = local.add(1);
            arg = arg.add(1);
        }
        while local < end {
            local.write_volatile(StackRef::new(*defaults));
            local = local.add(1);
            defaults = defaults.add(1);
        }
        Frame::init(inside, function, std::ptr::null_mut(), code, s.frame);
        let top = (*inside).sp;
        Frame::unset_from(inside, local);
        frame::set_current(th, inside);
        (*th.raw()).py_recursion_remaining -= 1;
        D::next(State { ip: code.units(), sp: top, frame: inside, th: s.th, arg: 0 })
    }
}

/// The version of a property's getter, if `LOAD_ATTR_PROPERTY` may enter it.
pub fn getter_version(property: Borrowed<'_, Property>) -> Option<u32> {
    let getter = property.get().fget()?.downcast_exact::<Function>()?;
    let version = getter.version.get();
    (takes_exactly(getter, 1) && version != 0).then_some(version)
}

/// A property of a type of the cached version, whose getter has the other cached version.
#[inline(always)]
pub unsafe fn load_attr_property<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9): the type's version says that it still has the property; its getter may be another one.
    unsafe {
        if layout::type_version(s.peek(1).ptr()) != s.cache_u32(2) {
            return deopt::<D>(s);
        }
        let property: *const Property = s.cache_u64(6) as *const Property;
        let getter = match (*property).fget() {
            Some(getter) => getter.as_ptr(),
            None => return deopt::<D>(s),
        };
        if !has_version(getter, s.cache_u32(4)) {
            return deopt::<D>(s);
        }
        let base = s.sp.sub(1);
        enter_borrowed::<D, LOAD_ATTR>(s, getter, base)
    }
}

/// A type of the cached version whose `__getattribute__` is a Python function of the other cached version. The name
/// goes into the frame directly: the caller's stack may have no room for it.
#[inline(always)]
pub unsafe fn load_attr_getattribute_overridden<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9): the type's version says that it still has the function.
    unsafe {
        if layout::type_version(s.peek(1).ptr()) != s.cache_u32(2) {
            return deopt::<D>(s);
        }
        let function = s.cache_u64(6) as *mut abi::PyObject;
        if !has_version(function, s.cache_u32(4)) {
            return deopt::<D>(s);
        }
        let callee: &Function = &*function.cast();
        let code = callee.code_handle();
        let th = s.thread();
        if code.argcount != 2
            || !frame::datastack::has_room(th, code.framesize as usize)
            || (*th.raw()).py_recursion_remaining <= 1
        {
            return deopt::<D>(s);
        }
        (*s.frame).ip = s.ip;
        (*s.frame).sp = s.sp.sub(1);
        (*s.frame).return_offset = LOAD_ATTR;
        let inside = frame::datastack::take(th, code.framesize as usize);
        let first = Frame::local(inside, 0);
        first.write(s.peek(1));
        first.add(1).write(StackRef::new(Frame::code(s.frame).name(s.arg >> 1)));
        Frame::init(inside, StackRef::new(function), std::ptr::null_mut(), code, s.frame);
        let top = (*inside).sp;
        Frame::unset_from(inside, first.add(2));
        frame::set_current(th, inside);
        (*th.raw()).py_recursion_remaining -= 1;
        D::next(State { ip: code.units(), sp: top, frame: inside, th: s.th, arg: 0 })
    }
}

/// Whether `ob` is a Python function of this version.
///
/// # Safety
/// `ob` points to a live object.
#[inline(always)]
pub unsafe fn has_version(ob: *mut abi::PyObject, version: u32) -> bool {
    // SAFETY: the caller's promise; only a function's field is read.
    unsafe {
        (*ob).ob_type == Function::type_object().as_type_ptr()
            && (*ob.cast::<abi::PyFunctionObject>()).func_version == version
    }
}

/// As `enter_exact`, for a function that is not on the stack: all operands are arguments.
#[inline(always)]
unsafe fn enter_borrowed<D: Dispatch, const UNITS: u16>(
    s: State,
    function: *mut abi::PyObject,
    base: *mut StackRef,
) -> D::Out {
    // SAFETY: as for `enter_exact`, which the checks keep from leaving with the new reference.
    unsafe {
        let callee: &Function = &*function.cast();
        let code = callee.code_handle();
        if !frame::datastack::has_room(s.thread(), code.framesize as usize)
            || (*s.thread().raw()).py_recursion_remaining <= 1
            || s.sp.sub(code.argcount as usize) != base
        {
            return deopt::<D>(s);
        }
        enter_exact::<D, UNITS>(s, StackRef::new(function), base, base)
    }
}

/// The `__getitem__` of a class written in Python, which `BINARY_OP_SUBSCR_GETITEM` may enter.
pub fn item_getter(th: &Thread, class: Borrowed<'_, Type>) -> Option<Owned<Function>> {
    if !class.is_heap_type() || class.get().assign_version(th) == 0 {
        return None;
    }
    let found = class.get().lookup(th, id::__getitem__)?;
    let function = found.downcast::<Function>().ok()?;
    (takes_exactly(function.borrow(), 2) && function.version.get() != 0).then_some(function)
}

/// Lets the type remember its `__getitem__` until it changes.
pub fn remember_item_getter(class: Borrowed<'_, Type>, function: &Owned<Function>) -> bool {
    // SAFETY: a heap type, whose dictionary (or a base's) holds the function.
    unsafe {
        let heap: *mut abi::PyHeapTypeObject = class.as_ptr().cast();
        (*heap)._spec_cache.getitem = function.as_ptr();
        (*heap)._spec_cache.getitem_version = function.version.get();
    }
    true
}

/// `container[key]` of a class that remembers its `__getitem__`.
#[inline(always)]
pub unsafe fn binary_op_subscr_getitem<D: Dispatch>(s: State) -> D::Out {
    // SAFETY: (9); the memory of heap types has the cache, which is cleared when the type changes.
    unsafe {
        let class = (*s.peek(2).ptr()).ob_type;
        if (*class).tp_flags & abi::Py_TPFLAGS_HEAPTYPE as std::ffi::c_ulong == 0 {
            return deopt::<D>(s);
        }
        let cache = &raw const (*class.cast::<abi::PyHeapTypeObject>())._spec_cache;
        let function = (*cache).getitem;
        if function.is_null()
            || (*function.cast::<abi::PyFunctionObject>()).func_version != (*cache).getitem_version
        {
            return deopt::<D>(s);
        }
        let base = s.sp.sub(2);
        enter_borrowed::<D, BINARY_OP>(s, function, base)
    }
}

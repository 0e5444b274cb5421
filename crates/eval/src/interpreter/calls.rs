//! Calls. A Python function gets a frame and the loop goes on in it; everything else goes through vectorcall.

use std::cell::Cell;

use krait_bytecode::code_flags;
use krait_objects::memory;
use krait_objects::prelude::*;
use krait_objects::row::in_row;

use super::construct;
use super::op::Op;
use super::{UNWIND, abandon, too_deep};
use crate::code::CodeUnit;
use crate::frame::{self, Frame, StackRef};
use crate::function::Function;
use krait_objects::method::Method;
use krait_objects::typeobj::slots::dispatch;

/// The callee of a call instruction and where its arguments lie on the stack.
pub struct Callee<'a> {
    pub callable: Borrowed<'a>,
    pub args: *mut StackRef,
    pub count: usize,
}

/// Reads callable, receiver or null, and arguments at `base`. A bound method is taken apart on the stack.
pub fn callee<'a>(base: *mut StackRef, count: usize) -> Callee<'a> {
    // SAFETY: (9): the instruction's operands.
    unsafe {
        if (*base.add(1)).is_null()
            && let Some(method) = (*base).get().downcast_exact::<Method>()
        {
            let bound = *base;
            *base.add(1) = StackRef::new(method.receiver().as_ptr());
            *base = StackRef::new(method.function().as_ptr());
            bound.close();
        }
        let skip = usize::from((*base.add(1)).is_null());
        Callee { callable: (*base).get(), args: base.add(1 + skip), count: count + 1 - skip }
    }
}

/// For the operands of `CALL`: an instance whose class defines `__call__` as a function becomes its receiver.
pub fn take_instance_apart(op: Op<'_>) {
    let base = op.slot(op.arg + 2);
    // SAFETY: (9): the instruction's operands; the instance's reference moves.
    unsafe {
        if !(*base.add(1)).is_null() {
            return;
        }
        let ty = (*base).get().get().ty();
        let slot = ty.raw().tp_call.map_or(0, |slot| slot as usize);
        if slot != dispatch::tp_call as *const () as usize {
            return;
        }
        if let Some(method) = ty.lookup(op.th, id::__call__)
            && method.is_exact::<Function>()
        {
            *base.add(1) = *base;
            *base = StackRef::from_owned(method);
        }
    }
}

/// The namespace of a function's frame: its globals, for code that has no fast locals.
fn namespace(function: Borrowed<'_, Function>) -> *mut krait_abi::PyObject {
    if function.code_handle().flags as u32 & code_flags::OPTIMIZED != 0 {
        return std::ptr::null_mut();
    }
    function.globals.get_owned().map_or(std::ptr::null_mut(), Owned::into_ptr)
}

/// Makes `frame` the current one and answers where it begins, or unwinds if it is one too many.
unsafe fn enter(op: Op<'_>, frame: *mut Frame) -> *const CodeUnit {
    // SAFETY: (7): the frame is ready, and the caller's state is saved.
    unsafe {
        (*op.frame).return_offset = op.next().offset_from(op.ip()) as u16;
        frame::set_current(op.th, frame);
        (*op.th.raw()).py_recursion_remaining -= 1;
        if (*op.th.raw()).py_recursion_remaining < 0 {
            let _raised = too_deep(op.th);
            return abandon(op.th, frame);
        }
        (*frame).ip
    }
}

/// Pushes a frame for a Python function whose operands begin at `base`, which all move into it.
#[inline(always)]
unsafe fn call_python(
    op: Op<'_>,
    base: *mut StackRef,
    callee: &Callee<'_>,
    kwnames: Option<Borrowed<'_, Tuple>>,
) -> PyResult<*const CodeUnit> {
    // SAFETY: (2): from here on the operands are not the stack's any more.
    unsafe {
        let function: Borrowed<'_, Function> = callee.callable.cast();
        let locals = namespace(function);
        (*op.frame).sp = base;
        let named = kwnames.map_or(0, |names| names.len());
        let positional = callee.count - named;
        let frame =
            frame::push_for_call(op.th, *base, locals, callee.args, positional, kwnames, op.frame)?;
        Ok(enter(op, frame))
    }
}

/// Calls anything else with its operands on the stack, which are then replaced by the result.
unsafe fn call_other(
    op: Op<'_>,
    base: *mut StackRef,
    callee: &Callee<'_>,
    kwnames: Option<Borrowed<'_, Tuple>>,
) -> PyResult<*const CodeUnit> {
    // SAFETY: (9): the operands stay on the stack during the call.
    unsafe {
        let plain = if callee.count == 0 {
            krait_objects::object::plain_instance(op.th, callee.callable)
        } else {
            None
        };
        let result = match plain {
            Some(made) => made?,
            None => vectorcall(op.th, callee, kwnames)?,
        };
        release_operands(op, base);
        op.push(result);
        Ok(after_call(op))
    }
}

/// Takes the operands of a call off the stack, the topmost first.
#[inline(always)]
pub(super) unsafe fn release_operands(op: Op<'_>, base: *mut StackRef) {
    // SAFETY: (9).
    unsafe {
        let mut top = (*op.frame).sp;
        while top > base {
            top = top.sub(1);
            let operand = *top;
            if operand.release() {
                // What a finalizer sees of the stack ends below its object.
                (*op.frame).sp = top;
                memory::dealloc(operand.ptr());
            }
        }
        (*op.frame).sp = base;
    }
}

/// The instruction behind the call, once the eval breaker has been looked at.
#[inline(always)]
pub fn after_call(op: Op<'_>) -> *const CodeUnit {
    if crate::pending::is_set(op.th)
        && let Err(_raised) = crate::pending::handle(op.th)
    {
        return UNWIND.as_ptr();
    }
    op.next()
}

/// Calls through vectorcall, with one spare slot before the arguments as the protocol allows.
unsafe fn vectorcall(
    th: &Thread,
    callee: &Callee<'_>,
    kwnames: Option<Borrowed<'_, Tuple>>,
) -> PyResult {
    // SAFETY: (1): the operands are live, and stay so during the call.
    let value = |index| match index {
        0 => callee.callable,
        // SAFETY: as above. Read one by one: see `row::move_words`.
        _ => unsafe { callee.args.add(index - 1).read_volatile().get() },
    };
    in_row(callee.count + 1, value, |row| {
        let named = kwnames.map_or(0, |names| names.len());
        let args =
            Args { values: &row[1..], positional: callee.count - named, kwnames, offset: true };
        call::vectorcall(th, callee.callable, args)
    })
}

pub fn call(op: Op<'_>) -> PyResult<*const CodeUnit> {
    let base = op.slot(op.arg + 2);
    let callee = callee(base, op.arg);
    // SAFETY: (9).
    unsafe {
        if is_python(callee.callable) {
            return call_python(op, base, &callee, None);
        }
        call_other(op, base, &callee, None)
    }
}

/// `call` of a function.
///
/// # Safety
/// The callable is one.
#[inline(always)]
pub unsafe fn call_function(op: Op<'_>) -> PyResult<*const CodeUnit> {
    let base = op.slot(op.arg + 2);
    // SAFETY: (9), the caller's promise.
    unsafe {
        let skip = usize::from((*base.add(1)).is_null());
        let callable = (*base).get();
        if !callable.cast::<Function>().is_ours() {
            return call(op);
        }
        let callee = Callee { callable, args: base.add(1 + skip), count: op.arg + 1 - skip };
        call_python(op, base, &callee, None)
    }
}

/// Whether the loop itself can run `callable`: a function whose vectorcall nobody has replaced.
pub fn is_python(callable: Borrowed<'_>) -> bool {
    callable.downcast_exact::<Function>().is_some_and(|function| function.is_ours())
}

pub fn call_kw(op: Op<'_>) -> PyResult<*const CodeUnit> {
    call_named(op, true)
}

/// `CALL_KW` that is over when this returns, unless a Python function is called.
pub fn call_kw_at_once(op: Op<'_>) -> PyResult<*const CodeUnit> {
    call_named(op, false)
}

#[inline(always)]
fn call_named(op: Op<'_>, enters_init: bool) -> PyResult<*const CodeUnit> {
    let base = op.slot(op.arg + 3);
    let names = op.pop1();
    // SAFETY: (9): a constant tuple of names, not more than there are arguments.
    unsafe {
        let kwnames: Borrowed<'_, Tuple> = names.get().cast();
        let callee = callee(base, op.arg);
        if is_python(callee.callable) {
            return call_python(op, base, &callee, Some(kwnames));
        }
        if enters_init
            && callee.count == op.arg
            && let Some(class) = construct::initialized_class(op.th, &callee)
        {
            return construct::enter_init(op, base, class, op.arg, Some(kwnames));
        }
        call_other(op, base, &callee, Some(kwnames))
    }
}

/// `callable(*args, **kwargs)`.
pub fn call_function_ex(op: Op<'_>) -> PyResult<*const CodeUnit> {
    let callable = op.peek(4);
    if !is_python(callable) {
        return call_other_ex(op);
    }
    let (args, kwargs) = spread_operands(op)?;
    call_python_ex(op, args.get(), kwargs)
}

/// The same for what is no Python function.
pub fn call_other_ex(op: Op<'_>) -> PyResult<*const CodeUnit> {
    let (args, kwargs) = spread_operands(op)?;
    let result = call::call_tuple_dict(op.th, op.peek(4), args, kwargs)?;
    // One by one: an array of them would be given back in memory, by a call.
    let [callable, receiver, args, kwargs] = op.pop();
    op.push(result);
    drop((kwargs, args, receiver, callable));
    Ok(after_call(op))
}

/// The same for a Python function of plain parameters, one for each of `args`, without keywords: the values go from the tuple into the
/// frame.
///
/// # Safety
/// The callable is such a function, the second operand a `tuple`, the topmost one null or an empty `dict`. There is room for the frame.
pub unsafe fn enter_exact_ex(op: Op<'_>) -> *const CodeUnit {
    let [function, _no_receiver, args, kwargs] = op.pop::<4>();
    let function = function.into_ref();
    // SAFETY: the caller's promise. Giving back the tuple and the dictionary runs no code: the frame holds the values.
    unsafe {
        let callee: &Function = &*function.ptr().cast();
        let code = callee.code_handle();
        let inside = frame::datastack::take(op.th, code.framesize as usize);
        let mut local = Frame::local(inside, 0);
        for value in args.get().cast::<Tuple>().get().as_slice() {
            local.write(StackRef::new(value.as_ptr()));
            local = local.add(1);
        }
        Frame::init(inside, function, std::ptr::null_mut(), code, op.frame);
        Frame::unset_from(inside, local);
        drop(args);
        drop(kwargs);
        enter(op, inside)
    }
}

/// The positional and the named arguments of `CALL_FUNCTION_EX`.
#[inline(always)]
fn spread_operands(op: Op<'_>) -> PyResult<(Borrowed<'_, Tuple>, Option<Borrowed<'_, Dict>>)> {
    let args = match op.peek(2).downcast_exact::<Tuple>() {
        Some(args) => args,
        None => argument_tuple(op)?,
    };
    // SAFETY: (9): null or an object.
    let kwargs = match unsafe { (*op.slot(1)).get_opt() } {
        None => None,
        // What the instructions before have built.
        Some(kwargs) => match kwargs.downcast::<Dict>() {
            Some(kwargs) => Some(kwargs),
            None => return Err(op.th.bad_internal_call()),
        },
    };
    Ok((args, kwargs))
}

/// The positional arguments of `CALL_FUNCTION_EX`, which are a tuple on the stack from now on.
pub fn argument_tuple(op: Op<'_>) -> PyResult<Borrowed<'_, Tuple>> {
    if let Some(args) = op.peek(2).downcast_exact::<Tuple>() {
        return Ok(args);
    }
    let made = collect_arguments(op.th, op.peek(4), op.peek(2))?;
    // SAFETY: (2), (9): the slot's old reference is released when the new one, to a tuple, is in place.
    unsafe {
        std::mem::replace(&mut *op.slot(2), StackRef::from_owned(made)).close();
        Ok(op.peek(2).cast())
    }
}

fn collect_arguments(
    th: &Thread,
    callable: Borrowed<'_>,
    args: Borrowed<'_>,
) -> PyResult<Owned<Tuple>> {
    if args.ty().raw().tp_iter.is_none() && !sequence::check(args) {
        let function = function_text(th, callable)?;
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{} argument after * must be an iterable, not {}",
            function,
            args.type_name()
        ));
    }
    sequence::tuple(th, args)
}

/// The keys in their order: names, or a TypeError.
fn names_of(th: &Thread, dict: Borrowed<'_, Dict>) -> PyResult<Owned<Tuple>> {
    let (mut position, mut are_names) = (0, true);
    let names = Tuple::from_fn(th, dict.len(), |_| {
        // SAFETY: nothing runs here.
        match unsafe { dict.next_borrowed(&mut position) } {
            Some((key, _value)) => {
                are_names &= key.downcast::<Str>().is_some();
                key.to_owned()
            }
            None => none().to_owned(),
        }
    })?;
    if are_names { Ok(names) } else { Err(th.raise(exc::TYPE_ERROR, "keywords must be strings")) }
}

/// A new reference to the value at `position`, which moves on.
fn next_value(dict: Option<Borrowed<'_, Dict>>, position: &Cell<usize>) -> StackRef {
    let mut at = position.get();
    // SAFETY: nothing runs here; a live object.
    unsafe {
        let next = dict.and_then(|dict| dict.next_borrowed(&mut at));
        position.set(at);
        next.map_or_else(StackRef::none, |(_key, value)| StackRef::new(value.as_ptr()))
    }
}

fn call_python_ex(
    op: Op<'_>,
    args: &Tuple,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<*const CodeUnit> {
    let kwargs = kwargs.filter(|kwargs| !kwargs.is_empty());
    let kwnames = kwargs.map(|kwargs| names_of(op.th, kwargs)).transpose()?;
    let positional = args.len();
    // Nothing runs until the values are in the row: the dictionary still has the names of `kwnames`.
    let position = Cell::new(0);
    let value = |index| match args.get(index) {
        // SAFETY: a live object.
        Some(value) => unsafe { StackRef::new(value.as_ptr()) },
        None => next_value(kwargs, &position),
    };
    in_row(positional + kwnames.as_ref().map_or(0, |names| names.len()), value, |values| {
        // SAFETY: (2): each reference is new, and moves into the frame.
        unsafe {
            let operands = op.pop::<4>();
            let function: Borrowed<'_, Function> = operands[0].get().cast();
            let frame = frame::push_for_call(
                op.th,
                StackRef::new(function.as_ptr()),
                namespace(function),
                values.as_ptr(),
                positional,
                kwnames.as_ref().map(Owned::borrow),
                op.frame,
            )?;
            drop(operands);
            Ok(enter(op, frame))
        }
    })
}

/// `__init__` must answer None.
pub fn exit_init_check(op: Op<'_>) -> PyResult<()> {
    let result = op.pop1();
    if result.is_none() {
        return Ok(());
    }
    Err(raise!(op.th, TYPE_ERROR, "__init__() should return None, not '{}'", result.type_name()))
}

/// How messages name a callable: `module.qualname()`, or its `str`.
pub fn function_text(th: &Thread, callable: Borrowed<'_>) -> PyResult<String> {
    let Some(qualname) = object::get_attr_opt(th, callable, id::__qualname__)? else {
        return Ok(object::str(th, callable)?.to_string());
    };
    let qualname = object::str(th, qualname.borrow())?;
    if let Some(module) = object::get_attr_opt(th, callable, id::__module__)?
        && !module.is_none()
        && let Some(module) = module.borrow().downcast::<Str>()
        && !module.eq_str("builtins")
    {
        return Ok(format!("{}.{}()", module.get(), &*qualname));
    }
    Ok(format!("{}()", &*qualname))
}

/// The error of merging the keywords of `**update`, in the words of a call.
pub fn keywords_error(
    th: &Thread,
    callable: Borrowed<'_>,
    update: Borrowed<'_>,
    raised: Raised,
) -> Raised {
    let raised = match th.take_if(raised, exc::ATTRIBUTE_ERROR) {
        Ok(_replaced) => {
            return match function_text(th, callable) {
                Ok(function) => raise!(
                    th,
                    TYPE_ERROR,
                    "{function} argument after ** must be a mapping, not {}",
                    update.type_name()
                ),
                Err(raised) => raised,
            };
        }
        Err(raised) => raised,
    };
    let exception = match th.take_if(raised, exc::KEY_ERROR) {
        Ok(exception) => exception,
        Err(raised) => return raised,
    };
    let key = match exception.args().get().as_slice() {
        [key] => (*key).to_owned(),
        _ => return th.set_exception(exception.into_object()),
    };
    match function_text(th, callable)
        .and_then(|function| Ok((function, object::str(th, key.borrow())?)))
    {
        Ok((function, key)) => raise!(
            th,
            TYPE_ERROR,
            "{function} got multiple values for keyword argument '{}'",
            &*key
        ),
        Err(raised) => raised,
    }
}

//! `internal/pycore_ceval.h`, `pycore_genobject.h`, `pycore_function.h`, `pycore_code.h`: the halves of instructions
//! that are functions of objects.
//!
//! SAFETY, throughout: C passes live objects, as many items as it says, and writable places.

use std::ffi::{c_char, c_int};

use krait_abi as abi;
use krait_eval::code::Code;
use krait_eval::frame::object::FrameObject;
use krait_eval::function::Function;
use krait_eval::generator::{self, Generator};
use krait_eval::monitoring::legacy::{self, Kind, TraceFunction};
use krait_macros::capi;
use krait_objects::prelude::*;

use super::objects::function_text;
use crate::support::*;

type State = *mut abi::PyThreadState;

fn is_exception_class(ob: Borrowed<'_>) -> bool {
    ob.downcast::<Type>().is_some_and(|class| class.is_subtype(exc::BASE_EXCEPTION))
}

fn all_exceptions(ob: Borrowed<'_>) -> bool {
    match ob.downcast::<Tuple>() {
        Some(classes) => classes.get().as_slice().iter().all(|class| is_exception_class(*class)),
        None => is_exception_class(ob),
    }
}

fn check_except(th: &Thread, classes: Borrowed<'_>) -> PyResult<()> {
    if all_exceptions(classes) {
        return Ok(());
    }
    let message = "catching classes that do not inherit from BaseException is not allowed";
    Err(th.raise(exc::TYPE_ERROR, message))
}

#[capi]
pub fn _PyEval_CheckExceptTypeValid(
    th: &Thread,
    _state: State,
    classes: Borrowed<'_>,
) -> PyResult<()> {
    check_except(th, classes)
}

#[capi]
pub fn _PyEval_CheckExceptStarTypeValid(
    th: &Thread,
    _state: State,
    classes: Borrowed<'_>,
) -> PyResult<()> {
    check_except(th, classes)?;
    let is_group = |class: Borrowed<'_>| {
        class.downcast::<Type>().is_some_and(|class| class.is_subtype(exc::BASE_EXCEPTION_GROUP))
    };
    let any = match classes.downcast::<Tuple>() {
        Some(classes) => classes.get().as_slice().iter().any(|class| is_group(*class)),
        None => is_group(classes),
    };
    if any {
        let message = "catching ExceptionGroup with except* is not allowed. Use except instead.";
        return Err(th.raise(exc::TYPE_ERROR, message));
    }
    Ok(())
}

#[capi]
pub fn _PyEval_FormatAwaitableError(th: &Thread, _state: State, class: TypePtr, which: c_int) {
    // SAFETY: see the top of the file.
    let class = unsafe { type_of(class) };
    if class.raw().tp_as_async.is_null() {
        let method = match which {
            1 => "__aenter__",
            2 => "__aexit__",
            _ => return,
        };
        let _raised = raise!(
            th,
            TYPE_ERROR,
            "'async with' received an object from {method} that does not implement __await__: {}",
            class.tp_name()
        );
    }
}

/// Raises with a name put into a format with one `%.200s`.
#[capi]
pub fn _PyEval_FormatExcCheckArg(
    th: &Thread,
    _state: State,
    class: Borrowed<'_>,
    format: *const c_char,
    name: Borrowed<'_>,
) {
    let Some(name) = name.downcast::<Str>() else { return };
    let text = text_of(format).replacen("%.200s", &name.to_string_lossy(), 1);
    let Ok(message) = Str::new(th, &text) else { return };
    crate::errors::raise_in(th, class, Some(message.object()));
    if class.is(Borrowed::from_ref(exc::NAME_ERROR).object())
        && let Some(exception) = th.take_exception()
    {
        // A name that cannot be noted is not worth another error.
        if object::set_attr(th, exception.object(), id::name, name.object()).is_err() {
            drop(th.take_exception());
        }
        let _raised = th.set_exception(exception.into_object());
    }
}

#[capi]
pub fn _PyEval_FormatExcUnbound(
    th: &Thread,
    _state: State,
    code: Borrowed<'_, Code>,
    index: c_int,
) -> PyResult<()> {
    if th.is_raised() || index < 0 || index >= code.nlocalsplus {
        return Ok(());
    }
    let name = code.get().local_name(index as usize);
    if code.get().local_kind(index as usize) & krait_bytecode::local_kind::FREE != 0 {
        return Err(raise!(
            th,
            NAME_ERROR,
            "cannot access free variable '{}' where it is not associated with a value in enclosing scope",
            &*name
        ));
    }
    Err(raise!(
        th,
        UNBOUND_LOCAL_ERROR,
        "cannot access local variable '{}' where it is not associated with a value",
        &*name
    ))
}

/// What went wrong with the mapping behind `**`.
#[capi]
pub fn _PyEval_FormatKwargsError(
    th: &Thread,
    _state: State,
    function: Borrowed<'_>,
    keywords: Borrowed<'_>,
) {
    let Some(exception) = th.take_exception() else { return };
    let class = exception.object().get().ty();
    let args = exception.args().to_owned();
    let given_twice = class.is_subtype(exc::KEY_ERROR) && args.len() == 1;
    let not_mapping = class.is_subtype(exc::ATTRIBUTE_ERROR);
    let function = if given_twice || not_mapping {
        function_text(th, function)
    } else {
        Ok(id::empty.to_owned())
    };
    let Ok(function) = function else { return };
    let _raised = match args.get(0).and_then(|key| key.downcast::<Str>()) {
        _ if not_mapping => raise!(
            th,
            TYPE_ERROR,
            "{} argument after ** must be a mapping, not {}",
            &*function,
            keywords.type_name()
        ),
        Some(key) if given_twice => raise!(
            th,
            TYPE_ERROR,
            "{} got multiple values for keyword argument '{}'",
            &*function,
            &*key
        ),
        None if given_twice => raise!(th, TYPE_ERROR, "{} keywords must be strings", &*function),
        _ => th.set_exception(exception.into_object()),
    };
}

#[capi]
pub fn _Py_Check_ArgsIterable(
    th: &Thread,
    _state: State,
    function: Borrowed<'_>,
    args: Borrowed<'_>,
) -> PyResult<()> {
    if args.get().ty().raw().tp_iter.is_some() || sequence::check(args) {
        return Ok(());
    }
    let function = function_text(th, function)?;
    Err(raise!(
        th,
        TYPE_ERROR,
        "{} argument after * must be an iterable, not {}",
        &*function,
        args.type_name()
    ))
}

#[capi]
pub fn _PyEval_GetBuiltin(th: &Thread, name: Borrowed<'_>) -> PyResult {
    krait_objects::object::builtin(th, attribute(th, name)?)
}

#[capi]
pub fn _PyEval_SetProfile(
    th: &Thread,
    state: State,
    function: Option<TraceFunction>,
    ob: Ptr,
) -> PyResult<()> {
    // SAFETY: see the top of the file.
    unsafe {
        let ob = Borrowed::<Object>::from_ptr_or_null(ob);
        legacy::set_in(th, &*state.cast::<Thread>(), Kind::Profile, function, ob)
    }
}

#[capi]
pub fn _PyCoro_GetAwaitableIter(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    generator::awaitable::get_iter(th, ob)
}

#[capi]
pub fn _PyEval_GetAwaitable(th: &Thread, ob: Borrowed<'_>, _which: c_int) -> PyResult {
    generator::awaitable::get_iter(th, ob)
}

#[capi]
pub fn _PyEval_GetANext(th: &Thread, iterator: Borrowed<'_>) -> PyResult {
    let anext = Str::interned(th, "__anext__")?;
    let name = iterator.type_name().to_string();
    let Some(method) = iterator.get().ty().lookup(th, anext.borrow()) else {
        let message = "'async for' requires an iterator with __anext__ method, got";
        return Err(raise!(th, TYPE_ERROR, "{message} {name}"));
    };
    let class = iterator.get().ty().object();
    let method = krait_objects::descr::bind(th, method.borrow(), Some(iterator), class)?;
    let awaitable = call::call(th, method.borrow(), &[])?;
    generator::awaitable::get_iter(th, awaitable.borrow())
        .map_err(|raised| generator::awaitable::invalid_anext(th, awaitable.borrow(), raised))
}

/// The value of a StopIteration that is raised, or None; an error if another exception is.
#[capi]
pub fn _PyGen_FetchStopIterationValue(th: &Thread, place: *mut Ptr) -> PyResult<()> {
    let value = if th.is_raised() {
        generator::stop_value(th, Some(th.raised_by_c()))
    } else {
        Ok(none().to_owned())
    };
    // SAFETY: see the top of the file.
    unsafe {
        *place = std::ptr::null_mut();
        *place = value?.into_ptr();
    }
    Ok(())
}

#[capi]
pub fn _PyGen_SetStopIterationValue(th: &Thread, value: Borrowed<'_>) -> c_int {
    let _raised = generator::raise_stop(th, value);
    -1
}

/// What a generator delegates to.
#[capi]
pub fn _PyGen_yf(ob: Ptr) -> Option<Owned> {
    // SAFETY: C passes a generator, a coroutine or an asynchronous generator, which have one layout.
    unsafe { &*ob.cast::<Generator>() }.delegate()
}

#[capi]
pub fn _PyFrame_IsEntryFrame(th: &Thread, frame: Borrowed<'_, FrameObject>) -> PyResult<bool> {
    // A frame that the loop was entered for has none of the loop's in front.
    Ok(frame.get().caller(th)?.is_none())
}

#[capi]
pub fn _PyFunction_SetVersion(function: Ptr, version: u32) {
    // SAFETY: C passes a function.
    unsafe { Borrowed::<Function>::from_ptr(function) }.get().version.set(version);
}

#[capi]
pub fn _PyFunction_VerifyStateless(
    th: &Thread,
    _state: State,
    function: Borrowed<'_>,
) -> PyResult<()> {
    let Some(function) = function.downcast::<Function>() else {
        let name = function.type_name();
        return Err(raise!(th, TYPE_ERROR, "expected function, got {name}"));
    };
    krait_modules::interpreters::stateless::check_function(th, function)
}

/// What constants are told apart by: their types too, and the signs of zeros.
#[capi]
pub fn _PyCode_ConstantKey(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    constant_key(th, ob)
}

fn constant_key(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    let class = object::type_of(ob);
    if ob.is_none()
        || ob.is(ellipsis())
        || ob.is_exact::<Int>()
        || ob.is_exact::<Str>()
        || ob.downcast::<Code>().is_some()
    {
        return Ok(ob.to_owned());
    }
    if ob.is_exact::<Bytes>() || ob.is_exact::<krait_objects::int::Bool>() {
        return Ok(Tuple::from_slice(th, &[class.object(), ob])?.into_object());
    }
    if let Some(float) = ob.downcast_exact::<Float>() {
        if float.value() == 0.0 && float.value().is_sign_negative() {
            return Ok(Tuple::from_slice(th, &[class.object(), ob, none()])?.into_object());
        }
        return Ok(Tuple::from_slice(th, &[class.object(), ob])?.into_object());
    }
    if let Some(tuple) = ob.downcast_exact::<Tuple>() {
        let keys = tuple.get().as_slice().iter().map(|item| constant_key(th, *item));
        let keys = Tuple::from_vec(th, keys.collect::<PyResult<Vec<_>>>()?)?;
        return Ok(Tuple::from_slice(th, &[keys.object(), ob])?.into_object());
    }
    // Others are told apart by their addresses.
    let address = Int::from_usize(th, ob.as_ptr() as usize)?;
    Ok(Tuple::from_slice(th, &[address.object(), ob])?.into_object())
}

fn effect(opcode: c_int, oparg: c_int, jump: c_int) -> c_int {
    const INVALID: c_int = c_int::MAX;
    let opcode = u16::try_from(opcode).ok().and_then(krait_bytecode::Opcode::from_number);
    let effect = opcode.and_then(|opcode| match jump {
        0 => opcode.stack_effect(oparg as u32, false),
        1 => opcode.stack_effect(oparg as u32, true),
        _ => opcode.max_stack_effect(oparg as u32),
    });
    effect.and_then(|effect| c_int::try_from(effect).ok()).unwrap_or(INVALID)
}

#[capi]
pub fn PyCompile_OpcodeStackEffect(opcode: c_int, oparg: c_int) -> c_int {
    effect(opcode, oparg, -1)
}

#[capi]
pub fn PyCompile_OpcodeStackEffectWithJump(opcode: c_int, oparg: c_int, jump: c_int) -> c_int {
    effect(opcode, oparg, jump)
}

/// A docstring without its indentation.
#[capi]
pub fn _PyCompile_CleanDoc(th: &Thread, doc: Borrowed<'_, Str>) -> PyResult {
    let text = doc.to_wtf8();
    match krait_compiler::stages::clean_doc(&text, &krait_compiler::Bump::new()) {
        Ok(clean) => Ok(Str::from_wtf8(th, clean.as_bytes())?.into_object()),
        Err(_) => Err(th.no_memory()),
    }
}

#[capi]
pub fn _PyCompile_GetUnaryIntrinsicName(th: &Thread, index: c_int) -> PyResult<Option<Owned<Str>>> {
    named(th, &super::tables::UNARY_INTRINSICS, index)
}

#[capi]
pub fn _PyCompile_GetBinaryIntrinsicName(
    th: &Thread,
    index: c_int,
) -> PyResult<Option<Owned<Str>>> {
    named(th, &super::tables::BINARY_INTRINSICS, index)
}

fn named(th: &Thread, names: &[&std::ffi::CStr], index: c_int) -> PyResult<Option<Owned<Str>>> {
    match usize::try_from(index).ok().and_then(|index| names.get(index)) {
        Some(name) => Str::new(th, &name.to_string_lossy()).map(Some),
        None => Ok(None),
    }
}

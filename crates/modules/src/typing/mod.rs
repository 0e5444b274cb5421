//! The `_typing` module: type variables, type aliases, `Generic`.
//!
//! The statements of PEP 695 make these objects through `make`; what is rarely used is left to the Python
//! half, the `typing` module. The same job as CPython's `Objects/typevarobject.c`.

mod alias;
mod evaluator;
mod generic;
mod param_spec;
mod type_var;
mod type_var_tuple;

use krait_eval::import;
use krait_eval::interpreter::{TypingRequest, typing_hooks};
use krait_objects::prelude::*;
use krait_objects::union;

pub use alias::TypeAliasType;
pub use evaluator::{ConstEvaluator, NoDefaultType};
pub use generic::Generic;
pub use param_spec::{ParamSpec, ParamSpecArgs, ParamSpecKwargs};
pub use type_var::TypeVar;
pub use type_var_tuple::TypeVarTuple;

/// The native side of the typing module.
#[pymodule(name = "_typing")]
pub struct Typing;

/// What an interpreter keeps: the one `NoDefault`.
struct State {
    no_default: Slot,
}

impl Default for State {
    fn default() -> State {
        State { no_default: Slot::EMPTY }
    }
}

#[pyfunctions]
impl Typing {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        // A heap type would get `object.__new__` from its base; a static one has to be given it.
        // SAFETY: written before the type is ready, always with the same value.
        unsafe {
            let generic = Generic::type_object().as_type_ptr();
            if (*generic).tp_new.is_none() {
                (*generic).tp_new = Object::type_object().raw().tp_new;
            }
        }
        for ty in [
            TypeVar::type_object(),
            ParamSpec::type_object(),
            ParamSpecArgs::type_object(),
            ParamSpecKwargs::type_object(),
            TypeVarTuple::type_object(),
            TypeAliasType::type_object(),
            Generic::type_object(),
        ] {
            module.add_type(th, ty)?;
        }
        module.add(th, "Union", Borrowed::from_ref(union::Union::type_object()).object())?;
        module.add(th, "NoDefault", no_default(th)?.object())?;
        typing_hooks(th).make.set(Some(make));
        Ok(())
    }

    /// Return the argument.
    #[function(sig = "(x, /)")]
    fn _idfunc(x: Borrowed<'_>) -> Borrowed<'_> {
        x
    }
}

/// `typing.NoDefault`.
pub fn no_default(th: &Thread) -> PyResult {
    let slot = &th.interp().state::<State>().no_default;
    if let Some(known) = slot.get_owned() {
        return Ok(known);
    }
    let made = Borrowed::from_ref(NoDefaultType::type_object())
        .get()
        .alloc::<NoDefaultType>(th, 0)?
        .into_object();
    slot.set(Some(made.clone()));
    Ok(made)
}

/// What the instructions for type parameters and `type` statements make.
fn make(th: &Thread, request: TypingRequest<'_>) -> PyResult {
    let text = |name: Borrowed<'_>| -> PyResult<Owned<Str>> {
        name.to_owned().downcast::<Str>().map_err(|_| th.bad_internal_call())
    };
    match request {
        TypingRequest::TypeVar { name } => TypeVar::create(th, text(name)?, None, None),
        TypingRequest::TypeVarWithBound { name, evaluate } => {
            TypeVar::create(th, text(name)?, Some(evaluate.to_owned()), None)
        }
        TypingRequest::TypeVarWithConstraints { name, evaluate } => {
            TypeVar::create(th, text(name)?, None, Some(evaluate.to_owned()))
        }
        TypingRequest::ParamSpec { name } => ParamSpec::create(th, text(name)?),
        TypingRequest::TypeVarTuple { name } => TypeVarTuple::create(th, text(name)?),
        TypingRequest::SubscriptGeneric { parameters } => generic::subscript(th, parameters),
        TypingRequest::TypeAlias { parts } => alias::from_parts(th, parts),
        TypingRequest::SetDefault { parameter, evaluate } => set_default(th, parameter, evaluate),
    }
}

fn set_default(th: &Thread, parameter: Borrowed<'_>, evaluate: Borrowed<'_>) -> PyResult {
    let slot = if let Some(variable) = parameter.downcast::<TypeVar>() {
        &variable.get().evaluate_default
    } else if let Some(spec) = parameter.downcast::<ParamSpec>() {
        &spec.get().evaluate_default
    } else if let Some(tuple) = parameter.downcast::<TypeVarTuple>() {
        &tuple.get().evaluate_default
    } else {
        return Err(raise!(th, TYPE_ERROR, "Expected a type param, got {}", parameter.type_name()));
    };
    slot.set(Some(evaluate.to_owned()));
    Ok(parameter.to_owned())
}

/// Whether a type parameter has a default; `None` if `ob` is no type parameter.
fn has_default(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<bool>> {
    if ob.downcast::<TypeVar>().is_none()
        && ob.downcast::<ParamSpec>().is_none()
        && ob.downcast::<TypeVarTuple>().is_none()
    {
        return Ok(None);
    }
    let name = Str::interned(th, "has_default")?;
    let answer = call::call_method(th, ob, name.borrow(), &[])?;
    object::is_true(th, answer.object()).map(Some)
}

/// Calls a function of the `typing` module.
fn call_typing(th: &Thread, name: &str, args: &[Borrowed<'_>]) -> PyResult {
    let typing = import::import(th, "typing")?;
    let name = Str::interned(th, name)?;
    call::call_method(th, typing.object(), name.borrow(), args)
}

/// `typing._type_check`: a type, or what stands for one.
fn type_check(th: &Thread, value: Borrowed<'_>, message: &str) -> PyResult {
    if value.is_none() {
        return Ok(Borrowed::from_ref(krait_objects::object::singletons::NoneType::type_object())
            .object()
            .to_owned());
    }
    if value.downcast::<Type>().is_some() {
        return Ok(value.to_owned());
    }
    let message = Str::new(th, message)?;
    call_typing(th, "_type_check", &[value, message.object()])
}

/// The value of a lazily evaluated attribute: what is known, else what its evaluator answers (kept), else `missing`.
fn evaluated(th: &Thread, known: &Slot, evaluate: &Slot, missing: Owned) -> PyResult {
    if let Some(known) = known.get_owned() {
        return Ok(known);
    }
    let Some(evaluate) = evaluate.get_owned() else {
        return Ok(missing);
    };
    let format = Int::from_i64(th, 1)?;
    let value = call::call(th, evaluate.object(), &[format.object()])?;
    known.set(Some(value.clone()));
    Ok(value)
}

/// The evaluator of an attribute, or one that answers with what is known; None if there is neither.
fn evaluator_of(th: &Thread, known: &Slot, evaluate: &Slot) -> PyResult {
    match (evaluate.get_owned(), known.get_owned()) {
        (Some(evaluate), _) => Ok(evaluate),
        (None, Some(known)) => ConstEvaluator::create(th, known),
        (None, None) => Ok(none().to_owned()),
    }
}

/// Whether a variable has a default, known or still to be evaluated: its `has_default()`.
fn is_default_given(th: &Thread, known: &Slot, evaluate: &Slot) -> bool {
    let known = known.get_owned();
    evaluate.get().is_some()
        || known.is_some_and(|known| no_default(th).is_ok_and(|none| !none.is(known.object())))
}

/// Refuses a variable that varies both ways, or is told how it varies and to infer it.
fn check_variance(th: &Thread, covariant: bool, contravariant: bool, infer: bool) -> PyResult<()> {
    if covariant && contravariant {
        return Err(th.raise(exc::VALUE_ERROR, "Bivariant types are not supported."));
    }
    if infer && (covariant || contravariant) {
        let message = "Variance cannot be specified with infer_variance.";
        return Err(th.raise(exc::VALUE_ERROR, message));
    }
    Ok(())
}

/// `~T`, or with the sign of its variance; the bare name where that is inferred.
fn signed_name(
    th: &Thread,
    name: &Slot<Str>,
    covariant: bool,
    contravariant: bool,
    infer: bool,
) -> PyResult<Owned<Str>> {
    let name = name.get_owned().unwrap_or_else(|| id::empty.to_owned());
    let sign = match (infer, covariant, contravariant) {
        (true, ..) => return Ok(name),
        (_, true, _) => "+",
        (_, _, true) => "-",
        _ => "~",
    };
    Str::from_fmt(th, format_args!("{sign}{}", *name))
}

/// Gives an object that was made by a call in Python its `__module__`.
fn set_module(th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
    let module = (th.interp().services.get().current_module)(th);
    let module = module.unwrap_or_else(|| none().to_owned());
    object::set_attr(th, ob, id::__module__, module.object())
}

/// `X | Y` for things that are no types themselves.
fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    krait_objects::union::or_anything(th, left, right)
}

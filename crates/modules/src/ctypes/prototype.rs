//! The parameters of a foreign function as a prototype describes them: which the caller gives, which it gets back.
//!
//! The same job as `_validate_paramflags`, `_build_callargs` and `_build_result` in CPython's
//! `Modules/_ctypes/_ctypes.c`.

use krait_objects::prelude::*;

use super::array::PyCArrayType;
use super::info::info_of;
use super::param::is_output;

/// How the parameter of a prototype is used.
const IN: i64 = 1;
const OUT: i64 = 2;
const LCID: i64 = 4;
const IN_LCID: i64 = IN | LCID;
const IN_OUT: i64 = IN | OUT;

/// A parameter as the program describes it.
struct Parameter<'a> {
    flags: i64,
    name: Option<Borrowed<'a, Str>>,
    default: Option<Borrowed<'a>>,
}

impl<'a> Parameter<'a> {
    fn of(item: Borrowed<'a>) -> Option<Parameter<'a>> {
        let parts = item.downcast::<Tuple>()?.get().as_slice();
        let (&flags, rest) = parts.split_first()?;
        let flags = flags.downcast::<Int>()?.to_i64()?;
        let name = match rest.first() {
            None => None,
            Some(name) if name.is_none() => None,
            Some(name) => Some(name.downcast::<Str>()?),
        };
        (rest.len() <= 2).then(|| Parameter { flags, name, default: rest.get(1).copied() })
    }

    fn way(&self) -> i64 {
        self.flags & (IN | OUT | LCID)
    }
}

/// Checks the description of the parameters.
pub fn check_parameters(
    th: &Thread,
    types: Option<Borrowed<'_, Tuple>>,
    given: Option<Borrowed<'_>>,
) -> PyResult<Option<Owned<Tuple>>> {
    let Some(given) = given.filter(|given| !given.is_none()) else { return Ok(None) };
    let Some(flags) = given.downcast::<Tuple>() else {
        return Err(th.raise(exc::TYPE_ERROR, "paramflags must be a tuple or None"));
    };
    let Some(types) = types else { return Ok(Some(flags.to_owned())) };
    if types.len() != flags.len() {
        let message = "paramflags must have the same length as argtypes";
        return Err(th.raise(exc::VALUE_ERROR, message));
    }
    for (at, (item, ty)) in flags.as_slice().iter().zip(types.as_slice()).enumerate() {
        let Some(parameter) = Parameter::of(*item) else {
            let message = "paramflags must be a sequence of (int [,string [,value]]) tuples";
            return Err(th.raise(exc::TYPE_ERROR, message));
        };
        match parameter.way() {
            0 | IN | IN_LCID | IN_OUT => {}
            OUT if is_output(*ty) => {}
            OUT => {
                let found = ty.downcast::<Type>().map_or("?", |ty| ty.get().tp_name());
                let number = at + 1;
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "'out' parameter {number} must be a pointer type, not {found}"
                ));
            }
            _ => {
                let value = parameter.flags;
                return Err(raise!(th, TYPE_ERROR, "paramflag value {value} not supported"));
            }
        }
    }
    Ok(Some(flags.to_owned()))
}

/// The arguments of a call as the function takes them, and which of them the caller gets back.
pub struct Arranged {
    pub values: Vec<Owned>,
    /// Of each that comes back its number, and whether it was made for the call.
    back: Vec<(usize, bool)>,
}

/// The next argument of the call, by position or by name.
fn next_argument(
    th: &Thread,
    parameter: &Parameter<'_>,
    used: &mut usize,
    args: &Tuple,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult {
    if let Some(given) = args.get(*used) {
        *used += 1;
        return Ok(given.to_owned());
    }
    if let (Some(kwargs), Some(name)) = (kwargs, parameter.name) {
        if let Some(given) = kwargs.get().get(th, name.object())? {
            *used += 1;
            return Ok(given);
        }
    }
    match (parameter.default, parameter.name) {
        (Some(default), _) => Ok(default.to_owned()),
        (None, Some(name)) => Err(raise!(th, TYPE_ERROR, "required argument '{}' missing", *name)),
        (None, None) => Err(th.raise(exc::TYPE_ERROR, "not enough arguments")),
    }
}

/// What an output parameter without a value gets: an instance of what it points to.
fn output(th: &Thread, ty: Borrowed<'_>) -> PyResult {
    let Some(info) = info_of(ty) else { return Err(th.bad_argument()) };
    let made = match info.item_type() {
        None => {
            let name = ty.downcast::<Type>().map_or("?", |ty| ty.get().tp_name());
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{name} 'out' parameter must be passed as default value"
            ));
        }
        Some(_) if ty.downcast::<PyCArrayType>().is_some() => ty.to_owned(),
        Some(item) => item.object().to_owned(),
    };
    call::call(th, made.borrow(), &[])
}

/// The arguments of a call as the description, if there is one, has them.
pub fn arrange(
    th: &Thread,
    described: Option<&Tuple>,
    types: Option<&Tuple>,
    args: &Tuple,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<Arranged> {
    let described = types.filter(|types| !types.is_empty()).zip(described);
    let Some((types, flags)) = described else {
        let values = args.as_slice().iter().copied().map(Borrowed::to_owned).collect();
        return Ok(Arranged { values, back: Vec::new() });
    };
    let mut arranged = Arranged { values: Vec::new(), back: Vec::new() };
    let mut used = 0;
    for (at, (item, ty)) in flags.as_slice().iter().zip(types.as_slice()).enumerate() {
        let Some(parameter) = Parameter::of(*item) else { return Err(th.bad_argument()) };
        let value = match parameter.way() {
            IN_LCID => match parameter.default {
                Some(default) => default.to_owned(),
                None => Int::from_i64(th, 0)?.into_object(),
            },
            way @ (0 | IN | IN_OUT) => {
                if way == IN_OUT {
                    arranged.back.push((at, false));
                }
                next_argument(th, &parameter, &mut used, args, kwargs)?
            }
            OUT => {
                arranged.back.push((at, true));
                match parameter.default {
                    Some(default) => default.to_owned(),
                    None => output(th, *ty)?,
                }
            }
            _ => {
                let flags = parameter.flags;
                // Combinations that the reference knows and refuses, in its words.
                return Err(raise!(th, VALUE_ERROR, "paramflag {flags} not yet implemented"));
            }
        };
        arranged.values.push(value);
    }
    let given = args.len() + kwargs.map_or(0, |kwargs| kwargs.len());
    if given != used {
        return Err(raise!(th, TYPE_ERROR, "call takes exactly {used} arguments ({given} given)"));
    }
    Ok(arranged)
}

/// What the caller gets: the result, or the output parameters.
pub fn results(th: &Thread, result: Owned, arranged: &Arranged) -> PyResult {
    let mut found = Vec::with_capacity(arranged.back.len());
    for &(at, made) in &arranged.back {
        let Some(value) = arranged.values.get(at) else { continue };
        found.push(if made {
            let name = Str::interned(th, "__ctypes_from_outparam__")?;
            call::call_method(th, value.borrow(), name.borrow(), &[])?
        } else {
            value.clone()
        });
    }
    match found.len() {
        0 => Ok(result),
        1 => found.pop().ok_or_else(|| th.bad_internal_call()),
        _ => Tuple::from_vec(th, found).map(Owned::into_object),
    }
}

//! Values on their way from one interpreter to another: plain data that no interpreter owns.
//!
//! `Carried::take` is made in the interpreter that has the object, `open` makes an equal object in another. The same job
//! as `_PyXIData_t` in CPython's `Python/crossinterp.c` and `Python/crossinterp_data_lookup.h`.

use std::cell::RefCell;

use krait_eval::code::Code;
use krait_eval::function::Function;
use krait_eval::{marshal, registry};
use krait_objects::int::Bool;
use krait_objects::memoryview::MemoryView;
use krait_objects::prelude::*;

use super::errors::not_shareable;
use super::shared::SharedBuffer;
use super::{pickled, stateless};

/// Whether what cannot be shared as it is may be sent as a function's code or pickled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    None,
    Full,
}

/// Data that a module knows how to carry.
pub trait Parcel: Send {
    /// The object that it stands for, in the current interpreter.
    fn open(&self, th: &Thread) -> PyResult;
}

pub enum Carried {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Text with surrogates, which a `String` cannot have.
    CodePoints(Vec<u32>),
    Bytes(Vec<u8>),
    Tuple(Vec<Carried>),
    Buffer(SharedBuffer),
    /// A code object, marshalled.
    Code(Vec<u8>),
    /// The code of a function that needs nothing else.
    Function(Vec<u8>),
    Pickled(pickled::Pickled),
    Other(Box<dyn Parcel>),
}

/// Takes an instance of a class that a module has registered.
pub type Take = fn(&Thread, Borrowed<'_>) -> PyResult<Box<dyn Parcel>>;

/// The classes that modules of this interpreter have registered, not counting their subclasses.
#[derive(Default)]
struct Registered(RefCell<Vec<(Owned<Type>, Take)>>);

/// Has instances of a class shared by way of `take`.
pub fn register(th: &Thread, class: Borrowed<'_, Type>, take: Take) {
    unregister(th, class);
    th.interp().state::<Registered>().0.borrow_mut().push((class.to_owned(), take));
}

pub fn unregister(th: &Thread, class: Borrowed<'_, Type>) {
    let known = &th.interp().state::<Registered>().0;
    let at = known.borrow().iter().position(|(other, _)| other.is(class.object()));
    let old = at.map(|at| known.borrow_mut().remove(at));
    drop(old);
}

fn registered(th: &Thread, ob: Borrowed<'_>) -> Option<Take> {
    let class = ob.get().ty();
    let known = th.interp().state::<Registered>().0.borrow();
    known.iter().find(|(other, _)| other.is(class.object())).map(|&(_, take)| take)
}

/// Whether an object's data can be shared as it is.
pub fn is_shareable(th: &Thread, ob: Borrowed<'_>) -> bool {
    ob.is_none()
        || ob.is_exact::<Bool>()
        || ob.is_exact::<Int>()
        || ob.is_exact::<Float>()
        || ob.is_exact::<Str>()
        || ob.is_exact::<Bytes>()
        || ob.is_exact::<Tuple>()
        || ob.is_exact::<MemoryView>()
        || registered(th, ob).is_some()
}

impl Carried {
    /// The data of an object; NotShareableError if it cannot cross.
    pub fn take(th: &Thread, ob: Borrowed<'_>, fallback: Fallback) -> PyResult<Carried> {
        let raised = match Carried::take_as_it_is(th, ob, fallback) {
            Ok(carried) => return Ok(carried),
            Err(raised) => raised,
        };
        if fallback == Fallback::None {
            return Err(raised);
        }
        let first = th.take_raised(raised);
        if ob.is_exact::<Function>() {
            match Carried::take_function(th, ob) {
                Ok(carried) => return Ok(carried),
                Err(raised) => drop(th.take_raised(raised)),
            }
        }
        match pickled::Pickled::take(th, ob) {
            Ok(pickled) => Ok(Carried::Pickled(pickled)),
            Err(raised) => {
                drop(th.take_raised(raised));
                Err(th.set_exception(first.into_object()))
            }
        }
    }

    fn take_as_it_is(th: &Thread, ob: Borrowed<'_>, fallback: Fallback) -> PyResult<Carried> {
        match Carried::take_known(th, ob, fallback) {
            Ok(Some(carried)) => Ok(carried),
            Ok(None) => Err(refuse(th, ob, None)),
            Err(raised) => {
                let cause = th.take_raised(raised);
                Err(refuse(th, ob, Some(cause)))
            }
        }
    }

    fn take_known(th: &Thread, ob: Borrowed<'_>, fallback: Fallback) -> PyResult<Option<Carried>> {
        if ob.is_none() {
            return Ok(Some(Carried::None));
        }
        if ob.is_exact::<Bool>() {
            return Ok(Some(Carried::Bool(object::is_true(th, ob)?)));
        }
        if let Some(int) = ob.downcast_exact::<Int>() {
            let value = int.to_i64();
            return value
                .map(|value| Some(Carried::Int(value)))
                .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "try sending as bytes"));
        }
        if let Some(float) = ob.downcast_exact::<Float>() {
            return Ok(Some(Carried::Float(float.value())));
        }
        if let Some(text) = ob.downcast_exact::<Str>() {
            return Ok(Some(take_text(&text)));
        }
        if let Some(bytes) = ob.downcast_exact::<Bytes>() {
            return Ok(Some(Carried::Bytes(bytes.as_bytes().to_vec())));
        }
        if let Some(tuple) = ob.downcast_exact::<Tuple>() {
            let items = th.recurse(" while sharing a tuple", || {
                let items = tuple.get().as_slice().iter();
                items.map(|item| Carried::take(th, *item, fallback)).collect::<PyResult<Vec<_>>>()
            })?;
            return Ok(Some(Carried::Tuple(items)));
        }
        if ob.is_exact::<MemoryView>() {
            return Ok(Some(Carried::Buffer(SharedBuffer::of(th, ob)?)));
        }
        match registered(th, ob) {
            Some(take) => Ok(Some(Carried::Other(take(th, ob)?))),
            None => Ok(None),
        }
    }

    /// The code of a function that uses nothing but its arguments and built-in names.
    pub fn take_function(th: &Thread, ob: Borrowed<'_>) -> PyResult<Carried> {
        let Some(function) = ob.downcast_exact::<Function>() else {
            let shown = object::repr(th, ob)?;
            return Err(not_shareable(th, &format!("expected a function, got {}", &*shown), None));
        };
        if let Err(raised) = stateless::check_function(th, function) {
            let cause = th.take_raised(raised);
            return Err(not_shareable(th, "only stateless functions are shareable", Some(cause)));
        }
        let code = function.code_handle();
        Ok(Carried::Function(marshal::dumps(th, code.object(), MARSHAL_VERSION)?))
    }

    /// A code object.
    pub fn take_code(th: &Thread, code: Borrowed<'_, Code>) -> PyResult<Carried> {
        Ok(Carried::Code(marshal::dumps(th, code.object(), MARSHAL_VERSION)?))
    }

    /// An equal object in the current interpreter.
    pub fn open(&self, th: &Thread) -> PyResult {
        Ok(match self {
            Carried::None => none().to_owned(),
            Carried::Bool(value) => bool_object(*value).object().to_owned(),
            Carried::Int(value) => Int::from_i64(th, *value)?.into_object(),
            Carried::Float(value) => Float::new(th, *value)?.into_object(),
            Carried::Text(text) => Str::new(th, text)?.into_object(),
            Carried::CodePoints(points) => Str::from_code_points(th, points)?.into_object(),
            Carried::Bytes(bytes) => Bytes::new(th, bytes)?.into_object(),
            Carried::Tuple(items) => {
                let items: PyResult<Vec<Owned>> = items.iter().map(|item| item.open(th)).collect();
                Tuple::from_vec(th, items?)?.into_object()
            }
            Carried::Buffer(buffer) => buffer.open(th)?,
            Carried::Code(code) => marshal::loads(th, code)?,
            Carried::Function(code) => open_function(th, code)?,
            Carried::Pickled(pickled) => pickled.open(th)?,
            Carried::Other(parcel) => parcel.open(th)?,
        })
    }
}

const MARSHAL_VERSION: i32 = 5;

fn refuse(th: &Thread, ob: Borrowed<'_>, cause: Option<Owned<BaseException>>) -> Raised {
    match object::repr(th, ob) {
        Ok(shown) => not_shareable(
            th,
            &format!("{} does not support cross-interpreter data", &*shown),
            cause,
        ),
        Err(raised) => raised,
    }
}

fn take_text(text: &Str) -> Carried {
    if let Some(text) = text.as_ascii() {
        return Carried::Text(text.to_owned());
    }
    let points: Vec<u32> = text.chars().iter().collect();
    let whole: Option<String> = points.iter().map(|&point| char::from_u32(point)).collect();
    whole.map_or(Carried::CodePoints(points), Carried::Text)
}

/// The function's globals are those of the interpreter's `__main__` while that runs, else the built-in names: it uses none.
fn open_function(th: &Thread, code: &[u8]) -> PyResult {
    let code = marshal::loads(th, code)?;
    let Ok(code) = code.downcast::<Code>() else {
        return Err(th.bad_internal_call());
    };
    let runs = registry::find(th.interp()).is_some_and(|entry| entry.runs_main);
    let globals = match super::session::main_namespace(th)? {
        Some(globals) if runs => globals,
        _ => th.interp().builtins.get_owned().ok_or_else(|| th.bad_internal_call())?,
    };
    Ok(Function::new(th, code.borrow(), globals.borrow())?.into_object())
}

//! `isinstance` and `issubclass`.
//!
//! The real relation (`real_…`) follows types, and `__bases__` of whatever else behaves like a class; the
//! public functions first ask the class itself.

use crate::prelude::*;
use crate::protocol::call::call;
use crate::protocol::object::{get_attr_opt, is_true, lookup_special};

/// `type(ob)`, counted.
pub fn type_of(ob: Borrowed<'_>) -> Owned<Type> {
    ob.get().ty().to_owned()
}

/// `isinstance(ob, class)`.
pub fn is_instance(th: &Thread, ob: Borrowed<'_>, class: Borrowed<'_>) -> PyResult<bool> {
    if std::ptr::eq(ob.get().ty().as_ptr(), class.as_ptr()) {
        return Ok(true);
    }
    if class.is_exact::<Type>() {
        return real_is_instance(th, ob, class);
    }
    ask(th, ob, class, &IS_INSTANCE)
}

/// `issubclass(ob, class)`.
pub fn is_subclass(th: &Thread, ob: Borrowed<'_>, class: Borrowed<'_>) -> PyResult<bool> {
    if class.is_exact::<Type>() {
        return if ob.is(class) { Ok(true) } else { real_is_subclass(th, ob, class) };
    }
    ask(th, ob, class, &IS_SUBCLASS)
}

/// What differs between the two questions.
struct Question {
    method: Borrowed<'static, Str>,
    place: &'static str,
    again: fn(&Thread, Borrowed<'_>, Borrowed<'_>) -> PyResult<bool>,
    real: fn(&Thread, Borrowed<'_>, Borrowed<'_>) -> PyResult<bool>,
}

static IS_INSTANCE: Question = Question {
    method: id::__instancecheck__,
    place: " in __instancecheck__",
    again: is_instance,
    real: real_is_instance,
};
static IS_SUBCLASS: Question = Question {
    method: id::__subclasscheck__,
    place: " in __subclasscheck__",
    again: is_subclass,
    real: real_is_subclass,
};

/// Of a union or tuple any member will do; other classes may have their own answer.
fn ask(th: &Thread, ob: Borrowed<'_>, class: Borrowed<'_>, question: &Question) -> PyResult<bool> {
    let members = match crate::union::members(class) {
        Some(members) => Some(members),
        None => class.downcast::<Tuple>().map(Borrowed::to_owned),
    };
    if let Some(members) = members {
        th.check_stack(question.place)?;
        for &member in members.as_slice() {
            if (question.again)(th, ob, member)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    match lookup_special(th, class, question.method)? {
        Some(method) => {
            th.check_stack(question.place)?;
            let answer = call(th, method.object(), &[ob])?;
            is_true(th, answer.object())
        }
        None => (question.real)(th, ob, class),
    }
}

/// `type.__instancecheck__`: without asking the metaclass.
pub fn real_is_instance(th: &Thread, ob: Borrowed<'_>, class: Borrowed<'_>) -> PyResult<bool> {
    if let Some(class) = class.downcast::<Type>() {
        if ob.get().ty().is_subtype(class.get()) {
            return Ok(true);
        }
        // A proxy may claim another class.
        let Some(claimed) = get_attr_opt(th, ob, id::__class__)? else {
            return Ok(false);
        };
        let claimed = claimed.object();
        return Ok(!claimed.is(ob.get().ty())
            && claimed.downcast::<Type>().is_some_and(|claimed| claimed.is_subtype(class.get())));
    }
    check_class(th, class, "isinstance() arg 2 must be a type, a tuple of types, or a union")?;
    match get_attr_opt(th, ob, id::__class__)? {
        Some(claimed) => derives(th, claimed.object(), class),
        None => Ok(false),
    }
}

/// `type.__subclasscheck__`: without asking the metaclass.
pub fn real_is_subclass(th: &Thread, ob: Borrowed<'_>, class: Borrowed<'_>) -> PyResult<bool> {
    if let (Some(derived), Some(class)) = (ob.downcast::<Type>(), class.downcast::<Type>()) {
        return Ok(derived.is_subtype(class.get()));
    }
    check_class(th, ob, "issubclass() arg 1 must be a class")?;
    if crate::union::members(class).is_none() {
        let message = "issubclass() arg 2 must be a class, a tuple of classes, or a union";
        check_class(th, class, message)?;
    }
    derives(th, ob, class)
}

/// `__bases__` of a class, if it is a tuple.
fn bases_of(th: &Thread, class: Borrowed<'_>) -> PyResult<Option<Owned<Tuple>>> {
    Ok(get_attr_opt(th, class, id::__bases__)?.and_then(|bases| bases.downcast::<Tuple>().ok()))
}

fn check_class(th: &Thread, class: Borrowed<'_>, message: &str) -> PyResult<()> {
    match bases_of(th, class)? {
        Some(_) => Ok(()),
        None => {
            th.still_raised()?;
            Err(th.raise(exc::TYPE_ERROR, message))
        }
    }
}

/// Follows `__bases__` up from `derived`.
fn derives(th: &Thread, derived: Borrowed<'_>, class: Borrowed<'_>) -> PyResult<bool> {
    let mut derived = derived.to_owned();
    loop {
        if derived.is(class) {
            return Ok(true);
        }
        let Some(bases) = bases_of(th, derived.object())? else {
            return Ok(false);
        };
        match bases.as_slice() {
            [] => return Ok(false),
            // A single base needs no recursion, so a long chain needs no stack.
            &[only] => derived = only.to_owned(),
            many => {
                th.check_stack(" in __issubclass__")?;
                for &base in many {
                    if derives(th, base, class)? {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
        }
    }
}

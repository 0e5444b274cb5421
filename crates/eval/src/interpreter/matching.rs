//! `match`: subjects as sequences, mappings and instances.

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::set::Set;

use super::op::Op;

pub fn match_mapping(op: Op<'_>) -> PyResult<()> {
    let found = op.peek(1).ty().has_flag(abi::Py_TPFLAGS_MAPPING);
    op.push_bool(found);
    Ok(())
}

pub fn match_sequence(op: Op<'_>) -> PyResult<()> {
    let found = op.peek(1).ty().has_flag(abi::Py_TPFLAGS_SEQUENCE);
    op.push_bool(found);
    Ok(())
}

/// The values of all keys as a tuple, or None if one is missing.
pub fn match_keys(op: Op<'_>) -> PyResult<()> {
    let subject = op.peek(2);
    let Some(keys) = op.peek(1).downcast_exact::<Tuple>() else {
        return Err(op.th.bad_internal_call());
    };
    let values = values_of(op.th, subject, keys)?;
    op.push(values);
    Ok(())
}

/// Collects values until one is missing; from then on nothing is asked any more.
fn all_or_none(
    th: &Thread,
    count: usize,
    mut value: impl FnMut(usize) -> PyResult<Option<Owned>>,
) -> PyResult {
    let mut complete = true;
    let values = Tuple::try_from_fn(th, count, |at| {
        if complete && let Some(value) = value(at)? {
            return Ok(value);
        }
        complete = false;
        Ok(none().to_owned())
    })?;
    Ok(if complete { values.into_object() } else { none().to_owned() })
}

fn values_of(th: &Thread, subject: Borrowed<'_>, keys: Borrowed<'_, Tuple>) -> PyResult {
    let keys = keys.get().as_slice();
    if let Some(dict) = subject.downcast_exact::<Dict>()
        && keys.iter().all(|key| key.is_exact::<Str>())
    {
        return all_or_none(th, keys.len(), |at| {
            if has_text(&keys[..at], keys[at]) {
                return Err(duplicate_key(th, keys[at]));
            }
            dict.get().get(th, keys[at])
        });
    }
    if keys.is_empty() {
        return Ok(Tuple::empty().to_owned().into_object());
    }
    // `get` with a default of our own: a `defaultdict` must not make up entries.
    let get = object::get_attr(th, subject, id::get)?;
    let missing = call::call(th, Borrowed::from_ref(Object::type_object()).object(), &[])?;
    let seen = Set::new(th)?;
    all_or_none(th, keys.len(), |at| {
        let key = keys[at];
        if seen.contains(th, key)? {
            return Err(duplicate_key(th, key));
        }
        seen.add(th, key)?;
        let value = call::call(th, get.borrow(), &[key, missing.borrow()])?;
        Ok((!value.is(missing.borrow())).then_some(value))
    })
}

#[cold]
fn duplicate_key(th: &Thread, key: Borrowed<'_>) -> Raised {
    match object::repr(th, key) {
        Ok(key) => {
            raise!(th, VALUE_ERROR, "mapping pattern checks duplicate key ({})", key.borrow().get())
        }
        Err(raised) => raised,
    }
}

/// Whether one of `texts` equals `text`; all are exact strings.
fn has_text(texts: &[Borrowed<'_>], text: Borrowed<'_>) -> bool {
    texts.iter().any(|other| object::equal_at_once(*other, text) == Some(true))
}

/// The attributes that a class pattern looks at, or None if the subject does not match.
pub fn match_class(op: Op<'_>) -> PyResult<()> {
    let [subject, class, names] = op.pop();
    // SAFETY: (9): a constant tuple of names.
    let names: Borrowed<'_, Tuple> = unsafe { names.get().cast() };
    let found = attributes_of(op.th, subject.get(), class.get(), op.arg, names)?;
    op.push(found);
    Ok(())
}

fn attributes_of(
    th: &Thread,
    subject: Borrowed<'_>,
    class: Borrowed<'_>,
    positional: usize,
    names: Borrowed<'_, Tuple>,
) -> PyResult {
    let Some(ty) = class.downcast::<Type>() else {
        return Err(raise!(th, TYPE_ERROR, "called match pattern must be a class"));
    };
    if !object::is_instance(th, subject, class)? {
        return Ok(none().to_owned());
    }
    let declared = if positional > 0 { match_args(th, ty, positional)? } else { None };
    let first = declared.as_ref().map_or(&[][..], |declared| declared.as_slice());
    let names = names.get().as_slice();
    all_or_none(th, positional + names.len(), |at| {
        let (first, name, rest) = match at.checked_sub(positional) {
            // Types such as `int` match the subject itself.
            None if declared.is_none() => return Ok(Some(subject.to_owned())),
            None => (&first[..at], first[at], &[][..]),
            Some(at) => (first.get(..positional).unwrap_or(&[]), names[at], &names[..at]),
        };
        if !name.is_exact::<Str>() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "__match_args__ elements must be strings (got {})",
                name.type_name()
            ));
        }
        if has_text(first, name) || has_text(rest, name) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{}() got multiple sub-patterns for attribute {}",
                ty.tp_name(),
                object::repr(th, name)?.borrow().get()
            ));
        }
        // SAFETY: the type was checked.
        object::get_attr_opt(th, subject, unsafe { name.cast() })
    })
}

/// What `__match_args__` names, at least `count`; `None` for types that match the subject itself.
fn match_args(th: &Thread, ty: Borrowed<'_, Type>, count: usize) -> PyResult<Option<Owned<Tuple>>> {
    let declared = match object::get_attr_opt(th, ty.object(), id::__match_args__)? {
        None => None,
        Some(declared) => match declared.borrow().downcast_exact::<Tuple>() {
            Some(tuple) => Some(tuple.to_owned()),
            None => {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "{}.__match_args__ must be a tuple (got {})",
                    ty.tp_name(),
                    declared.type_name()
                ));
            }
        },
    };
    let allowed = match &declared {
        Some(declared) => declared.len(),
        None => usize::from(ty.has_flag(abi::_Py_TPFLAGS_MATCH_SELF)),
    };
    if allowed < count {
        let plural = if allowed == 1 { "" } else { "s" };
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{}() accepts {allowed} positional sub-pattern{plural} ({count} given)",
            ty.tp_name()
        ));
    }
    Ok(declared)
}

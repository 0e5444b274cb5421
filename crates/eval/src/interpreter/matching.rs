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

fn values_of(th: &Thread, subject: Borrowed<'_>, keys: Borrowed<'_, Tuple>) -> PyResult {
    if keys.is_empty() {
        return Ok(Tuple::empty().to_owned().into_object());
    }
    // `get` with a default of our own: a `defaultdict` must not make up entries.
    let get = object::get_attr(th, subject, id::get)?;
    let missing = call::call(th, Borrowed::from_ref(Object::type_object()).object(), &[])?;
    let seen = Set::new(th)?;
    let mut values = Vec::with_capacity(keys.len());
    for key in keys.as_slice() {
        if seen.contains(th, *key)? {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "mapping pattern checks duplicate key ({})",
                object::repr(th, *key)?.borrow().get()
            ));
        }
        seen.add(th, *key)?;
        let value = call::call(th, get.borrow(), &[*key, missing.borrow()])?;
        if value.is(missing.borrow()) {
            return Ok(none().to_owned());
        }
        values.push(value);
    }
    Ok(Tuple::from_vec(th, values)?.into_object())
}

/// The attributes that a class pattern looks at, or None if the subject does not match.
pub fn match_class(op: Op<'_>) -> PyResult<()> {
    let [subject, class, names] = op.pop();
    // SAFETY: (9): a constant tuple of names.
    let names: Borrowed<'_, Tuple> = unsafe { names.get().cast() };
    let found = attributes_of(op.th, subject.get(), class.get(), op.arg, names)?;
    match found {
        Some(values) => op.push(Tuple::from_vec(op.th, values)?),
        None => op.push(none().to_owned()),
    }
    Ok(())
}

fn attributes_of(
    th: &Thread,
    subject: Borrowed<'_>,
    class: Borrowed<'_>,
    positional: usize,
    names: Borrowed<'_, Tuple>,
) -> PyResult<Option<Vec<Owned>>> {
    let Some(ty) = class.downcast::<Type>() else {
        return Err(raise!(th, TYPE_ERROR, "called match pattern must be a class"));
    };
    if !object::is_instance(th, subject, class)? {
        return Ok(None);
    }
    let seen = Set::new(th)?;
    let mut values = Vec::new();
    if positional > 0 && !positional_values(th, subject, ty, positional, &seen, &mut values)? {
        return Ok(None);
    }
    for name in names.as_slice() {
        match attribute(th, subject, ty, *name, &seen)? {
            Some(value) => values.push(value),
            None => return Ok(None),
        }
    }
    Ok(Some(values))
}

/// The attributes named by `__match_args__`; false if one is missing.
fn positional_values(
    th: &Thread,
    subject: Borrowed<'_>,
    ty: Borrowed<'_, Type>,
    count: usize,
    seen: &Set,
    values: &mut Vec<Owned>,
) -> PyResult<bool> {
    let declared = object::get_attr_opt(th, ty.object(), id::__match_args__)?;
    let mut matches_self = false;
    let arguments = match &declared {
        None => {
            // Types such as `int` match the subject itself.
            matches_self = ty.has_flag(abi::_Py_TPFLAGS_MATCH_SELF);
            None
        }
        Some(declared) => match declared.borrow().downcast_exact::<Tuple>() {
            Some(tuple) => Some(tuple),
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
    let allowed = if matches_self { 1 } else { arguments.map_or(0, |arguments| arguments.len()) };
    if allowed < count {
        let plural = if allowed == 1 { "" } else { "s" };
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{}() accepts {allowed} positional sub-pattern{plural} ({count} given)",
            ty.tp_name()
        ));
    }
    let Some(arguments) = arguments else {
        values.push(subject.to_owned());
        return Ok(true);
    };
    for name in &arguments.get().as_slice()[..count] {
        if !name.is_exact::<Str>() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "__match_args__ elements must be strings (got {})",
                name.type_name()
            ));
        }
        match attribute(th, subject, ty, *name, seen)? {
            Some(value) => values.push(value),
            None => return Ok(false),
        }
    }
    Ok(true)
}

/// An attribute that the pattern has not asked for yet.
fn attribute(
    th: &Thread,
    subject: Borrowed<'_>,
    ty: Borrowed<'_, Type>,
    name: Borrowed<'_>,
    seen: &Set,
) -> PyResult<Option<Owned>> {
    if seen.contains(th, name)? {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{}() got multiple sub-patterns for attribute {}",
            ty.tp_name(),
            object::repr(th, name)?.borrow().get()
        ));
    }
    seen.add(th, name)?;
    // SAFETY: names in patterns are strings.
    object::get_attr_opt(th, subject, unsafe { name.cast() })
}

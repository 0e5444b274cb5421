//! `__slots__` of a class statement: which attributes become fields of the instances.
//!
//! The same job as `type_new_slots` in CPython's `Objects/typeobject.c`.

use krait_abi as abi;

use crate::prelude::*;

/// What `__slots__`, or its absence, asks of a new class.
pub struct ClassSlots {
    /// Sorted, mangled names that become members; `None` without `__slots__`.
    pub names: Option<Vec<Owned<Str>>>,
    pub add_dict: bool,
    pub add_weakref: bool,
}

impl ClassSlots {
    /// Without `__slots__`: what the base lacks.
    pub fn inherited(base: Borrowed<'_, Type>) -> ClassSlots {
        ClassSlots {
            names: None,
            add_dict: !has_dict(base),
            add_weakref: !has_weakrefs(base) && base.raw().tp_itemsize == 0,
        }
    }
}

fn has_dict(ty: Borrowed<'_, Type>) -> bool {
    ty.raw().tp_dictoffset != 0 || ty.has_flag(abi::Py_TPFLAGS_MANAGED_DICT)
}

fn has_weakrefs(ty: Borrowed<'_, Type>) -> bool {
    ty.raw().tp_weaklistoffset != 0 || ty.has_flag(abi::Py_TPFLAGS_MANAGED_WEAKREF)
}

/// Reads `__slots__` out of the namespace of a class `name` with layout base `base`.
pub fn read(
    th: &Thread,
    name: Borrowed<'_, Str>,
    base: Borrowed<'_, Type>,
    bases: &Tuple,
    namespace: &Dict,
) -> PyResult<ClassSlots> {
    let raw = base.raw();
    let without = ClassSlots::inherited(base);
    let (may_add_dict, may_add_weakref) = (without.add_dict, without.add_weakref);
    let Some(declared) = namespace.get_str(th, id::__slots__)? else {
        return Ok(without);
    };
    let declared = if declared.object().downcast::<Str>().is_some() {
        Tuple::pack(th, [declared])?
    } else {
        sequence::tuple(th, declared.object())?
    };
    if !declared.is_empty() && raw.tp_itemsize != 0 {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "nonempty __slots__ not supported for subtype of '{}'",
            base.tp_name()
        ));
    }
    let mut slots = ClassSlots { names: None, add_dict: false, add_weakref: false };
    let mut names: Vec<Owned<Str>> = Vec::with_capacity(declared.len());
    for &slot in declared.as_slice() {
        let slot = check_name(th, slot)?;
        let added = if slot.eq_str("__dict__") {
            Some((&mut slots.add_dict, may_add_dict))
        } else if slot.eq_str("__weakref__") {
            Some((&mut slots.add_weakref, may_add_weakref))
        } else {
            None
        };
        if let Some((added, may_add)) = added {
            if !may_add || *added {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "{} slot disallowed: we already got one",
                    *slot
                ));
            }
            *added = true;
            continue;
        }
        let mangled = mangle(th, name, slot)?;
        let special = mangled.eq_str("__qualname__")
            || mangled.eq_str("__classcell__")
            || mangled.eq_str("__classdictcell__");
        if !special && namespace.contains(th, mangled.object())? {
            let shown = object::repr(th, slot.object())?;
            return Err(raise!(
                th,
                VALUE_ERROR,
                "{} in __slots__ conflicts with class variable",
                *shown
            ));
        }
        names.push(mangled);
    }
    names.sort_by_cached_key(|name| name.to_wtf8());
    slots.names = Some(names);
    // A second base may bring what the layout base lacks.
    let others = bases.as_slice().iter().filter_map(|other| other.downcast::<Type>());
    for other in others.filter(|other| !other.is(base)) {
        slots.add_dict |= may_add_dict && has_dict(other);
        slots.add_weakref |= may_add_weakref && has_weakrefs(other);
    }
    Ok(slots)
}

fn check_name<'a>(th: &Thread, slot: Borrowed<'a>) -> PyResult<Borrowed<'a, Str>> {
    let Some(name) = slot.downcast::<Str>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "__slots__ items must be strings, not '{}'",
            slot.type_name()
        ));
    };
    if !name.is_identifier() {
        return Err(th.raise(exc::TYPE_ERROR, "__slots__ must be identifiers"));
    }
    Ok(name)
}

/// `__spam` in class `Ham` is `_Ham__spam`, as the compiler has it.
pub fn mangle(
    th: &Thread,
    class: Borrowed<'_, Str>,
    name: Borrowed<'_, Str>,
) -> PyResult<Owned<Str>> {
    let text = name.to_wtf8();
    if !text.starts_with(b"__") || text.ends_with(b"__") || text.contains(&b'.') {
        return Str::intern(th, name.to_owned());
    }
    let class = class.to_wtf8();
    let class = &class[class.iter().take_while(|&&byte| byte == b'_').count()..];
    if class.is_empty() {
        return Str::intern(th, name.to_owned());
    }
    let mangled = [b"_", class, &text].concat();
    Str::intern(th, Str::from_wtf8(th, &mangled)?)
}

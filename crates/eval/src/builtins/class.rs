//! `__build_class__`, and the replacement of bases by `__mro_entries__`.

use krait_objects::prelude::*;
use krait_objects::typeobj::build::calculate_metaclass;

use super::Builtins;

#[pyfunctions(part = "class")]
impl Builtins {
    /// __build_class__(func, name, /, *bases, [metaclass], **kwds) -> class
    ///
    /// What the class statement calls.
    #[function(sig = "(func, name, /, *bases, **kwds)", no_text)]
    fn __build_class__(
        th: &Thread,
        func: Borrowed<'_>,
        name: Borrowed<'_>,
        bases: &[Borrowed<'_>],
        kwds: Kwargs<'_>,
    ) -> PyResult {
        if func.downcast::<crate::function::Function>().is_none() {
            return Err(th.raise(exc::TYPE_ERROR, "__build_class__: func must be a function"));
        }
        let Some(name) = name.downcast::<Str>() else {
            return Err(th.raise(exc::TYPE_ERROR, "__build_class__: name is not a string"));
        };
        build(th, func, name, bases, kwds)
    }
}

fn build(
    th: &Thread,
    func: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    bases: &[Borrowed<'_>],
    kwds: Kwargs<'_>,
) -> PyResult {
    let original = Tuple::from_slice(th, bases)?;
    let bases = resolve_bases(th, &original)?;
    let kwds = if kwds.is_empty() { None } else { Some(kwds.to_dict(th)?) };
    let metaclass = choose_metaclass(th, &bases, kwds.as_deref())?;
    let namespace = prepare(th, metaclass.object(), name, &bases, kwds.as_ref())?;
    if !mapping::check(namespace.object()) {
        let shown = match metaclass.object().downcast::<Type>() {
            Some(ty) => ty.name().to_owned(),
            None => "<metaclass>".to_owned(),
        };
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{shown}.__prepare__() must return a mapping, not {}",
            namespace.type_name()
        ));
    }
    let cell = crate::run::call_class_body(th, func, namespace.object())?;
    if !bases.is(original.borrow()) {
        object::set_item(th, namespace.object(), id::__orig_bases__.object(), original.object())?;
    }
    let args = Tuple::pack(th, [name.object().to_owned(), bases.clone().into_object(), namespace])?;
    let class = call::call_tuple_dict(
        th,
        metaclass.object(),
        args.borrow(),
        kwds.as_ref().map(Owned::borrow),
    )?;
    check_cell(th, &class, cell.object(), name)?;
    Ok(class)
}

/// The bases, each that is not a type asked for what stands in its place; the same tuple if none was.
pub fn resolve_bases(th: &Thread, bases: &Owned<Tuple>) -> PyResult<Owned<Tuple>> {
    let mut resolved: Option<Vec<Owned>> = None;
    for (at, &base) in bases.as_slice().iter().enumerate() {
        let entries = match base.downcast::<Type>() {
            Some(_) => None,
            None => object::get_attr_opt(th, base, id::__mro_entries__)?,
        };
        let Some(entries) = entries else {
            if let Some(resolved) = &mut resolved {
                resolved.push(base.to_owned());
            }
            continue;
        };
        let replacement = call::call(th, entries.object(), &[bases.object()])?;
        let Some(replacement) = replacement.object().downcast::<Tuple>() else {
            return Err(th.raise(exc::TYPE_ERROR, "__mro_entries__ must return a tuple"));
        };
        resolved
            .get_or_insert_with(|| {
                bases.as_slice()[..at].iter().map(|&base| base.to_owned()).collect()
            })
            .extend(replacement.as_slice().iter().map(|&entry| entry.to_owned()));
    }
    match resolved {
        Some(resolved) => Tuple::from_vec(th, resolved),
        None => Ok(bases.clone()),
    }
}

/// The metaclass that was asked for (taken out of the keywords) or the first base's, made the most derived.
fn choose_metaclass(th: &Thread, bases: &Tuple, kwds: Option<&Dict>) -> PyResult {
    let asked = match kwds {
        Some(kwds) => kwds.pop(th, id::metaclass.object())?,
        None => None,
    };
    let candidate = match asked {
        Some(asked) if asked.object().downcast::<Type>().is_none() => return Ok(asked),
        Some(asked) => asked,
        None => match bases.as_slice().first() {
            Some(first) => first.ty().to_owned().into_object(),
            None => Borrowed::from_ref(Type::type_object()).to_owned().into_object(),
        },
    };
    match candidate.object().downcast::<Type>() {
        Some(ty) => calculate_metaclass(th, ty, bases).map(Owned::into_object),
        None => Ok(candidate),
    }
}

/// The namespace: what `__prepare__` gives, or a dictionary.
fn prepare(
    th: &Thread,
    metaclass: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    bases: &Owned<Tuple>,
    kwds: Option<&Owned<Dict>>,
) -> PyResult {
    let Some(prepare) = object::get_attr_opt(th, metaclass, id::__prepare__)? else {
        return Ok(Dict::new(th)?.into_object());
    };
    let args = Tuple::pack(th, [name.object().to_owned(), bases.clone().into_object()])?;
    call::call_tuple_dict(th, prepare.object(), args.borrow(), kwds.map(Owned::borrow))
}

/// A body that uses `super()` gives its cell: `type.__new__` must have filled it with the class.
fn check_cell(
    th: &Thread,
    class: &Owned,
    cell: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<()> {
    let Some(cell) = cell.downcast::<krait_objects::cell::Cell>() else {
        return Ok(());
    };
    if class.object().downcast::<Type>().is_none() {
        return Ok(());
    }
    match cell.get_owned() {
        Some(value) if value.is(class.object()) => Ok(()),
        None => {
            let name = object::repr(th, name.object())?;
            let class = object::repr(th, class.object())?;
            Err(raise!(
                th,
                RUNTIME_ERROR,
                "__class__ not set defining {} as {}. Was __classcell__ propagated to type.__new__?",
                *name,
                *class
            ))
        }
        Some(value) => {
            let (name, class) =
                (object::repr(th, name.object())?, object::repr(th, class.object())?);
            let value = object::repr(th, value.object())?;
            Err(raise!(
                th,
                TYPE_ERROR,
                "__class__ set to {} defining {} as {}",
                *value,
                *name,
                *class
            ))
        }
    }
}

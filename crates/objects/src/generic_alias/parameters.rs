//! Type variables of generic aliases and unions: finding them, and putting arguments in their place.

use crate::prelude::*;

/// How a type is shown inside an alias: built-ins by name, other classes with their module.
pub fn type_repr(th: &Thread, ty: Borrowed<'_>) -> PyResult<String> {
    if ty.is(ellipsis()) {
        return Ok("...".into());
    }
    if ty.downcast::<Type>().is_some_and(|ty| std::ptr::eq(ty.get(), none().get().ty().get())) {
        return Ok("None".into());
    }
    let is_alias =
        object::has_attr(th, ty, id::__origin__)? && object::has_attr(th, ty, id::__args__)?;
    if !is_alias {
        let qualname = object::get_attr_opt(th, ty, id::__qualname__)?;
        let module = object::get_attr_opt(th, ty, id::__module__)?;
        if let (Some(qualname), Some(module)) =
            (qualname, module.filter(|module| !module.is_none()))
        {
            let qualname = object::str(th, qualname.object())?.to_string_lossy();
            let is_builtin =
                module.object().downcast::<Str>().is_some_and(|module| module.eq_str("builtins"));
            if is_builtin {
                return Ok(qualname);
            }
            let module = object::str(th, module.object())?;
            return Ok(format!("{}.{qualname}", *module));
        }
    }
    Ok(object::repr(th, ty)?.to_string_lossy())
}

/// The items of a tuple or list; `None` for anything else.
fn items_of(ob: Borrowed<'_>) -> Option<Vec<Owned>> {
    if let Some(tuple) = ob.downcast::<Tuple>() {
        return Some(tuple.as_slice().iter().map(|&item| item.to_owned()).collect());
    }
    ob.downcast::<List>().map(|list| list.to_vec())
}

fn add_once(found: &mut Vec<Owned>, parameter: Owned) {
    if !found.iter().any(|known| known.is(parameter.borrow())) {
        found.push(parameter);
    }
}

/// The type variables in `args`, in order of appearance.
pub fn collect_parameters(th: &Thread, args: &Tuple) -> PyResult<Owned<Tuple>> {
    let mut found = Vec::new();
    for &arg in args.as_slice() {
        collect(th, arg, &mut found)?;
    }
    Tuple::from_vec(th, found)
}

fn collect(th: &Thread, arg: Borrowed<'_>, found: &mut Vec<Owned>) -> PyResult<()> {
    // A class is no variable, though its instances may say that they are.
    if Type::check(&arg) {
        return Ok(());
    }
    if let Some(items) = items_of(arg) {
        th.check_stack(" in __parameter__ calculation")?;
        for item in items {
            collect(th, item.object(), found)?;
        }
        return Ok(());
    }
    if object::has_attr(th, arg, id::__typing_subst__)? {
        add_once(found, arg.to_owned());
        return Ok(());
    }
    if let Some(Ok(inner)) =
        object::get_attr_opt(th, arg, id::__parameters__)?.map(Owned::downcast::<Tuple>)
    {
        for &parameter in inner.as_slice() {
            add_once(found, parameter.to_owned());
        }
    }
    Ok(())
}

/// Arguments with unpacked tuples spread out.
fn unpack(th: &Thread, item: Borrowed<'_>) -> PyResult<Owned<Tuple>> {
    let given = match item.downcast::<Tuple>() {
        Some(items) => items.as_slice().iter().map(|&item| item.to_owned()).collect(),
        None => vec![item.to_owned()],
    };
    let mut all = Vec::with_capacity(given.len());
    for item in given {
        if Type::check(&item) {
            all.push(item);
            continue;
        }
        let inner = object::get_attr_opt(th, item.object(), id::__typing_unpacked_tuple_args__)?;
        match inner.map(Owned::downcast::<Tuple>) {
            Some(Ok(inner)) if !inner.as_slice().last().is_some_and(|last| last.is(ellipsis())) => {
                all.extend(inner.as_slice().iter().map(|&item| item.to_owned()));
            }
            _ => all.push(item),
        }
    }
    Tuple::from_vec(th, all)
}

/// The arguments of `whole` with `item` put in place of its parameters: what `alias[item]` does.
pub fn substitute(
    th: &Thread,
    whole: Borrowed<'_>,
    args: &Tuple,
    parameters: &Tuple,
    item: Borrowed<'_>,
) -> PyResult<Owned<Tuple>> {
    if parameters.is_empty() {
        let shown = object::repr(th, whole)?;
        return Err(raise!(th, TYPE_ERROR, "{} is not a generic class", *shown));
    }
    let mut given = unpack(th, item)?;
    for &parameter in parameters.as_slice() {
        let prepare = object::get_attr_opt(th, parameter, id::__typing_prepare_subst__)?;
        if let Some(prepare) = prepare.filter(|prepare| !prepare.is_none()) {
            let prepared = call::call(th, prepare.object(), &[whole, given.object()])?;
            given = match prepared.downcast::<Tuple>() {
                Ok(prepared) => prepared,
                // Anything else is a single argument.
                Err(single) => Tuple::from_vec(th, vec![single])?,
            };
        }
    }
    if given.len() != parameters.len() {
        let shown = object::repr(th, whole)?;
        let how = if given.len() > parameters.len() { "many" } else { "few" };
        return Err(raise!(
            th,
            TYPE_ERROR,
            "Too {how} arguments for {}; actual {}, expected {}",
            *shown,
            given.len(),
            parameters.len()
        ));
    }
    let mut made = Vec::with_capacity(args.len());
    for &arg in args.as_slice() {
        substitute_one(th, arg, parameters, &given, &mut made)?;
    }
    Tuple::from_vec(th, made)
}

/// One argument; an unpacked type variable tuple becomes any number.
fn substitute_one(
    th: &Thread,
    arg: Borrowed<'_>,
    parameters: &Tuple,
    given: &Tuple,
    made: &mut Vec<Owned>,
) -> PyResult<()> {
    if Type::check(&arg) {
        made.push(arg.to_owned());
        return Ok(());
    }
    if let Some(items) = items_of(arg) {
        th.check_stack(" in __parameter__ substitution")?;
        let mut inner = Vec::with_capacity(items.len());
        for item in items {
            substitute_one(th, item.object(), parameters, given, &mut inner)?;
        }
        made.push(if Tuple::check(&arg) {
            Tuple::from_vec(th, inner)?.into_object()
        } else {
            List::from_vec(th, inner)?.into_object()
        });
        return Ok(());
    }
    let unpacked = match object::get_attr_opt(th, arg, id::__typing_is_unpacked_typevartuple__)? {
        Some(answer) => object::is_true(th, answer.object())?,
        None => false,
    };
    let result = match object::get_attr_opt(th, arg, id::__typing_subst__)? {
        Some(subst) => {
            let at = parameters.as_slice().iter().position(|parameter| parameter.is(arg));
            let Some(value) = at.and_then(|at| given.get(at)) else {
                let shown = object::repr(th, arg)?;
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "argument {} with __typing_subst__ was not found in __parameters__",
                    *shown
                ));
            };
            call::call(th, subst.object(), &[value])?
        }
        None => substitute_inside(th, arg, parameters, given)?,
    };
    if !unpacked {
        made.push(result);
        return Ok(());
    }
    match result.object().downcast::<Tuple>() {
        Some(items) => {
            made.extend(items.as_slice().iter().map(|&item| item.to_owned()));
            Ok(())
        }
        None => Err(raise!(
            th,
            TYPE_ERROR,
            "expected __typing_subst__ of {} objects to return a tuple, not {}",
            arg.type_name(),
            result.type_name()
        )),
    }
}

/// An argument that is generic itself is subscripted with what its parameters become.
fn substitute_inside(
    th: &Thread,
    arg: Borrowed<'_>,
    parameters: &Tuple,
    given: &Tuple,
) -> PyResult {
    let inner = object::get_attr_opt(th, arg, id::__parameters__)?;
    let Some(Ok(inner)) = inner.map(Owned::downcast::<Tuple>) else {
        return Ok(arg.to_owned());
    };
    if inner.is_empty() {
        return Ok(arg.to_owned());
    }
    let mut values = Vec::with_capacity(inner.len());
    for &parameter in inner.as_slice() {
        let at = parameters.as_slice().iter().position(|known| known.is(parameter));
        let Some(value) = at.and_then(|at| given.get(at)) else {
            values.push(parameter.to_owned());
            continue;
        };
        // A type variable tuple can be iterated over, and stands for any number of arguments.
        let variadic = parameter.get().ty().get().raw().tp_iter.is_some();
        match value.downcast::<Tuple>() {
            Some(many) if variadic => {
                values.extend(many.as_slice().iter().map(|&item| item.to_owned()));
            }
            _ => values.push(value.to_owned()),
        }
    }
    let values = Tuple::from_vec(th, values)?;
    object::get_item(th, arg, values.object())
}

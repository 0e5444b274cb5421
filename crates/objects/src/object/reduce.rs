//! Pickling of objects: `__reduce__`, `__reduce_ex__`, `__getstate__`.
//!
//! The same job as `object___reduce_ex___impl` and its helpers in CPython's `Objects/typeobject.c`.

use krait_abi as abi;

use crate::cfunction::CFunction;
use crate::prelude::*;

fn copyreg(th: &Thread) -> PyResult {
    if let Some(modules) = th.interp().modules.get_owned() {
        if let Some(module) = modules.get_str(th, id::copyreg)? {
            return Ok(module);
        }
    }
    (th.interp().services.get().import)(th, id::copyreg, None, 0)
}

/// `object.__reduce_ex__`: an overridden `__reduce__` goes first.
pub fn reduce_ex(th: &Thread, ob: Borrowed<'_>, protocol: i32) -> PyResult {
    let ours = Object::type_object().dict(th).get_str(th, id::__reduce__)?;
    if let Some(method) = object::get_attr_opt(th, ob, id::__reduce__)? {
        // The type itself is asked: proxies, such as wrapt's, say that they are of another class.
        let theirs = object::get_attr(th, ob.ty().object(), id::__reduce__)?;
        if ours.is_none_or(|ours| !theirs.is(ours.borrow())) {
            return call::call(th, method.object(), &[]);
        }
    }
    reduce(th, ob, protocol)
}

/// The reduction that a protocol asks for, without looking at `__reduce__`.
pub fn reduce(th: &Thread, ob: Borrowed<'_>, protocol: i32) -> PyResult {
    if protocol >= 2 {
        return reduce_with_newobj(th, ob);
    }
    let protocol = Int::from_i64(th, protocol.into())?;
    let copyreg = copyreg(th)?;
    call::call_method(th, copyreg.object(), id::_reduce_ex, &[ob, protocol.object()])
}

/// The arguments that `__getnewargs_ex__` or `__getnewargs__` wants passed to `__new__`.
fn new_arguments(
    th: &Thread,
    ob: Borrowed<'_>,
) -> PyResult<(Option<Owned<Tuple>>, Option<Owned<Dict>>)> {
    if let Some(method) = object::lookup_special(th, ob, id::__getnewargs_ex__)? {
        let pair = call::call(th, method.object(), &[])?;
        let Some(pair) = pair.object().downcast::<Tuple>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "__getnewargs_ex__ should return a tuple, not '{}'",
                pair.type_name()
            ));
        };
        let &[args, kwargs] = pair.get().as_slice() else {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "__getnewargs_ex__ should return a tuple of length 2, not {}",
                pair.len()
            ));
        };
        let Some(args) = args.downcast::<Tuple>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '{}'",
                args.type_name()
            ));
        };
        let Some(kwargs) = kwargs.downcast::<Dict>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '{}'",
                kwargs.type_name()
            ));
        };
        return Ok((Some(args.to_owned()), Some(kwargs.to_owned())));
    }
    let Some(method) = object::lookup_special(th, ob, id::__getnewargs__)? else {
        return Ok((None, None));
    };
    let args = call::call(th, method.object(), &[])?;
    match args.downcast::<Tuple>() {
        Ok(args) => Ok((Some(args), None)),
        Err(other) => Err(raise!(
            th,
            TYPE_ERROR,
            "__getnewargs__ should return a tuple, not '{}'",
            other.type_name()
        )),
    }
}

/// Protocol 2: `copyreg.__newobj__` with the class and its arguments, the state, and iterators over items.
fn reduce_with_newobj(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    if ob.get().ty().get().raw().tp_new.is_none() {
        return Err(raise!(th, TYPE_ERROR, "cannot pickle '{}' object", ob.type_name()));
    }
    let (args, kwargs) = new_arguments(th, ob)?;
    let copyreg = copyreg(th)?;
    let has_args = args.is_some();
    let class = ob.get().ty().object().to_owned();
    let (function, newargs) = match (kwargs.filter(|kwargs| !kwargs.is_empty()), args) {
        (None, args) => {
            let function = object::get_attr(th, copyreg.object(), id::__newobj__)?;
            let mut all = vec![class];
            if let Some(args) = &args {
                all.extend(args.as_slice().iter().map(|&arg| arg.to_owned()));
            }
            (function, Tuple::from_vec(th, all)?)
        }
        (Some(kwargs), Some(args)) => {
            let function = object::get_attr(th, copyreg.object(), id::__newobj_ex__)?;
            let all = [class, args.into_object(), kwargs.into_object()];
            (function, Tuple::pack(th, all)?)
        }
        (Some(_), None) => return Err(th.bad_internal_call()),
    };
    let is_list = List::check(&ob);
    let is_dict = Dict::check(&ob);
    let state = state(th, ob, !(has_args || is_list || is_dict))?;
    let list_items = if is_list { iter::get_iter(th, ob)? } else { none().to_owned() };
    let dict_items = if is_dict {
        let items = call::call_method(th, ob, id::items, &[])?;
        iter::get_iter(th, items.object())?
    } else {
        none().to_owned()
    };
    let all = [function, newargs.into_object(), state, list_items, dict_items];
    Tuple::pack(th, all).map(Owned::into_object)
}

/// What `__getstate__` answers.
pub(crate) fn call_getstate(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    state(th, ob, false)
}

/// What `__getstate__` answers; the default one is told whether the C struct must be covered.
fn state(th: &Thread, ob: Borrowed<'_>, required: bool) -> PyResult {
    let method = object::get_attr(th, ob, id::__getstate__)?;
    if let Some(function) = method.object().downcast_exact::<CFunction>() {
        let ours = Object::type_object().dict(th).get_str(th, id::__getstate__)?;
        let ours = ours.and_then(|ours| ours.downcast::<crate::descr::MethodDescriptor>().ok());
        let is_default = ours.is_some_and(|ours| std::ptr::eq(ours.def(), function.def()));
        if is_default && function.receiver().is_some_and(|receiver| receiver.is(ob)) {
            return default_state(th, ob, required);
        }
    }
    call::call(th, method.object(), &[])
}

/// `object.__getstate__`: the dictionary, with the slots beside it if there are any.
pub fn default_state(th: &Thread, ob: Borrowed<'_>, required: bool) -> PyResult {
    let raw = ob.get().ty().get().raw();
    if required && raw.tp_itemsize != 0 {
        return Err(raise!(th, TYPE_ERROR, "cannot pickle '{}' objects", ob.type_name()));
    }
    let dict = object::get_attr_opt(th, ob, id::__dict__)?;
    let dict = dict
        .filter(|dict| dict.object().downcast::<Dict>().is_none_or(|dict| !dict.is_empty()))
        .unwrap_or_else(|| none().to_owned());
    let class = object::type_of(ob);
    let names = slot_names(th, class.borrow())?;
    if required {
        let managed = abi::Py_TPFLAGS_MANAGED_DICT | abi::Py_TPFLAGS_MANAGED_WEAKREF;
        let word = size_of::<usize>() as isize;
        let mut known = size_of::<abi::PyObject>() as isize;
        if raw.tp_dictoffset != 0 && raw.tp_flags & managed & abi::Py_TPFLAGS_MANAGED_DICT == 0 {
            known += word;
        }
        if raw.tp_weaklistoffset > 0 {
            known += word;
        }
        known += names.as_ref().map_or(0, |names| names.len() as isize) * word;
        if raw.tp_basicsize > known {
            return Err(raise!(th, TYPE_ERROR, "cannot pickle '{}' object", ob.type_name()));
        }
    }
    let Some(names) = names.filter(|names| !names.is_empty()) else {
        return Ok(dict);
    };
    let slots = Dict::new(th)?;
    for name in names.to_vec() {
        let Some(name) = name.object().downcast::<Str>() else {
            return Err(th.raise(exc::TYPE_ERROR, "__slotsname__ mutated during iteration"));
        };
        if let Some(value) = object::get_attr_opt(th, ob, name)? {
            slots.set(th, name.object(), value.object())?;
        }
    }
    if slots.is_empty() {
        return Ok(dict);
    }
    Tuple::pack(th, [dict, slots.into_object()]).map(Owned::into_object)
}

/// The names of all `__slots__` of a class and its bases, as `copyreg` finds and remembers them.
fn slot_names(th: &Thread, class: Borrowed<'_, Type>) -> PyResult<Option<Owned<List>>> {
    let names = match class.dict(th).get_str(th, id::__slotnames__)? {
        Some(known) => known,
        None => {
            let copyreg = copyreg(th)?;
            let names = call::call_method(th, copyreg.object(), id::_slotnames, &[class.object()])?;
            if !names.is_none() && !List::check(&names) {
                return Err(
                    th.raise(exc::TYPE_ERROR, "copyreg._slotnames didn't return a list or None")
                );
            }
            names
        }
    };
    if names.is_none() {
        return Ok(None);
    }
    names.downcast::<List>().map(Some).map_err(|other| {
        raise!(
            th,
            TYPE_ERROR,
            "{}.__slotnames__ should be a list or None, not {}",
            class.tp_name(),
            other.type_name()
        )
    })
}

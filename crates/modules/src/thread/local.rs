//! `_local`: an object whose attributes are each thread's own.
//!
//! Every thread has a dictionary of its own in its thread state's dictionary, found by the object's address.

use std::cell::{Cell, RefCell};

use krait_abi as abi;
use krait_objects::descr;
use krait_objects::prelude::*;

use super::ident;

/// Thread-local data.
#[pytype(name = "_thread._local", weaklist = weakrefs, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Local {
    head: Head,
    /// What `__init__` of a subclass is called with in each thread.
    #[visit]
    args: Slot<Tuple>,
    #[visit]
    kwargs: Slot<Dict>,
    dicts: RefCell<Vec<(u64, Owned<Dict>)>>,
    weakrefs: Cell<*mut abi::PyObject>,
}

impl Local {
    /// The calling thread's attributes, made (and the object initialised for this thread) on first use.
    fn dict(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Dict>> {
        let me = ident();
        let known = this
            .dicts
            .borrow()
            .iter()
            .find(|(thread, _)| *thread == me)
            .map(|(_, dict)| dict.clone());
        if let Some(dict) = known {
            return Ok(dict);
        }
        let dict = Dict::new(th)?;
        this.dicts.borrow_mut().push((me, dict.clone()));
        let ty = this.object().get().ty();
        let own_init = ty.raw().tp_init.map(|init| init as usize)
            != Object::type_object().raw().tp_init.map(|init| init as usize);
        if own_init {
            if let Err(raised) = initialise(this, th) {
                this.dicts.borrow_mut().retain(|(thread, _)| *thread != me);
                return Err(raised);
            }
        }
        Ok(dict)
    }
}

fn initialise(this: Borrowed<'_, Local>, th: &Thread) -> PyResult<()> {
    let Some(method) = object::lookup_special(th, this.object(), id::__init__)? else {
        return Ok(());
    };
    let args = this.args.get_owned().unwrap_or_else(|| Tuple::empty().to_owned());
    let kwargs = this.kwargs.get_owned();
    call::call_tuple_dict(th, method.object(), args.borrow(), kwargs.as_ref().map(Owned::borrow))
        .map(drop)
}

/// `PyObject_GenericGetAttr` with this thread's dictionary as the instance's.
fn get_with_dict(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>, dict: &Dict) -> PyResult {
    let ty = ob.get().ty();
    let found = ty.lookup(th, name);
    if let Some(descriptor) = &found {
        let kind = descriptor.ty();
        if kind.raw().tp_descr_get.is_some() && kind.raw().tp_descr_set.is_some() {
            return descr::bind(th, descriptor.object(), Some(ob), ty.object());
        }
    }
    if let Some(value) = dict.get_str(th, name)? {
        return Ok(value);
    }
    match found {
        Some(found) => descr::bind(th, found.object(), Some(ob), ty.object()),
        None => Err(no_attribute(th, ob, name)),
    }
}

/// `PyObject_GenericSetAttr` likewise.
fn set_with_dict(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    value: Option<Borrowed<'_>>,
    dict: &Dict,
) -> PyResult<()> {
    if let Some(descriptor) = ob.get().ty().lookup(th, name) {
        if descriptor.ty().raw().tp_descr_set.is_some() {
            return object::generic_set_attr(th, ob, name, value);
        }
    }
    match value {
        Some(value) => dict.set_str(th, name, value),
        None if dict.remove(th, name.object())? => Ok(()),
        None => Err(no_attribute(th, ob, name)),
    }
}

fn no_attribute(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) -> Raised {
    raise!(th, ATTRIBUTE_ERROR, "'{}' object has no attribute '{}'", ob.type_name(), *name)
}

#[pymethods]
impl Local {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let has_arguments = !args.is_empty() || kwargs.is_some_and(|kwargs| !kwargs.is_empty());
        let own_init = cls.raw().tp_init.map(|init| init as usize)
            != Object::type_object().raw().tp_init.map(|init| init as usize);
        if has_arguments && !own_init {
            return Err(th.raise(exc::TYPE_ERROR, "Initialization arguments are not supported"));
        }
        let local = cls.get().alloc::<Local>(th, 0)?;
        // SAFETY: zeroed memory that nobody knows yet.
        unsafe { (&raw mut (*local.as_ptr().cast::<Local>()).dicts).write(RefCell::default()) };
        local.args.set(Some(args.to_owned()));
        local.kwargs.set(kwargs.map(Borrowed::to_owned));
        // `__init__` runs for this thread right after: its attributes must be there.
        local.dicts.borrow_mut().push((ident(), Dict::new(th)?));
        Ok(local.into_object())
    }

    #[slot(tp_getattro)]
    fn getattribute(this: Borrowed<'_, Self>, th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        let dict = Local::dict(this, th)?;
        if name.eq_str("__dict__") {
            return Ok(dict.into_object());
        }
        get_with_dict(th, this.object(), name, &dict)
    }

    #[slot(tp_setattro)]
    fn setattr(
        this: Borrowed<'_, Self>,
        th: &Thread,
        name: Borrowed<'_, Str>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let dict = Local::dict(this, th)?;
        if name.eq_str("__dict__") {
            let ty = this.object().get().type_name();
            return Err(raise!(
                th,
                ATTRIBUTE_ERROR,
                "'{ty}' object attribute '__dict__' is read-only"
            ));
        }
        set_with_dict(th, this.object(), name, value, &dict)
    }
}

//! `_thread._local`: an object with other attributes in each thread.
//!
//! The object holds a dictionary per thread that used it. A thread that ends takes its dictionaries out of all objects.

use std::cell::RefCell;
use std::collections::HashMap;

use krait_objects::prelude::*;
use krait_objects::{descr, gc, typeobj};

/// An object whose attributes each thread has for itself.
#[pytype(name = "_thread._local", new = "()", flags(BASETYPE, HAVE_GC), weaklist = weakrefs)]
#[repr(C)]
pub struct Local {
    head: Head,
    args: Slot<Tuple>,
    kwargs: Slot<Dict>,
    dicts: RefCell<HashMap<u64, Owned<Dict>>>,
    weakrefs: std::cell::Cell<*mut krait_abi::PyObject>,
}

/// All objects of the kind, by address: so that a thread that ends finds them.
#[derive(Default)]
struct Locals(RefCell<Vec<usize>>);

fn locals(th: &Thread) -> &RefCell<Vec<usize>> {
    &th.interp().state::<Locals>().0
}

/// A thread's number among those that the interpreter ever had; the system's numbers are used again.
fn number(th: &Thread) -> u64 {
    // SAFETY: the number of a live state never changes.
    unsafe { (*th.raw()).id }
}

/// Releases what a thread that ends keeps in all of them.
pub fn forget_thread(th: &Thread) {
    let thread = number(th);
    let known: Vec<usize> = locals(th).borrow().clone();
    for address in known {
        // Releasing a dictionary runs code, which may have freed another object.
        if !locals(th).borrow().contains(&address) {
            continue;
        }
        // SAFETY: in the list, so live; held meanwhile.
        let local = unsafe { Borrowed::<Local>::from_ptr(address as *mut _).to_owned() };
        let dict = local.dicts.borrow_mut().remove(&thread);
        drop(dict);
    }
}

/// In a forked child: the other threads are gone, and what they kept with them.
pub fn after_fork(th: &Thread) {
    let me = number(th);
    let known: Vec<usize> = locals(th).borrow().clone();
    for address in known {
        if !locals(th).borrow().contains(&address) {
            continue;
        }
        // SAFETY: in the list, so live; held meanwhile.
        let local = unsafe { Borrowed::<Local>::from_ptr(address as *mut _).to_owned() };
        let own = local.dicts.borrow_mut().remove(&me);
        let others = local.dicts.replace(own.map(|own| (me, own)).into_iter().collect());
        drop(others);
    }
}

impl Local {
    /// The calling thread's attributes. When a thread comes for the first time, `__init__` runs in it.
    fn dict(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Dict>> {
        if let Some(dict) = this.dicts.borrow().get(&number(th)) {
            return Ok(dict.clone());
        }
        let dict = Dict::new(th)?;
        this.dicts.borrow_mut().insert(number(th), dict.clone());
        if let Err(raised) = Local::initialise(this, th) {
            let old = this.dicts.borrow_mut().remove(&number(th));
            drop(old);
            return Err(raised);
        }
        Ok(dict)
    }

    fn initialise(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
        let class = object::type_of(this.object());
        if !has_own_init(&class) {
            return Ok(());
        }
        let init = object::get_attr(th, class.object(), id::__init__)?;
        let args = this.args.get_owned().unwrap_or_else(|| Tuple::empty().to_owned());
        let mut all = vec![this.object()];
        all.extend(args.as_slice());
        let all = Tuple::from_slice(th, &all)?;
        let kwargs = this.kwargs.get_owned();
        let kwargs = kwargs.as_ref().map(Owned::borrow);
        call::call_tuple_dict(th, init.borrow(), all.borrow(), kwargs).map(drop)
    }
}

/// Whether a class has an `__init__` other than `object`'s.
fn has_own_init(class: &Type) -> bool {
    let address = |ty: &Type| ty.raw().tp_init.map(|init| init as usize);
    address(class) != address(Object::type_object())
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
        let any = !args.is_empty() || kwargs.is_some_and(|kwargs| !kwargs.is_empty());
        if any && !has_own_init(&cls) {
            return Err(th.raise(exc::TYPE_ERROR, "Initialization arguments are not supported"));
        }
        let local = typeobj::alloc::alloc_untracked(th, cls, 0)?;
        // SAFETY: a fresh instance: its fields are written before anyone sees it.
        let local: Owned<Local> = unsafe {
            (&raw mut (*local.as_ptr().cast::<Local>()).dicts).write(RefCell::default());
            local.cast()
        };
        local.args.set(Some(args.to_owned()));
        local.kwargs.set(kwargs.map(|kwargs| kwargs.to_owned()));
        local.dicts.borrow_mut().insert(number(th), Dict::new(th)?);
        locals(th).borrow_mut().push(local.as_ptr() as usize);
        gc::track(th, local.borrow());
        Ok(local.into_object())
    }

    #[slot(tp_getattro)]
    fn getattro(this: Borrowed<'_, Self>, th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        let dict = Local::dict(this, th)?;
        if name.eq_str("__dict__") {
            return Ok(dict.into_object());
        }
        let class = object::type_of(this.object());
        let found = class.lookup(th, name);
        let bind =
            |found: &Owned| descr::bind(th, found.borrow(), Some(this.object()), class.object());
        if let Some(found) = &found {
            let raw_type = object::type_of(found.borrow());
            if raw_type.raw().tp_descr_get.is_some() && raw_type.raw().tp_descr_set.is_some() {
                return bind(found);
            }
        }
        if let Some(value) = dict.get(th, name.object())? {
            return Ok(value);
        }
        match &found {
            Some(found) => bind(found),
            None => Err(missing(th, this.object(), name)),
        }
    }

    #[slot(tp_setattro)]
    fn setattro(
        this: Borrowed<'_, Self>,
        th: &Thread,
        name: Borrowed<'_, Str>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        if name.eq_str("__dict__") {
            let class = this.object().get().type_name();
            return Err(raise!(
                th,
                ATTRIBUTE_ERROR,
                "'{class}' object attribute '__dict__' is read-only"
            ));
        }
        let dict = Local::dict(this, th)?;
        let class = object::type_of(this.object());
        let descriptor = class.lookup(th, name);
        if descriptor.is_some_and(|found| found.ty().raw().tp_descr_set.is_some()) {
            return object::generic_set_attr(th, this.object(), name, value);
        }
        match value {
            Some(value) => dict.set(th, name.object(), value),
            None if dict.remove(th, name.object())? => Ok(()),
            None => Err(missing(th, this.object(), name)),
        }
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visit: &mut Visitor<'_>) -> std::ffi::c_int {
        let stop = visit.visit(self.args.get());
        if stop != 0 {
            return stop;
        }
        let stop = visit.visit(self.kwargs.get());
        if stop != 0 {
            return stop;
        }
        for dict in self.dicts.borrow().values() {
            let stop = visit.visit(Some(dict.borrow()));
            if stop != 0 {
                return stop;
            }
        }
        0
    }

    #[slot(tp_clear)]
    fn clear(&self) {
        let dicts = std::mem::take(&mut *self.dicts.borrow_mut());
        let arguments = (self.args.take(), self.kwargs.take());
        drop((dicts, arguments));
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone.
        unsafe {
            gc::untrack_raw(this.cast());
            let th = Thread::current();
            locals(th).borrow_mut().retain(|&address| address != this as usize);
            krait_objects::weakref::clear_references(this.cast());
            std::ptr::drop_in_place(this);
            let ty = (*this.cast::<krait_abi::PyObject>()).ob_type;
            if let Some(free) = (*ty).tp_free {
                free(this.cast());
            }
        }
    }
}

fn missing(th: &Thread, ob: Borrowed<'_>, name: Borrowed<'_, Str>) -> Raised {
    let class = ob.type_name();
    raise!(th, ATTRIBUTE_ERROR, "'{class}' object has no attribute '{}'", &*name)
}

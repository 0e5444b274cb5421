//! `defaultdict`.

use std::ffi::c_int;

use krait_objects::gc;
use krait_objects::prelude::*;
use krait_objects::repr_guard;

/// defaultdict(default_factory=None, /, [...])
///
/// A dict that fills in values for missing keys: d[key] calls default_factory, without arguments, and stores
/// what it returns. Other look-ups, such as get(), do not.
///
/// The arguments behind the factory are those of dict(). It equals a dict with the same items.
#[pytype(
    name = "collections.defaultdict", base = Dict, flags(BASETYPE, HAVE_GC),
)]
#[repr(C)]
pub struct DefaultDict {
    dict: Dict,
    /// Called for the value of a missing key; None if such keys are errors.
    #[member]
    default_factory: Slot,
}

impl DefaultDict {
    /// A new one of the same class, as its constructor makes it.
    fn like(this: Borrowed<'_, Self>, th: &Thread, content: Borrowed<'_>) -> PyResult {
        let factory = this.default_factory.get_owned().unwrap_or_else(|| none().to_owned());
        let class = this.object().get().ty().object();
        call::call(th, class, &[factory.borrow(), content])
    }
}

#[pymethods]
impl DefaultDict {
    #[slot(tp_init)]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        let (factory, rest) = match args.get().as_slice() {
            [] => (None, &[][..]),
            [factory, rest @ ..] => (Some(*factory), rest),
        };
        let factory = factory.filter(|factory| !factory.is_none());
        if factory.is_some_and(|factory| !object::is_callable(factory)) {
            return Err(th.raise(exc::TYPE_ERROR, "first argument must be callable or None"));
        }
        let absent = args.is_empty() || factory.is_none();
        this.default_factory.set(if absent { None } else { factory.map(Borrowed::to_owned) });
        let rest = Tuple::from_slice(th, rest)?;
        let Some(init) = Dict::type_object().raw().tp_init else {
            return Err(th.bad_internal_call());
        };
        let kwargs = kwargs.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
        // SAFETY: the slot takes an instance, a tuple, and a dictionary or NULL.
        match unsafe { init(this.as_ptr(), rest.as_ptr(), kwargs) } {
            0 => Ok(()),
            _ => Err(th.raised_by_c()),
        }
    }

    #[slot(nb_or)]
    fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let (this, other) = match left.downcast::<DefaultDict>() {
            Some(this) => (this, right),
            None => match right.downcast::<DefaultDict>() {
                Some(this) => (this, left),
                None => return Ok(not_implemented().to_owned()),
            },
        };
        if other.downcast::<Dict>().is_none() {
            return Ok(not_implemented().to_owned());
        }
        // As `left | right`: the right one's values win.
        let merged = DefaultDict::like(this, th, left)?;
        let Some(dict) = merged.borrow().downcast::<Dict>() else {
            return Err(th.bad_internal_call());
        };
        dict.merge(th, right, true)?;
        Ok(merged)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let Some(tp_repr) = Dict::type_object().raw().tp_repr else {
            return Err(th.bad_internal_call());
        };
        // SAFETY: the slot of dictionaries gives a new reference or NULL.
        let content: Owned = unsafe { Owned::from_ptr_or_null(tp_repr(this.as_ptr())) }
            .ok_or_else(|| th.raised_by_c())?;
        let content = object::str(th, content.borrow())?;
        let factory = match this.default_factory.get_owned() {
            None => Str::new(th, "None")?,
            // The factory may be a method of this very object.
            Some(factory) => match repr_guard::enter(th, factory.borrow()) {
                None => Str::new(th, "...")?,
                Some(_guard) => object::repr(th, factory.borrow())?,
            },
        };
        let name = this.object().get().ty().name().to_string();
        Str::from_fmt(th, format_args!("{name}({}, {})", &*factory, &*content))
    }

    #[slot(tp_traverse)]
    unsafe extern "C" fn traverse(
        ob: *mut krait_abi::PyObject,
        visit: krait_abi::visitproc,
        arg: *mut std::ffi::c_void,
    ) -> c_int {
        // SAFETY: the collector's call, passed on to the base.
        unsafe {
            let mut visitor = Visitor::new(visit, arg);
            let this: Borrowed<'_, DefaultDict> = Borrowed::from_ptr(ob);
            let stop = visitor.visit(this.default_factory.get());
            if stop != 0 {
                return stop;
            }
            match Dict::type_object().raw().tp_traverse {
                Some(traverse) => traverse(ob, visit, arg),
                None => 0,
            }
        }
    }

    #[slot(tp_clear)]
    fn clear_for_gc(&self) {
        drop(self.default_factory.take());
        self.dict.clear();
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the base frees the rest.
        unsafe {
            gc::untrack_raw(this.cast());
            drop((*this).default_factory.take());
            if let Some(dealloc) = Dict::type_object().raw().tp_dealloc {
                dealloc(this.cast());
            }
        }
    }

    /// __missing__(key)
    ///
    /// What d[key] does for a key that is not there: the result of default_factory() is stored and returned.
    /// KeyError if the factory is None.
    #[method(sig = "(self, object, /)", no_text)]
    fn __missing__(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        let factory = this.default_factory.get_owned().filter(|factory| !factory.is_none());
        let Some(factory) = factory else {
            return Err(krait_objects::dict::key_error(th, key));
        };
        let value = call::call(th, factory.borrow(), &[])?;
        // The factory may have made the entry itself.
        this.dict.set_default(th, key, value.borrow())
    }

    /// D.copy()
    ///
    /// A dict of the same class, with the same factory, keys and values.
    #[method(sig = "(self, /)", no_text)]
    fn copy(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        DefaultDict::like(this, th, this.object())
    }

    /// D.copy()
    ///
    /// A dict of the same class, with the same factory, keys and values.
    #[method(sig = "(self, /)", no_text)]
    fn __copy__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        DefaultDict::like(this, th, this.object())
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)", no_text)]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let arguments = match this.default_factory.get_owned() {
            Some(factory) => Tuple::pack(th, [factory])?.into_object(),
            None => Tuple::empty().object().to_owned(),
        };
        let items = call::call_method(th, this.object(), id::items, &[])?;
        let items = iter::get_iter(th, items.borrow())?;
        let ty = this.object().get().ty().object().to_owned();
        let parts = [ty, arguments, none().to_owned(), none().to_owned(), items];
        Tuple::pack(th, parts).map(Owned::into_object)
    }

    /// A generic alias of the class, for annotations.
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        krait_objects::generic_alias::new(th, cls.object(), object)
    }
}

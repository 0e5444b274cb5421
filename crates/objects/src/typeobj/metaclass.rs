//! `type` itself: what it does when it is called, and what a type does as an object.
//!
//! The same job as `type_call`, `type_getattro` and `type_methods` in CPython's `Objects/typeobject.c`. What Python
//! reads and writes of a type by name is in `attributes`.

use std::cell::UnsafeCell;

use krait_abi as abi;

use crate::prelude::*;
use crate::typeobj::{build, end, forward, mro, slots, subclasses};

/// type(object) -> the class of the object
/// type(name, bases, dict, **kwds) -> a class made of a name, bases and a namespace
#[pytype(
    name = "type", symbol = "PyType_Type", base = Object,
    flags(BASETYPE, HAVE_GC, TYPE_SUBCLASS, HAVE_VECTORCALL, ITEMS_AT_END, MATCH_SELF),
    basicsize = size_of::<abi::PyHeapTypeObject>() as isize, itemsize = size_of::<abi::PyMemberDef>() as isize,
    dict_offset = std::mem::offset_of!(abi::PyTypeObject, tp_dict) as isize,
    weaklist_offset = std::mem::offset_of!(abi::PyTypeObject, tp_weaklist) as isize,
    vectorcall_offset = std::mem::offset_of!(abi::PyTypeObject, tp_vectorcall) as isize,
)]
#[repr(transparent)]
pub struct Type {
    raw: UnsafeCell<abi::PyTypeObject>,
}

// SAFETY: a shared `&'static Type` is the address of a static type, written only under the runtime's lock.
unsafe impl Sync for Type {}

impl Type {
    #[inline(always)]
    pub const fn as_type_ptr(&self) -> *mut abi::PyTypeObject {
        self.raw.get()
    }
}

#[pymethods(parts(attributes))]
impl Type {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        build::new(th, cls, args, kwargs)
    }

    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        if args.len() == 1 && kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "type.__init__() takes no keyword arguments"));
        }
        if args.len() != 1 && args.len() != 3 {
            return Err(th.raise(exc::TYPE_ERROR, "type.__init__() takes 1 or 3 arguments"));
        }
        Ok(())
    }

    #[slot(tp_call)]
    fn call(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if std::ptr::eq(this.get(), Type::type_object()) {
            if args.len() == 1 && kwargs.is_none_or(|kwargs| kwargs.is_empty()) {
                return Ok(args.as_slice()[0].ty().to_owned().into_object());
            }
            if args.len() != 3 {
                return Err(th.raise(exc::TYPE_ERROR, "type() takes 1 or 3 arguments"));
            }
        }
        let Some(new) = this.raw().tp_new else {
            return Err(raise!(th, TYPE_ERROR, "cannot create '{}' instances", this.tp_name()));
        };
        let kwargs_ptr = kwargs.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
        // SAFETY: `tp_new` takes a type, a tuple and a dictionary or NULL; it gives a new reference or NULL.
        let made =
            unsafe { Owned::from_ptr_or_null(new(this.as_type_ptr(), args.as_ptr(), kwargs_ptr)) };
        let made: Owned = made.ok_or_else(|| th.raised_by_c())?;
        // `__new__` may give something else: then it is not initialised.
        if !made.ty().is_subtype(this.get()) {
            return Ok(made);
        }
        if let Some(init) = made.ty().raw().tp_init {
            // SAFETY: as for `tp_new`.
            if unsafe { init(made.as_ptr(), args.as_ptr(), kwargs_ptr) } < 0 {
                return Err(th.raised_by_c());
            }
        }
        Ok(made)
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        if !self.is_heap_type() {
            return Str::from_fmt(th, format_args!("<class '{}'>", self.tp_name()));
        }
        let name = self.name_outside(th, &["builtins"])?;
        Str::from_fmt(th, format_args!("<class '{}'>", *name))
    }

    #[slot(tp_getattro)]
    fn getattribute(this: Borrowed<'_, Self>, th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        if let Some(found) = find_attribute(th, this, name)? {
            return Ok(found);
        }
        let raised = raise!(
            th,
            ATTRIBUTE_ERROR,
            "type object '{}' has no attribute '{}'",
            this.tp_name(),
            *name
        );
        crate::object::name_attribute_error(th, this.object(), name);
        Err(raised)
    }

    #[slot(tp_setattro)]
    fn setattr(
        this: Borrowed<'_, Self>,
        th: &Thread,
        name: Borrowed<'_, Str>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        if this.has_flag(abi::Py_TPFLAGS_IMMUTABLETYPE) {
            let (name, ty) = (crate::protocol::object::repr(th, name.object())?, this.tp_name());
            return Err(raise!(
                th,
                TYPE_ERROR,
                "cannot set {} attribute of immutable type '{ty}'",
                *name
            ));
        }
        forward::ensure(th, this)?;
        let name = Str::intern(th, name.to_owned())?;
        // Before the change: whoever looks while it happens must not trust the old version.
        this.modified(th);
        object::generic_set_attr(th, this.object(), name.borrow(), value)?;
        this.modified(th);
        if name.is_dunder() {
            slots::update_slots(th, this, name.borrow());
        }
        Ok(())
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> std::ffi::c_int {
        end::traverse(self, visitor)
    }

    #[slot(tp_clear)]
    fn clear(&self) {
        end::clear(self);
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference to a heap type is gone.
        unsafe { end::dealloc(this) }
    }

    #[slot(tp_is_gc)]
    fn is_gc_object(&self) -> bool {
        self.is_heap_type()
    }

    /// Work out in which order the class and its bases are searched for attributes; return it as a list.
    #[method(name = "mro", sig = "(self, /)")]
    fn mro_list(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<List>> {
        let order = mro::linearize(th, this)?;
        List::from_slice(th, order.as_slice())
    }

    /// Return a list of the classes that have this one among their bases.
    #[method(sig = "(self, /)")]
    fn __subclasses__(&self, th: &Thread) -> PyResult<Owned<List>> {
        subclasses::list(th, self)
    }

    /// Return the namespace for the body of a class statement: an empty dictionary.
    #[classmethod(
        sig = "(type, /, *args, **kwargs)",
        name = "__prepare__",
        text = "($cls, name, bases, /, **kwds)"
    )]
    fn prepare(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: &[Borrowed<'_>],
        _kwargs: Kwargs<'_>,
    ) -> PyResult<Owned<Dict>> {
        Dict::new(th)
    }

    /// Whether the object is one of this class, as isinstance() asks.
    #[method(sig = "(self, instance, /)")]
    fn __instancecheck__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        instance: Borrowed<'_>,
    ) -> PyResult<bool> {
        object::real_is_instance(th, instance, this.object())
    }

    /// Whether the other class derives from this one, as issubclass() asks.
    #[method(sig = "(self, subclass, /)")]
    fn __subclasscheck__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        subclass: Borrowed<'_>,
    ) -> PyResult<bool> {
        object::real_is_subclass(th, subclass, this.object())
    }

    /// Return the names of the attributes of the class and its bases, without those of the metaclass.
    #[method(sig = "(self, /)")]
    fn __dir__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        crate::object::dir_of_type(th, this)
    }

    /// How many bytes the class takes.
    #[method(sig = "(self, /)")]
    fn __sizeof__(&self) -> usize {
        if self.is_heap_type() {
            size_of::<abi::PyHeapTypeObject>()
        } else {
            size_of::<abi::PyTypeObject>()
        }
    }

    #[slot(nb_or)]
    fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        crate::union::or(th, left, right)
    }
}

/// The attribute `name` of a type, as `type.__getattribute__` finds it; `None` if there is none.
pub fn find_attribute(
    th: &Thread,
    this: Borrowed<'_, Type>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    forward::ensure(th, this)?;
    let metaclass = this.object().get().ty();
    let bind = crate::descr::bind;
    let meta = metaclass.lookup(th, name);
    // A data descriptor of the metaclass goes first.
    if let Some(found) = &meta {
        let raw = found.ty().get().raw();
        if raw.tp_descr_set.is_some() && raw.tp_descr_get.is_some() {
            let found = found.object();
            return bind(th, found, Some(this.object()), metaclass.object()).map(Some);
        }
    }
    // Then what the type and its bases define, bound as for no instance.
    if let Some(found) = this.lookup(th, name) {
        return bind(th, found.object(), None, this.object()).map(Some);
    }
    match meta {
        Some(found) => bind(th, found.object(), Some(this.object()), metaclass.object()).map(Some),
        None => Ok(None),
    }
}

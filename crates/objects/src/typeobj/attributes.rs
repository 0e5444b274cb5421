//! `type` as Python sees it: its constructor, attributes and methods.
//!
//! The same job as `type_getset`, `type_methods` and `type_call` in CPython's `Objects/typeobject.c`.

use std::cell::UnsafeCell;

use krait_abi as abi;

use crate::prelude::*;
use crate::typeobj::{annotations, build, forward, mro, slots, subclasses};

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

    /// TypeError for a change to a type that does not allow it.
    fn check_mutable(&self, th: &Thread, name: &str) -> PyResult<()> {
        if self.has_flag(abi::Py_TPFLAGS_IMMUTABLETYPE) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "cannot set '{name}' attribute of immutable type '{}'",
                self.tp_name()
            ));
        }
        Ok(())
    }

    /// As `check_mutable`, and the value must be there: these attributes cannot be deleted.
    fn check_set<'a>(
        &self,
        th: &Thread,
        name: &str,
        value: Option<Borrowed<'a>>,
    ) -> PyResult<Borrowed<'a>> {
        self.check_mutable(th, name)?;
        let Some(value) = value else {
            let ty = self.tp_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "cannot delete '{name}' attribute of immutable type '{ty}'"
            ));
        };
        audit!(th, "object.__setattr__", Borrowed::from_ref(self), name, value)?;
        Ok(value)
    }

    fn heap(&self) -> Option<&abi::PyHeapTypeObject> {
        // SAFETY: a heap type is laid out as `PyHeapTypeObject`.
        self.is_heap_type().then(|| unsafe { &*self.as_heap_ptr() })
    }

    /// `__qualname__`.
    pub fn qualname(&self, th: &Thread) -> PyResult<Owned<Str>> {
        match self.heap() {
            // SAFETY: a heap type keeps its qualified name.
            Some(heap) => Ok(unsafe { Borrowed::<Str>::from_ptr(heap.ht_qualname) }.to_owned()),
            None => Str::new(th, self.name()),
        }
    }

    /// `__module__`: in the dictionary of a heap type, in `tp_name` of a static one.
    pub fn module(&self, th: &Thread) -> PyResult {
        if self.is_heap_type() {
            let found = self.dict(th).get_str(th, id::__module__)?;
            return found
                .ok_or_else(|| th.raise_value(exc::ATTRIBUTE_ERROR, id::__module__.object()));
        }
        match self.tp_name().rsplit_once('.') {
            Some((module, _)) => Str::interned(th, module).map(Owned::into_object),
            None => Ok(id::builtins.object().to_owned()),
        }
    }

    /// `module.qualname`, without the module for built-ins and for `__main__`: how messages name a type in full.
    pub fn full_name(&self, th: &Thread) -> PyResult<Owned<Str>> {
        self.name_outside(th, &["builtins", "__main__"])
    }

    /// `module.qualname`, unless the module is one of `here`.
    fn name_outside(&self, th: &Thread, here: &[&str]) -> PyResult<Owned<Str>> {
        if !self.is_heap_type() {
            return Str::new(th, self.tp_name());
        }
        let qualname = self.qualname(th)?;
        match self.dict(th).get_str(th, id::__module__)?.map(Owned::downcast::<Str>) {
            Some(Ok(module)) if !here.iter().any(|here| module.eq_str(here)) => {
                Str::from_fmt(th, format_args!("{}.{}", *module, *qualname))
            }
            _ => Ok(qualname),
        }
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

impl Type {
    /// Whether the type is static here, and a heap type in the reference: most types of modules.
    pub fn passes_for_heap_type(&self) -> bool {
        self.raw().tp_flags & abi::_Py_TPFLAGS_STATIC_BUILTIN != 0
            && belongs_to_module(self.tp_name())
    }
}

/// Whether the reference makes the type when it loads its module, by the type's full name.
fn belongs_to_module(name: &str) -> bool {
    const STATIC: &[&str] = &[
        "_contextvars.",
        "collections.OrderedDict",
        "concurrent.",
        "datetime.",
        "pickle.PickleBuffer",
        "string.",
        "sys.",
        "Token.",
        "types.",
        "typing.TypeAliasType",
        "typing.Union",
        "weakref.",
    ];
    name.contains('.') && !STATIC.iter().any(|prefix| name.starts_with(prefix))
}

#[pymethods]
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
        build::traverse(self, visitor)
    }

    #[slot(tp_clear)]
    fn clear(&self) {
        build::clear(self);
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference to a heap type is gone.
        unsafe { build::dealloc(this) }
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

    #[getter]
    fn __name__(&self, th: &Thread) -> PyResult<Owned<Str>> {
        match self.heap() {
            // SAFETY: a heap type keeps its name.
            Some(heap) => Ok(unsafe { Borrowed::<Str>::from_ptr(heap.ht_name) }.to_owned()),
            None => Str::interned(th, self.name()),
        }
    }

    #[setter]
    fn set___name__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let value = self.check_set(th, "__name__", value)?;
        let Some(name) = value.downcast::<Str>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "can only assign string to {}.__name__, not '{}'",
                self.tp_name(),
                value.type_name()
            ));
        };
        build::set_name(th, self, name)
    }

    #[getter]
    fn __qualname__(&self, th: &Thread) -> PyResult<Owned<Str>> {
        self.qualname(th)
    }

    #[setter]
    fn set___qualname__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let value = self.check_set(th, "__qualname__", value)?;
        let Some(name) = value.downcast::<Str>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "can only assign string to {}.__qualname__, not '{}'",
                self.tp_name(),
                value.type_name()
            ));
        };
        // SAFETY: a mutable type is a heap type; the new name is in place before the old one is released.
        unsafe {
            let old = std::mem::replace(
                &mut (*self.as_heap_ptr()).ht_qualname,
                name.to_owned().into_ptr(),
            );
            drop(Owned::<Str>::from_ptr_or_null(old));
        }
        Ok(())
    }

    #[getter]
    fn __module__(&self, th: &Thread) -> PyResult {
        self.module(th)
    }

    #[setter]
    fn set___module__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let value = self.check_set(th, "__module__", value)?;
        self.modified(th);
        let dict = self.dict(th);
        dict.pop(th, id::__firstlineno__.object())?;
        dict.set_str(th, id::__module__, value)
    }

    #[getter]
    fn __bases__(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        self.bases(th)
    }

    #[setter]
    fn set___bases__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let value = this.check_set(th, "__bases__", value)?;
        build::set_bases(th, this, value)
    }

    #[getter]
    fn __mro__(&self) -> Option<Owned<Tuple>> {
        self.mro().map(Borrowed::to_owned)
    }

    #[getter]
    fn __base__(&self) -> Option<Owned<Type>> {
        self.base().map(Borrowed::to_owned)
    }

    #[getter]
    fn __basicsize__(&self) -> isize {
        self.raw().tp_basicsize
    }

    #[getter]
    fn __itemsize__(&self) -> isize {
        self.raw().tp_itemsize
    }

    #[getter]
    fn __flags__(&self) -> u64 {
        let flags = self.raw().tp_flags;
        // Programs ask for this flag to find the class that a Python class begins with (`copyreg`).
        if self.passes_for_heap_type() {
            return flags & !abi::_Py_TPFLAGS_STATIC_BUILTIN | abi::Py_TPFLAGS_HEAPTYPE;
        }
        flags
    }

    #[getter]
    fn __weakrefoffset__(&self) -> isize {
        self.raw().tp_weaklistoffset
    }

    #[getter]
    fn __dictoffset__(&self) -> isize {
        self.raw().tp_dictoffset
    }

    #[getter]
    fn __dict__(&self, th: &Thread) -> PyResult {
        crate::descr::mapping_proxy(th, self.dict(th).object())
    }

    #[getter]
    fn __doc__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        if !this.is_heap_type() && !this.raw().tp_doc.is_null() {
            return crate::descr::type_doc(th, this);
        }
        match this.dict(th).get_str(th, id::__doc__)? {
            None => Ok(none().to_owned()),
            Some(doc) => crate::descr::bind(th, doc.object(), None, this.object()),
        }
    }

    #[setter]
    fn set___doc__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let value = self.check_set(th, "__doc__", value)?;
        self.modified(th);
        self.dict(th).set_str(th, id::__doc__, value)
    }

    #[getter]
    fn __text_signature__(&self, th: &Thread) -> PyResult {
        crate::descr::type_text_signature(th, self)
    }

    #[getter]
    fn __abstractmethods__(&self, th: &Thread) -> PyResult {
        let own = !std::ptr::eq(self, Type::type_object());
        let found = if own { self.dict(th).get_str(th, id::__abstractmethods__)? } else { None };
        found.ok_or_else(|| th.raise_value(exc::ATTRIBUTE_ERROR, id::__abstractmethods__.object()))
    }

    #[setter]
    fn set___abstractmethods__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let dict = self.dict(th);
        let is_abstract = match value {
            Some(value) => {
                let is_abstract = object::is_true(th, value)?;
                dict.set_str(th, id::__abstractmethods__, value)?;
                is_abstract
            }
            None if dict.remove(th, id::__abstractmethods__.object())? => false,
            None => {
                return Err(th.raise_value(exc::ATTRIBUTE_ERROR, id::__abstractmethods__.object()));
            }
        };
        self.modified(th);
        build::set_flag(self, abi::Py_TPFLAGS_IS_ABSTRACT, is_abstract);
        Ok(())
    }

    #[getter]
    fn __annotations__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        annotations::get(th, this)
    }

    #[setter]
    fn set___annotations__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        this.check_mutable(th, "__annotations__")?;
        annotations::set(th, this, value)
    }

    #[getter]
    fn __annotate__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        annotations::annotate(th, this)
    }

    #[setter]
    fn set___annotate__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let Some(value) = value else {
            return Err(th.raise(exc::TYPE_ERROR, "cannot delete __annotate__ attribute"));
        };
        this.check_mutable(th, "__annotate__")?;
        annotations::set_annotate(th, this, value)
    }

    #[getter]
    fn __type_params__(&self, th: &Thread) -> PyResult {
        let found = if std::ptr::eq(self, Type::type_object()) {
            None
        } else {
            self.dict(th).get_str(th, id::__type_params__)?
        };
        Ok(found.unwrap_or_else(|| Tuple::empty().object().to_owned()))
    }

    #[setter]
    fn set___type_params__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let value = self.check_set(th, "__type_params__", value)?;
        self.dict(th).set_str(th, id::__type_params__, value)?;
        self.modified(th);
        Ok(())
    }
}

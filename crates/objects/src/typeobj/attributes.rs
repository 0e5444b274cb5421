//! A type's attributes as Python reads and sets them, and its names as messages show them.
//!
//! The same job as `type_getset` in CPython's `Objects/typeobject.c`. What a type does is in `metaclass`.

use krait_abi as abi;

use crate::prelude::*;
use crate::typeobj::{annotations, bases, build};

impl Type {
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
    pub(super) fn name_outside(&self, th: &Thread, here: &[&str]) -> PyResult<Owned<Str>> {
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

#[pymethods(part = "attributes")]
impl Type {
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
        bases::set_bases(th, this, value)
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
        // SAFETY: only the attached thread writes types.
        unsafe {
            let flags = &mut (*self.as_type_ptr()).tp_flags;
            *flags = match is_abstract {
                true => *flags | abi::Py_TPFLAGS_IS_ABSTRACT,
                false => *flags & !abi::Py_TPFLAGS_IS_ABSTRACT,
            };
        }
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

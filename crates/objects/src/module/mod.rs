//! `module`: a namespace with attributes, and the modules that C definitions make.
//!
//! This file is the object; `attributes` looks up what is missing, `define` creates modules from `PyModuleDef`s. The
//! same job as CPython's `Objects/moduleobject.c`.
//!
//! SAFETY, throughout: a module's definition outlives it, and its functions take the module.

mod attributes;
pub mod define;
pub mod rules;

use std::cell::Cell;
use std::ffi::{c_int, c_void};

use krait_abi as abi;

use crate::gc;
use crate::prelude::*;

pub use attributes::{
    Shadows, complete, find as find_attribute, is_initializing, origin_of, shadowing,
};
pub use define::{
    ModuleDefinition, StaticModuleDef, create_single_phase, execute, from_definition,
    from_definition_named, init_definition,
};

/// A namespace whose attributes are in a dictionary.
///
/// The name is a string; any object will do as docstring.
#[pytype(
    name = "module", symbol = "PyModule_Type", new = "(name, doc=None)", flags(BASETYPE, HAVE_GC), weaklist = weakrefs,
    dict = dict,
)]
#[repr(C)]
pub struct Module {
    head: Head,
    #[member(name = "__dict__", readonly)]
    dict: Slot<Dict>,
    def: Cell<*mut abi::PyModuleDef>,
    state: Cell<*mut c_void>,
    weakrefs: Cell<*mut abi::PyObject>,
    name: Slot,
}
assert_layout!(Module => abi::PyModuleObject);

impl Module {
    pub fn new(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<Owned<Module>> {
        Module::named(th, name.object())
    }

    /// C may give any object as a module's name.
    pub fn named(th: &Thread, name: Borrowed<'_>) -> PyResult<Owned<Module>> {
        let ty = Borrowed::from_ref(Module::type_object());
        // SAFETY: a fresh instance.
        let module: Owned<Module> =
            unsafe { crate::typeobj::alloc::alloc_untracked(th, ty, 0)?.cast() };
        module.dict.set(Some(Dict::new(th)?));
        module.fill(th, name, none())?;
        gc::track(th, module.borrow());
        Ok(module)
    }

    /// What every module's dictionary begins with.
    fn fill(&self, th: &Thread, name: Borrowed<'_>, doc: Borrowed<'_>) -> PyResult<()> {
        let dict = self.dict();
        dict.set_str(th, id::__name__, name)?;
        dict.set_str(th, id::__doc__, doc)?;
        dict.set_str(th, id::__package__, none())?;
        dict.set_str(th, id::__loader__, none())?;
        dict.set_str(th, id::__spec__, none())?;
        if name.is_exact::<Str>() {
            self.name.set(Some(name.to_owned()));
        }
        Ok(())
    }

    pub fn dict(&self) -> Borrowed<'_, Dict> {
        match self.dict.get() {
            Some(dict) => dict,
            None => crate::fatal("a module that the collector cleared is used"),
        }
    }

    /// The dictionary, unless there may be more to do than to hand it out: `sys` has no name until it is whole.
    #[inline(always)]
    pub fn whole_dict(&self) -> Option<*mut abi::PyObject> {
        self.name.get()?;
        Some(self.dict.as_ptr())
    }

    /// For a module that is not whole: its dictionary has the name alone.
    pub fn hide_name(&self) {
        self.name.set(None);
    }

    /// Binds `name` in the module's dictionary.
    pub fn add(&self, th: &Thread, name: &str, value: Borrowed<'_>) -> PyResult<()> {
        let name = Str::interned(th, name)?;
        self.dict().set_str(th, name.borrow(), value)
    }

    /// Readies `T`'s type and binds it under its `__name__`.
    pub fn add_type(&self, th: &Thread, ty: &'static Type) -> PyResult<()> {
        let ty = Borrowed::from_ref(ty);
        ty.ready(th)?;
        self.add(th, ty.name(), ty.object())
    }

    /// `__name__`; SystemError if that is no string.
    pub fn name(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let found = self.dict().get_str(th, id::__name__)?;
        match found.map(Owned::downcast::<Str>) {
            Some(Ok(name)) => Ok(name),
            _ => Err(th.raise(exc::SYSTEM_ERROR, "nameless module")),
        }
    }

    /// The definition it was made from, or null.
    pub fn def(&self) -> *mut abi::PyModuleDef {
        self.def.get()
    }

    /// The memory that its definition asked for, or null.
    #[inline(always)]
    pub fn state(&self) -> *mut c_void {
        self.state.get()
    }

    /// The definition, if the module's state is there for its functions to look at.
    fn definition_with_state(&self) -> Option<&abi::PyModuleDef> {
        // SAFETY: see the top of the file.
        let def = unsafe { self.def.get().as_ref() }?;
        (def.m_size <= 0 || !self.state.get().is_null()).then_some(def)
    }
}

#[pymethods(parts(attributes))]
impl Module {
    #[slot(tp_new)]
    fn construct(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let module = cls.alloc::<Module>(th, 0)?;
        module.dict.set(Some(Dict::new(th)?));
        Ok(module.into_object())
    }

    #[init(sig = "(name, doc=None)")]
    fn init(
        &self,
        th: &Thread,
        name: Borrowed<'_, Str>,
        doc: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        self.fill(th, name.object(), doc.unwrap_or(none()))
    }

    #[slot(tp_traverse)]
    fn traverse(this: Borrowed<'_, Self>, visitor: &mut Visitor<'_>) -> c_int {
        if let Some(traverse) = this.get().definition_with_state().and_then(|def| def.m_traverse) {
            let (visit, argument) = (visitor.visit, visitor.arg);
            // SAFETY: see the top of the file.
            let stop = unsafe { traverse(this.as_ptr(), visit, argument) };
            if stop != 0 {
                return stop;
            }
        }
        visitor.visit(this.get().dict.get())
    }

    #[slot(tp_clear)]
    fn clear(this: Borrowed<'_, Self>) {
        if let Some(clear) = this.get().definition_with_state().and_then(|def| def.m_clear) {
            // SAFETY: see the top of the file.
            unsafe { clear(this.as_ptr()) };
        }
        drop(this.get().dict.take());
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the memory is the type's to free.
        unsafe {
            let ob: *mut abi::PyObject = this.cast();
            gc::untrack_raw(ob);
            crate::weakref::clear_references(ob);
            if let Some(free) = (*this).definition_with_state().and_then(|def| def.m_free) {
                free(ob.cast());
            }
            let state = (*this).state.replace(std::ptr::null_mut());
            Thread::current().interp().heap.free(state.cast());
            let tp_free = (*(*ob).ob_type).tp_free;
            std::ptr::drop_in_place(this);
            if let Some(tp_free) = tp_free {
                tp_free(ob.cast());
            }
        }
    }
}

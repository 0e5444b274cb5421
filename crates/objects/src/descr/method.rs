//! `method_descriptor` and `classmethod_descriptor`: methods in C, as a type holds them.

use std::ffi::c_int;

use krait_abi as abi;

use super::{Descriptor, check_instance, create, descriptor, entry_name};
use crate::args::shim::ARGUMENTS_OFFSET;
use crate::cfunction::{self, CFunction, Convention, Vector};
use crate::prelude::*;
use crate::protocol::call::function_name;

type Ptr = *mut abi::PyObject;

#[pytype(
    name = "method_descriptor", symbol = "PyMethodDescr_Type",
    flags(HAVE_GC, METHOD_DESCRIPTOR, DISALLOW_INSTANTIATION), vectorcall = vectorcall,
)]
#[repr(C)]
pub struct MethodDescriptor {
    head: Head,
    #[member(name = "__objclass__", readonly)]
    owner: Slot<Type>,
    #[member(name = "__name__", readonly)]
    name: Slot<Str>,
    qualname: Slot,
    def: *mut abi::PyMethodDef,
    vectorcall: abi::vectorcallfunc,
}
assert_layout!(MethodDescriptor => abi::PyMethodDescrObject);
descriptor!(MethodDescriptor);

#[pytype(
    name = "classmethod_descriptor",
    symbol = "PyClassMethodDescr_Type",
    flags(HAVE_GC, DISALLOW_INSTANTIATION)
)]
#[repr(C)]
pub struct ClassMethodDescriptor {
    head: Head,
    #[member(name = "__objclass__", readonly)]
    owner: Slot<Type>,
    #[member(name = "__name__", readonly)]
    name: Slot<Str>,
    qualname: Slot,
    def: *mut abi::PyMethodDef,
    vectorcall: abi::vectorcallfunc,
}
assert_layout!(ClassMethodDescriptor => abi::PyMethodDescrObject);
descriptor!(ClassMethodDescriptor);

/// Calls the method with the first argument as receiver, after checking it.
///
/// # Safety
/// The arguments are those of a vectorcall of the descriptor `this`.
#[inline(always)]
unsafe fn invoke(
    this: Ptr,
    args: *const Ptr,
    nargsf: usize,
    kwnames: Ptr,
    convention: Convention,
) -> Ptr {
    // SAFETY: C calls it on an attached thread.
    let th = unsafe { Thread::attached() };
    // SAFETY: the caller's promise.
    unsafe {
        let this: Borrowed<'_, MethodDescriptor> = Borrowed::from_ptr(this);
        let nargs = (nargsf & !ARGUMENTS_OFFSET) as isize;
        if nargs < 1 {
            let _raised = needs_argument(th, this.object());
            return std::ptr::null_mut();
        }
        let receiver = *args;
        if check_instance(th, this.get(), Borrowed::from_ptr(receiver)).is_err()
            || th.check_stack(" while calling a Python object").is_err()
        {
            return std::ptr::null_mut();
        }
        let vector = Vector { args: args.add(1), nargs: nargs - 1, kwnames };
        let class = this.owner.as_ptr().cast();
        cfunction::invoke(th, this.object(), &*this.def, convention, receiver, class, vector)
    }
}

#[cold]
fn needs_argument(th: &Thread, method: Borrowed<'_>) -> Raised {
    match function_name(th, method) {
        Ok(name) => raise!(th, TYPE_ERROR, "unbound method {} needs an argument", *name),
        Err(raised) => raised,
    }
}

macro_rules! vectorcalls {
    ($($name:ident $convention:ident;)*) => {$(
        unsafe extern "C" fn $name(this: Ptr, args: *const Ptr, nargsf: usize, kwnames: Ptr) -> Ptr {
            // SAFETY: C calls the vectorcall function of a live descriptor of ours.
            unsafe { invoke(this, args, nargsf, kwnames, Convention::$convention) }
        }
    )*};
}

vectorcalls! {
    call_no_arguments NoArguments;
    call_one One;
    call_vector Vector;
    call_vector_keywords VectorKeywords;
    call_vector_class VectorClass;
    call_tuple Tuple;
    call_tuple_keywords TupleKeywords;
}

impl MethodDescriptor {
    pub fn new(
        th: &Thread,
        owner: Borrowed<'_, Type>,
        def: *mut abi::PyMethodDef,
    ) -> PyResult<Owned<MethodDescriptor>> {
        // SAFETY: a type's table lives as long as the type.
        let declared = unsafe { &*def };
        let vectorcall: abi::vectorcallfunc = match Convention::of(declared.ml_flags) {
            None => return Err(cfunction::bad_flags(th, declared)),
            Some(Convention::Tuple) => Some(call_tuple),
            Some(Convention::TupleKeywords) => Some(call_tuple_keywords),
            Some(Convention::NoArguments) => Some(call_no_arguments),
            Some(Convention::One) => Some(call_one),
            Some(Convention::Vector) => Some(call_vector),
            Some(Convention::VectorKeywords) => Some(call_vector_keywords),
            Some(Convention::VectorClass) => Some(call_vector_class),
        };
        // SAFETY: the name of a table's entry.
        let name = unsafe { entry_name(th, declared.ml_name)? };
        // SAFETY: the new object.
        create(th, owner, name, |method: *mut MethodDescriptor| unsafe {
            (*method).def = def;
            (*method).vectorcall = vectorcall;
        })
    }

    pub fn def(&self) -> &abi::PyMethodDef {
        // SAFETY: the type keeps its table.
        unsafe { &*self.def }
    }

    /// `__objclass__`.
    pub fn owner_type(&self) -> Borrowed<'_, Type> {
        Descriptor::owner(self)
    }
}

#[pymethods]
impl MethodDescriptor {
    #[slot(tp_descr_get)]
    fn get(
        this: Borrowed<'_, Self>,
        th: &Thread,
        ob: Option<Borrowed<'_>>,
        class: Option<Borrowed<'_>>,
    ) -> PyResult {
        let Some(ob) = ob else {
            return Ok(this.object().to_owned());
        };
        check_instance(th, this.get(), ob)?;
        let mut defining = None;
        if this.def().ml_flags & abi::METH_METHOD != 0 {
            let class = class.filter(|class| !class.is_none());
            if let Some(class) = class.filter(|class| class.downcast::<Type>().is_none()) {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "descriptor '{}' needs a type, not '{}', as arg 2",
                    *Descriptor::name(this.get()),
                    class.type_name()
                ));
            }
            defining = Some(this.get().owner_type());
        }
        CFunction::new(th, this.def, Some(ob), None, defining).map(Owned::into_object)
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        super::repr(th, self, "method")
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        visitor.visit(self.owner.get())
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        super::reduce(th, self)
    }

    #[getter]
    fn __doc__(&self, th: &Thread) -> PyResult {
        super::internal_doc(th, cfunction::name_of(self.def()), cfunction::doc_of(self.def()))
    }

    #[getter]
    fn __qualname__(&self, th: &Thread) -> PyResult {
        super::qualname(th, self)
    }

    #[getter]
    fn __text_signature__(&self, th: &Thread) -> PyResult {
        super::method_signature(th, self.def())
    }
}

impl ClassMethodDescriptor {
    pub fn new(
        th: &Thread,
        owner: Borrowed<'_, Type>,
        def: *mut abi::PyMethodDef,
    ) -> PyResult<Owned<ClassMethodDescriptor>> {
        // SAFETY: a type's table lives as long as the type.
        let name = unsafe { entry_name(th, (*def).ml_name)? };
        // SAFETY: the new object.
        create(th, owner, name, |method: *mut ClassMethodDescriptor| unsafe { (*method).def = def })
    }

    pub fn def(&self) -> &abi::PyMethodDef {
        // SAFETY: the type keeps its table.
        unsafe { &*self.def }
    }

    /// The function bound to the class `class`, which must derive from the descriptor's.
    fn bind(&self, th: &Thread, class: Borrowed<'_>) -> PyResult {
        let (name, owner) = (Descriptor::name(self), Descriptor::owner(self));
        let Some(class) = class.downcast::<Type>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "descriptor '{}' for type '{}' needs a type, not a '{}' as arg 2",
                *name,
                owner.tp_name(),
                class.type_name()
            ));
        };
        if !class.is_subtype(owner.get()) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "descriptor '{}' requires a subtype of '{}' but received '{}'",
                *name,
                owner.tp_name(),
                class.tp_name()
            ));
        }
        let defining = (self.def().ml_flags & abi::METH_METHOD != 0).then_some(owner);
        CFunction::new(th, self.def, Some(class.object()), None, defining).map(Owned::into_object)
    }
}

#[pymethods]
impl ClassMethodDescriptor {
    #[slot(tp_call)]
    fn call(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let [class, rest @ ..] = args.get().as_slice() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "descriptor '{}' of '{}' object needs an argument",
                *Descriptor::name(self),
                Descriptor::owner(self).tp_name()
            ));
        };
        let bound = self.bind(th, *class)?;
        call::call_with_dict(th, bound.object(), rest, kwargs)
    }

    #[slot(tp_descr_get)]
    fn get(&self, th: &Thread, ob: Option<Borrowed<'_>>, class: Option<Borrowed<'_>>) -> PyResult {
        match (class, ob) {
            (Some(class), _) => self.bind(th, class),
            (None, Some(ob)) => self.bind(th, ob.get().ty().object()),
            (None, None) => Err(raise!(
                th,
                TYPE_ERROR,
                "descriptor '{}' for type '{}' needs either an object or a type",
                *Descriptor::name(self),
                Descriptor::owner(self).tp_name()
            )),
        }
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        super::repr(th, self, "method")
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        visitor.visit(self.owner.get())
    }

    #[getter]
    fn __doc__(&self, th: &Thread) -> PyResult {
        super::internal_doc(th, cfunction::name_of(self.def()), cfunction::doc_of(self.def()))
    }

    #[getter]
    fn __qualname__(&self, th: &Thread) -> PyResult {
        super::qualname(th, self)
    }

    #[getter]
    fn __text_signature__(&self, th: &Thread) -> PyResult {
        super::method_signature(th, self.def())
    }
}

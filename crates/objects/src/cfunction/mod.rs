//! Functions and methods written in C: `builtin_function_or_method`. How they are called is in `convention`.
//!
//! The same job as CPython's `Objects/methodobject.c`.
//!
//! SAFETY, throughout: a `PyMethodDef` lives as long as the functions made from it, and its flags tell the true type of
//! its function pointer.

// Definitions are C's statics: every caller has them from a table that outlives what is made from it.
#![allow(clippy::not_unsafe_ptr_arg_deref)]

mod convention;

use std::cell::Cell;
use std::ffi::{CStr, c_int};

use krait_abi as abi;

use crate::gc;
use crate::prelude::*;
use crate::protocol::call::check_result;
use crate::typeobj::alloc::alloc_collected;

use convention::invoke_tuple;
pub(crate) use convention::{Convention, Vector, invoke};

type Ptr = *mut abi::PyObject;

// A function in C, bound to its module, its object or its class. `__doc__` is that of each function.
#[pytype(
    name = "builtin_function_or_method", symbol = "PyCFunction_Type",
    flags(HAVE_GC, DISALLOW_INSTANTIATION), weaklist = weakrefs, vectorcall = vectorcall,
)]
#[repr(C)]
pub struct CFunction {
    head: Head,
    def: *mut abi::PyMethodDef,
    receiver: Slot,
    #[member(name = "__module__")]
    module: Slot,
    weakrefs: Cell<Ptr>,
    vectorcall: abi::vectorcallfunc,
}
assert_layout!(CFunction => abi::PyCFunctionObject);

// A method in C that is told its defining class.
#[pytype(name = "builtin_method", symbol = "PyCMethod_Type", base = CFunction)]
#[repr(C)]
pub struct CMethod {
    base: CFunction,
    class: Slot<Type>,
}
assert_layout!(CMethod => abi::PyCMethodObject);

/// `name() method: bad call flags`.
#[cold]
pub(crate) fn bad_flags(th: &Thread, def: &abi::PyMethodDef) -> Raised {
    raise!(th, SYSTEM_ERROR, "{}() method: bad call flags", name_of(def))
}

pub(crate) fn name_of(def: &abi::PyMethodDef) -> &str {
    // SAFETY: `ml_name` is a NUL-terminated string.
    unsafe { CStr::from_ptr(def.ml_name) }.to_str().unwrap_or("?")
}

/// `ml_doc`, if there is one.
pub(crate) fn doc_of(def: &abi::PyMethodDef) -> Option<&str> {
    // SAFETY: `ml_doc` is NULL or a NUL-terminated string.
    (!def.ml_doc.is_null()).then(|| unsafe { CStr::from_ptr(def.ml_doc) }.to_str().unwrap_or(""))
}

/// A vectorcall function for each convention, so that the choice is made when the function object is.
macro_rules! vectorcalls {
    ($($name:ident $convention:ident;)*) => {$(
        unsafe extern "C" fn $name(this: Ptr, args: *const Ptr, nargsf: usize, kwnames: Ptr) -> Ptr {
            // SAFETY: C calls it on an attached thread.
            let th = unsafe { Thread::attached() };
            // SAFETY: C calls the vectorcall function of a live object of ours.
            unsafe {
                let function: Borrowed<'_, CFunction> = Borrowed::from_ptr(this);
                if th.check_stack(" while calling a Python object").is_err() {
                    return std::ptr::null_mut();
                }
                let nargs = (nargsf & !crate::args::shim::ARGUMENTS_OFFSET) as isize;
                let vector = Vector { args, nargs, kwnames };
                let class = function.class();
                invoke(
                    th, function.object(), &*function.def, Convention::$convention, function.receiver_ptr(), class, vector,
                )
            }
        }
    )*};
}

vectorcalls! {
    call_no_arguments NoArguments;
    call_one One;
    call_vector Vector;
    call_vector_keywords VectorKeywords;
    call_vector_class VectorClass;
}

impl CFunction {
    /// A function object for `def`. `class` is for `METH_METHOD` alone.
    pub fn new(
        th: &Thread,
        def: *mut abi::PyMethodDef,
        receiver: Option<Borrowed<'_>>,
        module: Option<Borrowed<'_>>,
        class: Option<Borrowed<'_, Type>>,
    ) -> PyResult<Owned<CFunction>> {
        // SAFETY: see the top of the file.
        let declared = unsafe { &*def };
        let vectorcall: abi::vectorcallfunc = match Convention::of(declared.ml_flags) {
            None => return Err(bad_flags(th, declared)),
            Some(Convention::Tuple | Convention::TupleKeywords) => None,
            Some(Convention::NoArguments) => Some(call_no_arguments),
            Some(Convention::One) => Some(call_one),
            Some(Convention::Vector) => Some(call_vector),
            Some(Convention::VectorKeywords) => Some(call_vector_keywords),
            Some(Convention::VectorClass) => Some(call_vector_class),
        };
        let needs_class = declared.ml_flags & abi::METH_METHOD != 0;
        if needs_class && class.is_none() {
            return Err(th.raise(
                exc::SYSTEM_ERROR,
                "attempting to create PyCMethod with a METH_METHOD flag but no class",
            ));
        }
        if !needs_class && class.is_some() {
            return Err(th.raise(
                exc::SYSTEM_ERROR,
                "attempting to create PyCFunction with class but no METH_METHOD flag",
            ));
        }
        let function: Owned<CFunction> = if needs_class {
            let method: Owned<CMethod> = alloc_collected(th, CMethod::type_object())?;
            // SAFETY: a method begins as a function.
            unsafe { method.cast() }
        } else {
            alloc_collected(th, CFunction::type_object())?
        };
        let count = |ob: Option<Borrowed<'_>>| {
            ob.map_or(std::ptr::null_mut(), |ob| ob.to_owned().into_ptr())
        };
        // SAFETY: nobody else knows the object yet; its fields are empty.
        unsafe {
            let raw = function.as_ptr().cast::<abi::PyCFunctionObject>();
            (*raw).m_ml = def;
            (*raw).vectorcall = vectorcall;
            (*raw).m_self = count(receiver);
            (*raw).m_module = count(module);
            if let Some(class) = class {
                let method = function.as_ptr().cast::<CMethod>();
                (*method).class.set(Some(class.to_owned()));
            }
        }
        gc::track(th, function.borrow());
        Ok(function)
    }

    pub fn def(&self) -> &abi::PyMethodDef {
        // SAFETY: see the top of the file.
        unsafe { &*self.def }
    }

    /// The definition's address, which identifies the function.
    pub fn def_ptr(&self) -> *mut abi::PyMethodDef {
        self.def
    }

    /// `__module__`.
    pub fn module(&self) -> Option<Borrowed<'_>> {
        self.module.get()
    }

    /// `__self__`.
    pub fn receiver(&self) -> Option<Borrowed<'_>> {
        self.receiver.get()
    }

    /// What the C function gets as its first argument.
    fn receiver_ptr(&self) -> Ptr {
        if self.def().ml_flags & abi::METH_STATIC != 0 {
            std::ptr::null_mut()
        } else {
            self.receiver.as_ptr()
        }
    }

    fn class(&self) -> *mut abi::PyTypeObject {
        if self.def().ml_flags & abi::METH_METHOD == 0 {
            return std::ptr::null_mut();
        }
        // SAFETY: such functions are laid out as `CMethod`.
        unsafe { (*std::ptr::from_ref(self).cast::<CMethod>()).class.as_ptr().cast() }
    }

    /// Whether it is a function of a module, or of nothing.
    fn is_plain(&self) -> bool {
        self.receiver.get().is_none_or(|receiver| receiver.downcast::<Module>().is_some())
    }
}

#[pymethods]
impl CFunction {
    #[slot(tp_call)]
    fn call(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if this.vectorcall.is_some() {
            return call::call_with_dict(th, this.object(), args.get().as_slice(), kwargs);
        }
        // SAFETY: functions without a vectorcall function take a tuple.
        let result = unsafe {
            invoke_tuple(th, this.object(), this.def(), this.receiver_ptr(), args, kwargs)
        };
        check_result(th, Some(this.object()), result)
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let name = name_of(self.def());
        match self.receiver.get() {
            Some(receiver) if !self.is_plain() => Str::from_fmt(
                th,
                format_args!(
                    "<built-in method {name} of {} object at {:p}>",
                    receiver.type_name(),
                    receiver.as_ptr()
                ),
            ),
            _ => Str::from_fmt(th, format_args!("<built-in function {name}>")),
        }
    }

    #[slot(tp_hash)]
    fn hash(&self) -> PyResult<isize> {
        let receiver = crate::hash::hash_pointer(self.receiver.as_ptr() as usize);
        let function = self.def().ml_meth.map_or(0, |function| function as usize);
        Ok((receiver ^ crate::hash::hash_pointer(function)) as isize)
    }

    #[slot(tp_richcompare)]
    fn compare(&self, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let answer = match (op, other.downcast::<CFunction>()) {
            (CompareOp::Eq | CompareOp::Ne, Some(other)) => {
                let function = |def: &abi::PyMethodDef| def.ml_meth.map(|f| f as usize);
                let same = self.receiver.as_ptr() == other.receiver.as_ptr()
                    && function(self.def()) == function(other.def());
                bool_object(same == (op == CompareOp::Eq)).object()
            }
            _ => not_implemented(),
        };
        Ok(answer.to_owned())
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        let mut stop = visitor.visit(self.receiver.get());
        if stop == 0 {
            stop = visitor.visit(self.module.get());
        }
        if stop == 0 && self.def().ml_flags & abi::METH_METHOD != 0 {
            // SAFETY: such functions are laid out as `CMethod`.
            let method = unsafe { &*std::ptr::from_ref(self).cast::<CMethod>() };
            stop = visitor.visit(method.class.get());
        }
        stop
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        let name = Str::new(th, name_of(self.def()))?.into_object();
        match self.receiver.get() {
            Some(receiver) if !self.is_plain() => {
                let getattr = crate::object::builtin(th, id::getattr)?;
                let pair = Tuple::pack(th, [receiver.to_owned(), name])?.into_object();
                Tuple::pack(th, [getattr, pair]).map(Owned::into_object)
            }
            _ => Ok(name),
        }
    }

    #[getter]
    fn __doc__(&self, th: &Thread) -> PyResult {
        crate::descr::internal_doc(th, name_of(self.def()), doc_of(self.def()))
    }

    #[getter]
    fn __name__(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::new(th, name_of(self.def()))
    }

    #[getter]
    fn __qualname__(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let name = name_of(self.def());
        let Some(receiver) = self.receiver.get().filter(|_| !self.is_plain()) else {
            return Str::new(th, name);
        };
        let ty = match receiver.downcast::<Type>() {
            Some(ty) => ty.object(),
            None => receiver.get().ty().object(),
        };
        let qualname = object::get_attr(th, ty, id::__qualname__)?;
        let Ok(qualname) = qualname.downcast::<Str>() else {
            return Err(th.raise(
                exc::TYPE_ERROR,
                "<method>.__class__.__qualname__ is not a unicode object",
            ));
        };
        Str::from_fmt(th, format_args!("{}.{name}", *qualname))
    }

    #[getter]
    fn __self__(&self) -> Option<Owned> {
        if self.def().ml_flags & abi::METH_STATIC != 0 {
            return None;
        }
        self.receiver.get_owned()
    }

    #[getter]
    fn __text_signature__(&self, th: &Thread) -> PyResult {
        crate::descr::method_signature(th, self.def())
    }
}

#[pymethods]
impl CMethod {}

//! Functions and methods written in C: `builtin_function_or_method`.
//!
//! The same job as CPython's `Objects/methodobject.c`.
//!
//! SAFETY, throughout: a `PyMethodDef` lives as long as the functions made from it, and its flags tell the true type of
//! its function pointer.

// Definitions are C's statics: every caller has them from a table that outlives what is made from it.
#![allow(clippy::not_unsafe_ptr_arg_deref)]

use std::cell::Cell;
use std::ffi::{CStr, c_int};

use krait_abi as abi;

use crate::gc;
use crate::prelude::*;
use crate::protocol::call::{check_result, function_name};
use crate::typeobj::alloc::alloc_collected;

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

type Fast = unsafe extern "C" fn(Ptr, *const Ptr, isize) -> Ptr;
type FastKeywords = unsafe extern "C" fn(Ptr, *const Ptr, isize, Ptr) -> Ptr;
type WithClass = unsafe extern "C" fn(Ptr, *mut abi::PyTypeObject, *const Ptr, isize, Ptr) -> Ptr;
type WithKeywords = unsafe extern "C" fn(Ptr, Ptr, Ptr) -> Ptr;
type Plain = unsafe extern "C" fn(Ptr, Ptr) -> Ptr;

/// How a C function wants its arguments.
#[derive(Clone, Copy)]
pub(crate) enum Convention {
    Tuple,
    TupleKeywords,
    NoArguments,
    One,
    Vector,
    VectorKeywords,
    VectorClass,
}

impl Convention {
    /// `None` for a combination of flags that is not one.
    pub(crate) fn of(flags: c_int) -> Option<Convention> {
        const KINDS: c_int = abi::METH_VARARGS
            | abi::METH_FASTCALL
            | abi::METH_NOARGS
            | abi::METH_O
            | abi::METH_KEYWORDS
            | abi::METH_METHOD;
        const TUPLE_KEYWORDS: c_int = abi::METH_VARARGS | abi::METH_KEYWORDS;
        const VECTOR_KEYWORDS: c_int = abi::METH_FASTCALL | abi::METH_KEYWORDS;
        const VECTOR_CLASS: c_int = VECTOR_KEYWORDS | abi::METH_METHOD;
        Some(match flags & KINDS {
            abi::METH_VARARGS => Convention::Tuple,
            TUPLE_KEYWORDS => Convention::TupleKeywords,
            abi::METH_NOARGS => Convention::NoArguments,
            abi::METH_O => Convention::One,
            abi::METH_FASTCALL => Convention::Vector,
            VECTOR_KEYWORDS => Convention::VectorKeywords,
            VECTOR_CLASS => Convention::VectorClass,
            _ => return None,
        })
    }

    fn takes_keywords(self) -> bool {
        matches!(
            self,
            Convention::TupleKeywords | Convention::VectorKeywords | Convention::VectorClass
        )
    }
}

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

/// The arguments of a C function's call, as a vector.
#[derive(Clone, Copy)]
pub(crate) struct Vector {
    pub args: *const Ptr,
    pub nargs: isize,
    pub kwnames: Ptr,
}

impl Vector {
    fn has_names(&self) -> bool {
        // SAFETY: `kwnames` is a tuple or NULL.
        unsafe { Borrowed::<Tuple>::from_ptr_or_null(self.kwnames) }
            .is_some_and(|names| !names.is_empty())
    }
}

/// Calls `def` with `receiver` and the arguments, after the checks that its convention asks for. `callable` is
/// what messages name.
///
/// # Safety
/// `def` is live, `receiver` is what it expects, `vector` holds the arguments of a vectorcall.
#[inline(always)]
pub(crate) unsafe fn invoke(
    th: &Thread,
    callable: Borrowed<'_>,
    def: &abi::PyMethodDef,
    convention: Convention,
    receiver: Ptr,
    class: *mut abi::PyTypeObject,
    vector: Vector,
) -> Ptr {
    let Some(function) = def.ml_meth else {
        let _raised = th.bad_internal_call();
        return std::ptr::null_mut();
    };
    let Vector { args, nargs, kwnames } = vector;
    if !convention.takes_keywords() && vector.has_names() {
        let _raised = no_keywords(th, callable);
        return std::ptr::null_mut();
    }
    let null: Ptr = std::ptr::null_mut();
    // SAFETY: the caller's promise, and see the top of the file.
    unsafe {
        match convention {
            Convention::NoArguments if nargs == 0 => function(receiver, null),
            Convention::One if nargs == 1 => function(receiver, *args),
            Convention::NoArguments | Convention::One => {
                let _raised = wrong_count(th, callable, convention, nargs);
                null
            }
            Convention::Vector => {
                std::mem::transmute::<Plain, Fast>(function)(receiver, args, nargs)
            }
            Convention::VectorKeywords => {
                std::mem::transmute::<Plain, FastKeywords>(function)(receiver, args, nargs, kwnames)
            }
            Convention::VectorClass => std::mem::transmute::<Plain, WithClass>(function)(
                receiver, class, args, nargs, kwnames,
            ),
            Convention::Tuple => {
                let values = crate::args::shim::slice(args, nargs as usize);
                Tuple::from_slice(th, values)
                    .map_or(null, |tuple| function(receiver, tuple.as_ptr()))
            }
            Convention::TupleKeywords => {
                let given = Args::from_raw(args, nargs as usize, kwnames);
                let function = std::mem::transmute::<Plain, WithKeywords>(function);
                given.to_tuple_and_dict(th).map_or(null, |(tuple, dict)| {
                    let dict = dict.as_ref().map_or(null, |dict| dict.as_ptr());
                    function(receiver, tuple.as_ptr(), dict)
                })
            }
        }
    }
}

/// Calls a `METH_VARARGS` function with a tuple and a dictionary.
///
/// # Safety
/// `def` is live and takes a tuple; `receiver` is what it expects.
pub(crate) unsafe fn invoke_tuple(
    th: &Thread,
    callable: Borrowed<'_>,
    def: &abi::PyMethodDef,
    receiver: Ptr,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> Ptr {
    let Some(function) = def.ml_meth else {
        let _raised = th.bad_internal_call();
        return std::ptr::null_mut();
    };
    let kwargs_ptr = kwargs.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: the caller's promise, and see the top of the file.
    unsafe {
        if def.ml_flags & abi::METH_KEYWORDS != 0 {
            return std::mem::transmute::<Plain, WithKeywords>(function)(
                receiver,
                args.as_ptr(),
                kwargs_ptr,
            );
        }
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            let _raised = no_keywords(th, callable);
            return std::ptr::null_mut();
        }
        function(receiver, args.as_ptr())
    }
}

#[cold]
pub(crate) fn no_keywords(th: &Thread, callable: Borrowed<'_>) -> Raised {
    match function_name(th, callable) {
        Ok(name) => raise!(th, TYPE_ERROR, "{} takes no keyword arguments", *name),
        Err(raised) => raised,
    }
}

#[cold]
fn wrong_count(
    th: &Thread,
    callable: Borrowed<'_>,
    convention: Convention,
    given: isize,
) -> Raised {
    let how = match convention {
        Convention::One => "exactly one argument",
        _ => "no arguments",
    };
    match function_name(th, callable) {
        Ok(name) => raise!(th, TYPE_ERROR, "{} takes {how} ({given} given)", *name),
        Err(raised) => raised,
    }
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

//! `method` (a function bound to an object) and `instancemethod` (a callable that binds as functions do).
//!
//! The same job as CPython's `Objects/classobject.c`.

use std::cell::Cell;
use std::ffi::c_int;

use krait_abi as abi;

use crate::freelist::alloc_gc;
use crate::gc;
use crate::prelude::*;
use crate::protocol::call::with_first;
use crate::typeobj::alloc::init_head;

type Ptr = *mut abi::PyObject;

/// A function bound to the object that is its first argument.
#[pytype(
    name = "method", symbol = "PyMethod_Type", new = "(function, instance, /)", flags(HAVE_GC),
    weaklist = weakrefs, vectorcall = vectorcall,
)]
#[repr(C)]
pub struct Method {
    head: Head,
    #[member(name = "__func__", readonly, doc = "the function that is called")]
    function: Slot,
    #[member(name = "__self__", readonly, doc = "the object it is called with")]
    receiver: Slot,
    weakrefs: Cell<Ptr>,
    vectorcall: abi::vectorcallfunc,
}
assert_layout!(Method => abi::PyMethodObject);

/// `method` calls are a vector with one more in front: in place where the caller lends the word.
unsafe extern "C" fn method_vectorcall(
    this: Ptr,
    args: *const Ptr,
    nargsf: usize,
    kwnames: Ptr,
) -> Ptr {
    // SAFETY: C calls it on an attached thread.
    let th = unsafe { Thread::attached() };
    // SAFETY: C calls the vectorcall function of a live method, with the arguments of a vectorcall.
    unsafe {
        let this: Borrowed<'_, Method> = Borrowed::from_ptr(this);
        let (function, receiver) = this.get().parts();
        let args = Args::from_raw(args, nargsf, kwnames);
        let result = if args.offset {
            let place = args.values.as_ptr().cast::<Ptr>().cast_mut().sub(1);
            let saved = place.replace(receiver.as_ptr());
            let all = std::slice::from_raw_parts(place.cast(), args.values.len() + 1);
            let positional = args.positional + 1;
            let shifted = Args { values: all, positional, kwnames: args.kwnames, offset: false };
            let result = call::vectorcall(th, function, shifted);
            place.write(saved);
            result
        } else {
            with_first(receiver, args.values, |all| {
                let positional = args.positional + 1;
                let kwnames = args.kwnames;
                call::vectorcall(
                    th,
                    function,
                    Args { values: all, positional, kwnames, offset: false },
                )
            })
        };
        result.map_or(std::ptr::null_mut(), Owned::into_ptr)
    }
}

impl Method {
    /// `function` bound to `receiver`.
    pub fn new(
        th: &Thread,
        function: Borrowed<'_>,
        receiver: Borrowed<'_>,
    ) -> PyResult<Owned<Method>> {
        let mut ob = th.interp().free_lists.methods.pop();
        if ob.is_null() {
            ob = alloc_gc(th, size_of::<Method>(), Method::type_object())?;
        }
        // SAFETY: fresh memory of the right size; every field is written.
        unsafe {
            init_head(ob, Borrowed::from_ref(Method::type_object()));
            let raw = ob.cast::<abi::PyMethodObject>();
            (*raw).im_func = function.to_owned().into_ptr();
            (*raw).im_self = receiver.to_owned().into_ptr();
            (*raw).im_weakreflist = std::ptr::null_mut();
            (*raw).vectorcall = Some(method_vectorcall);
            let method: Owned<Method> = Owned::from_ptr(ob);
            gc::track(th, method.borrow());
            Ok(method)
        }
    }

    fn parts(&self) -> (Borrowed<'_>, Borrowed<'_>) {
        (self.function(), self.receiver())
    }

    /// `__func__`.
    pub fn function(&self) -> Borrowed<'_> {
        self.function.get().unwrap_or(none())
    }

    /// `__self__`.
    pub fn receiver(&self) -> Borrowed<'_> {
        self.receiver.get().unwrap_or(none())
    }
}

#[pymethods]
impl Method {
    #[new(sig = "(function, instance, /)")]
    fn construct(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        function: Borrowed<'_>,
        instance: Borrowed<'_>,
    ) -> PyResult<Owned<Method>> {
        if !object::is_callable(function) {
            return Err(th.raise(exc::TYPE_ERROR, "first argument must be callable"));
        }
        if instance.is_none() {
            return Err(th.raise(exc::TYPE_ERROR, "instance must not be None"));
        }
        Method::new(th, function, instance)
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the type has no subtypes.
        unsafe {
            gc::untrack_raw(this.cast());
            if !(*this).weakrefs.get().is_null() {
                crate::weakref::clear_references(this.cast());
            }
            drop((*this).function.take());
            drop((*this).receiver.take());
            if !Thread::attached().interp().free_lists.methods.push(this.cast()) {
                gc::gc_del(this.cast());
            }
        }
    }

    #[slot(tp_descr_get)]
    fn get(
        this: Borrowed<'_, Self>,
        _th: &Thread,
        _ob: Option<Borrowed<'_>>,
        _class: Option<Borrowed<'_>>,
    ) -> PyResult {
        Ok(this.object().to_owned())
    }

    /// The method's own attributes first, then those of its function.
    #[slot(tp_getattro)]
    fn getattribute(this: Borrowed<'_, Self>, th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        let ty = this.object().get().ty();
        match ty.lookup(th, name) {
            Some(found) => crate::descr::bind(th, found.object(), Some(this.object()), ty.object()),
            None => object::get_attr(th, this.get().function(), name),
        }
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let (function, receiver) = self.parts();
        let mut name = object::get_attr_opt(th, function, id::__qualname__)?;
        if name.is_none() {
            name = object::get_attr_opt(th, function, id::__name__)?;
        }
        let name = name.and_then(|name| name.downcast::<Str>().ok());
        let shown = object::repr(th, receiver)?;
        match name {
            Some(name) => Str::from_fmt(th, format_args!("<bound method {} of {}>", *name, *shown)),
            None => Str::from_fmt(th, format_args!("<bound method ? of {}>", *shown)),
        }
    }

    #[slot(tp_hash)]
    fn hash(&self, th: &Thread) -> PyResult<isize> {
        let (function, receiver) = self.parts();
        let receiver = crate::hash::hash_pointer(receiver.as_ptr() as usize) as isize;
        Ok(receiver ^ object::hash(th, function)?)
    }

    #[slot(tp_richcompare)]
    fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let equal = op == CompareOp::Eq;
        let Some(other) = other.downcast::<Method>().filter(|_| equal || op == CompareOp::Ne)
        else {
            return Ok(not_implemented().to_owned());
        };
        let same = object::eq(th, self.function(), other.function())?
            && self.receiver().is(other.receiver());
        Ok(bool_object(same == equal).object().to_owned())
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        match visitor.visit(self.function.get()) {
            0 => visitor.visit(self.receiver.get()),
            stop => stop,
        }
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        let getattr = crate::object::builtin(th, id::getattr)?;
        let name = object::get_attr(th, self.function(), id::__name__)?;
        let pair = Tuple::pack(th, [self.receiver().to_owned(), name])?.into_object();
        Tuple::pack(th, [getattr, pair]).map(Owned::into_object)
    }

    #[getter]
    fn __doc__(&self, th: &Thread) -> PyResult {
        object::get_attr(th, self.function(), id::__doc__)
    }
}

/// A callable that binds to instances as a function does.
#[pytype(
    name = "instancemethod",
    symbol = "PyInstanceMethod_Type",
    new = "(function, /)",
    flags(HAVE_GC)
)]
#[repr(C)]
pub struct InstanceMethod {
    head: Head,
    #[member(name = "__func__", readonly, doc = "the function that is called")]
    function: Slot,
}

impl InstanceMethod {
    pub fn new(th: &Thread, function: Borrowed<'_>) -> PyResult<Owned<InstanceMethod>> {
        let ty = Borrowed::from_ref(InstanceMethod::type_object());
        // SAFETY: a fresh instance.
        let method: Owned<InstanceMethod> =
            unsafe { crate::typeobj::alloc::alloc_untracked(th, ty, 0)?.cast() };
        method.function.set(Some(function.to_owned()));
        gc::track(th, method.borrow());
        Ok(method)
    }

    /// `__func__`.
    pub fn function(&self) -> Borrowed<'_> {
        self.function.get().unwrap_or(none())
    }
}

#[pymethods]
impl InstanceMethod {
    #[new(sig = "(function, /)")]
    fn construct(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        function: Borrowed<'_>,
    ) -> PyResult<Owned<InstanceMethod>> {
        if !object::is_callable(function) {
            return Err(th.raise(exc::TYPE_ERROR, "first argument must be callable"));
        }
        InstanceMethod::new(th, function)
    }

    #[slot(tp_call)]
    fn call(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        call::call_tuple_dict(th, self.function(), args, kwargs)
    }

    #[slot(tp_descr_get)]
    fn get(&self, th: &Thread, ob: Option<Borrowed<'_>>, _class: Option<Borrowed<'_>>) -> PyResult {
        match ob {
            Some(ob) => Method::new(th, self.function(), ob).map(Owned::into_object),
            None => Ok(self.function().to_owned()),
        }
    }

    #[slot(tp_getattro)]
    fn getattribute(this: Borrowed<'_, Self>, th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        let ty = this.object().get().ty();
        match ty.lookup(th, name) {
            Some(found) => crate::descr::bind(th, found.object(), Some(this.object()), ty.object()),
            None => object::get_attr(th, this.get().function(), name),
        }
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let name = object::get_attr_opt(th, self.function(), id::__name__)?;
        let address = self.function().as_ptr();
        match name.and_then(|name| name.downcast::<Str>().ok()) {
            Some(name) => {
                Str::from_fmt(th, format_args!("<instancemethod {} at {address:p}>", *name))
            }
            None => Str::from_fmt(th, format_args!("<instancemethod ? at {address:p}>")),
        }
    }

    #[slot(tp_richcompare)]
    fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let equal = op == CompareOp::Eq;
        let other = other.downcast::<InstanceMethod>();
        let Some(other) = other.filter(|_| equal || op == CompareOp::Ne) else {
            return Ok(not_implemented().to_owned());
        };
        let same = object::eq(th, self.function(), other.function())?;
        Ok(bool_object(same == equal).object().to_owned())
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        visitor.visit(self.function.get())
    }

    #[getter]
    fn __doc__(&self, th: &Thread) -> PyResult {
        object::get_attr(th, self.function(), id::__doc__)
    }
}

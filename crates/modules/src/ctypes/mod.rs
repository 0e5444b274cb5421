//! `_ctypes`: C's types, memory and functions for Python.
//!
//! `info` is what classes know, `data` the base of their instances, `sources` makes those of what is there; `simple`,
//! `pointer`, `array`, `structure` and `function` (with `prototype`) are a kind of C type each; `param` and `call` are the
//! way into foreign functions, `callback` the way back. Calls themselves are in `krait_ffi`. Where the fields of a struct
//! lie is found out in Python (`ctypes._layout`). The same job as CPython's `Modules/_ctypes`.
//!
//! Whoever uses this module answers for addresses and types: it reads, writes and calls what it is told to.

mod array;
mod call;
mod callback;
mod code;
mod data;
mod dl;
mod exported;
mod field;
mod function;
mod info;
mod param;
mod pointer;
mod prototype;
mod simple;
mod sources;
mod structure;

use std::cell::RefCell;
use std::ffi::c_int;

use krait_eval::sys::audit;
use krait_ffi::Pool;
use krait_objects::prelude::*;

use crate::support::add_exception;

use call::Call;
use data::{CData, address_of};
use info::{CType, Info, flag, info_of};

/// What an interpreter keeps.
#[derive(Default)]
pub struct State {
    /// Classes of arrays by item type and length, as weak references.
    arrays: Slot<Dict>,
    argument_error: Slot<Type>,
    /// `_unpickle`.
    unpickle: Slot,
    closures: RefCell<Pool>,
}

/// The function that makes what was pickled.
fn unpickler(th: &Thread) -> Option<Owned> {
    th.interp().state::<State>().unpickle.get_owned()
}

/// Create and manipulate C compatible data types in Python.
#[pymodule(name = "_ctypes")]
pub struct Ctypes;

/// The types that the module shows.
fn shown_types() -> [&'static Type; 7] {
    [
        structure::Structure::type_object(),
        structure::Union::type_object(),
        pointer::Pointer::type_object(),
        array::Array::type_object(),
        simple::Simple::type_object(),
        function::CFuncPtr::type_object(),
        field::CField::type_object(),
    ]
}

fn metaclasses() -> [&'static Type; 7] {
    [
        CType::type_object(),
        structure::PyCStructType::type_object(),
        structure::UnionType::type_object(),
        pointer::PyCPointerType::type_object(),
        array::PyCArrayType::type_object(),
        simple::PyCSimpleType::type_object(),
        function::PyCFuncPtrType::type_object(),
    ]
}

/// An address as an argument.
fn address_argument(th: &Thread, value: Borrowed<'_>) -> PyResult<*mut u8> {
    match value.downcast::<Int>() {
        Some(int) => address_of(th, &int),
        None => Err(th.raise(exc::TYPE_ERROR, "an integer is required")),
    }
}

/// What the class of a C type, or an instance of one, knows.
fn any_info<'a>(ob: Borrowed<'a>) -> Option<&'a Info> {
    info_of(ob).or_else(|| info::info(ob.get().ty()))
}

fn call_address(
    th: &Thread,
    function: Borrowed<'_>,
    arguments: Borrowed<'_, Tuple>,
    flags: u32,
) -> PyResult {
    let function = address_argument(th, function)?;
    let call = Call { function, flags, converters: None, restype: None, checker: None };
    call.run(th, arguments.get().as_slice())
}

#[pyfunctions]
impl Ctypes {
    #[constant]
    const CTYPES_MAX_ARGCOUNT: i64 = call::MOST as i64;
    #[constant]
    const FUNCFLAG_CDECL: i64 = flag::CDECL as i64;
    #[constant]
    const FUNCFLAG_PYTHONAPI: i64 = flag::PYTHON_API as i64;
    #[constant]
    const FUNCFLAG_USE_ERRNO: i64 = flag::USE_ERRNO as i64;
    #[constant]
    const FUNCFLAG_USE_LASTERROR: i64 = flag::USE_LAST_ERROR as i64;
    #[constant]
    const RTLD_GLOBAL: i64 = libc::RTLD_GLOBAL as i64;
    #[constant]
    const RTLD_LOCAL: i64 = libc::RTLD_LOCAL as i64;
    #[constant]
    const SIZEOF_TIME_T: i64 = size_of::<libc::time_t>() as i64;
    #[constant(name = "__version__")]
    const VERSION: &str = "1.1.0";

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for class in metaclasses() {
            Borrowed::from_ref(class).ready(th)?;
        }
        for class in shown_types() {
            module.add_type(th, class)?;
        }
        let error = add_exception(th, module, "ctypes", "ArgumentError", exc::EXCEPTION)?;
        let state = th.interp().state::<State>();
        state.argument_error.set(Some(error));
        let unpickle =
            object::get_attr(th, module.object(), Str::interned(th, "_unpickle")?.borrow())?;
        state.unpickle.set(Some(unpickle));
        for (name, address) in exported::addresses() {
            module.add(th, name, Int::from_usize(th, address)?.object())?;
        }
        Ok(())
    }

    /// Return how many bytes a C type, or an instance of one, takes.
    #[function(sig = "(obj, /)")]
    fn sizeof(th: &Thread, obj: Borrowed<'_>) -> PyResult<Owned<Int>> {
        if let Some(info) = info_of(obj) {
            return Int::from_usize(th, info.size.get());
        }
        match obj.downcast::<CData>() {
            Some(data) => Int::from_usize(th, data.size()),
            None => Err(th.raise(exc::TYPE_ERROR, "this type has no size")),
        }
    }

    /// Return what addresses of a C type, or an instance of one, are multiples of.
    #[function(sig = "(object, /)", text = "($self, object, /)")]
    fn alignment(th: &Thread, object: Borrowed<'_>) -> PyResult<Owned<Int>> {
        match any_info(object) {
            Some(info) => Int::from_usize(th, info.align.get()),
            None => Err(th.raise(exc::TYPE_ERROR, "no alignment info")),
        }
    }

    /// Return a pointer to an instance of a C type, good for nothing but an argument of a call.
    #[function(sig = "(obj, offset=0, /)")]
    fn byref(th: &Thread, obj: Borrowed<'_, CData>, offset: isize) -> PyResult {
        param::byref(th, obj, offset)
    }

    /// Return the address of the memory of an instance.
    #[function(sig = "(obj, /)")]
    fn addressof(th: &Thread, obj: Borrowed<'_, CData>) -> PyResult<Owned<Int>> {
        audit(th, "ctypes.addressof", &[obj.object()])?;
        Int::from_usize(th, obj.start().addr())
    }

    /// Give an instance other memory, of at least what its type needs.
    #[function(sig = "(obj, size, /)")]
    fn resize(th: &Thread, obj: Borrowed<'_, CData>, size: isize) -> PyResult<()> {
        let least = CData::info(obj, th)?.size.get();
        if size < least as isize {
            return Err(raise!(th, VALUE_ERROR, "minimum size is {least}"));
        }
        if !obj.owns_memory() {
            let message = "Memory cannot be resized because this object doesn't own it";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        obj.resize(th, size as usize)
    }

    /// Return format, number of dimensions and shape that buffers of a type have.
    #[function(sig = "(object, /)", text = "($self, object, /)")]
    fn buffer_info(th: &Thread, object: Borrowed<'_>) -> PyResult<Owned<Tuple>> {
        let Some(info) = any_info(object) else {
            return Err(th.raise(exc::TYPE_ERROR, "not a ctypes type or object"));
        };
        let lens = info.shape.borrow().clone();
        let ndim = Int::from_usize(th, lens.len())?.into_object();
        let shape = lens.into_iter().map(|len| Int::from_isize(th, len).map(Owned::into_object));
        let shape = Tuple::from_vec(th, shape.collect::<PyResult<Vec<Owned>>>()?)?;
        let format = match info.format.borrow().is_empty() {
            true => none().to_owned(),
            false => Str::from_string(th, info.format())?.into_object(),
        };
        Tuple::pack(th, [format, ndim, shape.into_object()])
    }

    /// Return the thread's copy of errno.
    #[function(sig = "()", text = "($self, /)")]
    fn get_errno(th: &Thread) -> PyResult<i64> {
        audit(th, "ctypes.get_errno", &[])?;
        Ok(th.foreign_errno.get().into())
    }

    /// Set the thread's copy of errno; return what it was.
    #[function(sig = "(value, /)", no_text)]
    fn set_errno(th: &Thread, value: i32) -> PyResult<i64> {
        audit(th, "ctypes.set_errno", &[Int::from_i64(th, value.into())?.object()])?;
        Ok(th.foreign_errno.replace(value).into())
    }

    /// Load a shared library and return its handle.
    #[function(sig = "(name, flag=2, /)", no_text)]
    fn dlopen(th: &Thread, name: Borrowed<'_>, flag: c_int) -> PyResult<Owned<Int>> {
        dl::open(th, name, flag)
    }

    /// Give a library's handle back.
    #[function(sig = "(handle, /)", no_text)]
    fn dlclose(th: &Thread, handle: Borrowed<'_>) -> PyResult<()> {
        dl::close(th, address_argument(th, handle)?)
    }

    /// Return the address of what a library exports under a name.
    #[function(sig = "(handle, name, /)", no_text)]
    fn dlsym(th: &Thread, handle: Borrowed<'_>, name: &str) -> PyResult<Owned<Int>> {
        let shown = Str::new(th, name)?;
        let address = address_argument(th, handle)?;
        audit(th, "ctypes.dlsym/handle", &[handle, shown.object()])?;
        let found = dl::find(th, address, name.as_bytes(), exc::OS_ERROR, |name| {
            format!("symbol '{name}' not found")
        })?;
        Int::from_usize(th, found.addr())
    }

    /// Return a list of the names of loaded shared libraries.
    #[function(sig = "()", text = "($self, /)")]
    fn dllist(th: &Thread) -> PyResult<Owned<List>> {
        dl::list(th)
    }

    /// Call the function at an address.
    #[function(sig = "(function, arguments, /)", no_text)]
    fn call_function(
        th: &Thread,
        function: Borrowed<'_>,
        arguments: Borrowed<'_, Tuple>,
    ) -> PyResult {
        call_address(th, function, arguments, 0)
    }

    /// Call the function at an address, which is of C's own convention.
    #[function(sig = "(function, arguments, /)", no_text)]
    fn call_cdeclfunction(
        th: &Thread,
        function: Borrowed<'_>,
        arguments: Borrowed<'_, Tuple>,
    ) -> PyResult {
        call_address(th, function, arguments, flag::CDECL)
    }

    /// Return the object at an address.
    #[function(name = "PyObj_FromPtr", sig = "(address, /)", no_text)]
    fn object_at(th: &Thread, address: Borrowed<'_>) -> PyResult {
        let pointer = address_argument(th, address)?;
        audit(th, "ctypes.PyObj_FromPtr", &[address])?;
        // SAFETY: the program answers for the address.
        match unsafe { Borrowed::<Object>::from_ptr_or_null(pointer.cast()) } {
            Some(object) => Ok(object.to_owned()),
            None => Err(th.bad_internal_call()),
        }
    }

    /// Take one reference more to an object, and return it.
    #[function(name = "Py_INCREF", sig = "(object, /)", text = "($self, object, /)")]
    fn incref(object: Borrowed<'_>) -> Owned {
        std::mem::forget(object.to_owned());
        object.to_owned()
    }

    /// Give one reference to an object back, and return it.
    #[function(name = "Py_DECREF", sig = "(object, /)", text = "($self, object, /)")]
    fn decref(object: Borrowed<'_>) -> Owned {
        // SAFETY: the program answers for the reference.
        drop(unsafe { Owned::<Object>::from_ptr(object.as_ptr()) });
        object.to_owned()
    }

    #[function(sig = "(type, state, /)", no_text)]
    fn _unpickle(th: &Thread, r#type: Borrowed<'_>, state: Borrowed<'_, Tuple>) -> PyResult {
        let made = call::new_instance(th, r#type)?;
        let method = object::get_attr(th, made.borrow(), id::__setstate__)?;
        krait_objects::protocol::call::call_tuple_dict(th, method.borrow(), state, None)?;
        Ok(made)
    }
}

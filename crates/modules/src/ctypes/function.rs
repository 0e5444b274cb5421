//! `CFuncPtr`: foreign functions, and Python functions that C can call.
//!
//! The same job as the `PyCFuncPtrType_` and `PyCFuncPtr_` functions of CPython's `Modules/_ctypes/_ctypes.c`.

use krait_eval::sys::audit;
use krait_objects::prelude::*;

use super::call::{Call, MOST, argument_error};
use super::callback::Thunk;
use super::data::{self, CData, address_of};
use super::dl;
use super::info::{CType, attribute, begin, flag, info, info_of, metaclass, own_attribute};
use super::prototype;

metaclass! {
    /// The class of function types.
    PyCFuncPtrType, "_ctypes.PyCFuncPtrType", init_class, {}
}

fn init_class(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    _args: Borrowed<'_, Tuple>,
    _kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    let info = begin(th, ty)?;
    info.set_pointer();
    info.set_format("X{}".to_string());
    let flags = own_attribute(th, ty, "_flags_")?.map(Owned::downcast::<Int>);
    let Some(Ok(flags)) = flags else {
        let message = "class must define _flags_ which must be an integer";
        return Err(th.raise(exc::TYPE_ERROR, message));
    };
    info.add_flags(flags.view().wrapping_u64() as u32 & 0xff);
    if let Some(types) = own_attribute(th, ty, "_argtypes_")? {
        let (types, converters) = converters_of(th, types.borrow())?;
        info.argtypes.set(Some(types));
        info.converters.set(Some(converters));
    }
    if let Some(restype) = own_attribute(th, ty, "_restype_")? {
        if !is_result(restype.borrow()) {
            let message = "_restype_ must be a type, a callable, or None";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        info.checker.set(attribute(th, restype.borrow(), "_check_retval_")?);
        info.restype.set(Some(restype));
    }
    Ok(())
}

fn is_result(restype: Borrowed<'_>) -> bool {
    restype.is_none() || info_of(restype).is_some() || object::is_callable(restype)
}

/// The types as a tuple, and the `from_param` of each.
fn converters_of(th: &Thread, types: Borrowed<'_>) -> PyResult<(Owned<Tuple>, Owned<Tuple>)> {
    let types =
        sequence::tuple(th, types).map_err(|raised| match th.take_if(raised, exc::TYPE_ERROR) {
            Ok(_) => th.raise(exc::TYPE_ERROR, "_argtypes_ must be a sequence of types"),
            Err(raised) => raised,
        })?;
    if types.len() > MOST {
        let class = argument_error(th)?;
        let count = types.len();
        let message = format!("_argtypes_ has too many arguments ({count}), maximum is {MOST}");
        let message = Str::from_string(th, message)?;
        return Err(th.raise_in(class.borrow(), Some(message.object())));
    }
    let mut converters = Vec::with_capacity(types.len());
    for (at, ty) in types.as_slice().iter().enumerate() {
        let Some(converter) = attribute(th, *ty, "from_param")? else {
            let number = at + 1;
            return Err(raise!(
                th,
                TYPE_ERROR,
                "item {number} in _argtypes_ has no from_param method"
            ));
        };
        converters.push(converter);
    }
    Ok((types, Tuple::from_vec(th, converters)?))
}

/// Function Pointer
#[pytype(name = "_ctypes.CFuncPtr", base = CData, metatype = PyCFuncPtrType, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct CFuncPtr {
    #[visit]
    pub base: CData,
    #[visit]
    thunk: Slot<Thunk>,
    #[visit]
    callable: Slot,
    #[visit]
    converters: Slot<Tuple>,
    /// The types, and as the program gave them.
    #[visit]
    argtypes: Slot<Tuple>,
    #[visit]
    given_argtypes: Slot,
    #[visit]
    restype: Slot,
    #[visit]
    checker: Slot,
    #[visit]
    errcheck: Slot,
    #[visit]
    paramflags: Slot<Tuple>,
}

impl CFuncPtr {
    fn data(this: Borrowed<'_, Self>) -> Borrowed<'_, CData> {
        // SAFETY: a function pointer is C data.
        unsafe { this.cast() }
    }

    fn of(made: Owned<CData>) -> Owned<CFuncPtr> {
        // SAFETY: the functions here make instances of their own class and its subclasses.
        unsafe { made.cast() }
    }

    /// A function that a library exports.
    fn from_library(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        description: Borrowed<'_>,
        paramflags: Option<Borrowed<'_>>,
    ) -> PyResult {
        let description = sequence::tuple(th, description)?;
        let &[name, dll] = description.as_slice() else {
            return Err(th.raise(exc::TYPE_ERROR, "illegal func_spec argument"));
        };
        let bytes = if let Some(text) = name.downcast::<Str>() {
            text.as_utf8(th)?.as_bytes().to_vec()
        } else if let Some(bytes) = name.downcast::<Bytes>() {
            bytes.as_bytes().to_vec()
        } else if let Some(ordinal) = name.downcast::<Int>() {
            format!("#{}", ordinal.view().wrapping_u64()).into_bytes()
        } else {
            let message = "function name must be string, bytes object or integer";
            return Err(th.raise(exc::TYPE_ERROR, message));
        };
        audit(th, "ctypes.dlsym", &[dll, name])?;
        let handle = dl::handle_of(th, dll)?;
        let types = info(cls).and_then(|info| info.argtypes.get());
        let paramflags = prototype::check_parameters(th, types, paramflags)?;
        let address = dl::find(th, handle, &bytes, exc::ATTRIBUTE_ERROR, |name| {
            format!("function '{name}' not found")
        })?;
        let made = CFuncPtr::of(data::create(th, cls)?);
        made.base.set_pointer(address);
        data::keep(th, CFuncPtr::data(made.borrow()), 0, Some(dll.to_owned()))?;
        made.paramflags.set(paramflags);
        Ok(made.into_object())
    }

    /// What C can call a Python function by.
    fn from_callable(th: &Thread, cls: Borrowed<'_, Type>, callable: Borrowed<'_>) -> PyResult {
        if !object::is_callable(callable) {
            let message = "argument must be callable or integer function address";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        let known = info(cls).and_then(|info| Some((info, info.argtypes.get_owned()?)));
        let Some((info, types)) = known else {
            let message = "cannot construct instance of this class: no argtypes";
            return Err(th.raise(exc::TYPE_ERROR, message));
        };
        let restype = info.restype.get_owned();
        let thunk = Thunk::new(th, callable, types, restype, info.flags.get())?;
        let made = CFuncPtr::of(data::create(th, cls)?);
        made.base.set_pointer(thunk.address().cast_mut().cast());
        made.callable.set(Some(callable.to_owned()));
        made.thunk.set(Some(thunk));
        // Where a copy of the pointer is kept in a struct, all of this has to live.
        data::keep(th, CFuncPtr::data(made.borrow()), 0, Some(made.object().to_owned()))?;
        Ok(made.into_object())
    }

    fn check_count(th: &Thread, flags: u32, required: usize, given: usize) -> PyResult<()> {
        let plural = if required == 1 { "" } else { "s" };
        // Functions of C's own convention may have more.
        let at_least = flags & flag::CDECL != 0;
        if given == required || at_least && given > required {
            return Ok(());
        }
        let least = if at_least { "at least " } else { "" };
        Err(raise!(
            th,
            TYPE_ERROR,
            "this function takes {least}{required} argument{plural} ({given} given)"
        ))
    }
}

#[pymethods]
impl CFuncPtr {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let args = args.get().as_slice();
        let Some(&first) = args.first() else {
            return data::create(th, cls).map(Owned::into_object);
        };
        if first.downcast::<Tuple>().is_some() {
            if args.len() > 2 {
                let count = args.len();
                let message = "function takes at most 2 arguments";
                return Err(raise!(th, TYPE_ERROR, "{message} ({count} given)"));
            }
            return CFuncPtr::from_library(th, cls, first, args.get(1).copied());
        }
        if args.len() != 1 {
            let count = args.len();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "function takes exactly 1 argument ({count} given)"
            ));
        }
        match first.downcast::<Int>() {
            Some(int) => {
                let address = address_of(th, &int)?;
                let made = data::create(th, cls)?;
                made.set_pointer(address);
                Ok(made.into_object())
            }
            None => CFuncPtr::from_callable(th, cls, first),
        }
    }

    #[slot(tp_call)]
    fn call(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let info = CData::info(CFuncPtr::data(this), th)?;
        let or = |own: &Slot, known: &Slot| own.get_owned().or_else(|| known.get_owned());
        let (restype, checker) = match this.restype.get_owned() {
            Some(own) => (Some(own), this.checker.get_owned()),
            None => (info.restype.get_owned(), or(&this.checker, &info.checker)),
        };
        let (types, converters) = match this.converters.get_owned() {
            Some(own) => (this.argtypes.get_owned(), Some(own)),
            None => (info.argtypes.get_owned(), info.converters.get_owned()),
        };
        let described = this.paramflags.get_owned();
        let arranged =
            prototype::arrange(th, described.as_deref(), types.as_deref(), args.get(), kwargs)?;
        let flags = info.flags.get();
        if let Some(converters) = &converters {
            CFuncPtr::check_count(th, flags, converters.len(), arranged.values.len())?;
        }
        let values: Vec<Borrowed<'_>> = arranged.values.iter().map(Owned::borrow).collect();
        let function = Call {
            function: this.base.pointer(),
            flags,
            converters: converters.as_deref(),
            restype: restype.as_ref().map(Owned::borrow),
            checker: checker.as_ref().map(Owned::borrow),
        };
        let result = function.run(th, &values)?;
        if let Some(errcheck) = this.errcheck.get_owned() {
            let values = Tuple::from_slice(th, &values)?;
            let checked = [result.borrow(), this.object(), values.object()];
            let answer = call::call(th, errcheck.borrow(), &checked)?;
            // The arguments themselves say that all is as usual.
            if !answer.is(values.borrow()) {
                return Ok(answer);
            }
        }
        prototype::results(th, result, &arranged)
    }

    #[slot(nb_bool)]
    fn truth(&self, _th: &Thread) -> PyResult<bool> {
        Ok(!self.base.pointer().is_null())
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let name = this.object().get().type_name();
        Str::from_fmt(th, format_args!("<{name} object at {:p}>", this.as_ptr()))
    }

    /// a function to check for errors
    #[getter]
    fn errcheck(&self) -> Option<Owned> {
        self.errcheck.get_owned()
    }

    #[setter]
    fn set_errcheck(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        if value.is_some_and(|value| !object::is_callable(value)) {
            return Err(th.raise(exc::TYPE_ERROR, "the errcheck attribute must be callable"));
        }
        self.errcheck.set(value.map(Borrowed::to_owned));
        Ok(())
    }

    /// specify the result type
    #[getter]
    fn restype(this: Borrowed<'_, Self>) -> Option<Owned> {
        let known = || info(this.object().get().ty()).and_then(|info| info.restype.get_owned());
        this.restype.get_owned().or_else(known)
    }

    #[setter]
    fn set_restype(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(value) = value else {
            self.checker.set(None);
            self.restype.set(None);
            return Ok(());
        };
        if !is_result(value) {
            let message = "restype must be a type, a callable, or None";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        self.checker.set(attribute(th, value, "_check_retval_")?);
        self.restype.set(Some(value.to_owned()));
        Ok(())
    }

    /// specify the argument types
    #[getter]
    fn argtypes(this: Borrowed<'_, Self>) -> Option<Owned> {
        let known = || {
            let info = info(this.object().get().ty())?;
            info.argtypes.get_owned().map(Owned::into_object)
        };
        this.given_argtypes.get_owned().or_else(known)
    }

    #[setter]
    fn set_argtypes(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(value) = value.filter(|value| !value.is_none()) else {
            self.converters.set(None);
            self.argtypes.set(None);
            self.given_argtypes.set(None);
            return Ok(());
        };
        let (types, converters) = converters_of(th, value)?;
        let flags = self.paramflags.get_owned();
        prototype::check_parameters(th, Some(types.borrow()), flags.as_ref().map(Owned::object))?;
        self.converters.set(Some(converters));
        self.argtypes.set(Some(types));
        self.given_argtypes.set(Some(value.to_owned()));
        Ok(())
    }
}

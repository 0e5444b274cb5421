//! `_SimpleCData`: numbers, characters, pointers that stand for themselves.
//!
//! The same job as `PyCSimpleType_` and `Simple_` functions of CPython's `Modules/_ctypes/_ctypes.c`.

use krait_objects::prelude::*;

use super::code::{Code, LETTERS};
use super::data::{self, CData};
use super::info::{CType, Info, attribute, begin, flag, info, is_derived_simple, metaclass};

metaclass! {
    /// The class of simple types.
    PyCSimpleType, "_ctypes.PyCSimpleType", init_class, {}
}

/// Whether a class derives from `_SimpleCData` itself.
pub fn is_direct(ty: Borrowed<'_, Type>) -> bool {
    ty.get().base().is_some_and(|base| base.is(Borrowed::from_ref(Simple::type_object())))
}

/// The code that a class says in `_type_`.
fn code_of(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<(&'static Code, Owned)> {
    let Some(proto) = attribute(th, ty.object(), "_type_")? else {
        return Err(th.raise(exc::ATTRIBUTE_ERROR, "class must define a '_type_' attribute"));
    };
    let Some(text) = proto.object().downcast::<Str>() else {
        let message = "class must define a '_type_' string attribute";
        return Err(th.raise(exc::TYPE_ERROR, message));
    };
    let text = text.as_utf8(th)?;
    let &[letter] = text.as_bytes() else {
        let message = "class must define a '_type_' attribute which must be a string of length 1";
        return Err(th.raise(exc::VALUE_ERROR, message));
    };
    match Code::find(letter) {
        Some(code) => Ok((code, proto.clone())),
        None => Err(raise!(
            th,
            ATTRIBUTE_ERROR,
            "class must define a '_type_' attribute which must be\na single character string containing one of the\nsupported types: '{LETTERS}'."
        )),
    }
}

fn fill(info: &Info, code: &'static Code, proto: Owned, swapped: bool) {
    let passing = code.passing();
    info.passing.set(passing);
    info.inside.set(passing);
    info.size.set(code.size);
    info.align.set(passing.align);
    info.code.set(Some(code));
    info.swapped.set(swapped);
    info.proto.set(Some(proto));
    info.set_format(code.format(swapped));
}

fn init_class(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    let (code, proto) = code_of(th, ty)?;
    let info = begin(th, ty)?;
    fill(info, code, proto.clone(), false);
    if is_direct(ty) {
        if matches!(code.letter, b'z' | b'Z' | b'P' | b'O') {
            info.add_flags(flag::POINTER);
        }
    } else if let Some(base) = ty.get().base().and_then(super::info::info) {
        info.add_flags(base.flags.get() & flag::POINTER);
    }
    let metaclass = ty.object().get().ty();
    let plain = Borrowed::from_ref(PyCSimpleType::type_object());
    if metaclass.is(plain) && code.swaps() {
        add_swapped(th, ty, args, kwargs, code, proto)?;
    }
    Ok(())
}

/// Makes the type with the bytes in the other order.
fn add_swapped(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
    code: &'static Code,
    proto: Owned,
) -> PyResult<()> {
    let mut arguments: Vec<Owned> =
        args.as_slice().iter().copied().map(Borrowed::to_owned).collect();
    let suffix = if cfg!(target_endian = "little") { "_be" } else { "_le" };
    if let Some(name) = arguments.first_mut() {
        let text = object::str(th, name.object())?;
        *name = Str::from_fmt(th, format_args!("{}{suffix}", *text))?.into_object();
    }
    let arguments = Tuple::from_vec(th, arguments)?;
    let metaclass = Borrowed::from_ref(PyCSimpleType::type_object());
    let made = krait_objects::typeobj::build::new(th, metaclass, arguments.borrow(), kwargs)?;
    let Ok(swapped) = made.downcast::<Type>() else { return Err(th.bad_internal_call()) };
    fill(begin(th, swapped.borrow())?, code, proto, true);
    let (big, little) = ("__ctype_be__", "__ctype_le__");
    let (theirs, ours) = if cfg!(target_endian = "little") { (big, little) } else { (little, big) };
    for class in [ty, swapped.borrow()] {
        let (theirs, ours) = (Str::interned(th, theirs)?, Str::interned(th, ours)?);
        object::set_attr(th, class.object(), theirs.borrow(), swapped.object())?;
        object::set_attr(th, class.object(), ours.borrow(), ty.object())?;
    }
    Ok(())
}

/// Numbers, characters and plain pointers of C: what classes with a `_type_` derive from.
#[pytype(name = "_ctypes._SimpleCData", base = CData, metatype = PyCSimpleType, flags(BASETYPE))]
#[repr(C)]
pub struct Simple {
    base: CData,
}

impl Simple {
    fn code(&self, th: &Thread, this: Borrowed<'_>) -> PyResult<(&'static Code, bool)> {
        let info = super::info::known(th, this.get().ty())?;
        match info.code.get() {
            Some(code) => Ok((code, info.swapped.get())),
            None => Err(th.bad_internal_call()),
        }
    }

    fn load(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let (code, swapped) = this.code(th, this.object())?;
        // SAFETY: the object's value.
        unsafe { code.get(th, this.base.start(), swapped) }
    }

    fn store(this: Borrowed<'_, Self>, th: &Thread, value: Borrowed<'_>) -> PyResult<()> {
        let (code, swapped) = this.code(th, this.object())?;
        // SAFETY: the object's value.
        let kept = unsafe { code.set(th, this.base.start(), value, swapped)? };
        // SAFETY: a simple object is C data.
        data::keep(th, unsafe { this.cast() }, 0, kept)
    }
}

#[pymethods]
impl Simple {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        data::create(th, cls).map(Owned::into_object)
    }

    #[slot(tp_init)]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        match args.as_slice() {
            [] => Ok(()),
            &[value] => Simple::store(this, th, value),
            _ => {
                let count = args.len();
                Err(raise!(th, TYPE_ERROR, "__init__ expected at most 1 argument, got {count}"))
            }
        }
    }

    /// current value
    #[getter]
    fn value(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        Simple::load(this, th)
    }

    #[setter]
    fn set_value(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        match value {
            Some(value) => Simple::store(this, th, value),
            None => Err(th.raise(exc::TYPE_ERROR, "can't delete attribute")),
        }
    }

    #[slot(nb_bool)]
    fn truth(&self, _th: &Thread) -> PyResult<bool> {
        Ok(self.base.bytes().iter().any(|&byte| byte != 0))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let (ty, name) = (this.object().get().ty(), this.object().get().type_name());
        if !is_direct(ty) {
            return Str::from_fmt(th, format_args!("<{name} object at {:p}>", this.as_ptr()));
        }
        let value = Simple::load(this, th)?;
        let shown = object::repr(th, value.borrow())?;
        Str::from_fmt(th, format_args!("{name}({})", *shown))
    }

    /// Return the value, or the object itself if its class derives from a simple type.
    #[method(sig = "(self, /)")]
    fn __ctypes_from_outparam__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        if is_derived_simple(this.object().get().ty()) {
            return Ok(this.object().to_owned());
        }
        Simple::load(this, th)
    }
}

/// The class right below `_SimpleCData` that a simple type derives from, for what is special to some of them.
pub fn root(ty: Borrowed<'_, Type>) -> Option<&Info> {
    let mut current = ty;
    while !is_direct(current) {
        current = current.get().base()?;
    }
    info(current)
}

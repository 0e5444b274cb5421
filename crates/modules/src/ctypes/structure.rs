//! `Structure` and `Union`: fields that a class names in `_fields_`.
//!
//! Where the fields lie is found out in Python, by `ctypes._layout`. The same job as the `StructUnionType_` and `Struct_` functions of
//! CPython's `Modules/_ctypes/_ctypes.c`, and the rest of `stginfo.c`.

use krait_ffi as ffi;
use krait_objects::prelude::*;

use super::data::{self, CData};
use super::field::CField;
use super::info::{CType, Info, attribute, begin, flag, info, metaclass, own_attribute};
use super::pointer::has_pointers;

metaclass! {
    /// The class of struct types.
    PyCStructType, "_ctypes.PyCStructType", init_struct, {
        #[slot(tp_setattro)]
        fn setattro(
            this: Borrowed<'_, Self>,
            th: &Thread,
            name: Borrowed<'_, Str>,
            value: Option<Borrowed<'_>>,
        ) -> PyResult<()> {
            // SAFETY: an instance of a metaclass is a class.
            set_attribute(th, unsafe { this.cast() }, name, value, true)
        }
    }
}

metaclass! {
    /// The class of union types.
    UnionType, "_ctypes.UnionType", init_union, {
        #[slot(tp_setattro)]
        fn setattro(
            this: Borrowed<'_, Self>,
            th: &Thread,
            name: Borrowed<'_, Str>,
            value: Option<Borrowed<'_>>,
        ) -> PyResult<()> {
            // SAFETY: an instance of a metaclass is a class.
            set_attribute(th, unsafe { this.cast() }, name, value, false)
        }
    }
}

/// `type.__setattr__`; new fields are laid out.
fn set_attribute(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    name: Borrowed<'_, Str>,
    value: Option<Borrowed<'_>>,
    is_struct: bool,
) -> PyResult<()> {
    let Some(set) = Type::type_object().raw().tp_setattro else {
        return Err(th.bad_internal_call());
    };
    let fields = value.filter(|_| name.eq_str("_fields_"));
    if fields.is_some() {
        open(th, ty)?;
    }
    let pointer = value.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: the slot of `type`.
    if unsafe { set(ty.as_ptr(), name.as_ptr(), pointer) } != 0 {
        return Err(th.raised_by_c());
    }
    match fields {
        Some(fields) => lay_out(th, ty, fields, is_struct),
        None => Ok(()),
    }
}

/// What a class knows that may still get fields.
fn open<'a>(th: &Thread, ty: Borrowed<'a, Type>) -> PyResult<&'a Info> {
    match info(ty) {
        None => Err(th.raise(exc::TYPE_ERROR, "ctypes state is not initialized")),
        Some(info) if info.has(flag::FINAL) => {
            Err(th.raise(exc::ATTRIBUTE_ERROR, "_fields_ is final"))
        }
        Some(info) => Ok(info),
    }
}

fn init_struct(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    _args: Borrowed<'_, Tuple>,
    _kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    init_class(th, ty)
}

fn init_union(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    _args: Borrowed<'_, Tuple>,
    _kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    init_class(th, ty)
}

fn init_class(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    if own_attribute(th, ty, "_abstract_")?.is_some() {
        return Ok(());
    }
    let info = begin(th, ty)?;
    info.set_format("B".to_string());
    let nothing = ffi::Aggregate::default().finish(0, 1);
    info.passing.set(nothing);
    info.inside.set(nothing);
    if let Some(fields) = own_attribute(th, ty, "_fields_")? {
        let name = Str::interned(th, "_fields_")?;
        return object::set_attr(th, ty.object(), name.borrow(), fields.borrow());
    }
    if let Some(base) = ty.get().base().and_then(super::info::info) {
        inherit(info, base);
    }
    Ok(())
}

/// Without fields of its own a class is as its base, which may get no more.
fn inherit(info: &Info, base: &Info) {
    info.size.set(base.size.get());
    info.align.set(base.align.get());
    info.len.set(base.len.get());
    info.passing.set(base.passing.get());
    info.inside.set(base.inside.get());
    info.flags.set(base.flags.get() & !flag::FINAL);
    info.proto.set(base.proto.get_owned());
    *info.format.borrow_mut() = base.format.borrow().clone();
    *info.shape.borrow_mut() = base.shape.borrow().clone();
    base.add_flags(flag::FINAL);
}

/// What `ctypes._layout.get_layout` says.
struct Layout {
    size: usize,
    align: usize,
    format: Owned,
    fields: Owned<Tuple>,
}

impl Layout {
    fn of(
        th: &Thread,
        ty: Borrowed<'_, Type>,
        fields: Borrowed<'_>,
        is_struct: bool,
        base: Borrowed<'_>,
    ) -> PyResult<Layout> {
        let name = Str::interned(th, "get_layout")?;
        let list = Tuple::from_slice(th, &[name.object()])?;
        let module = Str::interned(th, "ctypes._layout")?;
        let import = th.interp().services.get().import;
        let module = import(th, module.borrow(), Some(list.borrow()), 0)?;
        let function = object::get_attr(th, module.borrow(), name.borrow())?;
        let names = ["is_struct", "base"].map(|name| Str::interned(th, name));
        let [first, second] = names;
        let names = Tuple::pack(th, [first?.into_object(), second?.into_object()])?;
        let values = [ty.object(), fields, bool_object(is_struct).object(), base];
        let kwnames = Some(names.borrow());
        let args = Args { values: &values, positional: 2, kwnames, offset: false };
        let layout = call::vectorcall(th, function.borrow(), args)?;
        let part =
            |name: &str| object::get_attr(th, layout.borrow(), Str::interned(th, name)?.borrow());
        let number = |name: &str| {
            let value = number::as_isize(th, part(name)?.borrow(), Some(exc::OVERFLOW_ERROR))?;
            usize::try_from(value)
                .map_err(|_| raise!(th, VALUE_ERROR, "{name} must be a non-negative integer"))
        };
        Ok(Layout {
            align: number("align")?,
            size: number("size")?,
            format: part("format_spec")?,
            fields: sequence::tuple(th, part("fields")?.borrow())?,
        })
    }
}

/// Lays the fields of a class out, once.
fn lay_out(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    fields: Borrowed<'_>,
    is_struct: bool,
) -> PyResult<()> {
    let own = open(th, ty)?;
    let base = ty.get().base().and_then(|base| Some((base, info(base)?)));
    let base_class = base.map_or(none().object(), |(base, _)| base.object());
    let layout = Layout::of(th, ty, fields, is_struct, base_class)?;
    let mut all = ffi::Aggregate::default();
    let mut count = layout.fields.len();
    if let Some((_, base)) = base {
        all.field(0, &base.inside.get());
        count += base.len.get();
        own.add_flags(base.flags.get() & flag::HAS_POINTER);
    }
    for (at, field) in layout.fields.as_slice().iter().enumerate() {
        add_field(th, ty, own, *field, at, &mut all)?;
    }
    // Some code of the fields' types may have used this one.
    if own.has(flag::FINAL) {
        let message = "Structure or union cannot contain itself";
        return Err(th.raise(exc::ATTRIBUTE_ERROR, message));
    }
    let whole = all.finish(layout.size, layout.align);
    own.passing.set(whole);
    own.inside.set(whole);
    own.size.set(layout.size);
    own.align.set(layout.align);
    own.len.set(count);
    own.set_format(object::str(th, layout.format.borrow())?.to_string_lossy());
    own.add_flags(flag::FINAL);
    add_anonymous(th, ty)
}

fn add_field(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    own: &Info,
    field: Borrowed<'_>,
    at: usize,
    all: &mut ffi::Aggregate,
) -> PyResult<()> {
    let Some(field) = field.downcast_exact::<CField>() else {
        let found = object::type_of(field).full_name(th)?;
        return Err(raise!(th, TYPE_ERROR, "fields must be of type CField, got {}", *found));
    };
    let name = field.name.get_owned().unwrap_or_else(|| none().to_owned());
    if field.index.get() != at as isize {
        let (shown, found) = (object::repr(th, name.borrow())?, field.index.get());
        return Err(raise!(
            th,
            VALUE_ERROR,
            "field {} index mismatch (expected {at}, got {found})",
            *shown
        ));
    }
    let Some(info) = field.proto.get().and_then(super::info::info_of) else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "second item in _fields_ tuple (index {at}) must be a C type"
        ));
    };
    if has_pointers(info) {
        own.add_flags(flag::HAS_POINTER);
    }
    info.add_flags(flag::FINAL);
    let offset = field.byte_offset.get().max(0) as usize;
    match field.bits.get() {
        0 => all.field(offset, &info.inside.get()),
        bits => {
            all.bits(offset.saturating_mul(8) + usize::from(field.bit_offset.get()), bits.into())
        }
    }
    match name.downcast::<Str>() {
        Ok(name) => object::set_attr(th, ty.object(), name.borrow(), field.object()),
        Err(_) => Err(th.bad_internal_call()),
    }
}

/// The attribute `name` of a class, which is to be a field.
fn field_of(
    th: &Thread,
    ty: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned<CField>>> {
    Ok(object::get_attr(th, ty, name)?.downcast::<CField>().ok())
}

/// Gives a class the fields of those that it says are anonymous.
fn add_anonymous(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    let Some(names) = attribute(th, ty.object(), "_anonymous_")? else { return Ok(()) };
    let names = sequence::fast(th, names.borrow(), "_anonymous_ must be a sequence")?;
    for name in iter::collect(th, names.borrow())? {
        let name = name.downcast::<Str>().map_err(|other| {
            let found = other.type_name();
            raise!(th, TYPE_ERROR, "attribute name must be string, not '{found}'")
        })?;
        let Some(field) = field_of(th, ty.object(), name.borrow())? else {
            return Err(raise!(
                th,
                ATTRIBUTE_ERROR,
                "'{}' is specified in _anonymous_ but not in _fields_",
                *name
            ));
        };
        field.anonymous.set(true);
        add_inner(th, ty, &field, field.index.get(), field.byte_offset.get())?;
    }
    Ok(())
}

fn add_inner(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    field: &CField,
    index: isize,
    offset: isize,
) -> PyResult<()> {
    let Some(inner) = field.proto.get_owned() else { return Err(th.bad_internal_call()) };
    let name = Str::interned(th, "_fields_")?;
    let fields = object::get_attr(th, inner.borrow(), name.borrow())?;
    let fields = sequence::fast(th, fields.borrow(), "_fields_ must be a sequence")?;
    for pair in iter::collect(th, fields.borrow())? {
        let name = sequence::get(th, pair.borrow(), 0)?;
        let Ok(name) = name.downcast::<Str>() else {
            return Err(th.raise(exc::TYPE_ERROR, "unexpected type"));
        };
        let Some(found) = field_of(th, inner.borrow(), name.borrow())? else {
            return Err(th.raise(exc::TYPE_ERROR, "unexpected type"));
        };
        if found.anonymous.get() {
            let (index, offset) = (index + found.index.get(), offset + found.byte_offset.get());
            th.recurse("", || add_inner(th, ty, &found, index, offset))?;
            continue;
        }
        let moved = found.moved(th, index, offset)?;
        object::set_attr(th, ty.object(), name.borrow(), moved.object())?;
    }
    Ok(())
}

/// Sets fields by position, those of the bases first; how many are set.
fn init_by_position(
    th: &Thread,
    this: Borrowed<'_>,
    ty: Borrowed<'_, Type>,
    args: &Tuple,
    kwargs: Option<Borrowed<'_, Dict>>,
    mut index: usize,
) -> PyResult<usize> {
    if let Some(base) = ty.get().base().filter(|base| info(*base).is_some()) {
        let place = " while initialising a structure";
        index = th.recurse(place, || init_by_position(th, this, base, args, kwargs, index))?;
    }
    let Some(fields) = own_attribute(th, ty, "_fields_")? else { return Ok(index) };
    for at in 0..sequence::len(th, fields.borrow())? {
        let Some(value) = args.get(index) else { break };
        let pair = sequence::get(th, fields.borrow(), at as isize)?;
        let name = sequence::get(th, pair.borrow(), 0)?;
        if let Some(kwargs) = kwargs {
            if kwargs.contains(th, name.borrow())? {
                let shown = object::repr(th, name.borrow())?;
                return Err(raise!(th, TYPE_ERROR, "duplicate values for field {}", *shown));
            }
        }
        let Ok(name) = name.downcast::<Str>() else { return Err(th.bad_argument()) };
        object::set_attr(th, this, name.borrow(), value)?;
        index += 1;
    }
    Ok(index)
}

fn init_instance(
    th: &Thread,
    this: Borrowed<'_>,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    if !args.is_empty() {
        let set = init_by_position(th, this, this.get().ty(), &args, kwargs, 0)?;
        if set < args.len() {
            return Err(th.raise(exc::TYPE_ERROR, "too many initializers"));
        }
    }
    let Some(kwargs) = kwargs else { return Ok(()) };
    let mut position = 0;
    while let Some((name, value)) = kwargs.next(&mut position) {
        let Ok(name) = name.downcast::<Str>() else { return Err(th.bad_argument()) };
        object::set_attr(th, this, name.borrow(), value.borrow())?;
    }
    Ok(())
}

/// `Structure` or `Union`.
macro_rules! aggregate {
    ($(#[$doc:meta])* $class:ident, $name:literal, $meta:ty) => {
        $(#[$doc])*
        #[pytype(name = $name, base = CData, metatype = $meta, flags(BASETYPE))]
        #[repr(C)]
        pub struct $class {
            base: CData,
        }

        #[pymethods]
        impl $class {
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
                kwargs: Option<Borrowed<'_, Dict>>,
            ) -> PyResult<()> {
                init_instance(th, this.object(), args, kwargs)
            }
        }
    };
}

aggregate! {
    /// Structure base class
    Structure, "_ctypes.Structure", PyCStructType
}

aggregate! {
    /// Union base class
    Union, "_ctypes.Union", UnionType
}

//! `_Pointer`: pointers to C data.
//!
//! The same job as the `PyCPointerType_` and `Pointer_` functions of CPython's `Modules/_ctypes/_ctypes.c`.

use krait_objects::prelude::*;
use krait_objects::slice::{Slice, is_index};

use super::array;
use super::data::{self, CData};
use super::info::{CType, Info, begin, flag, info, known, metaclass, own_attribute};

metaclass! {
    /// The class of pointer types.
    PyCPointerType, "_ctypes.PyCPointerType", init_class, {
        /// Set what an incomplete pointer type points to.
        #[method(sig = "(self, type, /)")]
        fn set_type(this: Borrowed<'_, Self>, th: &Thread, r#type: Borrowed<'_>) -> PyResult<()> {
            // SAFETY: an instance of a metaclass is a class.
            let class: Borrowed<'_, Type> = unsafe { this.cast() };
            set_target(th, class, known(th, class)?, r#type)?;
            let name = Str::interned(th, "_type_")?;
            object::set_attr(th, class.object(), name.borrow(), r#type)
        }
    }
}

fn init_class(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    _args: Borrowed<'_, Tuple>,
    _kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    let info = begin(th, ty)?;
    info.set_pointer();
    match own_attribute(th, ty, "_type_")? {
        Some(target) => set_target(th, ty, info, target.borrow()),
        None => Ok(()),
    }
}

fn set_target(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    info: &Info,
    target: Borrowed<'_>,
) -> PyResult<()> {
    let Some(class) = target.downcast::<Type>() else {
        return Err(th.raise(exc::TYPE_ERROR, "_type_ must be a type"));
    };
    let Some(item) = super::info::info(class) else {
        return Err(th.raise(exc::TYPE_ERROR, "_type_ must have storage info"));
    };
    info.proto.set(Some(target.to_owned()));
    if item.pointer_type.get().is_none() {
        item.pointer_type.set(Some(ty.object().to_owned()));
    }
    let shape: Vec<String> = item.shape.borrow().iter().map(|len| len.to_string()).collect();
    let shape = if shape.is_empty() { String::new() } else { format!("({})", shape.join(",")) };
    info.set_format(format!("&{shape}{}", item.format()));
    Ok(())
}

/// The base of all pointer types.
#[pytype(
    name = "_ctypes._Pointer", base = CData, metatype = PyCPointerType, flags(BASETYPE),
    doc = "A pointer to C data. Items may be read and written by subscripts, without any check."
)]
#[repr(C)]
pub struct Pointer {
    base: CData,
}

impl Pointer {
    fn data(this: Borrowed<'_, Self>) -> Borrowed<'_, CData> {
        // SAFETY: a pointer is C data.
        unsafe { this.cast() }
    }

    /// The class of what it points to, and the address.
    fn target<'a>(this: Borrowed<'a, Self>, th: &Thread) -> PyResult<(Owned<Type>, *mut u8)> {
        let address = this.base.pointer();
        if address.is_null() {
            return Err(th.raise(exc::VALUE_ERROR, "NULL pointer access"));
        }
        let info = CData::info(Pointer::data(this), th)?;
        match info.item_type() {
            Some(item) => Ok((item.to_owned(), address)),
            None => Err(th.raise(exc::TYPE_ERROR, "_type_ must have storage info")),
        }
    }

    /// The class of an item, its address and its size.
    fn place(
        this: Borrowed<'_, Self>,
        th: &Thread,
        index: isize,
    ) -> PyResult<(Owned<Type>, *mut u8, usize)> {
        let (item, address) = Pointer::target(this, th)?;
        let size = known(th, item.borrow())?.size.get();
        let address = address.wrapping_offset(index.wrapping_mul(size as isize));
        Ok((item, address, size))
    }

    fn set(this: Borrowed<'_, Self>, th: &Thread, value: Borrowed<'_>) -> PyResult<()> {
        let info = CData::info(Pointer::data(this), th)?;
        let Some(proto) = info.proto.get_owned() else {
            return Err(th.raise(exc::TYPE_ERROR, "_type_ must have storage info"));
        };
        let is_target = object::is_instance(th, value, proto.borrow())?;
        let Some(target) = value.downcast::<CData>().filter(|_| is_target) else {
            return Err(wrong(th, proto.borrow(), value));
        };
        this.base.set_pointer(target.start());
        // The object itself has to live, and what it keeps alive for its own pointers.
        data::keep(th, Pointer::data(this), 1, Some(value.to_owned()))?;
        let kept = data::kept_objects(th, target)?;
        data::keep(th, Pointer::data(this), 0, kept)
    }

    fn slice(this: Borrowed<'_, Self>, th: &Thread, slice: &Slice) -> PyResult {
        let bound = |value: Borrowed<'_>| -> PyResult<Option<isize>> {
            if value.is_none() {
                return Ok(None);
            }
            number::as_isize(th, value, Some(exc::VALUE_ERROR)).map(Some)
        };
        let step = bound(slice.step())?.unwrap_or(1);
        let refuse = |message| Err(th.raise(exc::VALUE_ERROR, message));
        if step == 0 {
            return refuse("slice step cannot be zero");
        }
        let start = match bound(slice.start())? {
            Some(start) => start,
            None if step < 0 => return refuse("slice start is required for step < 0"),
            None => 0,
        };
        let Some(stop) = bound(slice.stop())? else { return refuse("slice stop is required") };
        let len = if step > 0 && start < stop {
            (stop - start - 1) / step + 1
        } else if step < 0 && stop < start {
            (start - stop - 1) / -step + 1
        } else {
            0
        };
        let info = CData::info(Pointer::data(this), th)?;
        if matches!(info.item_letter(), Some(b'c' | b'u')) {
            if len == 0 {
                return array::text(th, info, std::ptr::null(), 0, 1, 0);
            }
            let (_, first, _) = Pointer::place(this, th, 0)?;
            return array::text(th, info, first, start, step, len as usize);
        }
        let items = (0..len).map(|at| Pointer::item(this, th, start + at * step));
        let items = items.collect::<PyResult<Vec<Owned>>>()?;
        List::from_vec(th, items).map(Owned::into_object)
    }
}

fn wrong(th: &Thread, proto: Borrowed<'_>, value: Borrowed<'_>) -> Raised {
    let wanted = proto.downcast::<Type>().map_or("?", |proto| proto.get().tp_name());
    raise!(th, TYPE_ERROR, "expected {wanted} instead of {}", value.type_name())
}

#[pymethods]
impl Pointer {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if info(cls).is_none_or(|info| info.proto.get().is_none()) {
            return Err(th.raise(exc::TYPE_ERROR, "Cannot create instance: has no _type_"));
        }
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
            &[value] => Pointer::set(this, th, value),
            _ => {
                let count = args.len();
                Err(raise!(th, TYPE_ERROR, "POINTER expected at most 1 argument, got {count}"))
            }
        }
    }

    /// the object this pointer points to (read-write)
    #[getter]
    fn contents(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<CData>> {
        let (item, address) = Pointer::target(this, th)?;
        data::part(th, item.borrow(), Some((Pointer::data(this), 0)), address)
    }

    #[setter]
    fn set_contents(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        match value {
            Some(value) => Pointer::set(this, th, value),
            None => Err(no_deletion(th)),
        }
    }

    #[slot(nb_bool)]
    fn truth(&self, _th: &Thread) -> PyResult<bool> {
        Ok(!self.base.pointer().is_null())
    }

    #[slot(sq_item)]
    fn item(this: Borrowed<'_, Self>, th: &Thread, index: isize) -> PyResult {
        let (item, address, _) = Pointer::place(this, th, index)?;
        // SAFETY: the program answers for the pointer.
        unsafe { data::get(th, item.borrow(), Pointer::data(this), index, address) }
    }

    #[slot(sq_ass_item)]
    fn set_item(
        this: Borrowed<'_, Self>,
        th: &Thread,
        index: isize,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let Some(value) = value else { return Err(no_deletion(th)) };
        let (item, address, size) = Pointer::place(this, th, index)?;
        // SAFETY: the program answers for the pointer.
        unsafe { data::set(th, Pointer::data(this), item.borrow(), value, index, size, address) }
    }

    #[slot(mp_subscript)]
    fn subscript(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        if is_index(key) {
            let index = number::as_isize(th, key, Some(exc::INDEX_ERROR))?;
            return Pointer::item(this, th, index);
        }
        match key.downcast_exact::<Slice>() {
            Some(slice) => Pointer::slice(this, th, &slice),
            None => Err(th.raise(exc::TYPE_ERROR, "Pointer indices must be integer")),
        }
    }
}

fn no_deletion(th: &Thread) -> Raised {
    th.raise(exc::TYPE_ERROR, "Pointer does not support item deletion")
}

/// Whether a type is a pointer, or has pointers inside.
pub fn has_pointers(info: &Info) -> bool {
    info.has(flag::POINTER | flag::HAS_POINTER)
}

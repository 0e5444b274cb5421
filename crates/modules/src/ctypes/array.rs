//! `Array`: so many items of a C type, one after the other.
//!
//! The same job as the `PyCArrayType_` and `Array_` functions of CPython's `Modules/_ctypes/_ctypes.c`.

use krait_abi as abi;
use krait_ffi as ffi;
use krait_objects::args::rt;
use krait_objects::descr::getset_from_def;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::slice::{Slice, SliceRange, is_index};
use krait_objects::typeobj::StaticCell;
use krait_objects::weakref;

use super::State;
use super::code::read_wide;
use super::data::{self, CData};
use super::info::{CType, Info, attribute, begin, flag, info, info_of, known, metaclass};
use super::pointer::has_pointers;

metaclass! {
    /// The class of array types.
    PyCArrayType, "_ctypes.PyCArrayType", init_class, {}
}

/// The `_length_` of a new class.
fn length_of(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<usize> {
    let Some(len) = attribute(th, ty.object(), "_length_")? else {
        return Err(th.raise(exc::ATTRIBUTE_ERROR, "class must define a '_length_' attribute"));
    };
    let Some(len) = len.object().downcast::<Int>() else {
        return Err(th.raise(exc::TYPE_ERROR, "The '_length_' attribute must be an integer"));
    };
    if len.is_negative() {
        return Err(th.raise(exc::VALUE_ERROR, "The '_length_' attribute must not be negative"));
    }
    let len = len.to_i64().and_then(|len| usize::try_from(len).ok());
    len.ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "The '_length_' attribute is too large"))
}

fn init_class(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    _args: Borrowed<'_, Tuple>,
    _kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    let len = length_of(th, ty)?;
    let Some(item_type) = attribute(th, ty.object(), "_type_")? else {
        return Err(th.raise(exc::ATTRIBUTE_ERROR, "class must define a '_type_' attribute"));
    };
    let info = begin(th, ty)?;
    let Some(item) = info_of(item_type.borrow()) else {
        return Err(th.raise(exc::TYPE_ERROR, "_type_ must have storage info"));
    };
    let size = item.size.get().checked_mul(len).filter(|&size| isize::try_from(size).is_ok());
    let Some(size) = size else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "array too large"));
    };
    info.size.set(size);
    info.align.set(item.align.get());
    info.len.set(len);
    info.inside.set(ffi::Type::array(&item.inside.get(), len));
    info.set_format(item.format());
    let mut shape = vec![len as isize];
    shape.extend_from_slice(&item.shape.borrow());
    *info.shape.borrow_mut() = shape;
    if has_pointers(item) {
        info.add_flags(flag::HAS_POINTER);
    }
    info.proto.set(Some(item_type.clone()));
    let getsets: &[usize] = match item.code.get().map(|code| code.letter) {
        Some(b'c') => &[0, 1],
        Some(b'u') => &[2],
        _ => &[],
    };
    for &at in getsets {
        // SAFETY: a static table.
        let def = unsafe { TEXT.as_ptr().cast::<abi::PyGetSetDef>().add(at) };
        let descriptor = getset_from_def(th, ty, def)?;
        // SAFETY: the names are those of the table.
        let name = unsafe { std::ffi::CStr::from_ptr((*def).name) }.to_string_lossy();
        let name = Str::interned(th, &name)?;
        ty.dict(th).set_str(th, name.borrow(), descriptor.borrow())?;
    }
    ty.modified(th);
    Ok(())
}

/// The class of arrays of `len` items, made once.
pub fn type_of(th: &Thread, item: Borrowed<'_, Type>, len: usize) -> PyResult<Owned<Type>> {
    let cache = match th.interp().state::<State>().arrays.get_owned() {
        Some(cache) => cache,
        None => {
            let cache = Dict::new(th)?;
            th.interp().state::<State>().arrays.set(Some(cache.clone()));
            cache
        }
    };
    let number = Int::from_usize(th, len)?;
    let key = Tuple::from_slice(th, &[item.object(), number.object()])?;
    if let Some(reference) = cache.get(th, key.object())? {
        if let Some(Ok(known)) = weakref::referent(reference.borrow()).map(Owned::downcast::<Type>)
        {
            return Ok(known);
        }
    }
    let name = Str::from_fmt(th, format_args!("{}_Array_{len}", item.tp_name()))?;
    let bases = Tuple::from_slice(th, &[Borrowed::from_ref(Array::type_object()).object()])?;
    let namespace = Dict::new(th)?;
    namespace.set_str(th, Str::interned(th, "_length_")?.borrow(), number.object())?;
    namespace.set_str(th, Str::interned(th, "_type_")?.borrow(), item.object())?;
    let metaclass = Borrowed::from_ref(PyCArrayType::type_object()).object();
    let made = call::call(th, metaclass, &[name.object(), bases.object(), namespace.object()])?;
    let remover: Owned<DictRemover> = DictRemover::type_object().alloc(th, 0)?;
    remover.dict.set(Some(cache.clone()));
    remover.key.set(Some(key.clone()));
    let reference = weakref::new_ref(th, made.borrow(), Some(remover.object()))?;
    cache.set(th, key.object(), reference.borrow())?;
    made.downcast::<Type>().map_err(|_| th.bad_internal_call())
}

/// Takes a class of arrays that is gone out of the table of them.
#[pytype(name = "_ctypes.DictRemover", flags(HAVE_GC))]
#[repr(C)]
struct DictRemover {
    head: Head,
    #[visit]
    dict: Slot<Dict>,
    #[visit]
    key: Slot<Tuple>,
}

#[pymethods]
impl DictRemover {
    #[slot(tp_call)]
    fn call(
        this: Borrowed<'_, Self>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let (dict, key) = (this.dict.take(), this.key.take());
        if let (Some(dict), Some(key)) = (dict, key) {
            // Another class may stand there meanwhile.
            let reference = dict.get(th, key.object())?;
            if reference.is_some_and(|known| weakref::referent(known.borrow()).is_none()) {
                dict.remove(th, key.object())?;
            }
        }
        Ok(none().to_owned())
    }
}

/// What the items of the items, and so on, are, if `ty` is an array.
pub fn innermost<'a>(ty: Borrowed<'a, Type>) -> Option<&'a Info> {
    ty.object().downcast::<PyCArrayType>()?;
    let mut current = info(ty)?;
    while let Some(item) = current.item_type() {
        let inner = info(item)?;
        if item.object().downcast::<PyCArrayType>().is_none() {
            return Some(inner);
        }
        current = inner;
    }
    None
}

/// Characters of an array or behind a pointer, as `bytes` or `str`.
pub fn text(
    th: &Thread,
    info: &Info,
    first: *const u8,
    start: isize,
    step: isize,
    len: usize,
) -> PyResult {
    let wide = info.item_letter() == Some(b'u');
    let size = if wide { 4 } else { 1 };
    let mut bytes = Vec::with_capacity(len * size);
    for at in 0..len as isize {
        let place = first.wrapping_offset((start + at * step) * size as isize);
        // SAFETY: within the array, or where the program says that there is something.
        bytes.extend_from_slice(unsafe { std::slice::from_raw_parts(place, size) });
    }
    match wide {
        // SAFETY: `bytes` has `len` characters of four bytes.
        true => unsafe { read_wide(th, bytes.as_ptr(), len).map(Owned::into_object) },
        false => Bytes::new(th, &bytes).map(Owned::into_object),
    }
}

/// Abstract base class for arrays.
///
/// A class of arrays comes of the multiplication of a C type with a number, or of a subclass that says
/// `_length_` and `_type_`. Items are read and written by subscripts and slices; what a slice gives is no
/// array, but a list, bytes or a string.
#[pytype(name = "_ctypes.Array", base = CData, metatype = PyCArrayType, flags(BASETYPE))]
#[repr(C)]
pub struct Array {
    base: CData,
}

impl Array {
    fn data(this: Borrowed<'_, Self>) -> Borrowed<'_, CData> {
        // SAFETY: an array is C data.
        unsafe { this.cast() }
    }

    /// The class of an item, its address and its size.
    fn place(
        this: Borrowed<'_, Self>,
        th: &Thread,
        index: isize,
    ) -> PyResult<(Owned<Type>, *mut u8, usize)> {
        let info = CData::info(Array::data(this), th)?;
        let at = usize::try_from(index).ok().filter(|&at| at < this.base.len.get());
        let (Some(at), Some(item)) = (at, info.item_type()) else {
            return Err(th.raise(exc::INDEX_ERROR, "invalid index"));
        };
        let size = known(th, item)?.size.get();
        Ok((item.to_owned(), this.base.start().wrapping_add(at * size), size))
    }

    /// An index, counted from the start.
    fn index(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<isize> {
        let index = number::as_isize(th, key, Some(exc::INDEX_ERROR))?;
        Ok(if index < 0 { index.saturating_add(self.base.len.get() as isize) } else { index })
    }

    fn range(&self, th: &Thread, slice: &Slice) -> PyResult<SliceRange> {
        let (start, stop, step) = slice.unpack(th)?;
        Ok(SliceRange::of(start, stop, step, self.base.len.get()))
    }
}

#[pymethods]
impl Array {
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
        for (at, value) in args.as_slice().iter().enumerate() {
            Array::set_item(this, th, at as isize, Some(*value))?;
        }
        Ok(())
    }

    #[slot(sq_length, mp_length)]
    fn length(&self, _th: &Thread) -> PyResult<usize> {
        Ok(self.base.len.get())
    }

    #[slot(sq_item)]
    fn item(this: Borrowed<'_, Self>, th: &Thread, index: isize) -> PyResult {
        let (item, address, _) = Array::place(this, th, index)?;
        // SAFETY: an item of the array.
        unsafe { data::get(th, item.borrow(), Array::data(this), index, address) }
    }

    #[slot(sq_ass_item)]
    fn set_item(
        this: Borrowed<'_, Self>,
        th: &Thread,
        index: isize,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let Some(value) = value else { return Err(no_deletion(th)) };
        let (item, address, size) = Array::place(this, th, index)?;
        // SAFETY: an item of the array.
        unsafe { data::set(th, Array::data(this), item.borrow(), value, index, size, address) }
    }

    #[slot(mp_subscript)]
    fn subscript(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        if is_index(key) {
            return Array::item(this, th, this.index(th, key)?);
        }
        let Some(slice) = key.downcast_exact::<Slice>() else {
            return Err(th.raise(exc::TYPE_ERROR, "indices must be integers"));
        };
        let range = this.range(th, &slice)?;
        let info = CData::info(Array::data(this), th)?;
        if matches!(info.item_letter(), Some(b'c' | b'u')) {
            return text(th, info, this.base.start(), range.start, range.step, range.len);
        }
        let items = range.positions().map(|at| Array::item(this, th, at as isize));
        List::from_vec(th, items.collect::<PyResult<Vec<Owned>>>()?).map(Owned::into_object)
    }

    #[slot(mp_ass_subscript)]
    fn set_subscript(
        this: Borrowed<'_, Self>,
        th: &Thread,
        key: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let Some(value) = value else { return Err(no_deletion(th)) };
        if is_index(key) {
            return Array::set_item(this, th, this.index(th, key)?, Some(value));
        }
        let Some(slice) = key.downcast_exact::<Slice>() else {
            return Err(th.raise(exc::TYPE_ERROR, "indices must be integer"));
        };
        let range = this.range(th, &slice)?;
        if sequence::len(th, value)? != range.len {
            let message = "Can only assign sequence of same size";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        for (from, to) in range.positions().enumerate() {
            let item = sequence::get(th, value, from as isize)?;
            Array::set_item(this, th, to as isize, Some(item.borrow()))?;
        }
        Ok(())
    }

    /// Arrays are generic over the type of their elements
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        krait_objects::generic_alias::new(th, cls.object(), object)
    }
}

fn no_deletion(th: &Thread) -> Raised {
    th.raise(exc::TYPE_ERROR, "Array does not support item deletion")
}

/// `raw` and `value` of arrays of characters, and `value` of arrays of wide ones.
static TEXT: StaticCell<[abi::PyGetSetDef; 3]> = StaticCell::new([
    property(c"raw", c"all bytes", raw_get, raw_set),
    property(c"value", c"the bytes up to the first NUL", value_get, value_set),
    property(c"value", c"the text up to the first NUL", wide_get, wide_set),
]);

type Get = unsafe extern "C" fn(*mut abi::PyObject, *mut std::ffi::c_void) -> *mut abi::PyObject;
type Set = unsafe extern "C" fn(
    *mut abi::PyObject,
    *mut abi::PyObject,
    *mut std::ffi::c_void,
) -> std::ffi::c_int;

const fn property(
    name: &'static std::ffi::CStr,
    doc: &'static std::ffi::CStr,
    get: Get,
    set: Set,
) -> abi::PyGetSetDef {
    abi::PyGetSetDef {
        name: name.as_ptr(),
        get: Some(get),
        set: Some(set),
        doc: doc.as_ptr(),
        closure: std::ptr::null_mut(),
    }
}

/// The two C functions of a property of arrays.
macro_rules! accessors {
    ($get_name:ident: $get:path, $set_name:ident: $set:path) => {
        unsafe extern "C" fn $get_name(
            ob: *mut abi::PyObject,
            _: *mut std::ffi::c_void,
        ) -> *mut abi::PyObject {
            // SAFETY: the descriptor was made for a class of arrays.
            rt::object(|th| $get(th, unsafe { rt::borrowed::<Array>(ob) }))
        }

        unsafe extern "C" fn $set_name(
            ob: *mut abi::PyObject,
            value: *mut abi::PyObject,
            _: *mut std::ffi::c_void,
        ) -> std::ffi::c_int {
            // SAFETY: as above.
            rt::status(|th| unsafe {
                $set(th, rt::borrowed::<Array>(ob), rt::borrowed_or_null(value))
            })
        }
    };
}

accessors!(raw_get: raw, raw_set: set_raw);
accessors!(value_get: value, value_set: set_value);
accessors!(wide_get: wide, wide_set: set_wide);

fn raw(th: &Thread, array: Borrowed<'_, Array>) -> PyResult {
    Bytes::new(th, array.base.bytes()).map(Owned::into_object)
}

fn set_raw(th: &Thread, array: Borrowed<'_, Array>, value: Option<Borrowed<'_>>) -> PyResult<()> {
    let Some(value) = value else {
        let name = array.object().get().type_name();
        return Err(raise!(
            th,
            ATTRIBUTE_ERROR,
            "attribute 'raw' of '{name}' objects cannot be deleted"
        ));
    };
    let buffer = Buffer::simple(th, value)?;
    put(th, array, buffer.as_bytes(), false, "byte string too long")
}

/// Copies bytes to the start of an array, with a NUL behind them if that is wanted and fits.
fn put(
    th: &Thread,
    array: Borrowed<'_, Array>,
    bytes: &[u8],
    terminated: bool,
    too_long: &str,
) -> PyResult<()> {
    if bytes.len() > array.base.size() {
        return Err(th.raise(exc::VALUE_ERROR, too_long));
    }
    // SAFETY: there is room for them; they may be the array's own.
    unsafe {
        array.base.start().copy_from(bytes.as_ptr(), bytes.len());
        if terminated && bytes.len() < array.base.size() {
            array.base.start().add(bytes.len()).write(0);
        }
    }
    Ok(())
}

/// The bytes up to the first NUL.
pub fn terminated(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len())]
}

fn value(th: &Thread, array: Borrowed<'_, Array>) -> PyResult {
    Bytes::new(th, terminated(array.base.bytes())).map(Owned::into_object)
}

fn required<'a>(th: &Thread, value: Option<Borrowed<'a>>) -> PyResult<Borrowed<'a>> {
    value.ok_or_else(|| th.raise(exc::TYPE_ERROR, "can't delete attribute"))
}

fn set_value(th: &Thread, array: Borrowed<'_, Array>, value: Option<Borrowed<'_>>) -> PyResult<()> {
    let value = required(th, value)?;
    let Some(bytes) = value.downcast::<Bytes>() else {
        let found = value.type_name();
        return Err(raise!(th, TYPE_ERROR, "bytes expected instead of {found} instance"));
    };
    put(th, array, bytes.as_bytes(), true, "byte string too long")
}

fn wide(th: &Thread, array: Borrowed<'_, Array>) -> PyResult {
    // SAFETY: the array's own.
    unsafe { wide_up_to_nul(th, array.base.start(), array.base.size() / 4).map(Owned::into_object) }
}

/// The wide characters up to the first NUL, of so many.
pub unsafe fn wide_up_to_nul(th: &Thread, start: *const u8, room: usize) -> PyResult<Owned<Str>> {
    // SAFETY: the caller answers for the memory.
    unsafe {
        let at = |index| start.cast::<u32>().add(index).read_unaligned();
        let len = (0..room).find(|&index| at(index) == 0).unwrap_or(room);
        read_wide(th, start, len)
    }
}

fn set_wide(th: &Thread, array: Borrowed<'_, Array>, value: Option<Borrowed<'_>>) -> PyResult<()> {
    let value = required(th, value)?;
    let Some(text) = value.downcast::<Str>() else {
        let found = value.type_name();
        return Err(raise!(th, TYPE_ERROR, "unicode string expected instead of {found} instance"));
    };
    if text.len() > array.base.size() / 4 {
        return Err(th.raise(exc::VALUE_ERROR, "string too long"));
    }
    // SAFETY: there is room for the characters.
    unsafe { write_wide(&text, array.base.start(), array.base.size() / 4) };
    Ok(())
}

/// Writes a string, with a NUL behind it if there is room.
pub unsafe fn write_wide(text: &Str, start: *mut u8, room: usize) {
    let start = start.cast::<u32>();
    // SAFETY: the caller answers for the memory.
    unsafe {
        for (at, point) in text.chars().iter().enumerate() {
            start.add(at).write_unaligned(point);
        }
        if text.len() < room {
            start.add(text.len()).write_unaligned(0);
        }
    }
}

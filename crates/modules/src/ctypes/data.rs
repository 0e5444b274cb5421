//! `_CData`: an object whose value lies in C's memory, its own or somebody else's.
//!
//! The same job as the `PyCData_` functions of CPython's `Modules/_ctypes/_ctypes.c`.
//!
//! Invariants:
//! 1. `start` is the address of `size` bytes: the object's own, those of `base`, or such that the program answers for.
//! 2. What a pointer in the object's own memory points to is in `objects` of the outermost base, as far as we know of it.

use std::cell::{Cell, UnsafeCell};
use std::ffi::c_int;
use std::mem::offset_of;

use krait_abi as abi;
use krait_eval::sys::audit;
use krait_objects::memory::entry;
use krait_objects::prelude::*;

use super::array::{self, Array};
use super::code::Kept;
use super::info::{Info, flag, info, is_derived_simple, known};
use super::pointer::PyCPointerType;

/// Bytes that an object has room for inside.
const INSIDE: usize = 16;

/// The base of all C data.
#[pytype(name = "_ctypes._CData", flags(BASETYPE, HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct CData {
    head: Head,
    memory: Memory,
    /// the object that the memory belongs to
    #[visit]
    #[member(name = "_b_base_", readonly)]
    pub base: Slot<CData>,
    pub len: Cell<usize>,
    index: Cell<isize>,
    /// what is kept alive for the pointers inside; not to be changed
    #[visit]
    #[member(name = "_objects", readonly)]
    pub objects: Slot,
}

/// Where a value lies, given back when dropped if it is the object's own.
#[repr(C)]
struct Memory {
    start: Cell<*mut u8>,
    size: Cell<usize>,
    inside: UnsafeCell<[u64; INSIDE / 8]>,
    own: Cell<bool>,
}

// Aligned as any C type wants it, as objects are.
const _: () =
    assert!((offset_of!(CData, memory) + offset_of!(Memory, inside)).is_multiple_of(INSIDE));

impl Memory {
    /// Makes zeroed memory of the object's own.
    fn make(&self, th: &Thread, size: usize) -> PyResult<()> {
        let start = match size {
            0..=INSIDE => self.inside.get().cast::<u8>(),
            _ => entry::mem_calloc(1, size),
        };
        if start.is_null() {
            return Err(th.no_memory());
        }
        self.start.set(start);
        self.size.set(size);
        self.own.set(true);
        Ok(())
    }

    fn is_inside(&self) -> bool {
        std::ptr::eq(self.start.get(), self.inside.get().cast())
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if self.own.get() && !self.is_inside() {
            // SAFETY: our own block.
            unsafe { entry::mem_free(self.start.get()) };
        }
    }
}

impl CData {
    /// Where the value lies.
    pub fn start(&self) -> *mut u8 {
        self.memory.start.get()
    }

    pub fn size(&self) -> usize {
        self.memory.size.get()
    }

    pub fn bytes(&self) -> &[u8] {
        // SAFETY: (1); valid until Python code runs.
        unsafe { std::slice::from_raw_parts(self.start(), self.size()) }
    }

    /// The pointer that the value is.
    pub fn pointer(&self) -> *mut u8 {
        // SAFETY: (1); only values that are pointers are asked.
        unsafe { self.start().cast::<*mut u8>().read_unaligned() }
    }

    pub fn set_pointer(&self, pointer: *mut u8) {
        // SAFETY: as for `pointer`.
        unsafe { self.start().cast::<*mut u8>().write_unaligned(pointer) }
    }

    /// The class.
    pub fn class(this: Borrowed<'_, Self>) -> Borrowed<'_, Type> {
        this.object().get().ty()
    }

    /// What the class knows.
    pub fn info<'a>(this: Borrowed<'a, Self>, th: &Thread) -> PyResult<&'a Info> {
        known(th, this.object().get().ty())
    }

    /// Gives the object more memory, or says that it has enough.
    pub fn resize(&self, th: &Thread, size: usize) -> PyResult<()> {
        let memory = &self.memory;
        if size <= INSIDE && memory.is_inside() {
            memory.size.set(size);
            return Ok(());
        }
        let (old, len) = (memory.start.get(), memory.size.get().min(size));
        let new = entry::mem_calloc(1, size);
        if new.is_null() {
            return Err(th.no_memory());
        }
        // SAFETY: both blocks are as long; the old one is ours.
        unsafe {
            new.copy_from_nonoverlapping(old, len);
            if !memory.is_inside() {
                entry::mem_free(old);
            }
        }
        memory.start.set(new);
        memory.size.set(size);
        Ok(())
    }

    pub fn owns_memory(&self) -> bool {
        self.memory.own.get()
    }
}

/// A new instance of `cls`, which is final from here on, without memory.
fn alloc<'a>(th: &Thread, cls: Borrowed<'a, Type>) -> PyResult<(Owned<CData>, &'a Info)> {
    let info = known(th, cls)?;
    info.add_flags(flag::FINAL);
    let made = cls.alloc::<CData>(th, 0)?;
    made.len.set(info.len.get());
    Ok((made, info))
}

/// A new instance of `cls`, all zeros.
pub fn create(th: &Thread, cls: Borrowed<'_, Type>) -> PyResult<Owned<CData>> {
    let (made, info) = alloc(th, cls)?;
    made.memory.make(th, info.size.get())?;
    Ok(made)
}

/// An instance of `cls` that is part of `base`, at `start`.
pub fn part(
    th: &Thread,
    cls: Borrowed<'_, Type>,
    base: Option<(Borrowed<'_, CData>, isize)>,
    start: *mut u8,
) -> PyResult<Owned<CData>> {
    let (made, info) = alloc(th, cls)?;
    made.memory.start.set(start);
    made.memory.size.set(info.size.get());
    if let Some((base, index)) = base {
        made.index.set(index);
        made.base.set(Some(base.to_owned()));
    }
    Ok(made)
}

/// An instance of `cls` with a copy of what is at `start`.
pub unsafe fn copy(
    th: &Thread,
    cls: Borrowed<'_, Type>,
    start: *const u8,
) -> PyResult<Owned<CData>> {
    let made = create(th, cls)?;
    // SAFETY: the caller answers for `start`, (1).
    unsafe { made.start().copy_from(start, made.size()) };
    Ok(made)
}

/// An instance of `cls` at an address.
pub fn at_address(th: &Thread, cls: Borrowed<'_, Type>, start: *mut u8) -> PyResult<Owned<CData>> {
    known(th, cls)?;
    audit(th, "ctypes.cdata", &[Int::from_usize(th, start.addr())?.object()])?;
    part(th, cls, None, start)
}

/// The value at `start` as an object: what simple types stand for, an instance of others.
pub unsafe fn get(
    th: &Thread,
    cls: Borrowed<'_, Type>,
    base: Borrowed<'_, CData>,
    index: isize,
    start: *mut u8,
) -> PyResult {
    let info = known(th, cls)?;
    match info.code.get() {
        // SAFETY: the caller answers for `start`.
        Some(code) if !is_derived_simple(cls) => unsafe { code.get(th, start, info.swapped.get()) },
        _ => part(th, cls, Some((base, index)), start).map(Owned::into_object),
    }
}

/// Writes `value` to `start`, of type `cls`; what it needs to stay alive.
unsafe fn write(
    th: &Thread,
    cls: Borrowed<'_, Type>,
    value: Borrowed<'_>,
    size: usize,
    start: *mut u8,
) -> PyResult<Kept> {
    let Some(source) = value.downcast::<CData>() else {
        // SAFETY: the caller answers for `start`.
        return unsafe { write_plain(th, cls, value, size, start) };
    };
    if object::is_instance(th, value, cls.object())? {
        // SAFETY: the caller answers for `start`; (1).
        unsafe { start.copy_from(source.start(), size) };
        return kept_objects(th, source);
    }
    let incompatible = || {
        let (found, wanted) = (value.type_name(), cls.tp_name());
        raise!(th, TYPE_ERROR, "incompatible types, {found} instance instead of {wanted} instance")
    };
    let is_pointer = cls.object().downcast::<PyCPointerType>().is_some();
    if !is_pointer || value.downcast::<Array>().is_none() {
        return Err(incompatible());
    }
    // An array for a pointer to its items: not only what it keeps has to live, but the array too.
    let (wanted, found) = (known(th, cls)?, CData::info(source, th)?);
    if wanted.proto.as_ptr() != found.proto.as_ptr() {
        return Err(incompatible());
    }
    // SAFETY: the caller answers for `start`, a pointer.
    unsafe { start.cast::<*mut u8>().write_unaligned(source.start()) };
    let kept = kept_objects(th, source)?.unwrap_or_else(|| none().to_owned());
    Ok(Some(Tuple::pack(th, [kept, value.to_owned()])?.into_object()))
}

unsafe fn write_plain(
    th: &Thread,
    cls: Borrowed<'_, Type>,
    value: Borrowed<'_>,
    size: usize,
    start: *mut u8,
) -> PyResult<Kept> {
    let known = info(cls);
    if let Some((info, code)) = known.and_then(|info| Some((info, info.code.get()?))) {
        // SAFETY: the caller answers for `start`.
        return unsafe { code.set(th, start, value, info.swapped.get()) };
    }
    if let Some(arguments) = value.downcast::<Tuple>() {
        let made = call::call_tuple_dict(th, cls.object(), arguments, None).map_err(|raised| {
            let prefix = format!("({}) ", cls.tp_name());
            extend_error(th, raised, Borrowed::from_ref(exc::RUNTIME_ERROR), &prefix)
        })?;
        // SAFETY: the caller answers for `start`.
        return th.recurse("", || unsafe { write(th, cls, made.borrow(), size, start) });
    }
    if value.is_none() && cls.object().downcast::<PyCPointerType>().is_some() {
        // SAFETY: the caller answers for `start`, a pointer.
        unsafe { start.cast::<*mut u8>().write_unaligned(std::ptr::null_mut()) };
        return Ok(None);
    }
    let found = value.type_name();
    Err(raise!(th, TYPE_ERROR, "expected {} instance, got {found}", cls.tp_name()))
}

/// Sets a part of `target` that is of type `cls` and lies at `start`.
pub unsafe fn set(
    th: &Thread,
    target: Borrowed<'_, CData>,
    cls: Borrowed<'_, Type>,
    value: Borrowed<'_>,
    index: isize,
    size: usize,
    start: *mut u8,
) -> PyResult<()> {
    // SAFETY: the caller answers for `start`.
    let kept = unsafe { write(th, cls, value, size, start)? };
    keep(th, target, index, kept)
}

/// The exception that is behind `raised`, as one of class `class` that begins with `prefix`.
pub fn extend_error(
    th: &Thread,
    raised: Raised,
    class: Borrowed<'_, Type>,
    prefix: &str,
) -> Raised {
    let exception = th.take_raised(raised);
    let text = || {
        let name = object::type_of(exception.object()).full_name(th)?;
        let shown = match object::str(th, exception.object()) {
            Ok(shown) => shown,
            Err(raised) => {
                drop(th.take_raised(raised));
                Str::new(th, "???")?
            }
        };
        Str::from_fmt(th, format_args!("{prefix}{}: {}", *name, *shown))
    };
    match text() {
        Ok(text) => th.raise_in(class, Some(text.object())),
        Err(raised) => raised,
    }
}

/// The outermost object whose memory this one is part of.
pub fn container<'a>(this: Borrowed<'a, CData>) -> Borrowed<'a, CData> {
    let mut outermost = this;
    while let Some(base) = outermost.get().base.get() {
        outermost = base;
    }
    outermost
}

/// What is kept alive for the container's pointers: a dictionary if it has items or fields.
pub fn kept_objects(th: &Thread, this: Borrowed<'_, CData>) -> PyResult<Option<Owned>> {
    let container = container(this);
    if container.objects.get().is_none() && container.len.get() > 0 {
        container.objects.set(Some(Dict::new(th)?.into_object()));
    }
    Ok(container.objects.get_owned())
}

/// Keeps something alive as long as the container of `target`, for part `index` of it.
pub fn keep(th: &Thread, target: Borrowed<'_, CData>, index: isize, kept: Kept) -> PyResult<()> {
    let Some(kept) = kept.filter(|kept| !kept.is_none()) else { return Ok(()) };
    let objects = kept_objects(th, target)?;
    match objects.as_ref().and_then(|objects| objects.object().downcast_exact::<Dict>()) {
        Some(dict) => {
            let key = unique_key(th, target, index)?;
            dict.set(th, key.object(), kept.borrow())
        }
        None => {
            container(target).objects.set(Some(kept));
            Ok(())
        }
    }
}

/// The numbers of parts on the way to part `index`.
fn unique_key(th: &Thread, target: Borrowed<'_, CData>, index: isize) -> PyResult<Owned<Str>> {
    let mut key = format!("{:x}", index as u32);
    let mut current = target;
    while let Some(base) = current.get().base.get() {
        key.push_str(&format!(":{:x}", current.index.get() as u32));
        if key.len() > 240 {
            return Err(th.raise(exc::VALUE_ERROR, "ctypes object structure too deep"));
        }
        current = base;
    }
    Str::from_string(th, key)
}

/// `PyLong_AsVoidPtr`.
pub fn address_of(th: &Thread, int: &Int) -> PyResult<*mut u8> {
    let address = int.to_u64().or_else(|| int.to_i64().map(|signed| signed as u64));
    let address = address.ok_or_else(|| {
        th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C unsigned long")
    });
    Ok(address? as *mut u8)
}

#[pymethods]
impl CData {
    #[getter]
    fn _b_needsfree_(&self) -> i64 {
        self.memory.own.get().into()
    }

    #[slot(tp_hash)]
    fn hash(&self, th: &Thread) -> PyResult<isize> {
        Err(th.raise(exc::TYPE_ERROR, "unhashable type"))
    }

    #[slot(bf_getbuffer)]
    fn getbuffer(
        this: Borrowed<'_, Self>,
        th: &Thread,
        view: *mut abi::Py_buffer,
        _flags: c_int,
    ) -> PyResult<()> {
        if view.is_null() {
            return Ok(());
        }
        let info = CData::info(this, th)?;
        let itemsize =
            array::innermost(CData::class(this)).map_or(info.size.get(), |item| item.size.get());
        let (format, shape) = (info.format.borrow(), info.shape.borrow());
        let format = if format.is_empty() { c"B".as_ptr() } else { format.as_ptr() };
        // SAFETY: the view is the caller's; format and shape live as long as the class.
        unsafe {
            view.write(abi::Py_buffer {
                buf: this.start().cast(),
                obj: this.object().to_owned().into_ptr(),
                len: this.size() as isize,
                itemsize: itemsize as isize,
                ndim: shape.len() as c_int,
                format: format.cast_mut(),
                shape: if shape.is_empty() {
                    std::ptr::null_mut()
                } else {
                    shape.as_ptr().cast_mut()
                },
                ..abi::Py_buffer::EMPTY
            });
        }
        Ok(())
    }

    /// Return the object itself: what a call gives back of an argument that the function has filled in.
    #[method(sig = "(self, /)")]
    fn __ctypes_from_outparam__(this: Borrowed<'_, Self>) -> Owned {
        this.object().to_owned()
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        let info = CData::info(this, th)?;
        if info.has(flag::POINTER | flag::HAS_POINTER) {
            let message = "ctypes objects containing pointers cannot be pickled";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        let dict = object::get_attr(th, this.object(), id::__dict__)?;
        let bytes = Bytes::new(th, this.bytes())?;
        let Some(unpickle) = super::unpickler(th) else { return Err(th.bad_internal_call()) };
        let state = Tuple::pack(th, [dict, bytes.into_object()])?;
        let class = CData::class(this).to_owned().into_object();
        let arguments = Tuple::pack(th, [class, state.into_object()])?;
        Tuple::pack(th, [unpickle, arguments.into_object()])
    }

    #[method(sig = "(self, dict, data, /)", text = "($self, dict, data, /)")]
    fn __setstate__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        dict: Borrowed<'_, Dict>,
        data: Borrowed<'_, Bytes>,
    ) -> PyResult<()> {
        let len = data.len().min(this.size());
        // SAFETY: (1).
        unsafe { this.start().copy_from(data.as_bytes().as_ptr(), len) };
        let own = object::get_attr(th, this.object(), id::__dict__)?;
        match own.object().downcast::<Dict>() {
            Some(own) => own.merge(th, dict.object(), true),
            None => Err(raise!(
                th,
                TYPE_ERROR,
                "{}.__dict__ must be a dictionary, not {}",
                this.object().type_name(),
                own.type_name()
            )),
        }
    }
}

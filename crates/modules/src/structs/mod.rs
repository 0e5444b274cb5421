//! `_struct`: values packed into bytes as C lays out its structs.
//!
//! `layout` reads formats, `values` converts single values, `packing` all of a layout. This file has the type and the functions.
//! The same job as CPython's `Modules/_struct.c`.

mod layout;
mod packing;
mod values;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use krait_objects::bytes::Bytes;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use crate::support::add_exception;
use layout::Layout;
use packing::{pack, pack_into, unpack, unpack_all, unpack_at};

/// Values packed into bytes, and unpacked again, the way C lays out structs.
///
/// A format string tells the type of each field, and with its first character the byte order and alignment.
#[pymodule(name = "_struct")]
pub struct StructModule;

/// The exception class.
#[derive(Default)]
struct State {
    error: RefCell<Option<Owned<Type>>>,
}

/// Raises `struct.error`.
#[cold]
fn error(th: &Thread, message: &str) -> Raised {
    let class = th.interp().state::<State>().error.borrow().clone();
    match (class, Str::new(th, message)) {
        (Some(class), Ok(message)) => th.raise_in(class.borrow(), Some(message.object())),
        (None, Ok(_)) => th.raise(exc::VALUE_ERROR, message),
        (_, Err(raised)) => raised,
    }
}

/// Struct(fmt)
///
/// A format that is worked out once, to pack and unpack with it many times.
// Extensions read the two numbers where the reference has them: right behind the head.
#[pytype(name = "_struct.Struct", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Struct {
    head: Head,
    size: Cell<isize>,
    values: Cell<isize>,
    #[visit]
    format: Slot<Str>,
    layout: RefCell<Option<Rc<Layout>>>,
}

/// What `iter_unpack` returns.
#[pytype(name = "_struct.unpack_iterator", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct UnpackIterator {
    head: Head,
    layout: RefCell<Option<Rc<Layout>>>,
    buffer: RefCell<Option<Buffer>>,
    at: Cell<usize>,
}

/// The bytes of a format: an ASCII str, or bytes.
fn format_text(th: &Thread, format: Borrowed<'_>) -> PyResult<(Owned<Str>, Vec<u8>)> {
    if let Some(text) = format.downcast::<Str>() {
        if let Some(ascii) = text.as_ascii() {
            return Ok((text.to_owned(), ascii.as_bytes().to_vec()));
        }
        let encode = Str::interned(th, "encode")?;
        let ascii = Str::new(th, "ascii")?;
        call::call_method(th, format, encode.borrow(), &[ascii.object()])?;
        return Err(th.bad_internal_call());
    }
    if let Some(bytes) = format.downcast::<Bytes>() {
        let text: String = bytes.as_bytes().iter().map(|&byte| char::from(byte)).collect();
        return Ok((Str::new(th, &text)?, bytes.as_bytes().to_vec()));
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "Struct() argument 1 must be a str or bytes object, not {}",
        format.type_name()
    ))
}

/// So many layouts of formats are kept; few programs have more.
const MANY_FORMATS: usize = 100;

#[derive(Default)]
struct Lately {
    by_text: RefCell<HashMap<Vec<u8>, Rc<Layout>>>,
    /// Formats that were used as they are, by their addresses: most calls come again with the same object.
    by_object: RefCell<[Option<(Owned, Rc<Layout>)>; MANY_OBJECTS]>,
}

const MANY_OBJECTS: usize = 16;

impl Lately {
    fn clear(&self) {
        self.by_text.borrow_mut().clear();
        drop(self.by_object.take());
    }
}

fn parsed(th: &Thread, format: Borrowed<'_>) -> PyResult<Rc<Layout>> {
    if let Some(known) = format.downcast::<Struct>() {
        return known.get().layout(th);
    }
    let lately = &th.interp().state::<Lately>();
    let at = format.as_ptr().addr() / 16 % MANY_OBJECTS;
    if let Some((same, known)) = &lately.by_object.borrow()[at]
        && same.is(format)
    {
        return Ok(known.clone());
    }
    let layout = parsed_text(th, format, &lately.by_text)?;
    if format.is_exact::<Str>() || format.is_exact::<Bytes>() {
        let entry = Some((format.to_owned(), layout.clone()));
        let old = std::mem::replace(&mut lately.by_object.borrow_mut()[at], entry);
        drop(old);
    }
    Ok(layout)
}

fn parsed_text(
    th: &Thread,
    format: Borrowed<'_>,
    lately: &RefCell<HashMap<Vec<u8>, Rc<Layout>>>,
) -> PyResult<Rc<Layout>> {
    let text = match format.downcast::<Str>() {
        Some(text) => text.get().as_ascii().map(str::as_bytes),
        None => format.downcast::<Bytes>().map(|bytes| bytes.get().as_bytes()),
    };
    if let Some(known) = text.and_then(|text| lately.borrow().get(text).cloned()) {
        return Ok(known);
    }
    let text = format_text(th, format)?.1;
    let layout = Rc::new(Layout::parse(th, &text)?);
    let mut lately = lately.borrow_mut();
    if lately.len() >= MANY_FORMATS {
        lately.clear();
    }
    lately.insert(text, layout.clone());
    Ok(layout)
}

fn iterate(th: &Thread, layout: Rc<Layout>, buffer: Buffer) -> PyResult<Owned<UnpackIterator>> {
    let size = layout.size;
    if size == 0 {
        return Err(error(th, "cannot iteratively unpack with a struct of length 0"));
    }
    if !buffer.as_bytes().len().is_multiple_of(size) {
        return Err(error(
            th,
            &format!("iterative unpacking requires a buffer of a multiple of {size} bytes"),
        ));
    }
    let class = Borrowed::from_ref(UnpackIterator::type_object());
    let iterator = class.alloc::<UnpackIterator>(th, 0)?;
    // SAFETY: nobody else knows the object; zeroed memory is not yet a value of these fields.
    unsafe {
        let raw = iterator.as_ptr().cast::<UnpackIterator>();
        (&raw mut (*raw).layout).write(RefCell::new(Some(layout)));
        (&raw mut (*raw).buffer).write(RefCell::new(Some(buffer)));
    }
    Ok(iterator)
}

impl Struct {
    fn layout(&self, th: &Thread) -> PyResult<Rc<Layout>> {
        match &*self.layout.borrow() {
            Some(layout) => Ok(layout.clone()),
            None => Err(th.raise(exc::RUNTIME_ERROR, "Struct object is not initialized")),
        }
    }
}

#[pymethods]
impl Struct {
    #[slot(tp_new)]
    fn construct(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Struct>> {
        let made = cls.alloc::<Struct>(th, 0)?;
        // SAFETY: nobody else knows the object; zeroed memory is not yet a value of the field.
        unsafe {
            let raw = made.as_ptr().cast::<Struct>();
            (&raw mut (*raw).layout).write(RefCell::new(None));
        }
        Ok(made)
    }

    #[init(sig = "(format)")]
    fn init(&self, th: &Thread, format: Borrowed<'_>) -> PyResult<()> {
        let (text, bytes) = format_text(th, format)?;
        let layout = Layout::parse(th, &bytes)?;
        self.size.set(layout.size as isize);
        self.values.set(layout.values as isize);
        *self.layout.borrow_mut() = Some(Rc::new(layout));
        self.format.set(Some(text));
        Ok(())
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        this.layout(th)?;
        let object = this.object();
        let format = this.format.get_owned().map_or(none().to_owned(), Owned::into_object);
        let format = object::repr(th, format.object())?;
        Str::from_fmt(th, format_args!("{}({})", object.ty().name(), &*format))
    }

    /// The format string.
    #[getter]
    fn format(&self, th: &Thread) -> PyResult<Option<Owned<Str>>> {
        self.layout(th)?;
        Ok(self.format.get_owned())
    }

    /// How many bytes the packed values take.
    #[getter]
    fn size(&self) -> isize {
        self.layout.borrow().as_ref().map_or(-1, |layout| layout.size as isize)
    }

    /// S.pack(v1, v2, ...) -> bytes
    ///
    /// Pack as many values as the format has fields.
    #[method(sig = "(self, /, *args)", no_text)]
    fn pack(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult<Owned<Bytes>> {
        pack(th, &*self.layout(th)?, args)
    }

    /// S.pack_into(buffer, offset, v1, v2, ...)
    ///
    /// Like pack(), but the bytes go into a writable buffer, from offset on.
    #[method(sig = "(self, /, *args)", no_text)]
    fn pack_into(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult<()> {
        pack_into(th, &*self.layout(th)?, args)
    }

    /// The values of a packed buffer, as a tuple.
    ///
    /// The buffer must be as long as the attribute size says.
    #[method(sig = "(self, buffer, /)")]
    fn unpack(&self, th: &Thread, buffer: Buffer) -> PyResult<Owned<Tuple>> {
        unpack_all(th, &*self.layout(th)?, &buffer)
    }

    /// Like unpack(), but from offset on, in a buffer that may be longer.
    #[method(sig = "(self, /, buffer, offset=0)")]
    fn unpack_from(&self, th: &Thread, buffer: Buffer, offset: isize) -> PyResult<Owned<Tuple>> {
        unpack_at(th, &*self.layout(th)?, &buffer, offset)
    }

    /// Unpack a buffer that holds one packed struct after the other; give a tuple for each.
    ///
    /// Its length must be a multiple of the attribute size.
    #[method(sig = "(self, buffer, /)")]
    fn iter_unpack(&self, th: &Thread, buffer: Buffer) -> PyResult<Owned<UnpackIterator>> {
        iterate(th, self.layout(th)?, buffer)
    }

    /// How many bytes the object takes in memory.
    #[method(sig = "(self, /)")]
    fn __sizeof__(&self, th: &Thread) -> PyResult<usize> {
        let fields = self.layout(th)?.fields.len();
        // An entry more marks the end in the reference.
        Ok(size_of::<Struct>() + (fields + 1) * size_of::<layout::Field>())
    }
}

#[pymethods]
impl UnpackIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(layout) = self.layout.borrow().clone() else {
            return Ok(None);
        };
        let start = self.at.get();
        let buffer = self.buffer.borrow();
        // Unpacking runs no Python code: the buffer stays what it is.
        let bytes = buffer.as_ref().map(|buffer| buffer.as_bytes().get(start..start + layout.size));
        let Some(Some(bytes)) = bytes else {
            drop(buffer);
            drop(self.buffer.take());
            return Ok(None);
        };
        self.at.set(start + layout.size);
        unpack(th, &layout, bytes).map(|tuple| Some(tuple.into_object()))
    }

    #[method(sig = "(self, /)")]
    fn __length_hint__(&self) -> usize {
        let size = self.layout.borrow().as_ref().map_or(1, |layout| layout.size.max(1));
        let len = self.buffer.borrow().as_ref().map_or(0, |buffer| buffer.as_bytes().len());
        len.saturating_sub(self.at.get()) / size
    }
}

#[pyfunctions]
impl StructModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, Struct::type_object())?;
        Borrowed::from_ref(UnpackIterator::type_object()).ready(th)?;
        // A module that is imported anew raises what the first one did.
        let known = th.interp().state::<State>().error.borrow().clone();
        if let Some(class) = known {
            return module.add(th, "error", class.object());
        }
        let class = add_exception(th, module, "struct", "error", exc::EXCEPTION)?;
        *th.interp().state::<State>().error.borrow_mut() = Some(class);
        Ok(())
    }

    /// Forget the formats that were used lately.
    #[function(sig = "()")]
    fn _clearcache(th: &Thread) {
        th.interp().state::<Lately>().clear();
    }

    /// How many bytes a struct of this format takes.
    #[function(sig = "(format, /)")]
    fn calcsize(th: &Thread, format: Borrowed<'_>) -> PyResult<usize> {
        Ok(parsed(th, format)?.size)
    }

    /// pack(format, v1, v2, ...) -> bytes
    ///
    /// Pack as many values as the format has fields.
    #[function(name = "pack", sig = "(*args)", no_text)]
    fn pack_values(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<Owned<Bytes>> {
        let Some((format, items)) = args.split_first() else {
            return Err(th.raise(exc::TYPE_ERROR, "missing format argument"));
        };
        pack(th, &*parsed(th, *format)?, items)
    }

    /// pack_into(format, buffer, offset, v1, v2, ...)
    ///
    /// Like pack(), but the bytes go into a writable buffer, from offset on.
    #[function(name = "pack_into", sig = "(*args)", no_text)]
    fn pack_values_into(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<()> {
        let Some((format, rest)) = args.split_first() else {
            return Err(th.raise(exc::TYPE_ERROR, "missing format argument"));
        };
        pack_into(th, &*parsed(th, *format)?, rest)
    }

    /// The values of a packed buffer, as a tuple.
    ///
    /// The buffer must be exactly as long as calcsize(format).
    #[function(name = "unpack", sig = "(format, buffer, /)")]
    fn unpack_values(th: &Thread, format: Borrowed<'_>, buffer: Buffer) -> PyResult<Owned<Tuple>> {
        unpack_all(th, &*parsed(th, format)?, &buffer)
    }

    /// Like unpack(), but from offset on, in a buffer that may be longer.
    #[function(sig = "(format, /, buffer, offset=0)")]
    fn unpack_from(
        th: &Thread,
        format: Borrowed<'_>,
        buffer: Buffer,
        offset: isize,
    ) -> PyResult<Owned<Tuple>> {
        unpack_at(th, &*parsed(th, format)?, &buffer, offset)
    }

    /// Unpack a buffer that holds one packed struct after the other; give a tuple for each.
    ///
    /// Its length must be a multiple of calcsize(format).
    #[function(sig = "(format, buffer, /)")]
    fn iter_unpack(
        th: &Thread,
        format: Borrowed<'_>,
        buffer: Buffer,
    ) -> PyResult<Owned<UnpackIterator>> {
        iterate(th, parsed(th, format)?, buffer)
    }
}

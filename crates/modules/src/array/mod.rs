//! `array`: sequences of numbers or characters as the machine stores them.
//!
//! Here are the object and its storage; `code` knows the type codes, `sequence` has the operators, `methods` the
//! methods, `pickle` what pickling needs. The same job as CPython's `Modules/arraymodule.c`.
//!
//! Invariants:
//! 1. `items` is null or a block of `allocated` items, of which `len()` are initialised.
//! 2. While `exports` is not zero the items stay where they are, and as many.
//! 3. `code` is set before anybody else sees the object.

mod code;
mod construct;
mod iterator;
mod methods;
mod pickle;
mod sequence;

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;

use code::{CODES, Code, Packed};

/// The block of memory that holds an array's items.
pub struct Block(Cell<*mut u8>);

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: (1): the block is the array's own.
        unsafe { Thread::current().interp().heap.free(self.0.get()) }
    }
}

/// array(typecode [, initializer]) -> array
///
/// A sequence of numbers or characters that are all of the type that the type code names,
/// which makes it as small as in C. Otherwise it behaves much like a list. The initializer
/// is an iterable of items, a bytes-like object with their memory, or a str.
///
///     Type code   C Type             Size in bytes
///     'b'         signed integer     1
///     'B'         unsigned integer   1
///     'u'         Unicode character  4 (deprecated)
///     'w'         Unicode character  4
///     'h'         signed integer     2
///     'H'         unsigned integer   2
///     'i'         signed integer     4
///     'I'         unsigned integer   4
///     'l'         signed integer     8
///     'L'         unsigned integer   8
///     'q'         signed integer     8
///     'Q'         unsigned integer   8
///     'f'         floating-point     4
///     'd'         floating-point     8
#[pytype(name = "array.array", flags(BASETYPE, SEQUENCE), weaklist = weakrefs)]
#[repr(C)]
pub struct Array {
    head: VarHead,
    items: Block,
    allocated: Cell<isize>,
    code: Cell<Option<&'static Code>>,
    weakrefs: Cell<*mut abi::PyObject>,
    exports: Cell<isize>,
}

impl Array {
    /// An empty array with room for just `capacity` items.
    fn make(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        code: &'static Code,
        capacity: usize,
    ) -> PyResult<Owned<Array>> {
        let array: Owned<Array> = cls.alloc(th, 0)?;
        array.head.set_size(0);
        array.code.set(Some(code));
        if capacity > 0 {
            array.reallocate(th, capacity)?;
        }
        Ok(array)
    }

    /// An exact array with the same type code, of items as they lie in memory.
    fn of_bytes(&self, th: &Thread, bytes: &[u8]) -> PyResult<Owned<Array>> {
        let code = self.code();
        let class = Borrowed::from_ref(Array::type_object());
        let array = Array::make(th, class, code, bytes.len() / code.size())?;
        array.splice(th, 0, 0, bytes)?;
        Ok(array)
    }

    #[inline]
    fn code(&self) -> &'static Code {
        // (3): the fallback is never taken.
        self.code.get().unwrap_or(&CODES[0])
    }

    #[inline]
    fn len(&self) -> usize {
        self.head.size() as usize
    }

    /// The memory of all items: valid until Python code runs, or the array changes.
    #[inline]
    fn bytes(&self) -> &[u8] {
        if self.items.0.get().is_null() {
            return &[];
        }
        // SAFETY: (1).
        unsafe { std::slice::from_raw_parts(self.items.0.get(), self.len() * self.code().size()) }
    }

    /// Runs `change`, which runs no Python code, on the memory of all items.
    fn with_bytes<R>(&self, change: impl FnOnce(&mut [u8]) -> R) -> R {
        if self.items.0.get().is_null() {
            return change(&mut []);
        }
        let len = self.len() * self.code().size();
        // SAFETY: (1); nobody else has a reference into the block meanwhile.
        change(unsafe { std::slice::from_raw_parts_mut(self.items.0.get(), len) })
    }

    /// One item as an object; `None` past the end.
    #[inline(always)]
    fn get(&self, th: &Thread, at: usize) -> PyResult<Option<Owned>> {
        if at >= self.len() {
            return Ok(None);
        }
        let code = self.code();
        // SAFETY: (1): so many items are there.
        unsafe { code.unpack(th, self.items.0.get().add(at * code.size())) }.map(Some)
    }

    /// Writes an item; false past the end.
    fn set(&self, at: usize, item: Packed) -> bool {
        let size = self.code().size();
        if at >= self.len() {
            return false;
        }
        self.with_bytes(|bytes| bytes[at * size..][..size].copy_from_slice(&item[..size]));
        true
    }

    /// BufferError while a view of the items exists.
    fn check_resizable(&self, th: &Thread) -> PyResult<()> {
        if self.exports.get() > 0 {
            let message = "cannot resize an array that is exporting buffers";
            return Err(th.raise(exc::BUFFER_ERROR, message));
        }
        Ok(())
    }

    /// Makes room for `len` items. The caller initialises the new ones.
    fn resize(&self, th: &Thread, len: usize) -> PyResult<()> {
        let old = self.len();
        if len != old {
            self.check_resizable(th)?;
        }
        let allocated = self.allocated.get() as usize;
        if allocated >= len && old < len + 16 && !self.items.0.get().is_null() {
            self.head.set_size(len as isize);
            return Ok(());
        }
        let heap = &th.interp().heap;
        if len == 0 {
            // SAFETY: (1).
            unsafe { heap.free(self.items.0.replace(std::ptr::null_mut())) };
            self.head.set_size(0);
            self.allocated.set(0);
            return Ok(());
        }
        // A sixteenth more than asked for: others will follow.
        let wanted = (len >> 4) + if old < 8 { 3 } else { 7 } + len;
        self.reallocate(th, wanted)?;
        self.head.set_size(len as isize);
        Ok(())
    }

    /// Changes the block to one of `wanted` items, no fewer than there are.
    fn reallocate(&self, th: &Thread, wanted: usize) -> PyResult<()> {
        let size = wanted.checked_mul(self.code().size());
        let size =
            size.filter(|&size| size <= isize::MAX as usize).ok_or_else(|| th.no_memory())?;
        // SAFETY: (1).
        let block = unsafe { th.interp().heap.realloc(self.items.0.get(), size) };
        if block.is_null() {
            return Err(th.no_memory());
        }
        self.items.0.set(block);
        self.allocated.set(wanted as isize);
        Ok(())
    }

    /// Puts whole items, which are not the array's own memory, in place of a range.
    fn splice(&self, th: &Thread, start: usize, end: usize, data: &[u8]) -> PyResult<()> {
        let size = self.code().size();
        let (len, count) = (self.len(), data.len() / size);
        let kept = len - (end - start);
        let new_len = kept.checked_add(count).ok_or_else(|| th.no_memory())?;
        let tail = (len - end) * size;
        if new_len > len {
            self.resize(th, new_len)?;
        } else if new_len < len {
            self.check_resizable(th)?;
        }
        let base = self.items.0.get();
        if !base.is_null() {
            // SAFETY: (1): the block holds the greater of both lengths.
            unsafe {
                let tail_at = base.add(start * size + count * size);
                std::ptr::copy(base.add(end * size), tail_at, tail);
                base.add(start * size).copy_from_nonoverlapping(data.as_ptr(), count * size);
            }
        }
        if new_len < len { self.resize(th, new_len) } else { Ok(()) }
    }

    /// Adds one item behind the others.
    fn push(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<()> {
        let item = self.code().pack(th, value)?;
        let len = self.len();
        self.resize(th, len.checked_add(1).ok_or_else(|| th.no_memory())?)?;
        self.set(len, item);
        Ok(())
    }
}

/// This module defines a type of sequence that holds basic values, characters, integers and floats, as compactly
/// as C does. All items of an array are of one type.
#[pymodule(name = "array")]
pub struct ArrayModule;

#[pyfunctions(parts(pickle))]
impl ArrayModule {
    #[constant]
    #[allow(non_upper_case_globals)]
    const typecodes: &str = "bBuwhHiIlLqQfd";

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let array = Borrowed::from_ref(Array::type_object());
        module.add_type(th, Array::type_object())?;
        module.add(th, "ArrayType", array.object())?;
        let abstract_classes = krait_eval::import::import(th, "collections.abc")?;
        let name = Str::interned(th, "MutableSequence")?;
        let class = object::get_attr(th, abstract_classes.borrow(), name.borrow())?;
        let register = Str::interned(th, "register")?;
        call::call_method(th, class.borrow(), register.borrow(), &[array.object()])?;
        Ok(())
    }
}

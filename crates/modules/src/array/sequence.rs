//! The operators of arrays: subscripts, comparison, `+`, `*`, `in`, iteration, the buffer protocol.

use std::ffi::c_int;

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::slice::{Key, Slice, SliceRange, is_index};

use super::Array;
use super::code::{Kind, not_a_character};
use super::iterator::ArrayIterator;

/// A subscript before it is applied to a length.
#[inline(always)]
fn key(th: &Thread, key: Borrowed<'_>) -> PyResult<Key> {
    match key.downcast_exact::<Int>() {
        Some(index) if index.is_compact() => Ok(Key::Index(index.compact_value() as isize)),
        _ => any_key(th, key),
    }
}

#[inline(never)]
fn any_key(th: &Thread, key: Borrowed<'_>) -> PyResult<Key> {
    if is_index(key) {
        return number::as_isize(th, key, Some(exc::INDEX_ERROR)).map(Key::Index);
    }
    match key.downcast_exact::<Slice>() {
        Some(slice) => slice.unpack(th).map(|(start, stop, step)| Key::Slice(start, stop, step)),
        None => Err(th.raise(exc::TYPE_ERROR, "array indices must be integers")),
    }
}

impl Array {
    /// The position that an index means; IndexError outside.
    fn position(&self, th: &Thread, index: isize, message: &'static str) -> PyResult<usize> {
        usize::try_from(index)
            .ok()
            .filter(|&at| at < self.len())
            .ok_or_else(|| th.raise(exc::INDEX_ERROR, message))
    }

    fn resolved(&self, index: isize) -> isize {
        if index < 0 { index + self.len() as isize } else { index }
    }

    /// The items of a slice, whole.
    fn gather(&self, range: SliceRange) -> Vec<u8> {
        let size = self.code().size();
        let bytes = self.bytes();
        if range.step == 1 {
            let (start, end) = range.bounds();
            return bytes[start * size..end * size].to_vec();
        }
        range.positions().flat_map(|at| &bytes[at * size..][..size]).copied().collect()
    }

    /// Assigns items to a slice, or deletes it.
    fn set_slice(&self, th: &Thread, range: SliceRange, data: &[u8]) -> PyResult<()> {
        let size = self.code().size();
        let needed = data.len() / size;
        if needed == 0 || needed != range.len {
            self.check_resizable(th)?;
        }
        if range.step == 1 {
            let (start, end) = range.bounds();
            return self.splice(th, start, end, data);
        }
        if needed == 0 {
            return self.delete(th, range.ascending());
        }
        if needed != range.len {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "attempt to assign array of size {needed} to extended slice of size {}",
                range.len
            ));
        }
        self.with_bytes(|bytes| {
            for (at, item) in range.positions().zip(data.chunks_exact(size)) {
                bytes[at * size..][..size].copy_from_slice(item);
            }
        });
        Ok(())
    }

    fn delete(&self, th: &Thread, range: SliceRange) -> PyResult<()> {
        if range.len == 0 {
            return Ok(());
        }
        let size = self.code().size();
        let mut removed = range.positions().peekable();
        let mut kept = 0;
        self.with_bytes(|bytes| {
            for at in 0..bytes.len() / size {
                if removed.next_if_eq(&at).is_none() {
                    bytes.copy_within(at * size..(at + 1) * size, kept * size);
                    kept += 1;
                }
            }
        });
        self.resize(th, kept)
    }

    /// The characters of an array of characters.
    pub(super) fn text(&self, th: &Thread) -> PyResult<Owned<Str>> {
        if self.code().letter == b'w' {
            let mut order = if cfg!(target_endian = "big") { 1 } else { -1 };
            let decoded = krait_objects::codecs::native::decode_utf32(
                th,
                self.bytes(),
                None,
                &mut order,
                true,
            )?;
            return Ok(decoded.0);
        }
        let points = self.bytes().chunks_exact(4);
        let points: Vec<u32> =
            points.map(|item| u32::from_ne_bytes([item[0], item[1], item[2], item[3]])).collect();
        match points.iter().find(|&&point| point > 0x10ffff) {
            Some(&point) => Err(not_a_character(th, point)),
            None => Str::from_code_points(th, &points),
        }
    }

    /// The items `times` times; MemoryError if that is too much.
    fn repeated(&self, th: &Thread, times: isize) -> PyResult<Vec<u8>> {
        let bytes = self.bytes();
        let times = usize::try_from(times).unwrap_or(0);
        let total = bytes.len().checked_mul(times).filter(|&total| total <= isize::MAX as usize);
        let total = total.ok_or_else(|| th.no_memory())?;
        let mut data = Vec::new();
        if !th.interp().heap.allows(total) || data.try_reserve_exact(total).is_err() {
            return Err(th.no_memory());
        }
        (0..if bytes.is_empty() { 0 } else { times }).for_each(|_| data.extend_from_slice(bytes));
        Ok(data)
    }

    /// The answer of a comparison with an array of any type code.
    fn compare_items(&self, th: &Thread, other: &Array, op: CompareOp) -> PyResult {
        let answer = |holds: bool| Ok(bool_object(holds).object().to_owned());
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        if equality && self.len() != other.len() {
            return answer(op == CompareOp::Ne);
        }
        let code = self.code();
        if std::ptr::eq(code, other.code()) && code.kind != Kind::Float {
            let (left, right) = (self.bytes(), other.bytes());
            if equality {
                return answer((left == right) == (op == CompareOp::Eq));
            }
            let pairs = left.chunks_exact(code.size()).zip(right.chunks_exact(code.size()));
            let differing = pairs.map(|(a, b)| code.order(a, b)).find(|order| order.is_ne());
            return answer(op.holds(differing.unwrap_or_else(|| self.len().cmp(&other.len()))));
        }
        let mut at = 0;
        while let Some(left) = self.get(th, at)?
            && let Some(right) = other.get(th, at)?
        {
            if !object::eq(th, left.borrow(), right.borrow())? {
                return match op {
                    CompareOp::Eq => answer(false),
                    CompareOp::Ne => answer(true),
                    _ => object::compare(th, left.borrow(), right.borrow(), op),
                };
            }
            at += 1;
        }
        answer(op.holds(self.len().cmp(&other.len())))
    }
}

#[pymethods(parts(methods, pickle))]
impl Array {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Array>> {
        super::construct::construct(cls, th, args, kwargs)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let letter = char::from(this.code().letter);
        let object = this.object();
        let class = object.ty();
        let name = class.name();
        if this.get().len() == 0 {
            return Str::from_fmt(th, format_args!("{name}('{letter}')"));
        }
        let items = if this.code().is_text() {
            this.text(th)?.into_object()
        } else {
            this.to_list(th)?.into_object()
        };
        let items = object::repr(th, items.borrow())?;
        let start = Str::from_fmt(th, format_args!("{name}('{letter}', "))?;
        let end = Str::new(th, ")")?;
        start.concat(th, items.borrow())?.concat(th, end.borrow())
    }

    #[slot(tp_richcompare)]
    fn richcompare(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
        op: CompareOp,
    ) -> PyResult {
        match other.downcast::<Array>() {
            Some(other) => this.compare_items(th, &other, op),
            None => Ok(not_implemented().to_owned()),
        }
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<ArrayIterator>> {
        ArrayIterator::over(th, this)
    }

    #[slot(sq_length, mp_length)]
    fn length(&self) -> PyResult<usize> {
        Ok(self.len())
    }

    #[slot(sq_item)]
    fn item(&self, th: &Thread, index: isize) -> PyResult {
        // As a number without a sign, a negative one is past the end.
        self.get(th, index as usize)?
            .ok_or_else(|| th.raise(exc::INDEX_ERROR, "array index out of range"))
    }

    #[slot(sq_ass_item)]
    fn set_item(&self, th: &Thread, index: isize, value: Option<Borrowed<'_>>) -> PyResult<()> {
        const OUTSIDE: &str = "array assignment index out of range";
        let at = self.position(th, index, OUTSIDE)?;
        let Some(value) = value else {
            return self.splice(th, at, at + 1, &[]);
        };
        let item = self.code().pack(th, value)?;
        // The conversion may have changed the array.
        if self.set(at, item) { Ok(()) } else { Err(th.raise(exc::INDEX_ERROR, OUTSIDE)) }
    }

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, subscript: Borrowed<'_>) -> PyResult {
        match key(th, subscript)? {
            Key::Index(index) => self.item(th, self.resolved(index)),
            Key::Slice(start, stop, step) => {
                let data = self.gather(SliceRange::of(start, stop, step, self.len()));
                self.of_bytes(th, &data).map(Owned::into_object)
            }
        }
    }

    #[slot(mp_ass_subscript)]
    fn set_subscript(
        &self,
        th: &Thread,
        subscript: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let (start, stop, step) = match key(th, subscript)? {
            Key::Index(index) => return self.set_item(th, self.resolved(index), value),
            Key::Slice(start, stop, step) => (start, stop, step),
        };
        let data = match value {
            None => Vec::new(),
            Some(value) => {
                let Some(other) = value.downcast::<Array>() else {
                    let name = value.type_name();
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "can only assign array (not \"{name}\") to array slice"
                    ));
                };
                if !std::ptr::eq(self.code(), other.code()) {
                    return Err(th.bad_argument());
                }
                other.bytes().to_vec()
            }
        };
        self.set_slice(th, SliceRange::of(start, stop, step, self.len()), &data)
    }

    #[slot(sq_contains)]
    fn contains(&self, th: &Thread, value: Borrowed<'_>) -> PyResult<bool> {
        Ok(self.find(th, value, 0, usize::MAX)?.is_some())
    }

    #[slot(sq_concat)]
    fn concat(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<Owned<Array>> {
        let Some(other) = other.downcast::<Array>() else {
            let name = other.type_name();
            return Err(raise!(th, TYPE_ERROR, "can only append array (not \"{name}\") to array"));
        };
        if !std::ptr::eq(self.code(), other.code()) {
            return Err(th.bad_argument());
        }
        let sum = self.of_bytes(th, self.bytes())?;
        sum.splice(th, sum.len(), sum.len(), other.bytes())?;
        Ok(sum)
    }

    #[slot(sq_repeat)]
    fn repeat(&self, th: &Thread, count: isize) -> PyResult<Owned<Array>> {
        self.of_bytes(th, &self.repeated(th, count)?)
    }

    #[slot(sq_inplace_concat)]
    fn inplace_concat(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
    ) -> PyResult<Owned<Array>> {
        if other.downcast::<Array>().is_none() {
            let name = other.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "can only extend array with array (not \"{name}\")"
            ));
        }
        this.extend_from(th, other)?;
        Ok(this.to_owned())
    }

    #[slot(sq_inplace_repeat)]
    fn inplace_repeat(
        this: Borrowed<'_, Self>,
        th: &Thread,
        count: isize,
    ) -> PyResult<Owned<Array>> {
        let data = this.repeated(th, count)?;
        this.splice(th, 0, this.get().len(), &data)?;
        Ok(this.to_owned())
    }

    #[slot(bf_getbuffer)]
    fn getbuffer(
        this: Borrowed<'_, Self>,
        th: &Thread,
        view: *mut abi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        static EMPTY: [u8; 8] = [0; 8];
        if view.is_null() {
            let message = "array_buffer_getbuf: view==NULL argument is obsolete";
            return Err(th.raise(exc::BUFFER_ERROR, message));
        }
        let code = this.code();
        let wants = |flag| flags & flag == flag;
        let start = match this.items.0.get() {
            start if start.is_null() => EMPTY.as_ptr().cast_mut(),
            start => start,
        };
        // SAFETY: `view` is the caller's to fill in; by invariant 2 the items, and their number in the array's head,
        // stay as they are while the view exists.
        unsafe {
            view.write(abi::Py_buffer {
                buf: start.cast(),
                obj: this.object().to_owned().into_ptr(),
                len: this.bytes().len() as isize,
                itemsize: code.size() as isize,
                readonly: 0,
                ndim: 1,
                ..abi::Py_buffer::EMPTY
            });
            if wants(abi::PyBUF_ND) {
                (*view).shape = &raw mut (*this.as_ptr().cast::<abi::PyVarObject>()).ob_size;
            }
            if wants(abi::PyBUF_STRIDES) {
                (*view).strides = &raw mut (*view).itemsize;
            }
            if wants(abi::PyBUF_FORMAT) {
                (*view).format = format_of(code.letter).as_ptr().cast_mut();
            }
        }
        this.exports.set(this.exports.get() + 1);
        Ok(())
    }

    #[slot(bf_releasebuffer)]
    fn releasebuffer(&self, _th: &Thread, _view: *mut abi::Py_buffer) {
        self.exports.set(self.exports.get() - 1);
    }
}

/// The format of `struct` that a view of the items has.
fn format_of(letter: u8) -> &'static std::ffi::CStr {
    match letter {
        b'b' => c"b",
        b'B' => c"B",
        b'h' => c"h",
        b'H' => c"H",
        b'i' => c"i",
        b'I' => c"I",
        b'l' => c"l",
        b'L' => c"L",
        b'q' => c"q",
        b'Q' => c"Q",
        b'f' => c"f",
        b'd' => c"d",
        _ => c"w",
    }
}

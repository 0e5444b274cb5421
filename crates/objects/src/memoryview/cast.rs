//! `memoryview.cast`: the same bytes in another format and shape.

use krait_abi as abi;

use super::item::{native_letter, size_of_format};
use super::{MAX_NDIM, MemoryView};
use crate::prelude::*;

fn is_byte_letter(letter: u8) -> bool {
    matches!(letter, b'b' | b'B' | b'c')
}

/// The format as a static C string: a view may outlive the argument.
fn static_format(format: &str) -> Option<&'static std::ffi::CStr> {
    const FORMATS: [&std::ffi::CStr; 40] = [
        c"c", c"b", c"B", c"h", c"H", c"i", c"I", c"l", c"L", c"q", c"Q", c"n", c"N", c"f", c"d",
        c"F", c"D", c"e", c"?", c"P", c"@c", c"@b", c"@B", c"@h", c"@H", c"@i", c"@I", c"@l",
        c"@L", c"@q", c"@Q", c"@n", c"@N", c"@f", c"@d", c"@F", c"@D", c"@e", c"@?", c"@P",
    ];
    FORMATS.into_iter().find(|known| known.to_bytes() == format.as_bytes())
}

impl MemoryView {
    /// The numbers of the `shape` argument.
    fn shape_argument(th: &Thread, shape: Borrowed<'_>) -> PyResult<Vec<isize>> {
        let items = match (shape.downcast::<List>(), shape.downcast::<Tuple>()) {
            (Some(list), _) => list.to_vec(),
            (_, Some(tuple)) => {
                tuple.get().as_slice().iter().map(|&item| Borrowed::to_owned(item)).collect()
            }
            _ => return Err(th.raise(exc::TYPE_ERROR, "shape must be a list or a tuple")),
        };
        let mut numbers = Vec::with_capacity(items.len());
        for item in &items {
            let Some(int) = item.object().downcast::<Int>() else {
                return Err(th.raise(
                    exc::TYPE_ERROR,
                    "memoryview.cast(): elements of shape must be integers",
                ));
            };
            let Some(number) = int.to_i64() else {
                return Err(raise!(
                    th,
                    OVERFLOW_ERROR,
                    "Python int too large to convert to C ssize_t"
                ));
            };
            if number <= 0 {
                return Err(th.raise(
                    exc::VALUE_ERROR,
                    "memoryview.cast(): elements of shape must be integers > 0",
                ));
            }
            numbers.push(number as isize);
        }
        Ok(numbers)
    }

    pub(super) fn cast_to(
        &self,
        th: &Thread,
        format: &Str,
        shape: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<MemoryView>> {
        let type_error = |message| Err(th.raise(exc::TYPE_ERROR, message));
        let info = self.check(th)?;
        self.check_unrestricted(th)?;
        if !self.is_contiguous() {
            return type_error("memoryview: casts are restricted to C-contiguous views");
        }
        let has_zero = self.shape().contains(&0) || self.strides().contains(&0);
        if (shape.is_some() || self.ndim() != 1) && has_zero {
            return type_error("memoryview: cannot cast view with zeros in shape or strides");
        }
        let shape = shape.map(|shape| MemoryView::shape_argument(th, shape)).transpose()?;
        if let Some(shape) = &shape {
            if shape.len() > MAX_NDIM {
                return Err(th.raise(
                    exc::VALUE_ERROR,
                    "memoryview: number of dimensions must not exceed 64",
                ));
            }
            if self.ndim() != 1 && shape.len() != 1 {
                return type_error("memoryview: cast must be 1D -> ND or ND -> 1D");
            }
        }
        let text = format.to_string_lossy();
        let known = static_format(&text).zip(native_letter(&text));
        let Some((format, letter)) = known else {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "memoryview: destination format must be a native single character format prefixed with an optional '@'",
            ));
        };
        let from_bytes = native_letter(self.format()).is_some_and(is_byte_letter);
        if !from_bytes && !is_byte_letter(letter) {
            return type_error("memoryview: cannot cast between two non-byte formats");
        }
        let itemsize = size_of_format(letter).unwrap_or(1) as isize;
        if info.len % itemsize != 0 {
            return type_error("memoryview: length is not a multiple of itemsize");
        }
        let shape = shape.unwrap_or_else(|| vec![info.len / itemsize]);
        let source = abi::Py_buffer { format: format.as_ptr().cast_mut(), itemsize, ..*info };
        self.reshaped(th, &source, &shape)
    }

    fn reshaped(
        &self,
        th: &Thread,
        source: &abi::Py_buffer,
        shape: &[isize],
    ) -> PyResult<Owned<MemoryView>> {
        let len = shape.iter().try_fold(source.itemsize, |len, &count| len.checked_mul(count));
        let Some(len) = len else {
            return Err(th.raise(exc::VALUE_ERROR, "memoryview.cast(): product(shape) > SSIZE_MAX"));
        };
        if len != source.len {
            return Err(
                th.raise(exc::TYPE_ERROR, "memoryview: product(shape) * itemsize != buffer size")
            );
        }
        let view = MemoryView::blank(th, self.managed(th)?, source, shape.len())?;
        for (at, &count) in shape.iter().enumerate() {
            // SAFETY: the new view has room for as many dimensions.
            unsafe { view.info().shape.add(at).write(count) };
        }
        view.set_c_strides();
        view.set_layout_flags();
        Ok(view)
    }
}

//! `float`.

use crate::float_text;
use crate::prelude::*;
use crate::typeobj::alloc::init_head;

/// Convert a string or number to a floating-point number, if possible.
#[pytype(name = "float", symbol = "PyFloat_Type", new = "(x=0, /)", flags(BASETYPE, MATCH_SELF))]
#[repr(C)]
pub struct Float {
    head: Head,
    value: f64,
}

impl Float {
    #[inline]
    pub fn new(th: &Thread, value: f64) -> PyResult<Owned<Float>> {
        let block = th.interp().heap.alloc(size_of::<Float>());
        if block.is_null() {
            return Err(th.no_memory());
        }
        // SAFETY: the block has room for the object, which nobody knows yet.
        unsafe {
            init_head(block.cast(), Borrowed::from_ref(Float::type_object()));
            (&raw mut (*block.cast::<Float>()).value).write(value);
            Ok(Owned::from_ptr(block.cast()))
        }
    }

    #[inline(always)]
    pub fn value(&self) -> f64 {
        self.value
    }
}

#[pymethods]
impl Float {
    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::new(th, &float_text::repr(self.value))
    }
}

/// `float(text)` for str, bytes and buffers; TypeError for anything else.
pub fn from_text_object(_th: &Thread, _ob: Borrowed<'_>) -> PyResult {
    todo!()
}

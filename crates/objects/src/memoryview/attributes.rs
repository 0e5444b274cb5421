//! The attributes of `memoryview`: what the view tells of the memory it shows.

use krait_abi as abi;

use super::MemoryView;
use crate::prelude::*;

#[pymethods(part = "attributes")]
impl MemoryView {
    /// The object whose memory is shown.
    #[getter]
    fn obj(&self, th: &Thread) -> PyResult {
        let info = self.check(th)?;
        // SAFETY: the view keeps its exporter alive.
        Ok(match unsafe { Borrowed::<Object>::from_ptr_or_null(info.obj) } {
            Some(exporter) => exporter.to_owned(),
            None => none().to_owned(),
        })
    }

    /// How many bytes all items take in a contiguous copy.
    #[getter]
    fn nbytes(&self, th: &Thread) -> PyResult<isize> {
        Ok(self.check(th)?.len)
    }

    /// How many bytes an item takes.
    #[getter]
    fn itemsize(&self, th: &Thread) -> PyResult<isize> {
        Ok(self.check(th)?.itemsize)
    }

    /// The format of an item, as the module struct writes it.
    #[getter(name = "format")]
    fn format_attribute(&self, th: &Thread) -> PyResult<Owned<Str>> {
        self.check(th)?;
        Str::new(th, self.format())
    }

    /// How many items there are in each dimension.
    #[getter(name = "shape")]
    fn shape_attribute(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        self.check(th)?;
        numbers(th, self.shape())
    }

    /// How many bytes are between items, in each dimension.
    #[getter(name = "strides")]
    fn strides_attribute(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        self.check(th)?;
        numbers(th, self.strides())
    }

    /// Offsets behind pointers, for arrays of the Python Imaging Library's kind.
    #[getter(name = "suboffsets")]
    fn suboffsets_attribute(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        self.check(th)?;
        numbers(th, self.suboffsets().unwrap_or(&[]))
    }

    /// How many dimensions there are.
    #[getter(name = "ndim")]
    fn ndim_attribute(&self, th: &Thread) -> PyResult<i32> {
        Ok(self.check(th)?.ndim)
    }

    /// Whether the memory cannot be written.
    #[getter]
    fn readonly(&self, th: &Thread) -> PyResult<bool> {
        Ok(self.check(th)?.readonly != 0)
    }

    /// Whether the items follow each other in rows.
    #[getter]
    fn c_contiguous(&self, th: &Thread) -> PyResult<bool> {
        self.check(th)?;
        Ok(self.is_contiguous())
    }

    /// Whether the items follow each other in columns.
    #[getter]
    fn f_contiguous(&self, th: &Thread) -> PyResult<bool> {
        self.check(th)?;
        Ok(self.has_flag(abi::_Py_MEMORYVIEW_FORTRAN))
    }

    /// Whether the items follow each other, in rows or in columns.
    #[getter]
    fn contiguous(&self, th: &Thread) -> PyResult<bool> {
        self.check(th)?;
        Ok(self.is_contiguous() || self.has_flag(abi::_Py_MEMORYVIEW_FORTRAN))
    }
}

fn numbers(th: &Thread, numbers: &[isize]) -> PyResult<Owned<Tuple>> {
    let items: PyResult<Vec<Owned>> =
        numbers.iter().map(|&number| Ok(Int::from_isize(th, number)?.into_object())).collect();
    Tuple::from_vec(th, items?)
}

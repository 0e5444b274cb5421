//! `stderrprinter`: a stream without buffer or codec, for what is printed before the `io` module is there.
//!
//! The same job as `PyFile_NewStdPrinter` in CPython's `Objects/fileobject.c`.

use krait_objects::prelude::*;

use crate::gil;

/// Stream to a file descriptor, text in UTF-8 with everything else escaped.
#[pytype(name = "stderrprinter", symbol = "PyStdPrinter_Type", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct StdPrinter {
    head: Head,
    fd: i32,
}

/// A printer to the descriptor.
pub fn new(th: &Thread, fd: i32) -> PyResult {
    let ty = Borrowed::from_ref(StdPrinter::type_object());
    ty.ready(th)?;
    let printer = ty.alloc::<StdPrinter>(th, 0)?;
    // SAFETY: nobody else knows the new object.
    unsafe { (&raw mut (*printer.as_ptr().cast::<StdPrinter>()).fd).write(fd) };
    Ok(printer.into_object())
}

#[pymethods]
impl StdPrinter {
    /// Write the text; the answer is how many bytes were written.
    #[method(sig = "(self, text, /)")]
    fn write(&self, th: &Thread, text: Borrowed<'_, Str>) -> PyResult<usize> {
        let errors = Some("backslashreplace");
        let bytes = krait_objects::codecs::encode(th, text, Some("utf-8"), errors)?;
        let bytes = bytes.as_bytes();
        let fd = self.fd;
        // SAFETY: the bytes are live until the call returns.
        let written =
            gil::without_gil(th, || unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) });
        usize::try_from(written)
            .map_err(|_| raise!(th, OS_ERROR, "{}", std::io::Error::last_os_error()))
    }

    /// Return the file descriptor.
    #[method(sig = "(self, /)")]
    fn fileno(&self) -> i32 {
        self.fd
    }

    /// Whether it is a terminal.
    #[method(sig = "(self, /)")]
    fn isatty(&self) -> bool {
        // SAFETY: asking about a descriptor changes nothing.
        unsafe { libc::isatty(self.fd) == 1 }
    }

    /// Nothing is buffered.
    #[method(sig = "(self, /)")]
    fn flush(&self) {}

    /// Never closes: the descriptor belongs to the process.
    #[method(sig = "(self, /)")]
    fn close(&self) {}

    #[getter]
    fn closed(&self) -> bool {
        false
    }

    #[getter]
    fn encoding(&self) -> Option<Owned> {
        None
    }

    #[getter]
    fn mode(&self) -> &'static str {
        "w"
    }
}

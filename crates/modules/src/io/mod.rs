//! `_io`: files, buffers, text, and streams in memory.
//!
//! `base` and `kinds` are the base classes, `fileio` files, `buffered` buffers, `text` text over them, `bytesio` and
//! `stringio` the streams in memory, `opening` the function `open`. The same job as CPython's `Modules/_io/`.

mod base;
mod buffered;
mod bytesio;
mod fileio;
mod fileio_open;
mod kinds;
mod newline;
mod opening;
mod stringio;
pub mod support;
mod text;

use krait_objects::prelude::*;
use krait_objects::typeobj::forward;

use support::DEFAULT_BUFFER_SIZE;

/// The io module provides the Python interfaces to stream handling.
///
/// The builtin open function is defined in this module. Raw streams
/// (FileIO) hand every request to the system, buffered ones
/// (BufferedReader, BufferedWriter, BufferedRandom) keep some data in
/// memory, and TextIOWrapper turns bytes into text. BytesIO and StringIO
/// are streams in memory.
#[pymodule(name = "_io")]
pub struct Io;

#[pyfunctions]
impl Io {
    #[constant(name = "DEFAULT_BUFFER_SIZE")]
    const BUFFER_SIZE: i64 = DEFAULT_BUFFER_SIZE as i64;

    /// Open a file and return a stream.
    ///
    /// file is a path, or the descriptor of an open file. mode says what for:
    /// 'r' to read (the default), 'w' to write after emptying it, 'x' to
    /// create it, 'a' to append; '+' to do both, 't' for text (the default),
    /// 'b' for bytes. buffering is 0 for none (bytes only), 1 for lines (text
    /// only), or the size of a buffer. encoding, errors and newline are those
    /// of TextIOWrapper. With closefd False the descriptor stays open. opener
    /// is called with path and flags to open the file.
    #[function(
        sig = "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn open(
        th: &Thread,
        file: Borrowed<'_>,
        mode: &str,
        buffering: i32,
        encoding: Option<Borrowed<'_>>,
        errors: Option<Borrowed<'_>>,
        newline: Option<Borrowed<'_>>,
        closefd: bool,
        opener: Option<Borrowed<'_>>,
    ) -> PyResult {
        let text = opening::Text { encoding, errors, newline };
        opening::open(th, file, mode, buffering, text, closefd, opener)
    }

    /// Open a file of code: as open(path, 'rb').
    #[function(sig = "(path)")]
    fn open_code(th: &Thread, path: Borrowed<'_>) -> PyResult {
        let Some(_) = path.downcast::<Str>() else {
            let found = path.type_name();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "open_code() argument 'path' must be str, not {found}"
            ));
        };
        if let Some(opened) = krait_eval::sys::open_code::open(th, path) {
            return opened;
        }
        opening::open(th, path, "rb", -1, opening::Text::default(), true, None)
    }

    /// Return the encoding that open() would use: 'locale', or 'utf-8' in UTF-8 mode, if it is None.
    #[function(sig = "(encoding, stacklevel=2, /)")]
    fn text_encoding(th: &Thread, encoding: Borrowed<'_>, stacklevel: isize) -> PyResult {
        if !encoding.is_none() {
            return Ok(encoding.to_owned());
        }
        let config = krait_eval::config::of(th);
        if config.warn_default_encoding {
            let message = "'encoding' argument not specified";
            support::warn(th, exc::ENCODING_WARNING, message, stacklevel)?;
        }
        let text = if config.utf8_mode { "utf-8" } else { "locale" };
        Ok(Str::interned(th, text)?.into_object())
    }

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        // A heap type would get `object.__new__` from its base; a static one has to be given it.
        // SAFETY: written before the type is ready, always with the same value.
        unsafe {
            for ty in
                [base::IOBase::type_object(), newline::IncrementalNewlineDecoder::type_object()]
            {
                let raw = ty.as_type_ptr();
                if (*raw).tp_new.is_none() {
                    (*raw).tp_new = Object::type_object().raw().tp_new;
                }
            }
        }
        for ty in [
            base::IOBase::type_object(),
            kinds::RawIOBase::type_object(),
            kinds::BufferedIOBase::type_object(),
            kinds::TextIOBase::type_object(),
            fileio::FileIO::type_object(),
            bytesio::BytesIO::type_object(),
            bytesio::BytesIOBuffer::type_object(),
            stringio::StringIO::type_object(),
            buffered::BufferedReader::type_object(),
            buffered::BufferedWriter::type_object(),
            buffered::BufferedRandom::type_object(),
            buffered::BufferedRWPair::type_object(),
            text::TextIOWrapper::type_object(),
            newline::IncrementalNewlineDecoder::type_object(),
        ] {
            module.add_type(th, ty)?;
        }
        module.add(th, "BlockingIOError", Borrowed::from_ref(exc::BLOCKING_IO_ERROR).object())?;
        module.add(th, "UnsupportedOperation", unsupported_class(th)?.object())
    }
}

/// `io.UnsupportedOperation`, which is both an OSError and a ValueError.
fn unsupported_class(th: &Thread) -> PyResult<Owned<Type>> {
    let classes = th.interp().state::<support::Classes>();
    if let Some(class) = classes.unsupported.get() {
        return Ok(class.clone());
    }
    let class = |ty: &'static Type| Borrowed::from_ref(ty).object();
    let bases = [class(exc::OS_ERROR), class(exc::VALUE_ERROR)];
    let made =
        forward::declare_native(th, "UnsupportedOperation", &bases, false, |th, ty, dict| {
            dict.set_str(th, id::__module__, Str::interned(th, "io")?.object())?;
            forward::fill_tables(th, ty, &[])
        })?;
    Ok(classes.unsupported.get_or_init(|| made).clone())
}

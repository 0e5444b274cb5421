//! `BufferedReader`, `BufferedWriter`, `BufferedRandom` and `BufferedRWPair`.
//!
//! `core` has the state they share and its dealings with the raw stream, `reading` and `ops` what is done with it, `lock`
//! keeps threads apart, `pair` is two streams as one. The same job as CPython's `Modules/_io/bufferedio.c`.

mod core;
mod lock;
mod ops;
mod pair;
mod reading;

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::typeobj::unfilled;

pub use pair::BufferedRWPair;

use self::core::{Core, Stream};
use super::base;
use super::fileio::FileIO;
use super::kinds::{BufferedIOBase, read_limit};
use super::support::{Size, attr, invoke};
use crate::late::Late;

/// Declares a buffered stream: they differ in what they ask of the raw stream and in their methods.
macro_rules! buffered {
    (
        $(#[$doc:meta])*
        $name:ident, $python:literal, readable $readable:literal, writable $writable:literal, checks [$($check:ident)*],
        { $($methods:tt)* }
    ) => {
        $(#[$doc])*
        #[pytype(
            name = $python, base = BufferedIOBase, new = "(raw, buffer_size=DEFAULT_BUFFER_SIZE)",
            flags(BASETYPE, HAVE_GC), dict = dict, weaklist = weakrefs,
        )]
        #[repr(C)]
        pub struct $name {
            head: Head,
            #[visit]
            #[member(readonly, kind = "OBJECT")]
            raw: Slot,
            #[member(name = "_finalizing", kind = "BOOL")]
            finalizing: Cell<bool>,
            core: Late<Core>,
            #[visit]
            dict: Slot<Dict>,
            weakrefs: Cell<*mut abi::PyObject>,
        }

        impl $name {
            fn stream<'a>(this: Borrowed<'a, Self>) -> Stream<'a> {
                let object = this.get();
                Stream { ob: this.object(), raw: &object.raw, core: &object.core }
            }
        }

        #[pymethods]
        impl $name {
            #[init(sig = "(raw, buffer_size=131072)")]
            fn init(
                this: Borrowed<'_, Self>,
                th: &Thread,
                raw: Borrowed<'_>,
                buffer_size: isize,
            ) -> PyResult<()> {
                this.core.ok.set(false);
                this.core.detached.set(false);
                $(base::$check(th, raw)?;)*
                $name::stream(this).set_up(th, raw, buffer_size, $readable, $writable)
            }

            #[slot(tp_repr)]
            fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
                $name::stream(this).describe(th)
            }

            /// Flush and close this stream and the raw one.
            #[method(sig = "(self)")]
            fn close(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
                $name::stream(this).close(th, this.finalizing.get())
            }

            /// Part with the raw stream and return it. This stream cannot be used afterwards.
            #[method(sig = "(self)")]
            fn detach(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                $name::stream(this).detach(th)
            }

            /// Return the file descriptor.
            #[method(sig = "(self)")]
            fn fileno(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                invoke(th, $name::stream(this).raw(th)?.borrow(), "fileno", &[])
            }

            /// Whether the raw stream is a terminal.
            #[method(sig = "(self)")]
            fn isatty(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                invoke(th, $name::stream(this).raw(th)?.borrow(), "isatty", &[])
            }

            /// Whether the raw stream can seek.
            #[method(sig = "(self)")]
            fn seekable(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                invoke(th, $name::stream(this).raw(th)?.borrow(), "seekable", &[])
            }

            /// Change the position: from the start (whence 0), from here (1) or from the end (2).
            #[method(sig = "(self, target, whence=0, /)")]
            fn seek(
                this: Borrowed<'_, Self>,
                th: &Thread,
                target: Borrowed<'_>,
                whence: i32,
            ) -> PyResult<i64> {
                $name::stream(this).seek(th, target, whence)
            }

            /// Return the current position.
            #[method(sig = "(self)")]
            fn tell(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<i64> {
                $name::stream(this).tell(th)
            }

            /// Make the file that long, by default as long as the current position.
            #[method(sig = "(self, pos=None, /)")]
            fn truncate(
                this: Borrowed<'_, Self>,
                th: &Thread,
                pos: Option<Borrowed<'_>>,
            ) -> PyResult {
                $name::stream(this).truncate(th, pos.unwrap_or(none()))
            }

            #[method(sig = "(self, source, /)", name = "_dealloc_warn")]
            fn dealloc_warn(
                this: Borrowed<'_, Self>,
                th: &Thread,
                source: Borrowed<'_>,
            ) -> PyResult<()> {
                $name::stream(this).dealloc_warn(th, source)
            }

            #[method(sig = "(self)", name = "__getstate__")]
            fn getstate(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                Err(base::cannot_pickle(th, this.object()))
            }

            #[method(sig = "(self)", name = "__sizeof__")]
            fn sizeof(this: Borrowed<'_, Self>) -> usize {
                this.object().ty().raw().tp_basicsize as usize + this.core.size.get()
            }

            /// Whether the raw stream is closed.
            #[getter]
            fn closed(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<bool> {
                $name::stream(this).is_closed(th)
            }

            /// The raw stream's name.
            #[getter]
            fn name(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                attr(th, $name::stream(this).raw(th)?.borrow(), "name")
            }

            /// The raw stream's mode.
            #[getter]
            fn mode(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                attr(th, $name::stream(this).raw(th)?.borrow(), "mode")
            }

            $($methods)*
        }
    };
}

macro_rules! reader {
    ($name:ident, { $($more:tt)* }, $($declaration:tt)*) => {
        buffered! {
            $($declaration)*
            {
                /// Whether the raw stream can be read.
                #[method(sig = "(self)")]
                fn readable(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                    invoke(th, $name::stream(this).raw(th)?.borrow(), "readable", &[])
                }

                /// Read that many bytes, all without a limit.
                #[method(sig = "(self, size=-1, /)")]
                fn read(
                    this: Borrowed<'_, Self>,
                    th: &Thread,
                    #[default(Size(-1))] size: Size,
                ) -> PyResult {
                    let limit = read_limit(th, size)?;
                    $name::stream(this).read(th, limit)
                }

                /// Read up to that many bytes, with at most one call of the raw stream.
                #[method(sig = "(self, size=-1, /)")]
                fn read1(this: Borrowed<'_, Self>, th: &Thread, size: isize) -> PyResult<Owned<Bytes>> {
                    $name::stream(this).read1(th, size)
                }

                /// Read bytes into a buffer. Return how many.
                #[method(sig = "(self, buffer, /)")]
                fn readinto(
                    this: Borrowed<'_, Self>,
                    th: &Thread,
                    buffer: Borrowed<'_>,
                ) -> PyResult<Option<usize>> {
                    $name::stream(this).read_into(th, buffer, false)
                }

                /// Read bytes into a buffer, with at most one call of the raw stream. Return how many.
                #[method(sig = "(self, buffer, /)")]
                fn readinto1(
                    this: Borrowed<'_, Self>,
                    th: &Thread,
                    buffer: Borrowed<'_>,
                ) -> PyResult<Option<usize>> {
                    $name::stream(this).read_into(th, buffer, true)
                }

                /// Return bytes without moving on: what is buffered, at least one unless the file ends.
                #[method(sig = "(self, size=0, /)")]
                fn peek(this: Borrowed<'_, Self>, th: &Thread, size: isize) -> PyResult<Owned<Bytes>> {
                    let _ = size;
                    $name::stream(this).peek(th)
                }

                /// Read a line, at most that many bytes of it.
                #[method(sig = "(self, size=-1, /)")]
                fn readline(
                    this: Borrowed<'_, Self>,
                    th: &Thread,
                    #[default(Size(-1))] size: Size,
                ) -> PyResult<Owned<Bytes>> {
                    $name::stream(this).read_line(th, size.limit())
                }

                #[slot(tp_iternext)]
                fn next(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned>> {
                    $name::stream(this).next_line(th, this.object().is_exact::<Self>())
                }

                $($more)*
            }
        }
    };
}

reader! {
    BufferedReader,
    {
        /// Flush the raw stream.
        #[method(sig = "(self)")]
        fn flush(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
            let raw = BufferedReader::stream(this).raw(th)?;
            unfilled::call_method(th, raw.borrow(), id::flush, &[])
        }
    },
    /// A buffer in front of a raw stream that is read.
    BufferedReader, "_io.BufferedReader", readable true, writable false, checks [check_readable],
}

/// A stream that is exactly a reader or a writer.
fn exact(ob: Borrowed<'_>) -> Option<Stream<'_>> {
    if let Some(reader) = ob.downcast_exact::<BufferedReader>() {
        return Some(BufferedReader::stream(reader));
    }
    ob.downcast_exact::<BufferedWriter>().map(BufferedWriter::stream)
}

/// Whether such a stream is closed; `None` for other objects.
#[inline]
pub fn is_closed(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<bool>> {
    exact(ob).map(|stream| stream.is_closed(th)).transpose()
}

/// The file below such a stream, with whether the stream reads.
pub fn file_below(ob: Borrowed<'_>) -> Option<(Borrowed<'_, FileIO>, bool)> {
    let stream = exact(ob).filter(|stream| stream.core.ok.get())?;
    Some((stream.raw.get()?.downcast_exact::<FileIO>()?, stream.core.readable.get()))
}

buffered! {
    /// A buffer in front of a raw stream that is written.
    ///
    /// What is written stays in the buffer until it is full, or flushed.
    BufferedWriter, "_io.BufferedWriter", readable false, writable true, checks [check_writable],
    {
        /// Whether the raw stream can be written.
        #[method(sig = "(self)")]
        fn writable(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
            invoke(th, BufferedWriter::stream(this).raw(th)?.borrow(), "writable", &[])
        }

        /// Write bytes. Return how many, which is all of them.
        #[method(sig = "(self, buffer, /)")]
        fn write(this: Borrowed<'_, Self>, th: &Thread, buffer: Buffer) -> PyResult<usize> {
            BufferedWriter::stream(this).write(th, buffer.as_bytes())
        }

        /// Write out what is buffered.
        #[method(sig = "(self)")]
        fn flush(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
            BufferedWriter::stream(this).flush(th)
        }
    }
}

reader! {
    BufferedRandom,
    {
        /// Whether the raw stream can be written.
        #[method(sig = "(self)")]
        fn writable(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
            invoke(th, BufferedRandom::stream(this).raw(th)?.borrow(), "writable", &[])
        }

        /// Write bytes. Return how many, which is all of them.
        #[method(sig = "(self, buffer, /)")]
        fn write(this: Borrowed<'_, Self>, th: &Thread, buffer: Buffer) -> PyResult<usize> {
            BufferedRandom::stream(this).write(th, buffer.as_bytes())
        }

        /// Write out what is buffered.
        #[method(sig = "(self)")]
        fn flush(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<()> {
            BufferedRandom::stream(this).flush(th)
        }
    },
    /// A buffer in front of a raw stream that is read and written, and can seek.
    BufferedRandom, "_io.BufferedRandom", readable true, writable true,
    checks [check_seekable check_readable check_writable],
}

//! The methods that `bytes` and `bytearray` share, declared for both by one macro.
//!
//! Arguments are converted before the receiver's bytes are looked at, and while they are held: a conversion can run
//! Python code, which can change a `bytearray`.

use std::ops::Range;

use super::{is_line_break, is_space};
use crate::prelude::*;
use crate::protocol::buffer::Buffer;
use crate::text::split;

/// `bytes` or `bytearray`.
pub trait ByteString: Instance + Sized {
    fn view(&self) -> &[u8];
    fn make(th: &Thread, data: &[u8]) -> PyResult<Owned<Self>>;
    /// An object of `len` bytes, which `fill` writes.
    fn filled(th: &Thread, len: usize, fill: &mut dyn FnMut(&mut [u8])) -> PyResult<Owned<Self>>;
    /// While the answer lives, the bytes stay as many: arguments that change them meanwhile get a BufferError.
    fn hold(&self, _th: &Thread) -> PyResult<Option<Buffer>> {
        Ok(None)
    }
    /// The object itself if it cannot change and is of the exact type, else a copy.
    fn unchanged(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Self>>;
}

/// Takes a part.
pub type Part<'a> = &'a mut dyn FnMut(Range<usize>) -> PyResult<()>;

/// Hands the parts of bytes to a function, in order.
pub type Cut<'a> = &'a mut dyn FnMut(&[u8], Part<'_>) -> PyResult<()>;

/// A list of the parts that `cut` finds.
pub fn parts<T: ByteString>(
    this: Borrowed<'_, T>,
    th: &Thread,
    cut: Cut<'_>,
) -> PyResult<Owned<List>> {
    // They stay as many, and where they are: objects are made from them on the way.
    let _held = this.hold(th)?;
    let data = this.get().view();
    let list = List::with_capacity(th, data.len().min(12))?;
    cut(data, &mut |range| list.push(th, T::make(th, &data[range])?.into_object()))?;
    Ok(list)
}

/// The parts of `split`: `None` is white space.
pub fn split(data: &[u8], sep: Option<&[u8]>, most: usize, part: Part<'_>) -> PyResult<()> {
    match sep {
        None => split::split_space(data, most, is_space, part),
        Some(sep) => split::split(data, sep, most, part),
    }
}

/// The parts of `rsplit`.
pub fn rsplit(data: &[u8], sep: Option<&[u8]>, most: usize, part: Part<'_>) -> PyResult<()> {
    let ranges = match sep {
        None => split::rsplit_space(data, most, is_space),
        Some(sep) => split::rsplit(data, sep, most),
    };
    ranges.into_iter().try_for_each(part)
}

/// The parts of `splitlines`.
pub fn lines(data: &[u8], keep: bool, part: Part<'_>) -> PyResult<()> {
    split::split_lines(data, keep, is_line_break, part)
}

/// A tuple of the parts around `found`; without it, everything and two empty ones (before it, `at_end`).
pub fn around<T: ByteString>(
    this: Borrowed<'_, T>,
    th: &Thread,
    sep: Borrowed<'_>,
    found: Option<Range<usize>>,
    at_end: bool,
) -> PyResult<Owned<Tuple>> {
    let data = this.get().view();
    let items = match found {
        Some(found) => {
            let before = T::make(th, &data[..found.start])?.into_object();
            let after = T::make(th, &data[found.end..])?.into_object();
            // What `bytes` was given, whatever it is, stands between its parts.
            let is_bytes = std::ptr::eq(T::type_object(), Bytes::type_object());
            let middle = match is_bytes {
                true => sep.to_owned(),
                false => T::make(th, &data[found])?.into_object(),
            };
            [before, middle, after]
        }
        None => {
            let empty = || T::make(th, &[]).map(Owned::into_object);
            let whole = T::unchanged(this, th)?.into_object();
            if at_end { [empty()?, empty()?, whole] } else { [whole, empty()?, empty()?] }
        }
    };
    Tuple::pack(th, items)
}

/// A copy of the bytes, changed.
pub fn mapped<T: ByteString>(
    this: Borrowed<'_, T>,
    th: &Thread,
    map: fn(&mut [u8]),
) -> PyResult<Owned<T>> {
    let data = this.get().view();
    T::filled(th, data.len(), &mut |out| {
        out.copy_from_slice(data);
        map(out);
    })
}

/// Whether there are bytes, and all are of the class.
pub fn all(data: &[u8], class: impl Fn(&u8) -> bool) -> bool {
    !data.is_empty() && data.iter().all(class)
}

/// Declares the shared methods for a type, in two parts.
macro_rules! byte_string_methods {
    ($ty:ident) => {
        #[pymethods(part = "search")]
        impl $ty {
            /// find($self, sub[, start[, end]], /)
            /// --
            ///
            /// Return the lowest position of sub, bytes or a number, in B[start:end], or -1.
            #[method(sig = "(self, sub, start=None, end=None, /)", no_text)]
            fn find(
                &self,
                th: &Thread,
                sub: Borrowed<'_>,
                start: Option<Bound>,
                end: Option<Bound>,
            ) -> PyResult<isize> {
                let _held = self.hold(th)?;
                let sub = Needle::of(th, sub)?;
                let data = self.view();
                let found = range(start, end, data.len())
                    .and_then(|(start, end)| {
                        search::find(&data[start..end], sub.as_bytes()).map(|at| start + at)
                    })
                    .map_or(-1, |at| at as isize);
                Ok(found)
            }

            /// rfind($self, sub[, start[, end]], /)
            /// --
            ///
            /// Return the highest position of sub, bytes or a number, in B[start:end], or -1.
            #[method(sig = "(self, sub, start=None, end=None, /)", no_text)]
            fn rfind(
                &self,
                th: &Thread,
                sub: Borrowed<'_>,
                start: Option<Bound>,
                end: Option<Bound>,
            ) -> PyResult<isize> {
                let _held = self.hold(th)?;
                let sub = Needle::of(th, sub)?;
                let data = self.view();
                let found = range(start, end, data.len())
                    .and_then(|(start, end)| {
                        search::rfind(&data[start..end], sub.as_bytes()).map(|at| start + at)
                    })
                    .map_or(-1, |at| at as isize);
                Ok(found)
            }

            /// index($self, sub[, start[, end]], /)
            /// --
            ///
            /// Return the lowest position of sub, bytes or a number, in B[start:end].
            ///
            /// Raises ValueError if it is not there.
            #[method(sig = "(self, sub, start=None, end=None, /)", no_text)]
            fn index(
                &self,
                th: &Thread,
                sub: Borrowed<'_>,
                start: Option<Bound>,
                end: Option<Bound>,
            ) -> PyResult<isize> {
                match self.find(th, sub, start, end)? {
                    -1 => Err(th.raise(exc::VALUE_ERROR, "subsection not found")),
                    at => Ok(at),
                }
            }

            /// rindex($self, sub[, start[, end]], /)
            /// --
            ///
            /// Return the highest position of sub, bytes or a number, in B[start:end].
            ///
            /// Raises ValueError if it is not there.
            #[method(sig = "(self, sub, start=None, end=None, /)", no_text)]
            fn rindex(
                &self,
                th: &Thread,
                sub: Borrowed<'_>,
                start: Option<Bound>,
                end: Option<Bound>,
            ) -> PyResult<isize> {
                match self.rfind(th, sub, start, end)? {
                    -1 => Err(th.raise(exc::VALUE_ERROR, "subsection not found")),
                    at => Ok(at),
                }
            }

            /// count($self, sub[, start[, end]], /)
            /// --
            ///
            /// Return how often sub, bytes or a number, stands in B[start:end], without overlap.
            #[method(sig = "(self, sub, start=None, end=None, /)", no_text)]
            fn count(
                &self,
                th: &Thread,
                sub: Borrowed<'_>,
                start: Option<Bound>,
                end: Option<Bound>,
            ) -> PyResult<usize> {
                let _held = self.hold(th)?;
                let sub = Needle::of(th, sub)?;
                let data = self.view();
                Ok(range(start, end, data.len()).map_or(0, |(start, end)| {
                    search::count(&data[start..end], sub.as_bytes(), usize::MAX)
                }))
            }

            /// startswith($self, prefix[, start[, end]], /)
            /// --
            ///
            /// Return whether B[start:end] begins with the prefix, or with one of a tuple of prefixes.
            #[method(sig = "(self, prefix, start=None, end=None, /)", no_text)]
            fn startswith(
                this: Borrowed<'_, Self>,
                th: &Thread,
                prefix: Borrowed<'_>,
                start: Option<Bound>,
                end: Option<Bound>,
            ) -> PyResult<bool> {
                any_affix(th, || this.get().view(), "startswith", prefix, (start, end), false)
            }

            /// endswith($self, suffix[, start[, end]], /)
            /// --
            ///
            /// Return whether B[start:end] ends with the suffix, or with one of a tuple of suffixes.
            #[method(sig = "(self, suffix, start=None, end=None, /)", no_text)]
            fn endswith(
                this: Borrowed<'_, Self>,
                th: &Thread,
                suffix: Borrowed<'_>,
                start: Option<Bound>,
                end: Option<Bound>,
            ) -> PyResult<bool> {
                any_affix(th, || this.get().view(), "endswith", suffix, (start, end), true)
            }

            /// Return a copy in which old is replaced by new.
            ///
            ///   count
            ///     How many occurrences, from the left, are replaced at most. -1 means all of them.
            #[method(sig = "(self, old, new, count=-1, /)")]
            fn replace(
                this: Borrowed<'_, Self>,
                th: &Thread,
                old: Buffer,
                new: Buffer,
                count: isize,
            ) -> PyResult<Owned<Self>> {
                let (old, new, most) = (old.as_bytes(), new.as_bytes(), limit(count));
                match layout::replace(th, this, old, new, most)? {
                    Some(replaced) => Ok(replaced),
                    None => Self::unchanged(this, th),
                }
            }

            /// Return the bytes without the prefix, if they begin with it.
            #[method(sig = "(self, prefix, /)")]
            fn removeprefix(
                this: Borrowed<'_, Self>,
                th: &Thread,
                prefix: Buffer,
            ) -> PyResult<Owned<Self>> {
                match this.get().view().strip_prefix(prefix.as_bytes()) {
                    Some(rest) => Self::make(th, rest),
                    None => Self::unchanged(this, th),
                }
            }

            /// Return the bytes without the suffix, if they end with it.
            #[method(sig = "(self, suffix, /)")]
            fn removesuffix(
                this: Borrowed<'_, Self>,
                th: &Thread,
                suffix: Buffer,
            ) -> PyResult<Owned<Self>> {
                match this.get().view().strip_suffix(suffix.as_bytes()) {
                    Some(rest) if !suffix.as_bytes().is_empty() => Self::make(th, rest),
                    _ => Self::unchanged(this, th),
                }
            }

            /// Return a list of the parts between separators.
            ///
            ///   sep
            ///     What separates the parts. None (the default) means runs of ASCII white space.
            ///   maxsplit
            ///     At most so many cuts, from the left. -1 (the default) means no limit.
            #[method(sig = "(self, /, sep=None, maxsplit=-1)")]
            fn split(
                this: Borrowed<'_, Self>,
                th: &Thread,
                sep: Option<Borrowed<'_>>,
                maxsplit: isize,
            ) -> PyResult<Owned<List>> {
                let _held = sep.map(|_| this.hold(th)).transpose()?;
                let sep = sep.map(|sep| separator(th, sep)).transpose()?;
                let (sep, most) = (sep.as_ref().map(Buffer::as_bytes), limit(maxsplit));
                methods::parts(this, th, &mut |data, part| methods::split(data, sep, most, part))
            }

            /// Return a list of the parts between separators, cutting from the right.
            ///
            ///   sep
            ///     What separates the parts. None (the default) means runs of ASCII white space.
            ///   maxsplit
            ///     At most so many cuts, from the right. -1 (the default) means no limit.
            #[method(sig = "(self, /, sep=None, maxsplit=-1)")]
            fn rsplit(
                this: Borrowed<'_, Self>,
                th: &Thread,
                sep: Option<Borrowed<'_>>,
                maxsplit: isize,
            ) -> PyResult<Owned<List>> {
                let _held = sep.map(|_| this.hold(th)).transpose()?;
                let sep = sep.map(|sep| separator(th, sep)).transpose()?;
                let (sep, most) = (sep.as_ref().map(Buffer::as_bytes), limit(maxsplit));
                methods::parts(this, th, &mut |data, part| methods::rsplit(data, sep, most, part))
            }

            /// Return a list of the lines.
            ///
            /// The ends of lines are left out, unless keepends is true.
            #[method(sig = "(self, /, keepends=False)")]
            fn splitlines(
                this: Borrowed<'_, Self>,
                th: &Thread,
                keepends: bool,
            ) -> PyResult<Owned<List>> {
                methods::parts(this, th, &mut |data, line| methods::lines(data, keepends, line))
            }

            /// Return the part before the first separator, the separator, and the part behind it.
            ///
            /// If it is not there, everything and two empty parts are returned.
            #[method(sig = "(self, sep, /)")]
            fn partition(
                this: Borrowed<'_, Self>,
                th: &Thread,
                sep: Borrowed<'_>,
            ) -> PyResult<Owned<Tuple>> {
                let buffer = separator(th, sep)?;
                let found = split::partition(this.get().view(), buffer.as_bytes());
                methods::around(this, th, sep, found, false)
            }

            /// Return the part before the last separator, the separator, and the part behind it.
            ///
            /// If it is not there, two empty parts and everything are returned.
            #[method(sig = "(self, sep, /)")]
            fn rpartition(
                this: Borrowed<'_, Self>,
                th: &Thread,
                sep: Borrowed<'_>,
            ) -> PyResult<Owned<Tuple>> {
                let buffer = separator(th, sep)?;
                let found = split::rpartition(this.get().view(), buffer.as_bytes());
                methods::around(this, th, sep, found, true)
            }

            /// Return the bytes without those in the argument at both ends; None means ASCII white space.
            #[method(sig = "(self, bytes=None, /)")]
            fn strip(
                this: Borrowed<'_, Self>,
                th: &Thread,
                bytes: Option<Buffer>,
            ) -> PyResult<Owned<Self>> {
                Self::stripped(this, th, bytes, (true, true))
            }

            /// Return the bytes without those in the argument at the start; None means ASCII white space.
            #[method(sig = "(self, bytes=None, /)")]
            fn lstrip(
                this: Borrowed<'_, Self>,
                th: &Thread,
                bytes: Option<Buffer>,
            ) -> PyResult<Owned<Self>> {
                Self::stripped(this, th, bytes, (true, false))
            }

            /// Return the bytes without those in the argument at the end; None means ASCII white space.
            #[method(sig = "(self, bytes=None, /)")]
            fn rstrip(
                this: Borrowed<'_, Self>,
                th: &Thread,
                bytes: Option<Buffer>,
            ) -> PyResult<Owned<Self>> {
                Self::stripped(this, th, bytes, (false, true))
            }

            /// Concatenate any number of bytes-like objects, with these bytes between them.
            #[method(sig = "(self, iterable_of_bytes, /)")]
            fn join(
                this: Borrowed<'_, Self>,
                th: &Thread,
                iterable_of_bytes: Borrowed<'_>,
            ) -> PyResult<Owned<Self>> {
                if let Some(joined) = join::join_exact(th, this.get().view(), iterable_of_bytes) {
                    return joined;
                }
                // While there is a view of these bytes, the iterable cannot change how many they are.
                let between = Buffer::simple(th, this.object())?;
                let pieces = join::pieces(th, iterable_of_bytes)?;
                if let [only] = pieces.as_slice()
                    && let Some(only) = only.object().downcast_exact::<Bytes>()
                    && let Some(only) = only.object().downcast_exact::<Self>()
                {
                    return Ok(only.to_owned());
                }
                join::join(th, between.as_bytes(), &pieces, iterable_of_bytes)
            }
        }

        #[pymethods(part = "shape")]
        impl $ty {
            /// Return whether all bytes are ASCII letters or digits, and there is one at least.
            #[method(sig = "(self, /)")]
            fn isalnum(&self) -> bool {
                methods::all(self.view(), u8::is_ascii_alphanumeric)
            }

            /// Return whether all bytes are ASCII letters, and there is one at least.
            #[method(sig = "(self, /)")]
            fn isalpha(&self) -> bool {
                methods::all(self.view(), u8::is_ascii_alphabetic)
            }

            /// Return whether all bytes are ASCII. No bytes are, too.
            #[method(sig = "(self, /)")]
            fn isascii(&self) -> bool {
                self.view().is_ascii()
            }

            /// Return whether all bytes are ASCII digits, and there is one at least.
            #[method(sig = "(self, /)")]
            fn isdigit(&self) -> bool {
                methods::all(self.view(), u8::is_ascii_digit)
            }

            /// Return whether all ASCII letters are lower case, and there is one at least.
            #[method(sig = "(self, /)")]
            fn islower(&self) -> bool {
                let data = self.view();
                data.iter().any(u8::is_ascii_lowercase) && !data.iter().any(u8::is_ascii_uppercase)
            }

            /// Return whether all ASCII letters are upper case, and there is one at least.
            #[method(sig = "(self, /)")]
            fn isupper(&self) -> bool {
                let data = self.view();
                data.iter().any(u8::is_ascii_uppercase) && !data.iter().any(u8::is_ascii_lowercase)
            }

            /// Return whether all bytes are ASCII white space, and there is one at least.
            #[method(sig = "(self, /)")]
            fn isspace(&self) -> bool {
                methods::all(self.view(), |&byte| is_space(u32::from(byte)))
            }

            /// Return whether every word begins in upper case and continues in lower case.
            #[method(sig = "(self, /)")]
            fn istitle(&self) -> bool {
                layout::is_title(self.view())
            }

            /// Return the bytes with ASCII letters in upper case.
            #[method(sig = "(self, /)")]
            fn upper(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Self>> {
                methods::mapped(this, th, <[u8]>::make_ascii_uppercase)
            }

            /// Return the bytes with ASCII letters in lower case.
            #[method(sig = "(self, /)")]
            fn lower(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Self>> {
                methods::mapped(this, th, <[u8]>::make_ascii_lowercase)
            }

            /// Return the bytes with lower case as upper case and the other way round.
            #[method(sig = "(self, /)")]
            fn swapcase(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Self>> {
                methods::mapped(this, th, layout::swapcase)
            }

            /// Return the bytes with the first one in upper case and the others in lower case.
            #[method(sig = "(self, /)")]
            fn capitalize(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Self>> {
                methods::mapped(this, th, layout::capitalize)
            }

            /// Return the bytes with every word beginning in upper case and continuing in lower case.
            #[method(sig = "(self, /)")]
            fn title(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Self>> {
                methods::mapped(this, th, layout::title)
            }

            /// Return the bytes in the middle of that many.
            #[method(sig = "(self, width, fillchar=b' ', /)")]
            fn center(
                this: Borrowed<'_, Self>,
                th: &Thread,
                width: isize,
                #[default(FillByte(b' '))] fillchar: FillByte,
            ) -> PyResult<Owned<Self>> {
                let missing = layout::missing(this.get().view(), width);
                let left = missing / 2 + (missing & width as usize & 1);
                Self::padded(this, th, left, missing - left, fillchar)
            }

            /// Return the bytes at the left of that many.
            #[method(sig = "(self, width, fillchar=b' ', /)")]
            fn ljust(
                this: Borrowed<'_, Self>,
                th: &Thread,
                width: isize,
                #[default(FillByte(b' '))] fillchar: FillByte,
            ) -> PyResult<Owned<Self>> {
                let missing = layout::missing(this.get().view(), width);
                Self::padded(this, th, 0, missing, fillchar)
            }

            /// Return the bytes at the right of that many.
            #[method(sig = "(self, width, fillchar=b' ', /)")]
            fn rjust(
                this: Borrowed<'_, Self>,
                th: &Thread,
                width: isize,
                #[default(FillByte(b' '))] fillchar: FillByte,
            ) -> PyResult<Owned<Self>> {
                let missing = layout::missing(this.get().view(), width);
                Self::padded(this, th, missing, 0, fillchar)
            }

            /// Return the bytes filled up with ASCII zeros on the left, behind a sign if there is one.
            #[method(sig = "(self, width, /)")]
            fn zfill(this: Borrowed<'_, Self>, th: &Thread, width: isize) -> PyResult<Owned<Self>> {
                let data = this.get().view();
                let zeros = layout::missing(data, width);
                if zeros == 0 {
                    return Self::unchanged(this, th);
                }
                let len = layout::padded_len(th, data, zeros, 0)?;
                Self::filled(th, len, &mut |out| layout::zfill(out, data, zeros))
            }

            /// Return the bytes with every tab replaced by blanks up to the next column.
            #[method(sig = "(self, /, tabsize=8)")]
            fn expandtabs(&self, th: &Thread, tabsize: i32) -> PyResult<Owned<Self>> {
                Self::make(th, &layout::expandtabs(th, self.view(), tabsize)?)
            }

            /// Return the bytes, each replaced by what the table has at its place.
            ///
            ///   table
            ///     256 bytes, or None to replace nothing.
            ///   delete
            ///     Bytes that are left out.
            #[method(sig = "(self, table, /, delete=b'')")]
            fn translate(
                this: Borrowed<'_, Self>,
                th: &Thread,
                table: Borrowed<'_>,
                delete: Option<Borrowed<'_>>,
            ) -> PyResult<Owned<Self>> {
                let table = layout::table(th, table)?;
                let delete = delete.map(|delete| Buffer::simple(th, delete)).transpose()?;
                let table = table.as_ref().map(Buffer::as_bytes);
                let delete = delete.as_ref().map_or(&[][..], Buffer::as_bytes);
                let data = layout::translate(this.get().view(), table, delete);
                if data == this.get().view() {
                    return Self::unchanged(this, th);
                }
                Self::make(th, &data)
            }

            /// Return a table for translate(), which maps every byte of frm to the one of to at its place.
            #[staticmethod(sig = "(frm, to, /)")]
            fn maketrans(th: &Thread, frm: Buffer, to: Buffer) -> PyResult<Owned<Bytes>> {
                layout::maketrans(th, frm.as_bytes(), to.as_bytes())
            }

            /// Return the bytes as text in the given encoding.
            ///
            ///   encoding
            ///     The name of the encoding.
            ///   errors
            ///     What to do with bytes that mean nothing in it: 'strict' raises UnicodeDecodeError;
            ///     'ignore', 'replace' and other names that were given to codecs.register_error()
            ///     do what they say.
            #[method(sig = "(self, /, encoding='utf-8', errors='strict')")]
            fn decode(
                this: Borrowed<'_, Self>,
                th: &Thread,
                encoding: Option<&str>,
                errors: Option<&str>,
            ) -> PyResult<Owned<Str>> {
                if encoding.is_none()
                    && errors.is_none()
                    && let Some(text) = Str::from_utf8(th, this.get().view())
                {
                    return text;
                }
                // A view keeps the bytes where they are while handlers run.
                let data = Buffer::simple(th, this.object())?;
                crate::codecs::decode(th, data.as_bytes(), encoding, errors)
            }

            /// Return the bytes as hexadecimal digits.
            ///
            ///   sep
            ///     One character between groups.
            ///   bytes_per_sep
            ///     How many bytes make a group, counted from the right; from the left if negative.
            #[method(sig = "(self, /, sep=<unrepresentable>, bytes_per_sep=1)")]
            fn hex(
                &self,
                th: &Thread,
                sep: Option<Borrowed<'_>>,
                bytes_per_sep: i32,
            ) -> PyResult<Owned<Str>> {
                let _held = self.hold(th)?;
                hex::hex(th, self.view(), sep, bytes_per_sep)
            }

            /// Make an object from pairs of hexadecimal digits.
            ///
            /// White space between the pairs is passed over.
            #[classmethod(sig = "(type, string, /)")]
            fn fromhex(cls: Borrowed<'_, Type>, th: &Thread, string: Borrowed<'_>) -> PyResult {
                let bytes = Self::make(th, &hex::from_hex(th, string)?)?;
                if std::ptr::eq(cls.get(), Self::type_object()) {
                    return Ok(bytes.into_object());
                }
                call::call(th, cls.object(), &[bytes.object()])
            }

            #[slot(nb_remainder)]
            fn remainder(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                let Some(format) = left.downcast::<Self>() else {
                    return Ok(not_implemented().to_owned());
                };
                let _held = format.hold(th)?;
                let data = percent::format(th, format.get().view(), right)?;
                Ok(Self::make(th, &data)?.into_object())
            }
        }

        impl $ty {
            fn stripped(
                this: Borrowed<'_, Self>,
                th: &Thread,
                bytes: Option<Buffer>,
                (left, right): (bool, bool),
            ) -> PyResult<Owned<Self>> {
                let data = this.get().view();
                let kept = match &bytes {
                    // Most often nothing is stripped.
                    None if let [0x21..=0xff, .., 0x21..=0xff] = data => {
                        return Self::unchanged(this, th);
                    }
                    None => split::strip(data, left, right, is_space),
                    Some(set) => split::strip(data, left, right, |byte| {
                        set.as_bytes().contains(&(byte as u8))
                    }),
                };
                if kept.len() == data.len() {
                    return Self::unchanged(this, th);
                }
                Self::make(th, &data[kept])
            }

            fn padded(
                this: Borrowed<'_, Self>,
                th: &Thread,
                left: usize,
                right: usize,
                fill: FillByte,
            ) -> PyResult<Owned<Self>> {
                if left == 0 && right == 0 {
                    return Self::unchanged(this, th);
                }
                let data = this.get().view();
                let len = layout::padded_len(th, data, left, right)?;
                Self::filled(th, len, &mut |out| layout::pad(out, data, left, fill.0))
            }
        }
    };
}

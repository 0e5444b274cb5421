//! The methods of `bytes` and `bytearray` that look for something: finding, replacing, cutting, joining.

/// Declares the methods for a type.
macro_rules! byte_string_search {
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
                self.position(th, sub, (start, end), search::find)
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
                self.position(th, sub, (start, end), search::rfind)
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

        impl $ty {
            /// Where `sub` is in a part of the bytes, as `search` finds it; -1 if it is not there.
            #[inline(always)]
            fn position(
                &self,
                th: &Thread,
                sub: Borrowed<'_>,
                (start, end): (Option<Bound>, Option<Bound>),
                search: impl Fn(&[u8], &[u8]) -> Option<usize>,
            ) -> PyResult<isize> {
                let _held = self.hold(th)?;
                let sub = Needle::of(th, sub)?;
                let data = self.view();
                let found = range(start, end, data.len()).and_then(|(start, end)| {
                    search(&data[start..end], sub.as_bytes()).map(|at| start + at)
                });
                Ok(found.map_or(-1, |at| at as isize))
            }

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
        }
    };
}

//! The methods of `bytes` and `bytearray` that ask what the bytes are, or write them in another shape.

/// Declares the methods for a type.
macro_rules! byte_string_shape {
    ($ty:ident) => {
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

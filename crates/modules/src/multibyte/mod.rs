//! `_multibytecodec` and `_codecs_jp`, `_codecs_kr`, `_codecs_cn`, `_codecs_tw`, `_codecs_hk`,
//! `_codecs_iso2022`: the East Asian encodings.
//!
//! `table` has the encodings, `shift` those with shift states, `codec` encodes and decodes with one, `state` does so piece by piece,
//! `stream` on streams. The same job as CPython's `Modules/cjkcodecs/`.

mod codec;
mod shift;
#[macro_use]
mod state;
mod stream;
mod table;

use krait_objects::codecs;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use codec::MultibyteCodec;
use state::{MAX_PENDING, State};
use stream::{MultibyteStreamReader, MultibyteStreamWriter};

fn number_of(th: &Thread, number: u128) -> PyResult<Owned<Int>> {
    Int::from_big(th, &number.into())
}

/// A number of up to sixteen bytes.
fn number_from(number: Borrowed<'_, Int>) -> Option<u128> {
    u128::try_from(number.to_big()).ok()
}

with_errors!(MultibyteIncrementalEncoder);
with_errors!(MultibyteIncrementalDecoder);

/// An encoder that takes text piece by piece.
#[pytype(name = "_multibytecodec.MultibyteIncrementalEncoder", doc = "", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct MultibyteIncrementalEncoder {
    head: Head,
    #[visit]
    state: State,
}

#[pymethods(parts(errors))]
impl MultibyteIncrementalEncoder {
    #[new(sig = "(errors='strict')", called = "IncrementalEncoder")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        errors: &str,
    ) -> PyResult<Owned<MultibyteIncrementalEncoder>> {
        let made = cls.alloc::<MultibyteIncrementalEncoder>(th, 0)?;
        made.state.fill(th, cls, errors, false)?;
        Ok(made)
    }

    #[method(sig = "(self, /, input, final=False)")]
    fn encode(&self, th: &Thread, input: Borrowed<'_>, is_last: bool) -> PyResult<Owned<Bytes>> {
        self.state.encode(th, input, is_last)
    }

    /// What waits, as a number: its length, its bytes in UTF-8, and eight bytes for shift states.
    #[method(sig = "(self, /)")]
    fn getstate(&self, th: &Thread) -> PyResult<Owned<Int>> {
        let pending = self.state.pending.borrow();
        let shift = self.state.shift.get();
        let bytes = pending.iter().chain(&shift).rev();
        let number = bytes.fold(0, |number, &byte| number << 8 | u128::from(byte));
        number_of(th, number << 8 | pending.len() as u128)
    }

    #[method(sig = "(self, state, /)")]
    fn setstate(&self, th: &Thread, state: Borrowed<'_, Int>) -> PyResult<()> {
        let Some(number) = number_from(state) else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "int too big to convert"));
        };
        let [len, bytes @ ..] = number.to_le_bytes();
        let Some((pending, rest)) = bytes.split_at_checked(len.into()).filter(|_| len <= 8) else {
            return Err(th.raise(exc::UNICODE_ERROR, "pending buffer too large"));
        };
        // Refuses what is no UTF-8.
        drop(codecs::decode(th, pending, None, None)?);
        *self.state.pending.borrow_mut() = pending.to_vec();
        let mut shift = [0; 8];
        shift.iter_mut().zip(rest).for_each(|(to, &from)| *to = from);
        self.state.shift.set(shift);
        Ok(())
    }

    #[method(sig = "(self, /)")]
    fn reset(&self) {
        self.state.reset();
    }
}

/// A decoder that takes bytes piece by piece.
#[pytype(name = "_multibytecodec.MultibyteIncrementalDecoder", doc = "", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct MultibyteIncrementalDecoder {
    head: Head,
    #[visit]
    state: State,
}

#[pymethods(parts(errors))]
impl MultibyteIncrementalDecoder {
    #[new(sig = "(errors='strict')", called = "IncrementalDecoder")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        errors: &str,
    ) -> PyResult<Owned<MultibyteIncrementalDecoder>> {
        let made = cls.alloc::<MultibyteIncrementalDecoder>(th, 0)?;
        made.state.fill(th, cls, errors, true)?;
        Ok(made)
    }

    #[method(sig = "(self, /, input, final=False)")]
    fn decode(&self, th: &Thread, input: Buffer, is_last: bool) -> PyResult<Owned<Str>> {
        let text = self.state.decode(th, input.as_bytes(), is_last)?;
        if self.state.pending.borrow().len() > MAX_PENDING {
            let pending = Bytes::new(th, &self.state.pending.take())?;
            let codec = self.state.codec(th)?;
            return Err(codec.too_much_pending(th, pending.borrow(), "pending buffer overflow"));
        }
        Ok(text)
    }

    /// The bytes that wait, and a number for shift states.
    #[method(sig = "(self, /)")]
    fn getstate(&self, th: &Thread) -> PyResult<(Owned<Bytes>, u64)> {
        let shift = u64::from_le_bytes(self.state.shift.get());
        Ok((Bytes::new(th, &self.state.pending.borrow())?, shift))
    }

    #[method(sig = "(self, state, /)")]
    fn setstate(&self, th: &Thread, state: Borrowed<'_, Tuple>) -> PyResult<()> {
        let illegal = || th.raise(exc::TYPE_ERROR, "setstate(): illegal state argument");
        let [pending, number] = state.as_slice() else {
            return Err(illegal());
        };
        let pending = pending.downcast::<Bytes>().ok_or_else(illegal)?;
        let number = number.downcast::<Int>().ok_or_else(illegal)?;
        let Some(shift) = number.to_u64() else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "int too big to convert"));
        };
        if pending.len() > MAX_PENDING {
            return Err(self.state.codec(th)?.too_much_pending(
                th,
                pending,
                "pending buffer too large",
            ));
        }
        *self.state.pending.borrow_mut() = pending.as_bytes().to_vec();
        self.state.shift.set(shift.to_le_bytes());
        Ok(())
    }

    #[method(sig = "(self, /)")]
    fn reset(&self) {
        self.state.reset();
    }
}

/// What the East Asian codecs are made of.
#[pymodule(name = "_multibytecodec", doc = "")]
pub struct MultibyteModule;

#[pyfunctions]
impl MultibyteModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        Borrowed::from_ref(MultibyteCodec::type_object()).ready(th)?;
        module.add_type(th, MultibyteIncrementalEncoder::type_object())?;
        module.add_type(th, MultibyteIncrementalDecoder::type_object())?;
        module.add_type(th, MultibyteStreamReader::type_object())?;
        module.add_type(th, MultibyteStreamWriter::type_object())
    }
}

/// The codec of that name, if it is among those of a module.
fn get_codec(
    th: &Thread,
    encoding: Borrowed<'_>,
    known: &[&str],
) -> PyResult<Owned<MultibyteCodec>> {
    let Some(name) = encoding.downcast::<Str>() else {
        return Err(th.raise(exc::TYPE_ERROR, "encoding name must be a string."));
    };
    let name = name.get().as_utf8(th)?;
    let codec = match known.contains(&name) {
        true => MultibyteCodec::create(th, name)?,
        false => None,
    };
    codec.ok_or_else(|| th.raise(exc::LOOKUP_ERROR, "no such codec is supported."))
}

/// Chinese, of the mainland.
#[pymodule(name = "_codecs_cn", doc = "")]
pub struct CodecsCn;

/// Chinese, of Hong Kong.
#[pymodule(name = "_codecs_hk", doc = "")]
pub struct CodecsHk;

/// With shift states, by ISO 2022.
#[pymodule(name = "_codecs_iso2022", doc = "")]
pub struct CodecsIso2022;

/// Japanese.
#[pymodule(name = "_codecs_jp", doc = "")]
pub struct CodecsJp;

/// Korean.
#[pymodule(name = "_codecs_kr", doc = "")]
pub struct CodecsKr;

/// Chinese, of Taiwan.
#[pymodule(name = "_codecs_tw", doc = "")]
pub struct CodecsTw;

macro_rules! families {
    ($($ty:ident $encodings:expr;)*) => {$(
        #[pyfunctions]
        impl $ty {
            #[exec]
            fn exec(_module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
                Borrowed::from_ref(MultibyteCodec::type_object()).ready(th).map(drop)
            }

            #[function(sig = "(encoding, /)", no_text)]
            fn getcodec(th: &Thread, encoding: Borrowed<'_>) -> PyResult<Owned<MultibyteCodec>> {
                get_codec(th, encoding, &$encodings)
            }
        }
    )*};
}

families! {
    CodecsCn ["gb2312", "gbk", "gb18030", "hz"];
    CodecsHk ["big5hkscs"];
    CodecsIso2022 [
        "iso2022_kr", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_3",
        "iso2022_jp_ext"
    ];
    CodecsJp [
        "shift_jis", "cp932", "euc_jp", "shift_jis_2004", "euc_jis_2004", "euc_jisx0213",
        "shift_jisx0213"
    ];
    CodecsKr ["euc_kr", "cp949", "johab"];
    CodecsTw ["big5", "cp950"];
}

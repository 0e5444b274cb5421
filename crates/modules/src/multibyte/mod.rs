//! `_multibytecodec` and `_codecs_jp`, `_codecs_kr`, `_codecs_cn`, `_codecs_tw`, `_codecs_hk`: the East
//! Asian encodings without shift states.
//!
//! `table` has the encodings, `codec` encodes and decodes with one, `state` does so piece by piece,
//! `stream` on streams. The same job as CPython's `Modules/cjkcodecs/`.

mod codec;
mod state;
mod stream;
mod table;

use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use codec::MultibyteCodec;
use state::{MAX_PENDING, State};
use stream::{MultibyteStreamReader, MultibyteStreamWriter};

/// An encoder that takes text piece by piece.
#[pytype(name = "_multibytecodec.MultibyteIncrementalEncoder", doc = "", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct MultibyteIncrementalEncoder {
    head: Head,
    #[visit]
    state: State,
}

#[pymethods]
impl MultibyteIncrementalEncoder {
    #[new(sig = "(errors='strict')", called = "IncrementalEncoder")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        errors: &str,
    ) -> PyResult<Owned<MultibyteIncrementalEncoder>> {
        let made = cls.alloc::<MultibyteIncrementalEncoder>(th, 0)?;
        made.state.fill(th, cls, errors)?;
        Ok(made)
    }

    // Another base class in Python has nothing to initialise.
    #[slot(tp_init)]
    fn init(
        &self,
        _th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        Ok(())
    }

    #[method(sig = "(self, /, input, final=False)")]
    fn encode(&self, th: &Thread, input: Borrowed<'_>, is_last: bool) -> PyResult<Owned<Bytes>> {
        self.state.encode(th, input, is_last)
    }

    /// What waits, as a number: its length, its bytes in UTF-8, and eight bytes for shift states.
    #[method(sig = "(self, /)")]
    fn getstate(&self) -> u64 {
        let pending = self.state.pending.borrow();
        let bytes = pending.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
        bytes << 8 | pending.len() as u64
    }

    #[method(sig = "(self, state, /)")]
    fn setstate(&self, th: &Thread, state: Borrowed<'_, Int>) -> PyResult<()> {
        let Some(number) = state.to_u64() else {
            return Err(th.raise(exc::OVERFLOW_ERROR, "int too big to convert"));
        };
        let [len, bytes @ ..] = number.to_le_bytes();
        let Some(pending) = bytes.get(..usize::from(len)) else {
            return Err(th.raise(exc::UNICODE_ERROR, "pending buffer too large"));
        };
        drop(Str::from_wtf8(th, pending)?);
        *self.state.pending.borrow_mut() = pending.to_vec();
        Ok(())
    }

    #[method(sig = "(self, /)")]
    fn reset(&self) {
        self.state.reset();
    }

    /// how to treat errors
    #[getter]
    fn errors(&self, th: &Thread) -> PyResult<Owned<Str>> {
        self.state.errors(th)
    }

    #[setter]
    fn set_errors(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.state.set_errors(th, value)
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

#[pymethods]
impl MultibyteIncrementalDecoder {
    #[new(sig = "(errors='strict')", called = "IncrementalDecoder")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        errors: &str,
    ) -> PyResult<Owned<MultibyteIncrementalDecoder>> {
        let made = cls.alloc::<MultibyteIncrementalDecoder>(th, 0)?;
        made.state.fill(th, cls, errors)?;
        Ok(made)
    }

    // As for the encoder.
    #[slot(tp_init)]
    fn init(
        &self,
        _th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        Ok(())
    }

    #[method(sig = "(self, /, input, final=False)")]
    fn decode(&self, th: &Thread, input: Buffer, is_last: bool) -> PyResult<Owned<Str>> {
        let text = self.state.decode(th, input.as_bytes(), is_last)?;
        if self.state.pending.borrow().len() > MAX_PENDING {
            return Err(th.raise(exc::UNICODE_ERROR, "pending buffer overflow"));
        }
        Ok(text)
    }

    /// The bytes that wait, and a number for shift states.
    #[method(sig = "(self, /)")]
    fn getstate(&self, th: &Thread) -> PyResult<(Owned<Bytes>, i32)> {
        Ok((Bytes::new(th, &self.state.pending.borrow())?, 0))
    }

    #[method(sig = "(self, state, /)")]
    fn setstate(&self, th: &Thread, state: Borrowed<'_, Tuple>) -> PyResult<()> {
        let illegal = || th.raise(exc::TYPE_ERROR, "setstate(): illegal state argument");
        let [pending, number] = state.as_slice() else {
            return Err(illegal());
        };
        let pending = pending.downcast::<Bytes>().ok_or_else(illegal)?;
        let number = number.downcast::<Int>().ok_or_else(illegal)?;
        if number.to_u64().is_none() {
            return Err(th.raise(exc::OVERFLOW_ERROR, "int too big to convert"));
        }
        if pending.len() > MAX_PENDING {
            return Err(self.state.codec(th)?.too_much_pending(th, pending));
        }
        *self.state.pending.borrow_mut() = pending.as_bytes().to_vec();
        Ok(())
    }

    #[method(sig = "(self, /)")]
    fn reset(&self) {
        self.state.reset();
    }

    /// how to treat errors
    #[getter]
    fn errors(&self, th: &Thread) -> PyResult<Owned<Str>> {
        self.state.errors(th)
    }

    #[setter]
    fn set_errors(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.state.set_errors(th, value)
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
    CodecsCn ["gb2312", "gbk", "gb18030"];
    CodecsHk ["big5hkscs"];
    CodecsJp [
        "shift_jis", "cp932", "euc_jp", "shift_jis_2004", "euc_jis_2004", "euc_jisx0213",
        "shift_jisx0213"
    ];
    CodecsKr ["euc_kr", "cp949", "johab"];
    CodecsTw ["big5", "cp950"];
}

//! `_md5`, `_sha1`, `_sha2`, `_sha3` and `_blake2`: hash objects over the RustCrypto crates and
//! those of blake2_simd.
//!
//! The same job as CPython's `Modules/md5module.c`, `sha1module.c` and `sha2module.c`.

mod blake2;
mod sha3;

pub use blake2::Blake2Module;
pub use sha3::Sha3Module;

use krait_eval::gil::without_gil;
use krait_objects::args::{FromArg, Site, unsigned};
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::{self, Buffer};
use sha2::Digest;
use sha2::digest::Update;

use crate::guarded::Guarded;

/// From this many bytes on, hashing lets other threads run.
const GIL_MINSIZE: usize = 2048;

/// Has `update` take data in, without the GIL if there is much of it.
fn take_in<H: Send>(
    th: &Thread,
    state: &Guarded<H>,
    data: &[u8],
    update: fn(&mut H, &[u8]),
) -> PyResult<()> {
    let mut hash = state.lock(th)?;
    if data.len() >= GIL_MINSIZE {
        without_gil(th, || update(&mut hash, data));
    } else {
        update(&mut hash, data);
    }
    Ok(())
}

/// An argument that C takes as `unsigned long`.
struct UnsignedLong(u64);

/// An argument that C takes as `unsigned long long`.
struct UnsignedLongLong(u64);

impl<'a> FromArg<'a> for UnsignedLong {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        unsigned(th, arg, "unsigned long").map(UnsignedLong)
    }
}

impl<'a> FromArg<'a> for UnsignedLongLong {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, _: &'static Site) -> PyResult<Self> {
        unsigned(th, arg, "unsigned long long").map(UnsignedLongLong)
    }
}

fn hex(digest: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    let mut text = String::with_capacity(2 * digest.len());
    text.extend(digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    text
}

/// The bytes of an argument of a hash.
fn bytes_of(th: &Thread, data: Borrowed<'_>) -> PyResult<Buffer> {
    if data.downcast::<Str>().is_some() {
        return Err(th.raise(exc::TYPE_ERROR, "Strings must be encoded before hashing"));
    }
    if !buffer::check(data) {
        return Err(th.raise(exc::TYPE_ERROR, "object supporting the buffer API required"));
    }
    Buffer::simple(th, data)
}

/// What a constructor is given, as `data` or by its old name `string`.
fn initial(
    th: &Thread,
    data: Option<Borrowed<'_>>,
    string: Option<Borrowed<'_>>,
) -> PyResult<Option<Buffer>> {
    if data.is_some() && string.is_some() {
        return Err(th.raise(
            exc::TYPE_ERROR,
            "'data' and 'string' are mutually exclusive and support for 'string' keyword parameter is slated for removal in a future version.",
        ));
    }
    data.or(string).map(|data| bytes_of(th, data)).transpose()
}

/// A hash type with a digest of fixed size.
macro_rules! hash_type {
    ($ty:ident, $hash:ty, $type_name:tt, $name:literal, block = $block:literal, digest = $digest:literal) => {
        /// A hash object: update() takes data in, digest() tells the hash of all of it.
        #[pytype(name = $type_name, flags(DISALLOW_INSTANTIATION))]
        #[repr(C)]
        pub struct $ty {
            head: Head,
            state: Guarded<$hash>,
        }

        impl $ty {
            fn with(th: &Thread, state: $hash) -> PyResult<Owned<$ty>> {
                let ty = Borrowed::from_ref($ty::type_object());
                ty.ready(th)?;
                let made = ty.alloc::<$ty>(th, 0)?;
                made.state.fill(th, state)?;
                Ok(made)
            }

            fn create(
                th: &Thread,
                data: Option<Borrowed<'_>>,
                string: Option<Borrowed<'_>>,
            ) -> PyResult<Owned<$ty>> {
                let data = initial(th, data, string)?;
                let made = $ty::with(th, <$hash>::new())?;
                if let Some(data) = data {
                    take_in(th, &made.state, data.as_bytes(), Update::update)?;
                }
                Ok(made)
            }

            fn result(&self, th: &Thread) -> PyResult<Vec<u8>> {
                Ok(self.state.lock(th)?.clone().finalize().to_vec())
            }
        }

        #[pymethods]
        impl $ty {
            /// A second hash object in the same state; the two go on independently.
            #[method(sig = "(self, /)")]
            fn copy(&self, th: &Thread) -> PyResult<Owned<$ty>> {
                let state = self.state.lock(th)?.clone();
                $ty::with(th, state)
            }

            /// The hash of all data so far, in bytes.
            #[method(sig = "(self, /)")]
            fn digest(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
                Bytes::new(th, &self.result(th)?)
            }

            /// The hash of all data so far, in hexadecimal.
            #[method(sig = "(self, /)")]
            fn hexdigest(&self, th: &Thread) -> PyResult<String> {
                Ok(hex(&self.result(th)?))
            }

            /// Take more data in.
            #[method(sig = "(self, obj, /)")]
            fn update(&self, th: &Thread, obj: Borrowed<'_>) -> PyResult<()> {
                let data = bytes_of(th, obj)?;
                take_in(th, &self.state, data.as_bytes(), Update::update)
            }

            #[getter]
            fn block_size(&self) -> i32 {
                $block
            }

            #[getter]
            fn digest_size(&self) -> i32 {
                $digest
            }

            #[getter]
            fn name(&self) -> &'static str {
                $name
            }
        }
    };
}

hash_type!(Md5, md5::Md5, "_md5.md5", "md5", block = 64, digest = 16);
hash_type!(Sha1, sha1::Sha1, "_sha1.sha1", "sha1", block = 64, digest = 20);
hash_type!(Sha224, sha2::Sha224, "_sha2.SHA224Type", "sha224", block = 64, digest = 28);
hash_type!(Sha256, sha2::Sha256, "_sha2.SHA256Type", "sha256", block = 64, digest = 32);
hash_type!(Sha384, sha2::Sha384, "_sha2.SHA384Type", "sha384", block = 128, digest = 48);
hash_type!(Sha512, sha2::Sha512, "_sha2.SHA512Type", "sha512", block = 128, digest = 64);

fn add(th: &Thread, module: Borrowed<'_, Module>, name: &str, ty: &'static Type) -> PyResult<()> {
    let ty = Borrowed::from_ref(ty);
    ty.ready(th)?;
    module.add(th, name, ty.object())?;
    module.add(th, "_GIL_MINSIZE", Int::from_usize(th, GIL_MINSIZE)?.object())
}

/// The MD5 hash.
#[pymodule(name = "_md5")]
pub struct Md5Module;

#[pyfunctions]
impl Md5Module {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        add(th, module, "MD5Type", Md5::type_object())
    }

    /// Start an MD5 hash; data, if given, is taken in at once.
    #[function(sig = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn md5(
        th: &Thread,
        #[default(None)] data: Option<Borrowed<'_>>,
        _usedforsecurity: bool,
        string: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Md5>> {
        Md5::create(th, data, string)
    }
}

/// The SHA-1 hash.
#[pymodule(name = "_sha1")]
pub struct Sha1Module;

#[pyfunctions]
impl Sha1Module {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        add(th, module, "SHA1Type", Sha1::type_object())
    }

    /// Start a SHA-1 hash; data, if given, is taken in at once.
    #[function(sig = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn sha1(
        th: &Thread,
        #[default(None)] data: Option<Borrowed<'_>>,
        _usedforsecurity: bool,
        string: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Sha1>> {
        Sha1::create(th, data, string)
    }
}

/// The SHA-2 family of hashes.
#[pymodule(name = "_sha2")]
pub struct Sha2Module;

#[pyfunctions]
impl Sha2Module {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        add(th, module, "SHA224Type", Sha224::type_object())?;
        add(th, module, "SHA256Type", Sha256::type_object())?;
        add(th, module, "SHA384Type", Sha384::type_object())?;
        add(th, module, "SHA512Type", Sha512::type_object())
    }

    /// Start a SHA-224 hash; data, if given, is taken in at once.
    #[function(sig = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn sha224(
        th: &Thread,
        #[default(None)] data: Option<Borrowed<'_>>,
        _usedforsecurity: bool,
        string: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Sha224>> {
        Sha224::create(th, data, string)
    }

    /// Start a SHA-256 hash; data, if given, is taken in at once.
    #[function(sig = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn sha256(
        th: &Thread,
        #[default(None)] data: Option<Borrowed<'_>>,
        _usedforsecurity: bool,
        string: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Sha256>> {
        Sha256::create(th, data, string)
    }

    /// Start a SHA-384 hash; data, if given, is taken in at once.
    #[function(sig = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn sha384(
        th: &Thread,
        #[default(None)] data: Option<Borrowed<'_>>,
        _usedforsecurity: bool,
        string: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Sha384>> {
        Sha384::create(th, data, string)
    }

    /// Start a SHA-512 hash; data, if given, is taken in at once.
    #[function(sig = "(data=b'', *, usedforsecurity=True, string=None)")]
    fn sha512(
        th: &Thread,
        #[default(None)] data: Option<Borrowed<'_>>,
        _usedforsecurity: bool,
        string: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Sha512>> {
        Sha512::create(th, data, string)
    }
}

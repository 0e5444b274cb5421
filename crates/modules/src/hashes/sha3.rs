//! `_sha3`: SHA-3 and SHAKE, the latter with digests of any length.
//!
//! The same job as CPython's `Modules/sha3module.c`.

use krait_objects::prelude::*;
use sha3::Digest;
use sha3::digest::{ExtendableOutput, Update, XofReader};

use super::{UnsignedLong, add, bytes_of, hex, initial, take_in};
use crate::guarded::Guarded;

/// The bits of the permutation's state: what is not rate is capacity.
const STATE_BITS: i32 = 1600;

/// The longest digest that SHAKE gives is a byte shorter.
const SHAKE_LIMIT: u64 = 1 << 29;

/// What is in a type whatever its digest's length.
macro_rules! sha3_type {
    ($ty:ident, $hash:ty, $type_name:tt, $name:literal, block = $block:literal, digest = $digest:literal, suffix = $suffix:literal, { $($digests:item)* }) => {
        /// A hash object of the SHA-3 family.
        #[pytype(name = $type_name)]
        #[repr(C)]
        pub struct $ty {
            head: Head,
            state: Guarded<$hash>,
        }

        impl $ty {
            fn with(th: &Thread, state: $hash) -> PyResult<Owned<$ty>> {
                let made = Borrowed::from_ref($ty::type_object()).alloc::<$ty>(th, 0)?;
                made.state.fill(th, state)?;
                Ok(made)
            }
        }

        #[pymethods(parts(digests))]
        impl $ty {
            #[new(sig = "(data=b'', *, usedforsecurity=True, string=None)")]
            fn new(
                _cls: Borrowed<'_, Type>,
                th: &Thread,
                #[default(None)] data: Option<Borrowed<'_>>,
                _usedforsecurity: bool,
                string: Option<Borrowed<'_>>,
            ) -> PyResult<Owned<$ty>> {
                let data = initial(th, data, string)?;
                let made = $ty::with(th, <$hash>::default())?;
                if let Some(data) = data {
                    take_in(th, &made.state, data.as_bytes(), Update::update)?;
                }
                Ok(made)
            }

            /// A second hash object in the same state; the two go on independently.
            #[method(sig = "(self, /)")]
            fn copy(&self, th: &Thread) -> PyResult<Owned<$ty>> {
                let state = self.state.lock(th)?.clone();
                $ty::with(th, state)
            }

            /// Take more data in.
            #[method(sig = "(self, data, /)")]
            fn update(&self, th: &Thread, data: Borrowed<'_>) -> PyResult<()> {
                let data = bytes_of(th, data)?;
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

            #[getter]
            fn _capacity_bits(&self) -> i32 {
                STATE_BITS - $block * 8
            }

            #[getter]
            fn _rate_bits(&self) -> i32 {
                $block * 8
            }

            #[getter]
            fn _suffix(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
                Bytes::new(th, &[$suffix])
            }
        }

        #[pymethods(part = "digests")]
        impl $ty {
            $($digests)*
        }
    };
}

macro_rules! fixed {
    ($ty:ident, $hash:ty, $type_name:tt, $name:literal, block = $block:literal, digest = $digest:literal) => {
        sha3_type!(
            $ty,
            $hash,
            $type_name,
            $name,
            block = $block,
            digest = $digest,
            suffix = 0x06,
            {
                /// The hash of all data so far, in bytes.
                #[method(sig = "(self, /)")]
                fn digest(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
                    let state = self.state.lock(th)?.clone();
                    Bytes::new(th, &state.finalize())
                }

                /// The hash of all data so far, in hexadecimal.
                #[method(sig = "(self, /)")]
                fn hexdigest(&self, th: &Thread) -> PyResult<String> {
                    let state = self.state.lock(th)?.clone();
                    Ok(hex(&state.finalize()))
                }
            }
        );
    };
}

macro_rules! extendable {
    ($ty:ident, $hash:ty, $type_name:tt, $name:literal, block = $block:literal) => {
        sha3_type!($ty, $hash, $type_name, $name, block = $block, digest = 0, suffix = 0x1F, {
            /// The first length bytes of the hash of all data so far.
            #[method(sig = "(self, /, length)")]
            fn digest(&self, th: &Thread, length: UnsignedLong) -> PyResult<Owned<Bytes>> {
                let length = shake_length(th, length)?;
                let state = self.state.lock(th)?.clone();
                Bytes::build(th, length, |bytes| {
                    state.finalize_xof().read(bytes);
                    Ok(())
                })
            }

            /// The first length bytes of the hash of all data so far, in hexadecimal.
            #[method(sig = "(self, /, length)")]
            fn hexdigest(&self, th: &Thread, length: UnsignedLong) -> PyResult<String> {
                let length = shake_length(th, length)?;
                let mut bytes = Vec::new();
                bytes.try_reserve_exact(length).map_err(|_| th.no_memory())?;
                bytes.resize(length, 0);
                self.state.lock(th)?.clone().finalize_xof().read(&mut bytes);
                Ok(hex(&bytes))
            }
        });
    };
}

fn shake_length(th: &Thread, length: UnsignedLong) -> PyResult<usize> {
    if length.0 >= SHAKE_LIMIT {
        return Err(th.raise(exc::VALUE_ERROR, "length is too large"));
    }
    Ok(length.0 as usize)
}

fixed!(Sha3_224, sha3::Sha3_224, "_sha3.sha3_224", "sha3_224", block = 144, digest = 28);
fixed!(Sha3_256, sha3::Sha3_256, "_sha3.sha3_256", "sha3_256", block = 136, digest = 32);
fixed!(Sha3_384, sha3::Sha3_384, "_sha3.sha3_384", "sha3_384", block = 104, digest = 48);
fixed!(Sha3_512, sha3::Sha3_512, "_sha3.sha3_512", "sha3_512", block = 72, digest = 64);
extendable!(Shake128, sha3::Shake128, "_sha3.shake_128", "shake_128", block = 168);
extendable!(Shake256, sha3::Shake256, "_sha3.shake_256", "shake_256", block = 136);

/// The SHA-3 family of hashes.
#[pymodule(name = "_sha3", doc = "")]
pub struct Sha3Module;

#[pyfunctions]
impl Sha3Module {
    #[constant(name = "implementation")]
    const IMPLEMENTATION: &'static str = "RustCrypto";

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        add(th, module, "sha3_224", Sha3_224::type_object())?;
        add(th, module, "sha3_256", Sha3_256::type_object())?;
        add(th, module, "sha3_384", Sha3_384::type_object())?;
        add(th, module, "sha3_512", Sha3_512::type_object())?;
        add(th, module, "shake_128", Shake128::type_object())?;
        add(th, module, "shake_256", Shake256::type_object())
    }
}

//! `_blake2`: BLAKE2b and BLAKE2s with keys, salts, personalisation and trees.
//!
//! The same job as CPython's `Modules/blake2module.c`.

use std::ffi::c_int;

use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::{UnsignedLong, UnsignedLongLong, add, bytes_of, hex, initial, take_in};
use crate::guarded::Guarded;

/// The sizes that differ between the two.
struct Sizes {
    /// As messages write it.
    name: &'static str,
    salt: usize,
    person: usize,
    key: usize,
    digest: usize,
    node_offset_bits: u32,
}

const B: Sizes =
    Sizes { name: "Blake2b", salt: 16, person: 16, key: 64, digest: 64, node_offset_bits: 64 };
const S: Sizes =
    Sizes { name: "Blake2s", salt: 8, person: 8, key: 32, digest: 32, node_offset_bits: 48 };

/// What a hash is made with, as it is given.
struct Given {
    digest_size: c_int,
    key: Option<Buffer>,
    salt: Option<Buffer>,
    person: Option<Buffer>,
    fanout: c_int,
    depth: c_int,
    leaf_size: u64,
    node_offset: u64,
    node_depth: c_int,
    inner_size: c_int,
}

impl Given {
    fn check(&self, th: &Thread, sizes: &Sizes) -> PyResult<()> {
        let refuse = |message: String| Err(raise!(th, VALUE_ERROR, "{message}"));
        if !(1..=sizes.digest as c_int).contains(&self.digest_size) {
            let (name, most, given) = (sizes.name, sizes.digest, self.digest_size);
            return refuse(format!(
                "digest_size for {name} must be between 1 and {most} bytes, here it is {given}"
            ));
        }
        let texts = [("salt", &self.salt, sizes.salt), ("person", &self.person, sizes.person)];
        for (name, given, most) in texts {
            if bytes(given).len() > most {
                return refuse(format!("maximum {name} length is {most} bytes"));
            }
        }
        let byte = 0..=255;
        if !byte.contains(&self.fanout) {
            return refuse("fanout must be between 0 and 255".to_owned());
        }
        if !(1..=255).contains(&self.depth) {
            return refuse("depth must be between 1 and 255".to_owned());
        }
        if u32::try_from(self.leaf_size).is_err() {
            return Err(th.raise(exc::OVERFLOW_ERROR, "leaf_size is too large"));
        }
        if self.node_offset > u64::MAX >> (64 - sizes.node_offset_bits) {
            return Err(th.raise(exc::OVERFLOW_ERROR, "node_offset is too large"));
        }
        if !byte.contains(&self.node_depth) {
            return refuse("node_depth must be between 0 and 255".to_owned());
        }
        if !(0..=sizes.digest as c_int).contains(&self.inner_size) {
            return refuse(format!("inner_size must be between 0 and is {}", sizes.digest));
        }
        if bytes(&self.key).len() > sizes.key {
            return refuse(format!("maximum key length is {} bytes", sizes.key));
        }
        Ok(())
    }
}

fn bytes(given: &Option<Buffer>) -> &[u8] {
    given.as_ref().map_or(&[], Buffer::as_bytes)
}

macro_rules! blake2_type {
    ($(#[$($doc:tt)*])* $ty:ident, $library:ident, $type_name:tt, $name:literal, block = $block:literal, $sizes:ident) => {
        $(#[$($doc)*])*
        #[pytype(name = $type_name)]
        #[repr(C)]
        pub struct $ty {
            head: Head,
            state: Guarded<$library::State>,
        }

        impl $ty {
            fn with(th: &Thread, state: $library::State) -> PyResult<Owned<$ty>> {
                let made = Borrowed::from_ref($ty::type_object()).alloc::<$ty>(th, 0)?;
                made.state.fill(th, state)?;
                Ok(made)
            }

            fn result(&self, th: &Thread) -> PyResult<$library::Hash> {
                Ok(self.state.lock(th)?.finalize())
            }
        }

        #[pymethods]
        impl $ty {
            #[new(
                sig = "(data=b'', *, digest_size=64, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True, string=None)"
            )]
            fn new(
                _cls: Borrowed<'_, Type>,
                th: &Thread,
                #[default(None)] data: Option<Borrowed<'_>>,
                #[default($sizes.digest as c_int)] digest_size: c_int,
                #[default(None)] key: Option<Buffer>,
                #[default(None)] salt: Option<Buffer>,
                #[default(None)] person: Option<Buffer>,
                fanout: c_int,
                depth: c_int,
                #[default(UnsignedLong(0))] leaf_size: UnsignedLong,
                #[default(UnsignedLongLong(0))] node_offset: UnsignedLongLong,
                node_depth: c_int,
                inner_size: c_int,
                last_node: bool,
                _usedforsecurity: bool,
                string: Option<Borrowed<'_>>,
            ) -> PyResult<Owned<$ty>> {
                let data = initial(th, data, string)?;
                let (leaf_size, node_offset) = (leaf_size.0, node_offset.0);
                let given = Given {
                    digest_size, key, salt, person, fanout, depth, leaf_size, node_offset,
                    node_depth, inner_size,
                };
                given.check(th, &$sizes)?;
                let state = $library::Params::new()
                    .hash_length(digest_size as usize)
                    .key(bytes(&given.key))
                    .salt(bytes(&given.salt))
                    .personal(bytes(&given.person))
                    .fanout(fanout as u8)
                    .max_depth(depth as u8)
                    .max_leaf_length(leaf_size as u32)
                    .node_offset(node_offset)
                    .node_depth(node_depth as u8)
                    .inner_hash_length(inner_size as usize)
                    .last_node(last_node)
                    .to_state();
                let made = $ty::with(th, state)?;
                if let Some(data) = data {
                    take_in(th, &made.state, data.as_bytes(), |state, data| {
                        state.update(data);
                    })?;
                }
                Ok(made)
            }

            /// A second hash object in the same state; the two go on independently.
            #[method(sig = "(self, /)")]
            fn copy(&self, th: &Thread) -> PyResult<Owned<$ty>> {
                let state = self.state.lock(th)?.clone();
                $ty::with(th, state)
            }

            /// The hash of all data so far, in bytes.
            #[method(sig = "(self, /)")]
            fn digest(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
                Bytes::new(th, self.result(th)?.as_bytes())
            }

            /// The hash of all data so far, in hexadecimal.
            #[method(sig = "(self, /)")]
            fn hexdigest(&self, th: &Thread) -> PyResult<String> {
                Ok(hex(self.result(th)?.as_bytes()))
            }

            /// Take more data in.
            #[method(sig = "(self, data, /)")]
            fn update(&self, th: &Thread, data: Borrowed<'_>) -> PyResult<()> {
                let data = bytes_of(th, data)?;
                take_in(th, &self.state, data.as_bytes(), |state, data| {
                    state.update(data);
                })
            }

            #[getter]
            fn block_size(&self) -> i32 {
                $block
            }

            #[getter]
            fn digest_size(&self, th: &Thread) -> PyResult<usize> {
                Ok(self.result(th)?.as_bytes().len())
            }

            #[getter]
            fn name(&self) -> &'static str {
                $name
            }
        }
    };
}

blake2_type! {
    /// blake2b(data=b'', *, digest_size=_blake2.blake2b.MAX_DIGEST_SIZE,
    ///         key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0,
    ///         node_offset=0, node_depth=0, inner_size=0, last_node=False,
    ///         usedforsecurity=True, string=None)
    /// --
    ///
    /// A BLAKE2b hash in progress, fed with data to start with.
    Blake2b, blake2b_simd, "_blake2.blake2b", "blake2b", block = 128, B
}

blake2_type! {
    /// blake2s(data=b'', *, digest_size=_blake2.blake2s.MAX_DIGEST_SIZE,
    ///         key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0,
    ///         node_offset=0, node_depth=0, inner_size=0, last_node=False,
    ///         usedforsecurity=True, string=None)
    /// --
    ///
    /// A BLAKE2s hash in progress, fed with data to start with.
    Blake2s, blake2s_simd, "_blake2.blake2s", "blake2s", block = 64, S
}

/// The BLAKE2 hashes, as hashlib uses them.
#[pymodule(name = "_blake2")]
pub struct Blake2Module;

#[pyfunctions]
impl Blake2Module {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let types = [
            ("blake2b", "BLAKE2B", Blake2b::type_object(), &B),
            ("blake2s", "BLAKE2S", Blake2s::type_object(), &S),
        ];
        for (name, prefix, ty, sizes) in types {
            add(th, module, name, ty)?;
            let constants = [
                ("SALT_SIZE", sizes.salt),
                ("PERSON_SIZE", sizes.person),
                ("MAX_KEY_SIZE", sizes.key),
                ("MAX_DIGEST_SIZE", sizes.digest),
            ];
            for (constant, size) in constants {
                let size = Int::from_usize(th, size)?;
                module.add(th, &format!("{prefix}_{constant}"), size.object())?;
                let constant = Str::interned(th, constant)?;
                ty.dict(th).set_str(th, constant.borrow(), size.object())?;
            }
        }
        Ok(())
    }
}

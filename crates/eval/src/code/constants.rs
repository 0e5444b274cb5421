//! Constants as objects: one object for all equal constants of a compilation, in whichever code objects they are.
//!
//! Programs can see which constants are the same object, and so can `marshal`. Tuples of names, of constants and the
//! tables of a code object are pooled with the constants. CPython: `const_cache` of `Python/compile.c`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

use krait_bytecode::code_flags;
use krait_compiler::code::{Code as Compiled, Constant, Names, Origin, Text};
use krait_compiler::tables;
use krait_objects::complex::Complex;
use krait_objects::prelude::*;
use krait_objects::set::Set;
use krait_objects::slice::Slice;

use super::Code;
use super::build::{Parts, new};

/// The code object for compiled code, with those nested in its constants.
pub fn from_compiled(th: &Thread, code: &Compiled) -> PyResult<Owned<Code>> {
    let mut pool = Pool::new(th, text(th, &code.filename)?);
    pool.intern_identifiers(code)?;
    pool.code(code)
}

/// The object that stands for a constant without code in it.
pub fn constant_object(th: &Thread, constant: &Constant) -> PyResult {
    Pool::new(th, Str::empty().to_owned()).object(constant)
}

struct Pool<'a, 'th> {
    th: &'th Thread,
    filename: Owned<Str>,
    /// The names in the program, interned before any other string of it is.
    identifiers: tables::HashMap<&'a str, Owned<Str>>,
    made: HashMap<Key<'a>, Owned, BuildHasherDefault<KnownHash>>,
    /// What the hashes of keys are made with.
    hasher: tables::RandomState,
}

impl<'a, 'th> Pool<'a, 'th> {
    fn new(th: &'th Thread, filename: Owned<Str>) -> Pool<'a, 'th> {
        Pool {
            th,
            filename,
            identifiers: tables::HashMap::default(),
            made: HashMap::default(),
            hasher: tables::RandomState::default(),
        }
    }

    /// The key of what the pool may hold already.
    fn key(&self, content: Content<'a>) -> Key<'a> {
        Key { hash: self.hasher.hash_one(content), content }
    }

    fn intern_identifiers(&mut self, code: &'a Compiled) -> PyResult<()> {
        let names = code.names.iter().chain(code.localsplusnames.iter()).chain([&*code.name]);
        for name in names {
            if let Entry::Vacant(place) = self.identifiers.entry(name) {
                place.insert(Str::interned(self.th, name)?);
            }
        }
        for constant in &code.consts {
            if let Constant::Code(inner) = constant {
                self.intern_identifiers(inner)?;
            }
        }
        Ok(())
    }

    fn code(&mut self, code: &'a Compiled) -> PyResult<Owned<Code>> {
        let consts = self.objects(&code.consts)?;
        let consts = self.tuple(Content::Items(&code.consts), consts)?;
        let parts = Parts {
            argcount: code.argcount as i32,
            posonlyargcount: code.posonlyargcount as i32,
            kwonlyargcount: code.kwonlyargcount as i32,
            stacksize: code.stacksize as i32,
            flags: code.flags as i32,
            firstlineno: code.firstlineno,
            code: code.code.clone(),
            consts,
            names: self.names(&code.names)?,
            localsplusnames: match code.has_renamed_parameter {
                true => Tuple::from_vec(self.th, self.identifiers(&code.localsplusnames)?)?,
                false => self.names(&code.localsplusnames)?,
            },
            // An object of its own, though it be a single byte.
            localspluskinds: Bytes::build(self.th, code.localspluskinds.len(), |kinds| {
                kinds.copy_from_slice(&code.localspluskinds);
                Ok(())
            })?,
            filename: self.filename.clone(),
            name: Str::interned(self.th, &code.name)?,
            qualname: self.qualname(code)?,
            linetable: self.bytes(&code.linetable)?,
            exceptiontable: self.bytes(&code.exceptiontable)?,
        };
        new(self.th, parts)
    }

    /// The object that stands for `content`, made of `items` if it is not there yet.
    fn tuple(&mut self, content: Content<'a>, items: Vec<Owned>) -> PyResult<Owned<Tuple>> {
        let key = self.key(content);
        if let Some(known) =
            self.made.get(&key).and_then(|known| known.borrow().downcast::<Tuple>())
        {
            return Ok(known.to_owned());
        }
        let tuple = Tuple::from_vec(self.th, items)?;
        self.made.insert(key, tuple.clone().into_object());
        Ok(tuple)
    }

    fn names(&mut self, names: &'a Names) -> PyResult<Owned<Tuple>> {
        let items = self.identifiers(names)?;
        self.tuple(Content::Names(names), items)
    }

    fn identifiers(&self, names: &Names) -> PyResult<Vec<Owned>> {
        let identifier = |name: &str| match self.identifiers.get(name) {
            Some(known) => Ok(known.clone().into_object()),
            None => Ok(Str::interned(self.th, name)?.into_object()),
        };
        names.iter().map(identifier).collect()
    }

    /// The body of a class loads its own qualified name, which is the same object.
    fn qualname(&mut self, code: &'a Compiled) -> PyResult<Owned<Str>> {
        let is_class = code.flags & code_flags::OPTIMIZED == 0;
        let is_own = |constant: &&Constant| match constant {
            Constant::Str(text) => is_class && text.as_bytes() == code.qualname.as_bytes(),
            _ => false,
        };
        if let Some(constant) = code.consts.iter().find(is_own)
            && let Ok(name) = self.object(constant)?.downcast::<Str>()
        {
            // Unless the name is interned as another object already.
            return Str::intern(self.th, name);
        }
        Str::interned(self.th, &code.qualname)
    }

    fn bytes(&mut self, bytes: &'a [u8]) -> PyResult<Owned<Bytes>> {
        let key = self.key(Content::Bytes(bytes));
        if let Some(known) =
            self.made.get(&key).and_then(|known| known.borrow().downcast::<Bytes>())
        {
            return Ok(known.to_owned());
        }
        let object = Bytes::new(self.th, bytes)?;
        self.made.insert(key, object.clone().into_object());
        Ok(object)
    }

    fn objects(&mut self, constants: &'a [Constant]) -> PyResult<Vec<Owned>> {
        constants.iter().map(|constant| self.object(constant)).collect()
    }

    fn object(&mut self, constant: &'a Constant) -> PyResult {
        match constant {
            Constant::None => return Ok(none().to_owned()),
            Constant::Ellipsis => return Ok(ellipsis().to_owned()),
            Constant::Bool(value) => return Ok(bool_object(*value).object().to_owned()),
            Constant::Bytes(value) => return Ok(self.bytes(value)?.into_object()),
            _ => {}
        }
        let key = self.key(Content::of(constant));
        if let Some(known) = self.made.get(&key) {
            return Ok(known.clone());
        }
        let object = self.new_object(constant)?;
        self.made.insert(key, object.clone());
        Ok(object)
    }

    fn new_object(&mut self, constant: &'a Constant) -> PyResult {
        let th = self.th;
        Ok(match constant {
            Constant::Int(value) => Int::from_i64(th, *value)?.into_object(),
            Constant::BigInt(value) => Int::from_big(th, value)?.into_object(),
            Constant::Float(value) => Float::new(th, *value)?.into_object(),
            Constant::Complex { real, imag } => Complex::new(th, *real, *imag)?.into_object(),
            Constant::Str(value) => text(th, value)?.into_object(),
            Constant::Tuple(items) => Tuple::from_vec(th, self.objects(items)?)?.into_object(),
            Constant::FrozenSet(items) => {
                let items = self.objects(items)?;
                let views: Vec<Borrowed<'_>> = items.iter().map(Owned::borrow).collect();
                Set::new_frozen(th, &views)?.into_object()
            }
            Constant::Slice(bounds) => {
                let [start, stop, step] = &**bounds;
                let (start, stop) = (self.bound(start)?, self.bound(stop)?);
                Slice::new(th, start, stop, self.bound(step)?)?.into_object()
            }
            Constant::Code(code) => self.code(code)?.into_object(),
            // Those that `object` answers for.
            Constant::None | Constant::Ellipsis | Constant::Bool(_) | Constant::Bytes(_) => {
                none().to_owned()
            }
        })
    }

    /// A part of a slice, which is not pooled, as in the reference.
    fn bound(&mut self, constant: &'a Constant) -> PyResult {
        match constant {
            Constant::None | Constant::Ellipsis | Constant::Bool(_) => self.object(constant),
            Constant::Bytes(value) => Ok(Bytes::new(self.th, value)?.into_object()),
            _ => self.new_object(constant),
        }
    }
}

fn text(th: &Thread, text: &Text) -> PyResult<Owned<Str>> {
    match text.as_str() {
        // Other names are interned with all strings that look like one.
        Some(name) if text.origin() == Origin::Name && !name.is_ascii() => Str::interned(th, name),
        Some(character) if text.origin() == Origin::Separate && character.len() == 1 => {
            Str::separate(th, character.as_bytes()[0])
        }
        Some(text) => Str::new(th, text),
        None => Str::from_wtf8(th, text.as_bytes()),
    }
}

/// What equal objects have in common, and its hash.
#[derive(Clone, Copy)]
struct Key<'a> {
    hash: u64,
    content: Content<'a>,
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.content == other.content
    }
}

impl Eq for Key<'_> {}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// A tuple of names equals the tuple of the same strings.
#[derive(Clone, Copy)]
enum Content<'a> {
    Constant(&'a Constant),
    Items(&'a [Constant]),
    Names(&'a Names),
    Bytes(&'a [u8]),
}

impl<'a> Content<'a> {
    fn of(constant: &'a Constant) -> Content<'a> {
        match constant {
            Constant::Tuple(items) => Content::Items(items),
            Constant::Bytes(bytes) => Content::Bytes(bytes),
            _ => Content::Constant(constant),
        }
    }
}

impl PartialEq for Content<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same = |items: &[Constant], names: &Names| {
            items.len() == names.len()
                && items.iter().zip(names.iter()).all(|(item, name)| match item {
                    Constant::Str(text) => text.as_bytes() == name.as_bytes(),
                    _ => false,
                })
        };
        match (*self, *other) {
            (Content::Constant(a), Content::Constant(b)) => a == b,
            (Content::Items(a), Content::Items(b)) => a == b,
            (Content::Names(a), Content::Names(b)) => a == b,
            (Content::Bytes(a), Content::Bytes(b)) => a == b,
            (Content::Items(items), Content::Names(names))
            | (Content::Names(names), Content::Items(items)) => same(items, names),
            _ => false,
        }
    }
}

impl Eq for Content<'_> {}

impl Hash for Content<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Content::Constant(constant) => constant.hash(state),
            Content::Bytes(bytes) => bytes.hash(state),
            Content::Items(items) => {
                state.write_usize(items.len());
                items.iter().for_each(|item| item.hash(state));
            }
            Content::Names(names) => {
                state.write_usize(names.len());
                // As `Constant::Str` of the same text.
                let kind = std::mem::discriminant(&Constant::str(""));
                for name in names.iter() {
                    kind.hash(state);
                    name.as_bytes().hash(state);
                }
            }
        }
    }
}

/// The hash of a key is known.
#[derive(Default)]
struct KnownHash(u64);

impl Hasher for KnownHash {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 ^= hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

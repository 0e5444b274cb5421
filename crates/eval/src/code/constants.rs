//! Constants as objects: one object for all equal constants of a compilation, in whichever code objects they are.
//!
//! Programs can see which constants are the same object, and so can `marshal`. Tuples of names, of constants and the
//! tables of a code object are pooled with the constants. CPython: `const_cache` of `Python/compile.c`.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher;

use hashbrown::HashTable;
use krait_bytecode::code_flags;
use krait_compiler::code::{Code as Compiled, Constant, Origin, Text};
use krait_compiler::tables;
use krait_objects::complex::Complex;
use krait_objects::prelude::*;
use krait_objects::set::Set;
use krait_objects::slice::Slice;

use super::Code;
use super::build::{Parts, new, new_interned};
use super::intern::is_name_like;

/// The code object for compiled code, with those nested in its constants.
pub fn from_compiled(th: &Thread, code: &Compiled<'_>) -> PyResult<Owned<Code>> {
    let filename = Str::intern(th, text(th, code.filename)?)?;
    let mut pool = Pool::new(th, filename);
    // Those within have names of their own.
    pool.names.reserve(4 * code.names.len());
    if has_sets(code.consts) {
        pool.interns_late = true;
        pool.intern_names(code)?;
    }
    pool.code(code)
}

/// Whether there is a frozenset in the constants.
fn has_sets(constants: &[Constant<'_>]) -> bool {
    constants.iter().any(|constant| match constant {
        Constant::FrozenSet(_) => true,
        Constant::Tuple(items) => has_sets(items),
        Constant::Code(code) => has_sets(code.consts),
        _ => false,
    })
}

/// The object that stands for a constant without code in it.
pub fn constant_object(th: &Thread, constant: Constant<'_>) -> PyResult {
    Pool::new(th, Str::empty().to_owned()).object(constant)
}

/// The objects that a compilation has made. Strings that look like names are interned.
struct Pool<'a, 'th> {
    th: &'th Thread,
    /// Constants are interned when their code object is made, after all names. There is a frozenset: with other
    /// objects for its strings it is made again, in another order, and a program can see that.
    interns_late: bool,
    filename: Owned<Str>,
    names: tables::HashMap<&'a str, Owned<Str>>,
    /// By their items: equal ones are the same object. With the items that each was made of, if these may be
    /// replaced by interned ones.
    tuples: HashTable<(Owned<Tuple>, Vec<Owned>)>,
    /// What is neither a name nor a tuple, with its hash.
    made: HashTable<(u64, Constant<'a>, Owned)>,
    hasher: tables::RandomState,
    /// The items of tuples that are being made, the innermost last.
    items: Vec<Owned>,
}

impl<'a, 'th> Pool<'a, 'th> {
    fn new(th: &'th Thread, filename: Owned<Str>) -> Pool<'a, 'th> {
        Pool {
            th,
            interns_late: false,
            filename,
            names: tables::HashMap::default(),
            tuples: HashTable::new(),
            made: HashTable::new(),
            hasher: tables::RandomState::default(),
            items: Vec::new(),
        }
    }

    fn code(&mut self, code: &'a Compiled<'a>) -> PyResult<Owned<Code>> {
        let parts = Parts {
            argcount: code.argcount as i32,
            posonlyargcount: code.posonlyargcount as i32,
            kwonlyargcount: code.kwonlyargcount as i32,
            stacksize: code.stacksize as i32,
            flags: code.flags as i32,
            firstlineno: code.firstlineno,
            code: Cow::Borrowed(code.code),
            consts: self.constants(code.consts)?,
            names: self.names(code.names)?,
            localsplusnames: match code.has_renamed_parameter {
                true => Tuple::from_vec(self.th, self.all_names(code.localsplusnames)?)?,
                false => self.names(code.localsplusnames)?,
            },
            // An object of its own, though it be a single byte.
            localspluskinds: Bytes::build(self.th, code.localspluskinds.len(), |kinds| {
                kinds.copy_from_slice(code.localspluskinds);
                Ok(())
            })?,
            filename: self.filename.clone(),
            name: self.name(code.name)?,
            qualname: self.qualname(code)?,
            linetable: self.bytes(code.linetable)?,
            exceptiontable: self.bytes(code.exceptiontable)?,
        };
        match self.interns_late {
            true => new(self.th, parts),
            false => new_interned(self.th, parts),
        }
    }

    /// Interns the names in the program before any other string of it.
    fn intern_names(&mut self, code: &'a Compiled<'a>) -> PyResult<()> {
        for name in code.names.iter().chain(code.localsplusnames).chain([&code.name]) {
            self.name(name)?;
        }
        for constant in code.consts {
            if let Constant::Code(inner) = constant {
                self.intern_names(inner)?;
            }
        }
        Ok(())
    }

    /// The interned string.
    fn name(&mut self, name: &'a str) -> PyResult<Owned<Str>> {
        Ok(match self.names.entry(name) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => place.insert(Str::interned(self.th, name)?).clone(),
        })
    }

    fn all_names(&mut self, names: &'a [&'a str]) -> PyResult<Vec<Owned>> {
        names.iter().map(|name| Ok(self.name(name)?.into_object())).collect()
    }

    fn names(&mut self, names: &'a [&'a str]) -> PyResult<Owned<Tuple>> {
        let base = self.items.len();
        for name in names {
            let name = self.name(name)?;
            self.items.push(name.into_object());
        }
        self.tuple(base)
    }

    fn constants(&mut self, constants: &'a [Constant<'a>]) -> PyResult<Owned<Tuple>> {
        let base = self.items.len();
        for constant in constants {
            let constant = self.object(*constant)?;
            self.items.push(constant);
        }
        self.tuple(base)
    }

    /// The tuple of the items from `base` on, which are pooled themselves.
    fn tuple(&mut self, base: usize) -> PyResult<Owned<Tuple>> {
        let items = &self.items[base..];
        if items.is_empty() {
            return Ok(Tuple::empty().to_owned());
        }
        let (th, hasher, by_text) = (self.th, &self.hasher, self.interns_late);
        let hash = hash_of_items(th, hasher, by_text, items.iter().map(Owned::borrow));
        let same = |(known, original): &(Owned<Tuple>, Vec<Owned>)| {
            known.len() == items.len()
                && items_of(known, original).zip(items).all(|(a, b)| same_item(a, b))
        };
        if let Some((known, _)) = self.tuples.find(hash, same) {
            let known = known.clone();
            self.items.truncate(base);
            return Ok(known);
        }
        let original = if by_text { items.to_vec() } else { Vec::new() };
        // SAFETY: the references move into the tuple, and the vector forgets them.
        let tuple = unsafe {
            let tuple = Tuple::from_raw(th, items.as_ptr().cast(), items.len())?;
            self.items.set_len(base);
            tuple
        };
        let rehash = |(known, original): &(Owned<Tuple>, Vec<Owned>)| {
            hash_of_items(th, hasher, by_text, items_of(known, original))
        };
        self.tuples.insert_unique(hash, (tuple.clone(), original), rehash);
        Ok(tuple)
    }

    /// The body of a class loads its own qualified name, which is the same object.
    fn qualname(&mut self, code: &'a Compiled<'a>) -> PyResult<Owned<Str>> {
        let is_class = code.flags & code_flags::OPTIMIZED == 0;
        let is_own = |constant: &&Constant<'_>| match constant {
            Constant::Str(text) => is_class && text.as_bytes() == code.qualname.as_bytes(),
            _ => false,
        };
        if let Some(constant) = code.consts.iter().find(is_own)
            && let Ok(name) = self.object(*constant)?.downcast::<Str>()
        {
            // Unless the name is interned as another object already.
            return Str::intern(self.th, name);
        }
        self.name(code.qualname)
    }

    fn bytes(&mut self, bytes: &'a [u8]) -> PyResult<Owned<Bytes>> {
        let made = self.object(Constant::Bytes(bytes))?;
        made.downcast::<Bytes>().map_err(|_| self.th.bad_internal_call())
    }

    fn objects(&mut self, constants: &'a [Constant<'a>]) -> PyResult<Vec<Owned>> {
        constants.iter().map(|constant| self.object(*constant)).collect()
    }

    fn object(&mut self, constant: Constant<'a>) -> PyResult {
        match constant {
            Constant::None => return Ok(none().to_owned()),
            Constant::Ellipsis => return Ok(ellipsis().to_owned()),
            Constant::Bool(value) => return Ok(bool_object(value).object().to_owned()),
            Constant::Int(value @ 0..=256) => {
                return Ok(Int::from_i64(self.th, value)?.into_object());
            }
            Constant::Tuple(items) => return Ok(self.constants(items)?.into_object()),
            Constant::Str(text) if !self.interns_late && is_interned(text) => {
                if let Some(name) = text.as_str() {
                    return Ok(self.name(name)?.into_object());
                }
            }
            _ => {}
        }
        let hash = self.hasher.hash_one(constant);
        let same = |known: &(u64, Constant<'a>, Owned)| known.0 == hash && known.1 == constant;
        if let Some((_, _, known)) = self.made.find(hash, same) {
            return Ok(known.clone());
        }
        let object = self.new_object(constant)?;
        self.made.insert_unique(hash, (hash, constant, object.clone()), |known| known.0);
        Ok(object)
    }

    fn new_object(&mut self, constant: Constant<'a>) -> PyResult {
        let th = self.th;
        Ok(match constant {
            Constant::Int(value) => Int::from_i64(th, value)?.into_object(),
            Constant::BigInt(digits) => Int::from_big(th, &digits.value())?.into_object(),
            Constant::Float(value) => Float::new(th, value)?.into_object(),
            Constant::Complex { real, imag } => Complex::new(th, real, imag)?.into_object(),
            Constant::Str(value) => text(th, value)?.into_object(),
            Constant::Bytes(value) => Bytes::new(th, value)?.into_object(),
            Constant::FrozenSet(items) => {
                let items = self.objects(items)?;
                let views: Vec<Borrowed<'_>> = items.iter().map(Owned::borrow).collect();
                Set::new_frozen(th, &views)?.into_object()
            }
            Constant::Slice(&[start, stop, step]) => {
                let (start, stop) = (self.bound(start)?, self.bound(stop)?);
                Slice::new(th, start, stop, self.bound(step)?)?.into_object()
            }
            Constant::Code(code) => self.code(code)?.into_object(),
            Constant::None | Constant::Ellipsis | Constant::Bool(_) | Constant::Tuple(_) => {
                self.object(constant)?
            }
        })
    }

    /// A part of a slice, which is not pooled, as in the reference.
    fn bound(&mut self, constant: Constant<'a>) -> PyResult {
        self.new_object(constant)
    }
}

/// What a tuple was made of.
fn items_of<'o>(
    tuple: &'o Owned<Tuple>,
    original: &'o [Owned],
) -> impl Iterator<Item = Borrowed<'o>> {
    let unchanged = if original.is_empty() { tuple.as_slice() } else { &[] };
    unchanged.iter().copied().chain(original.iter().map(Owned::borrow))
}

/// With `by_text`, of strings the text counts: a name and a constant may be two objects.
fn hash_of_items<'o>(
    th: &Thread,
    hasher: &tables::RandomState,
    by_text: bool,
    items: impl Iterator<Item = Borrowed<'o>>,
) -> u64 {
    use std::hash::Hasher;
    let mut state = hasher.build_hasher();
    items.for_each(|item| match item.downcast_exact::<Str>() {
        Some(text) if by_text => state.write_isize(text.hash(th)),
        _ => state.write_usize(item.as_ptr().addr()),
    });
    state.finish()
}

fn same_item(a: Borrowed<'_>, b: &Owned) -> bool {
    let b = b.borrow();
    a.is(b)
        || match (a.downcast_exact::<Str>(), b.downcast_exact::<Str>()) {
            (Some(a), Some(b)) => a.eq(b.get()),
            _ => false,
        }
}

/// Names in the source are, and what looks like one.
fn is_interned(text: Text<'_>) -> bool {
    text.origin() == Origin::Name || is_name_like(text.as_bytes())
}

fn text(th: &Thread, text: Text<'_>) -> PyResult<Owned<Str>> {
    match text.as_str() {
        Some(character) if text.origin() == Origin::Separate && character.len() == 1 => {
            Str::separate(th, character.as_bytes()[0])
        }
        // Other names are interned with all strings that look like one.
        Some(name) if text.origin() == Origin::Name && !name.is_ascii() => Str::interned(th, name),
        Some(text) => Str::new(th, text),
        None => Str::from_wtf8(th, text.as_bytes()),
    }
}

//! The compiler's stages for `_testinternalcapi`: each takes and gives `InstructionSequence`s, with constants and names as
//! Python objects.

use std::collections::HashMap;

use bumpalo::Bump;
use krait_compiler::assemble::AssembleError;
use krait_compiler::code::{Code as Compiled, Constant, Text};
use krait_compiler::instructions::CodeUnitMetadata;
use krait_compiler::stages;
use krait_compiler::tables::{IndexMap, IndexSet};
use krait_eval::code::{self, Code, Parts};
use krait_eval::compile::{self, Request};
use krait_objects::complex::Complex;
use krait_objects::prelude::*;
use krait_syntax::Mode;

use super::sequence::Sequence;

/// What code generation makes of a tree: its instructions, and a dictionary of what else the code object would have.
pub fn codegen(
    th: &Thread,
    tree: Borrowed<'_>,
    filename: Borrowed<'_, Str>,
    optimize: i32,
    mode: i32,
) -> PyResult {
    let mode = match mode {
        0 => Mode::Exec,
        1 => Mode::Eval,
        2 => Mode::Single,
        _ => return Err(th.raise(exc::VALUE_ERROR, "invalid mode")),
    };
    let optimize = u8::try_from(optimize).ok().filter(|level| *level <= 2);
    let request = Request { filename, mode, flags: 0, optimize, feature_version: None };
    let arena = Bump::new();
    let (tree, options) = compile::read_tree(th, &arena, tree, request)?;
    let mut warnings = Vec::new();
    let generated = stages::generate(&tree, &options, &arena, &mut warnings);
    compile::issue(th, &warnings, filename)?;
    let unit = generated.map_err(|error| compile::raise_compile_error(th, error, filename))?;
    let metadata = Dict::new(th)?;
    for (name, count) in [
        ("argcount", unit.metadata.argcount),
        ("posonlyargcount", unit.metadata.posonlyargcount),
        ("kwonlyargcount", unit.metadata.kwonlyargcount),
    ] {
        let count = Int::from_i64(th, count.into())?;
        metadata.set_str(th, Str::interned(th, name)?.borrow(), count.object())?;
    }
    let consts = unit.metadata.consts.iter().map(|constant| match constant {
        Constant::Code(nested) => Ok(code::from_compiled(th, nested)?.into_object()),
        other => code::constant_object(th, *other),
    });
    let consts = List::from_vec(th, consts.collect::<PyResult<Vec<_>>>()?)?;
    metadata.set_str(th, Str::interned(th, "consts")?.borrow(), consts.object())?;
    let sequence = Sequence::from_instructions(th, unit.instructions)?;
    Ok(Tuple::pack(th, [sequence.into_object(), metadata.into_object()])?.into_object())
}

fn sequence_of<'a>(th: &Thread, value: Borrowed<'a>) -> PyResult<Borrowed<'a, Sequence>> {
    let sequence = value.downcast::<Sequence>();
    sequence.ok_or_else(|| th.raise(exc::VALUE_ERROR, "expected an instruction sequence"))
}

fn raise_assemble_error(th: &Thread, error: AssembleError) -> Raised {
    let class = match error {
        AssembleError::Invalid(_) => exc::VALUE_ERROR,
        AssembleError::TooLarge => exc::OVERFLOW_ERROR,
    };
    th.raise(class, &error.to_string())
}

/// Optimises instructions; the list of constants is changed to those in use.
pub fn optimize_cfg(
    th: &Thread,
    instructions: Borrowed<'_>,
    consts: Borrowed<'_>,
    nlocals: i32,
) -> PyResult<Owned<Sequence>> {
    let sequence = sequence_of(th, instructions)?;
    let Some(list) = consts.downcast::<List>() else {
        return Err(th.raise(exc::TYPE_ERROR, "consts must be a list"));
    };
    let objects = list.to_vec();
    let arena = Bump::new();
    let mut constants = IndexSet::default();
    let mut known: HashMap<Constant<'_>, Owned> = HashMap::new();
    for (index, object) in objects.into_iter().enumerate() {
        // The list may hold a constant twice, the optimiser's table may not.
        let constant = constant_of(th, object.borrow(), &arena)?;
        let constant = constant.filter(|constant| !constants.contains(constant));
        let constant = constant.unwrap_or_else(|| opaque(index, &arena));
        known.insert(constant, object);
        constants.insert(constant);
    }
    let locals = u32::try_from(nlocals).unwrap_or(0);
    let optimized = sequence.with(|instructions| {
        instructions.resolve_labels()?;
        stages::optimize(instructions, constants, locals, &arena)
    });
    let (instructions, left) = optimized.map_err(|error| raise_assemble_error(th, error))?;
    let left: PyResult<Vec<Owned>> = left.iter().map(|it| object_of(th, it, &known)).collect();
    let left = List::from_vec(th, left?)?;
    list.clear();
    list.extend(th, left.object())?;
    Sequence::from_instructions(th, instructions)
}

/// The constant with the object's value, if the compiler has such constants.
fn constant_of<'a>(
    th: &Thread,
    object: Borrowed<'_>,
    arena: &'a Bump,
) -> PyResult<Option<Constant<'a>>> {
    if object.is_none() {
        return Ok(Some(Constant::None));
    }
    if object.is(ellipsis()) {
        return Ok(Some(Constant::Ellipsis));
    }
    for value in [true, false] {
        if object.is(bool_object(value)) {
            return Ok(Some(Constant::Bool(value)));
        }
    }
    Ok(Some(if let Some(int) = object.downcast_exact::<Int>() {
        Constant::int(&int.to_big(), arena)
    } else if let Some(float) = object.downcast_exact::<Float>() {
        Constant::Float(float.value())
    } else if let Some(complex) = object.downcast_exact::<Complex>() {
        Constant::Complex { real: complex.real(), imag: complex.imag() }
    } else if let Some(text) = object.downcast_exact::<Str>() {
        Constant::Str(Text::from_bytes(arena.alloc_slice_copy(&text.to_wtf8())))
    } else if let Some(bytes) = object.downcast_exact::<Bytes>() {
        Constant::Bytes(arena.alloc_slice_copy(bytes.as_bytes()))
    } else if let Some(tuple) = object.downcast_exact::<Tuple>() {
        let items = tuple.as_slice().iter();
        let items: PyResult<Option<Vec<Constant<'a>>>> = th
            .recurse(" while reading constants", || {
                items.map(|&item| constant_of(th, item, arena)).collect()
            });
        match items? {
            Some(items) => Constant::tuple(&items, arena),
            None => return Ok(None),
        }
    } else {
        return Ok(None);
    }))
}

/// Stands for an object that the compiler knows nothing of: code that is equal to no other.
fn opaque(index: usize, arena: &Bump) -> Constant<'_> {
    Constant::Code(arena.alloc(Compiled {
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: 1,
        flags: 0,
        firstlineno: i32::try_from(index).unwrap_or(i32::MAX),
        code: &[],
        consts: &[],
        names: &[],
        localsplusnames: &[],
        localspluskinds: &[],
        has_renamed_parameter: false,
        filename: "".into(),
        name: arena.alloc_str(&format!("<{index}>")),
        qualname: "",
        linetable: &[],
        exceptiontable: &[],
    }))
}

/// The object of a constant; those that were given are given back.
fn object_of(
    th: &Thread,
    constant: &Constant<'_>,
    known: &HashMap<Constant<'_>, Owned>,
) -> PyResult {
    if let Some(object) = known.get(constant) {
        return Ok(object.clone());
    }
    match constant {
        Constant::Tuple(items) => {
            let items: PyResult<Vec<Owned>> =
                items.iter().map(|item| object_of(th, item, known)).collect();
            Ok(Tuple::from_vec(th, items?)?.into_object())
        }
        _ => code::constant_object(th, *constant),
    }
}

/// The code object of instructions that are not optimised any more.
pub fn assemble(
    th: &Thread,
    filename: Borrowed<'_, Str>,
    instructions: Borrowed<'_>,
    metadata: Borrowed<'_, Dict>,
) -> PyResult<Owned<Code>> {
    let sequence = sequence_of(th, instructions)?;
    let fields = Fields { th, metadata };
    let arena = Bump::new();
    let unit = fields.unit(&arena)?;
    let consts = fields.in_order("consts")?;
    let filename_text = Text::from_bytes(arena.alloc_slice_copy(&filename.to_wtf8()));
    let assembled = sequence.with(|instructions| {
        instructions.resolve_labels()?;
        stages::assemble(instructions, unit, filename_text, &arena)
    });
    let assembled = assembled.map_err(|error| raise_assemble_error(th, error))?;
    let consts: Vec<Owned> = consts.into_iter().map(value_of_key).collect();
    let made = code::from_compiled(th, &assembled)?;
    let parts = Parts {
        argcount: made.argcount,
        posonlyargcount: made.posonlyargcount,
        kwonlyargcount: made.kwonlyargcount,
        stacksize: made.stacksize,
        flags: made.flags,
        firstlineno: made.firstlineno,
        code: assembled.code.into(),
        consts: Tuple::from_vec(th, consts)?,
        names: made.names.clone(),
        localsplusnames: made.localsplusnames.clone(),
        localspluskinds: made.localspluskinds.clone(),
        filename: filename.to_owned(),
        name: made.name.clone(),
        qualname: made.qualname.clone(),
        linetable: made.linetable.clone(),
        exceptiontable: made.exceptiontable.clone(),
    };
    code::new_foreign(th, parts)
}

/// The compiler's own keys of constants, which tell values of different types apart, are tuples.
fn value_of_key(key: Owned) -> Owned {
    let value = key.borrow().downcast_exact::<Tuple>().and_then(|key| {
        let value = key.get().as_slice().get(1)?;
        Some(Borrowed::to_owned(*value))
    });
    value.unwrap_or(key)
}

/// The dictionary that describes a code object.
struct Fields<'a> {
    th: &'a Thread,
    metadata: Borrowed<'a, Dict>,
}

impl Fields<'_> {
    fn get(&self, name: &str) -> PyResult {
        let key = Str::interned(self.th, name)?;
        match self.metadata.get_str(self.th, key.borrow())? {
            Some(value) => Ok(value),
            None => Err(self.th.raise_value(exc::KEY_ERROR, key.object())),
        }
    }

    fn text<'b>(&self, name: &str, arena: &'b Bump) -> PyResult<&'b str> {
        match self.get(name)?.borrow().downcast::<Str>() {
            Some(text) => Ok(arena.alloc_str(text.get().as_utf8(self.th)?)),
            None => Err(raise!(self.th, TYPE_ERROR, "{name} must be a string")),
        }
    }

    fn number(&self, name: &str) -> PyResult<i32> {
        let value = number::index(self.th, self.get(name)?.borrow())?;
        value.to_i64().and_then(|value| i32::try_from(value).ok()).ok_or_else(|| {
            self.th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int")
        })
    }

    fn count(&self, name: &str) -> PyResult<u32> {
        u32::try_from(self.number(name)?)
            .map_err(|_| raise!(self.th, VALUE_ERROR, "{name} must not be negative"))
    }

    /// The keys of a dictionary of indices, by their index. A list is in order already.
    fn in_order(&self, name: &str) -> PyResult<Vec<Owned>> {
        let value = self.get(name)?;
        if let Some(list) = value.borrow().downcast::<List>() {
            return Ok(list.to_vec());
        }
        let Some(dict) = value.borrow().downcast::<Dict>() else {
            return Err(raise!(self.th, TYPE_ERROR, "{name} must be a dict"));
        };
        let mut entries = Vec::with_capacity(dict.len());
        let mut position = 0;
        while let Some((key, index)) = dict.next(&mut position) {
            let index = index.borrow().downcast::<Int>().and_then(|index| index.to_i64());
            let index = index.ok_or_else(|| raise!(self.th, TYPE_ERROR, "{name}: bad index"))?;
            entries.push((index, key));
        }
        entries.sort_by_key(|(index, _)| *index);
        Ok(entries.into_iter().map(|(_, key)| key).collect())
    }

    fn names<'b>(&self, name: &str, arena: &'b Bump) -> PyResult<IndexSet<&'b str>> {
        let keys =
            self.in_order(name)?.into_iter().map(|key| match key.borrow().downcast::<Str>() {
                Some(text) => Ok(&*arena.alloc_str(text.get().as_utf8(self.th)?)),
                None => Err(raise!(self.th, TYPE_ERROR, "{name} must hold strings")),
            });
        keys.collect()
    }

    fn unit<'b>(&self, arena: &'b Bump) -> PyResult<CodeUnitMetadata<'b>> {
        let hidden = self.names("fasthidden", arena)?;
        Ok(CodeUnitMetadata {
            name: self.text("name", arena)?,
            qualname: self.text("qualname", arena)?,
            consts: IndexSet::default(),
            names: self.names("names", arena)?,
            varnames: self.names("varnames", arena)?,
            cellvars: self.names("cellvars", arena)?,
            freevars: self.names("freevars", arena)?,
            fasthidden: hidden.into_iter().map(|name| (name, true)).collect::<IndexMap<_, _>>(),
            argcount: self.count("argcount")?,
            posonlyargcount: self.count("posonlyargcount")?,
            kwonlyargcount: self.count("kwonlyargcount")?,
            firstlineno: self.number("firstlineno")?,
        })
    }
}

/// A docstring without the indentation that its lines share.
pub fn clean_doc(th: &Thread, doc: Borrowed<'_, Str>) -> PyResult<Owned<Str>> {
    let arena = Bump::new();
    let clean = stages::clean_doc(&doc.to_wtf8(), &arena)
        .map_err(|error| compile::raise_compile_error(th, error, Str::empty()))?;
    Str::from_wtf8(th, clean.as_bytes())
}

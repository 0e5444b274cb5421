//! What `_testinternalcapi` tells of code objects: their variables, counted by kind; what they return; whether they
//! depend on more than their arguments.
//!
//! The same job as `_PyCode_GetVarCounts` and its neighbours in CPython's `Objects/codeobject.c`.

use std::collections::HashSet;

use krait_bytecode::{Opcode, instructions, local_kind};
use krait_eval::code::{Code, original_bytes};
use krait_eval::function::Function;
use krait_objects::prelude::*;
use krait_objects::set::Set;

pub fn code_of<'a>(th: &Thread, value: Borrowed<'a>) -> PyResult<Borrowed<'a, Code>> {
    value
        .downcast::<Code>()
        .ok_or_else(|| th.raise(exc::TYPE_ERROR, "argument must be a code object"))
}

/// The name of each local with the bits of its kind.
pub fn local_kinds(th: &Thread, code: Borrowed<'_, Code>) -> PyResult<Owned<Dict>> {
    let kinds = Dict::new(th)?;
    for index in 0..code.nlocalsplus as usize {
        let kind = Int::from_i64(th, code.local_kind(index).into())?;
        kinds.set_str(th, code.local_name(index), kind.object())?;
    }
    Ok(kinds)
}

/// Names in whose light globals are told from built-ins.
#[derive(Clone, Default)]
pub struct Namespaces {
    /// Names that are known to be global.
    pub global_names: Option<Owned<Set>>,
    pub globals: Option<Owned<Dict>>,
    pub builtins: Option<Owned<Dict>>,
}

impl Namespaces {
    pub fn given(
        global_names: Option<Borrowed<'_, Set>>,
        globals: Option<Borrowed<'_, Dict>>,
        builtins: Option<Borrowed<'_, Dict>>,
    ) -> Namespaces {
        Namespaces {
            global_names: global_names.map(|names| names.to_owned()),
            globals: globals.map(|dict| dict.to_owned()),
            builtins: builtins.map(|dict| dict.to_owned()),
        }
    }
}

/// How many variables of each kind code has.
#[derive(Default)]
pub struct Counts {
    posonly: i64,
    pos_or_kw: i64,
    kwonly: i64,
    varargs: i64,
    varkwargs: i64,
    pure_locals: i64,
    cells_of_arguments: i64,
    other_cells: i64,
    hidden_pure: i64,
    hidden_cells: i64,
    free: i64,
    attributes: i64,
    globals: i64,
    builtins: i64,
    unknown_globals: i64,
    unknown: i64,
}

impl Counts {
    pub fn of(th: &Thread, code: Borrowed<'_, Code>, spaces: &Namespaces) -> PyResult<Counts> {
        use krait_bytecode::code_flags::{VARARGS, VARKEYWORDS};
        let mut counts = Counts {
            posonly: code.posonlyargcount.into(),
            pos_or_kw: (code.argcount - code.posonlyargcount).into(),
            kwonly: code.kwonlyargcount.into(),
            varargs: code.has_flag(VARARGS).into(),
            varkwargs: code.has_flag(VARKEYWORDS).into(),
            ..Counts::default()
        };
        for index in 0..code.nlocalsplus as usize {
            counts.count_local(code.local_kind(index));
        }
        counts.count_names(th, code, spaces)?;
        Ok(counts)
    }

    fn count_local(&mut self, kind: u8) {
        use local_kind::{ARG_KW, ARG_POS, ARG_VAR, CELL, FREE, HIDDEN};
        let is_argument = kind & (ARG_POS | ARG_KW | ARG_VAR) != 0;
        let hidden = i64::from(kind & HIDDEN != 0);
        if kind & FREE != 0 {
            self.free += 1;
        } else if kind & CELL != 0 {
            self.hidden_cells += hidden;
            match is_argument {
                true => self.cells_of_arguments += 1,
                false => self.other_cells += 1,
            }
        } else if !is_argument {
            self.hidden_pure += hidden;
            self.pure_locals += 1;
        }
    }

    /// A name that is both a global and an attribute counts twice.
    fn count_names(
        &mut self,
        th: &Thread,
        code: Borrowed<'_, Code>,
        spaces: &Namespaces,
    ) -> PyResult<()> {
        let (mut attributes, mut globals) = (HashSet::new(), HashSet::new());
        for instruction in instructions(&original_bytes(&code)) {
            let (names, index) = match instruction.opcode {
                Opcode::LOAD_ATTR => (&mut attributes, instruction.oparg >> 1),
                Opcode::LOAD_GLOBAL => (&mut globals, instruction.oparg >> 1),
                _ => continue,
            };
            names.insert(index);
        }
        for &index in &globals {
            if let Some(name) = code.names.get(index as usize) {
                self.count_global(th, name, spaces)?;
            }
        }
        let all: HashSet<u32> = attributes.union(&globals).copied().collect();
        self.attributes = attributes.len() as i64;
        self.unknown = code.names.len() as i64 - all.len() as i64;
        Ok(())
    }

    fn count_global(
        &mut self,
        th: &Thread,
        name: Borrowed<'_>,
        spaces: &Namespaces,
    ) -> PyResult<()> {
        let listed = match &spaces.global_names {
            Some(names) => names.contains(th, name)?,
            None => false,
        };
        let among = |dict: &Option<Owned<Dict>>| match dict {
            Some(dict) => dict.contains(th, name),
            None => Ok(false),
        };
        if listed || among(&spaces.globals)? {
            self.globals += 1;
        } else if among(&spaces.builtins)? {
            self.builtins += 1;
        } else {
            self.unknown_globals += 1;
        }
        Ok(())
    }

    fn arguments(&self) -> i64 {
        self.posonly + self.pos_or_kw + self.kwonly + self.varargs + self.varkwargs
    }

    pub fn to_object(&self, th: &Thread) -> PyResult {
        let locals = self.arguments() + self.pure_locals + self.other_cells;
        let globals = self.globals + self.builtins + self.unknown_globals;
        let unbound = self.attributes + globals + self.unknown;
        use Item::{Group, Number};
        dict(
            th,
            &[
                ("total", Number(locals + self.free + unbound)),
                (
                    "locals",
                    Group(&[
                        ("total", Number(locals)),
                        (
                            "args",
                            Group(&[
                                ("total", Number(self.arguments())),
                                ("numposonly", Number(self.posonly)),
                                ("numposorkw", Number(self.pos_or_kw)),
                                ("numkwonly", Number(self.kwonly)),
                                ("varargs", Number(self.varargs)),
                                ("varkwargs", Number(self.varkwargs)),
                            ]),
                        ),
                        ("numpure", Number(self.pure_locals)),
                        (
                            "cells",
                            Group(&[
                                ("total", Number(self.cells_of_arguments + self.other_cells)),
                                ("numargs", Number(self.cells_of_arguments)),
                                ("numothers", Number(self.other_cells)),
                            ]),
                        ),
                        (
                            "hidden",
                            Group(&[
                                ("total", Number(self.hidden_pure + self.hidden_cells)),
                                ("numpure", Number(self.hidden_pure)),
                                ("numcells", Number(self.hidden_cells)),
                            ]),
                        ),
                    ]),
                ),
                ("numfree", Number(self.free)),
                (
                    "unbound",
                    Group(&[
                        ("total", Number(unbound)),
                        ("numattrs", Number(self.attributes)),
                        ("numunknown", Number(self.unknown)),
                        (
                            "globals",
                            Group(&[
                                ("total", Number(globals)),
                                ("numglobal", Number(self.globals)),
                                ("numbuiltin", Number(self.builtins)),
                                ("numunknown", Number(self.unknown_globals)),
                            ]),
                        ),
                    ]),
                ),
            ],
        )
    }
}

enum Item<'a> {
    Number(i64),
    Group(&'a [(&'a str, Item<'a>)]),
}

fn dict(th: &Thread, items: &[(&str, Item<'_>)]) -> PyResult {
    let dict_object = Dict::new(th)?;
    for (name, item) in items {
        let value = match item {
            Item::Number(number) => Int::from_i64(th, *number)?.into_object(),
            Item::Group(items) => dict(th, items)?,
        };
        dict_object.set_str(th, Str::interned(th, name)?.borrow(), value.borrow())?;
    }
    Ok(dict_object.into_object())
}

/// The code of a code object or function; `spaces` gets the function's own where there are none.
pub fn code_and_spaces(
    th: &Thread,
    value: Borrowed<'_>,
    spaces: &mut Namespaces,
) -> PyResult<Owned<Code>> {
    if let Some(code) = value.downcast::<Code>() {
        return Ok(code.to_owned());
    }
    let Some(function) = value.downcast::<Function>() else {
        return Err(th.raise(exc::TYPE_ERROR, "argument must be a code object or a function"));
    };
    if spaces.globals.is_none() {
        spaces.globals = function.globals.get_owned();
    }
    if spaces.builtins.is_none() {
        let builtins = function.builtins.get_owned();
        spaces.builtins = builtins.and_then(|dict| dict.downcast::<Dict>().ok());
    }
    Ok(function.code_handle().to_owned())
}

/// ValueError if code depends on variables outside of it.
pub fn verify_stateless(
    th: &Thread,
    code: Borrowed<'_, Code>,
    spaces: &Namespaces,
) -> PyResult<()> {
    let counts = Counts::of(th, code, spaces)?;
    let message = if counts.free > 0 {
        "closures not supported"
    } else if counts.globals > 0 || (spaces.builtins.is_some() && counts.unknown_globals > 0) {
        // With the built-ins at hand, a name that is not among them is a global.
        "globals not supported"
    } else {
        return Ok(());
    };
    Err(th.raise(exc::VALUE_ERROR, message))
}

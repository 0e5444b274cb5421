//! `_symtable`: the compiler's symbol table as objects, for the module `symtable`.
//!
//! The same job as CPython's `Modules/symtablemodule.c` and the object part of `Python/symtable.c`.

use std::cell::Cell;
use std::collections::HashMap;

use krait_compiler::symtable::{BlockKind, EntryId, Scope, SymbolTable, flags};
use krait_eval::compile::source::{filename_of, with_source};
use krait_eval::compile::{self, Request};
use krait_objects::prelude::*;
use krait_syntax::Mode;

/// A block of a program: its names and what is known of each.
#[pytype(name = "symtable entry", doc = "", flags(DISALLOW_INSTANTIATION, HAVE_GC))]
#[repr(C)]
pub struct TableEntry {
    head: Head,
    #[visit]
    #[member(readonly)]
    id: Slot,
    #[visit]
    #[member(readonly)]
    name: Slot,
    /// Mangled name to bits of use and scope.
    #[visit]
    #[member(readonly)]
    symbols: Slot,
    #[visit]
    #[member(readonly)]
    varnames: Slot,
    #[visit]
    #[member(readonly)]
    children: Slot,
    #[member(readonly)]
    nested: Cell<i32>,
    #[member(readonly, name = "type")]
    kind: Cell<i32>,
    #[member(readonly)]
    lineno: Cell<i32>,
}

#[pymethods]
impl TableEntry {
    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let text = |slot: &Slot| match slot.get_owned() {
            Some(value) => object::str(th, value.object()),
            None => Str::new(th, ""),
        };
        let (name, id) = (text(&self.name)?, text(&self.id)?);
        let lineno = self.lineno.get();
        Str::from_fmt(th, format_args!("<symtable entry {}({}), line {lineno}>", &*name, &*id))
    }
}

/// Makes the object of a block, and those of the blocks inside it. Blocks nest as deep as the
/// parser lets them.
fn entry_object(
    th: &Thread,
    table: &SymbolTable<'_>,
    id: EntryId,
    made: &mut HashMap<EntryId, Owned<TableEntry>>,
) -> PyResult<Owned<TableEntry>> {
    if let Some(object) = made.get(&id) {
        return Ok(object.clone());
    }
    let entry = table.entry(id);
    let object = Borrowed::from_ref(TableEntry::type_object()).alloc::<TableEntry>(th, 0)?;
    made.insert(id, object.clone());
    let symbols = Dict::new(th)?;
    for (name, bits) in entry.symbols.iter() {
        let bits = Int::from_i64(th, bits.into())?;
        symbols.set_str(th, Str::interned(th, name)?.borrow(), bits.object())?;
    }
    let varnames = List::new(th)?;
    for &name in &entry.varnames {
        varnames.push(th, Str::interned(th, name)?.into_object())?;
    }
    let children = List::new(th)?;
    for &child in &entry.children {
        children.push(th, entry_object(th, table, child, made)?.into_object())?;
    }
    let number = Int::from_usize(th, object.as_ptr().addr())?;
    object.id.set(Some(number.into_object()));
    object.name.set(Some(Str::interned(th, entry.name)?.into_object()));
    object.symbols.set(Some(symbols.into_object()));
    object.varnames.set(Some(varnames.into_object()));
    object.children.set(Some(children.into_object()));
    object.nested.set(entry.nested.into());
    object.kind.set(entry.kind as i32);
    object.lineno.set(if entry.kind == BlockKind::Module { 0 } else { entry.span.lineno });
    Ok(object)
}

/// The compiler's symbol table.
#[pymodule(name = "_symtable", doc = "")]
pub struct SymtableModule;

#[pyfunctions]
impl SymtableModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        Borrowed::from_ref(TableEntry::type_object()).ready(th)?;
        let numbers = [
            ("USE", flags::USE),
            ("DEF_GLOBAL", flags::DEF_GLOBAL),
            ("DEF_NONLOCAL", flags::DEF_NONLOCAL),
            ("DEF_LOCAL", flags::DEF_LOCAL),
            ("DEF_PARAM", flags::DEF_PARAM),
            ("DEF_TYPE_PARAM", flags::DEF_TYPE_PARAM),
            ("DEF_FREE_CLASS", flags::DEF_FREE_CLASS),
            ("DEF_IMPORT", flags::DEF_IMPORT),
            ("DEF_BOUND", flags::DEF_BOUND),
            ("DEF_ANNOT", flags::DEF_ANNOT),
            ("DEF_COMP_ITER", flags::DEF_COMP_ITER),
            ("DEF_COMP_CELL", flags::DEF_COMP_CELL),
            ("TYPE_FUNCTION", BlockKind::Function as u32),
            ("TYPE_CLASS", BlockKind::Class as u32),
            ("TYPE_MODULE", BlockKind::Module as u32),
            ("TYPE_ANNOTATION", BlockKind::Annotation as u32),
            ("TYPE_TYPE_ALIAS", BlockKind::TypeAlias as u32),
            ("TYPE_TYPE_PARAMETERS", BlockKind::TypeParameters as u32),
            ("TYPE_TYPE_VARIABLE", BlockKind::TypeVariable as u32),
            ("LOCAL", Scope::Local as u32),
            ("GLOBAL_EXPLICIT", Scope::GlobalExplicit as u32),
            ("GLOBAL_IMPLICIT", Scope::GlobalImplicit as u32),
            ("FREE", Scope::Free as u32),
            ("CELL", Scope::Cell as u32),
            ("SCOPE_OFF", flags::SCOPE_OFFSET),
            ("SCOPE_MASK", flags::SCOPE_MASK),
        ];
        for (name, number) in numbers {
            module.add(th, name, Int::from_i64(th, number.into())?.object())?;
        }
        Ok(())
    }

    /// Return the compiler's table of the names in a source text: the entry of its outermost block.
    #[function(sig = "(source, filename, startstr, /)")]
    fn symtable(
        th: &Thread,
        source: Borrowed<'_>,
        filename: Borrowed<'_>,
        startstr: &str,
    ) -> PyResult<Owned<TableEntry>> {
        let filename = filename_of(th, filename)?;
        with_source(th, source, "symtable", "string or bytes", |source| {
            let mode = match startstr {
                "exec" => Mode::Exec,
                "eval" => Mode::Eval,
                "single" => Mode::Single,
                _ => {
                    let message = "symtable() arg 3 must be 'exec' or 'eval' or 'single'";
                    return Err(th.raise(exc::VALUE_ERROR, message));
                }
            };
            let request = Request {
                filename: filename.borrow(),
                mode,
                flags: 0,
                optimize: None,
                feature_version: None,
            };
            compile::symbol_table(th, source, request, |table| {
                entry_object(th, table, table.top(), &mut HashMap::new())
            })
        })
    }
}

//! The names and kinds of fast locals, cells and free variables.
//!
//! CPython: `compute_localsplus_info`.

use krait_bytecode::{code_flags, local_kind};

use crate::instructions::CodeUnitMetadata;

/// `co_localsplusnames` and `co_localspluskinds`.
pub(super) fn collect(metadata: &CodeUnitMetadata, flags: u32) -> (Vec<Box<str>>, Vec<u8>) {
    let mut names: Vec<Box<str>> = Vec::new();
    let mut kinds = Vec::new();
    let mut parameters = parameter_kinds(metadata, flags);
    for name in &metadata.varnames {
        let mut kind = local_kind::LOCAL | parameters.next().unwrap_or(0);
        if metadata.fasthidden.contains_key(name) {
            kind |= local_kind::HIDDEN;
        }
        if metadata.cellvars.contains(name) {
            kind |= local_kind::CELL;
        }
        names.push(name.clone());
        kinds.push(kind);
    }
    for name in metadata.cellvars.iter().filter(|name| !metadata.varnames.contains(*name)) {
        names.push(name.clone());
        kinds.push(local_kind::CELL);
    }
    for name in &metadata.freevars {
        names.push(name.clone());
        kinds.push(local_kind::FREE);
    }
    (names, kinds)
}

/// How each parameter takes its argument, in the order of the locals.
fn parameter_kinds(metadata: &CodeUnitMetadata, flags: u32) -> impl Iterator<Item = u8> {
    use local_kind::{ARG_KW, ARG_POS, ARG_VAR};
    let has = |flag| u32::from(flags & flag != 0);
    [
        (metadata.posonlyargcount, ARG_POS),
        (metadata.argcount, ARG_POS | ARG_KW),
        (metadata.kwonlyargcount, ARG_KW),
        (has(code_flags::VARARGS), ARG_VAR | ARG_POS),
        (has(code_flags::VARKEYWORDS), ARG_VAR | ARG_KW),
    ]
    .into_iter()
    .flat_map(|(count, kind)| std::iter::repeat_n(kind, count as usize))
}

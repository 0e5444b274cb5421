//! The names and kinds of fast locals, cells and free variables.
//!
//! CPython: `compute_localsplus_info`.

use bumpalo::Bump;
use bumpalo::collections::Vec;
use krait_bytecode::{code_flags, local_kind};

use crate::instructions::CodeUnitMetadata;

/// `co_localspluskinds`.
pub(super) fn kinds<'a>(metadata: &CodeUnitMetadata<'a>, flags: u32, arena: &'a Bump) -> &'a [u8] {
    let CodeUnitMetadata { varnames, cellvars, freevars, fasthidden, .. } = metadata;
    let count = varnames.len() + cellvars.len() + freevars.len();
    let mut kinds = Vec::with_capacity_in(count, arena);
    let mut parameters = parameter_kinds(metadata, flags);
    for name in varnames {
        let mut kind = local_kind::LOCAL | parameters.next().unwrap_or(0);
        if !fasthidden.is_empty() && fasthidden.contains_key(name) {
            kind |= local_kind::HIDDEN;
        }
        if !cellvars.is_empty() && cellvars.contains(name) {
            kind |= local_kind::CELL;
        }
        kinds.push(kind);
    }
    let cells = cellvars.iter().filter(|name| !varnames.contains(*name)).count();
    kinds.extend(std::iter::repeat_n(local_kind::CELL, cells));
    kinds.extend(std::iter::repeat_n(local_kind::FREE, freevars.len()));
    kinds.into_bump_slice()
}

/// `co_localsplusnames`.
pub(super) fn names<'a>(metadata: &CodeUnitMetadata<'a>, arena: &'a Bump) -> &'a [&'a str] {
    let CodeUnitMetadata { varnames, cellvars, freevars, .. } = metadata;
    let count = varnames.len() + cellvars.len() + freevars.len();
    let mut names = Vec::with_capacity_in(count, arena);
    names.extend(varnames.iter().copied());
    // A parameter that is a cell is there once.
    names.extend(cellvars.iter().copied().filter(|name| !varnames.contains(name)));
    // A free variable may have the name of a local: that of a class that an inner function uses as well.
    names.extend(freevars.iter().copied());
    names.into_bump_slice()
}

/// How each parameter takes its argument, in the order of the locals.
fn parameter_kinds(
    metadata: &CodeUnitMetadata<'_>,
    flags: u32,
) -> impl Iterator<Item = u8> + use<> {
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

//! `LOAD_GLOBAL`: by the versions of the key tables of globals and builtins.

use krait_bytecode::Opcode;
use krait_objects::prelude::*;

use super::super::op::Op;
use super::{keys, write_cache};

pub fn global(op: Op<'_>) -> Option<Opcode> {
    let name = op.name(op.arg >> 1);
    let globals = op.globals().object().downcast_exact::<Dict>()?;
    let builtins = op.builtins().downcast_exact::<Dict>()?;
    if !name.is_interned() {
        return None;
    }
    let module_version = small(keys::version(op.th, globals)?)?;
    // SAFETY: both are dicts; the cache of LOAD_GLOBAL: counter, two versions, index.
    unsafe {
        let table = keys::of_dict(globals.as_ptr());
        if let Some(index) = keys::position(table, name.as_ptr()) {
            let index = u16::try_from(index).ok()?;
            write_cache(op, 2, [module_version, 0, index]);
            return Some(Opcode::LOAD_GLOBAL_MODULE);
        }
        let builtin_version = small(keys::version(op.th, builtins)?)?;
        let index = keys::position(keys::of_dict(builtins.as_ptr()), name.as_ptr())?;
        let index = u16::try_from(index).ok()?;
        write_cache(op, 2, [module_version, builtin_version, index]);
    }
    Some(Opcode::LOAD_GLOBAL_BUILTIN)
}

/// A version that fits the cache.
fn small(version: u32) -> Option<u16> {
    u16::try_from(version).ok().filter(|version| *version != 0)
}

//! Imports. Does the job of `codegen_import` and `codegen_from_import`.

use krait_bytecode::{Opcode, intrinsic_1};
use krait_syntax::ast::{Alias, Span};

use super::{Generator, at};
use crate::code::Constant;
use crate::error::Result;
use crate::instructions::Location;

impl<'a> Generator<'a> {
    pub(super) fn import(&mut self, span: Span, names: &'a [Alias<'a>]) -> Result {
        let loc = at(span);
        for alias in names {
            self.load_int(loc, 0);
            self.load_none(loc);
            self.op_mangled(loc, Opcode::IMPORT_NAME, alias.name);
            match alias.asname {
                Some(asname) => self.import_as(loc, alias.name, asname)?,
                None => {
                    let name = alias.name.split('.').next().unwrap_or(alias.name);
                    self.store_name(loc, name)?;
                }
            }
        }
        Ok(())
    }

    /// `import a.b.c as d`: the import gave `a`, and `c` is wanted.
    fn import_as(&mut self, loc: Location, name: &'a str, asname: &'a str) -> Result {
        let mut parts = name.split('.').skip(1).peekable();
        if parts.peek().is_none() {
            return self.store_name(loc, asname);
        }
        while let Some(part) = parts.next() {
            self.op_name(loc, Opcode::IMPORT_FROM, part);
            if parts.peek().is_some() {
                self.op_i(loc, Opcode::SWAP, 2);
                self.op(loc, Opcode::POP_TOP);
            }
        }
        self.store_name(loc, asname)?;
        self.op(loc, Opcode::POP_TOP);
        Ok(())
    }

    pub(super) fn import_from(
        &mut self,
        span: Span,
        module: Option<&'a str>,
        names: &'a [Alias<'a>],
        level: Option<i32>,
    ) -> Result {
        let loc = at(span);
        self.load_const(loc, Constant::Int(level.unwrap_or(0).into()));
        let tuple = Constant::names(names.iter().map(|alias| alias.name), self.arena);
        self.load_const(loc, tuple);
        self.op_mangled(loc, Opcode::IMPORT_NAME, module.unwrap_or(""));
        for (index, alias) in names.iter().enumerate() {
            if index == 0 && alias.name.starts_with('*') {
                self.op_i(loc, Opcode::CALL_INTRINSIC_1, intrinsic_1::IMPORT_STAR);
                self.op(Location::NONE, Opcode::POP_TOP);
                return Ok(());
            }
            self.op_mangled(loc, Opcode::IMPORT_FROM, alias.name);
            self.store_name(loc, alias.asname.unwrap_or(alias.name))?;
        }
        self.op(loc, Opcode::POP_TOP);
        Ok(())
    }
}

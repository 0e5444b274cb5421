//! Comprehensions and generator expressions; list, set and dict comprehensions are inlined where
//! they can be (PEP 709).
//!
//! Does the job of `codegen_comprehension`, `codegen_comprehension_generator` and
//! `_PyCompile_TweakInlinedComprehensionScopes`.

use krait_bytecode::Opcode;
use krait_syntax::ast::{Comprehension, Expr, ExprKind, Span};

use super::frame_blocks::BlockType;
use super::unit::{Parameters, ScopeKind};
use super::{Generator, at};
use crate::error::{CompileError, Result};
use crate::instructions::{Label, Location};
use crate::symtable::flags::{DEF_LOCAL, DEF_NONLOCAL};
use crate::symtable::{BlockKind, ComprehensionKind, EntryId, NodeKey, Role, Scope};

/// What a comprehension makes.
#[derive(Clone, Copy)]
struct Parts<'a> {
    kind: ComprehensionKind,
    name: &'static str,
    elt: &'a Expr<'a>,
    /// The value of a dict comprehension's item.
    value: Option<&'a Expr<'a>>,
    generators: &'a [Comprehension<'a>],
    loc: Location,
}

/// Where a generator finds what to iterate over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Iterable {
    /// In the comprehension function's parameter.
    Parameter,
    /// An iterator is on the stack.
    OnStack,
    /// To be evaluated here.
    Expression,
}

/// What inlining has changed, to be undone.
#[derive(Default)]
struct Inlined<'a> {
    /// Names bound in the comprehension, whose outer values are on the stack meanwhile.
    pushed: Vec<(&'a str, Scope)>,
    /// Symbols of the block around that looked different outside.
    outer_symbols: Vec<(&'a str, Option<u32>)>,
    /// Names that became fast locals of a module or class.
    hidden: Vec<&'a str>,
    cleanup: Option<Label>,
}

fn parts<'a>(expr: &Expr<'a>) -> Option<Parts<'a>> {
    let loc = at(expr.span);
    Some(match expr.node {
        ExprKind::ListComp { elt, generators } => {
            let kind = ComprehensionKind::List;
            Parts { kind, name: "<listcomp>", elt, value: None, generators, loc }
        }
        ExprKind::SetComp { elt, generators } => {
            let kind = ComprehensionKind::Set;
            Parts { kind, name: "<setcomp>", elt, value: None, generators, loc }
        }
        ExprKind::DictComp { key, value, generators } => {
            let kind = ComprehensionKind::Dict;
            Parts { kind, name: "<dictcomp>", elt: key, value: Some(value), generators, loc }
        }
        ExprKind::GeneratorExp { elt, generators } => {
            let kind = ComprehensionKind::Generator;
            Parts { kind, name: "<genexpr>", elt, value: None, generators, loc }
        }
        _ => return None,
    })
}

impl<'a> Generator<'a> {
    pub(super) fn comprehension(&mut self, expr: &'a Expr<'a>) -> Result {
        let Some(parts) = parts(expr) else { return Ok(()) };
        let key = NodeKey::new(expr, Role::Body);
        let (Some(entry), Some(outermost)) = (self.table.lookup(key), parts.generators.first())
        else {
            return Err(CompileError::System("comprehension without block".to_owned()));
        };
        if self.table.entry(entry).comp_inlined {
            self.comprehension_iter(outermost)?;
            return self.inlined_comprehension(parts, entry);
        }
        let is_async = self.table.entry(entry).coroutine;
        let parameters = Parameters { argcount: 1, ..Parameters::default() };
        let lineno = expr.span.lineno;
        self.enter_entry(parts.name, ScopeKind::Comprehension, entry, lineno, None, parameters)?;
        self.start_collection(parts);
        self.generators(parts, 0, 0, Iterable::Parameter)?;
        if parts.kind == ComprehensionKind::Generator {
            self.wrap_in_stop_iteration_handler();
        } else {
            self.op(parts.loc, Opcode::RETURN_VALUE);
        }
        let code = self.finish_scope(true)?;
        self.make_closure(parts.loc, code, 0)?;
        self.comprehension_iter(outermost)?;
        self.op_i(parts.loc, Opcode::CALL, 0);
        if is_async && parts.kind != ComprehensionKind::Generator {
            self.await_top(parts.loc, 0);
        }
        Ok(())
    }

    fn comprehension_iter(&mut self, generator: &'a Comprehension<'a>) -> Result {
        self.expr(generator.iter)?;
        let opcode = if generator.is_async { Opcode::GET_AITER } else { Opcode::GET_ITER };
        self.op(at(generator.iter.span), opcode);
        Ok(())
    }

    fn start_collection(&mut self, parts: Parts<'a>) {
        let opcode = match parts.kind {
            ComprehensionKind::List => Opcode::BUILD_LIST,
            ComprehensionKind::Set => Opcode::BUILD_SET,
            ComprehensionKind::Dict => Opcode::BUILD_MAP,
            ComprehensionKind::Generator => return,
        };
        self.op_i(parts.loc, opcode, 0);
    }

    fn inlined_comprehension(&mut self, parts: Parts<'a>, entry: EntryId) -> Result {
        let mut inlined = self.enter_inlined(entry);
        self.isolate_locals(parts.loc, &mut inlined)?;
        self.start_collection(parts);
        self.op_i(parts.loc, Opcode::SWAP, 2);
        self.generators(parts, 0, 0, Iterable::OnStack)?;
        self.unit_mut().in_inlined_comprehension -= 1;
        self.restore_locals(parts.loc, &inlined);
        self.leave_inlined(inlined);
        Ok(())
    }

    /// Gives the names of the comprehension their meaning inside of it.
    fn enter_inlined(&mut self, comprehension: EntryId) -> Inlined<'a> {
        let mut inlined = Inlined::default();
        let block = self.unit().entry;
        let in_class =
            self.entry().kind == BlockKind::Class && self.unit().in_inlined_comprehension == 0;
        let function_like = self.entry().kind.is_function_like();
        self.unit_mut().in_inlined_comprehension += 1;
        let symbols: Vec<(&'a str, u32)> = self.table.entry(comprehension).symbols.iter().collect();
        for (name, usage) in symbols {
            // The target of an assignment expression is nonlocal, and not isolated.
            let bound = usage & DEF_LOCAL != 0 && usage & DEF_NONLOCAL == 0;
            if !function_like && (bound || in_class) {
                let hidden = &mut self.unit_mut().meta.fasthidden;
                if !hidden.get(name).copied().unwrap_or(false) {
                    hidden.insert(name.into(), true);
                    inlined.hidden.push(name);
                }
            }
            let scope = Scope::of(usage);
            let outer_symbol = self.table.entry(block).symbols.get(name);
            let outer = outer_symbol.map_or(Scope::Unknown, Scope::of);
            let differs = scope != outer
                && scope != Scope::Free
                && !(scope == Scope::Cell && outer == Scope::Free);
            if differs || in_class {
                self.table.set_symbol(block, name, Some(usage));
                inlined.outer_symbols.push((name, outer_symbol));
            }
            if bound {
                inlined.pushed.push((name, scope));
            }
        }
        inlined
    }

    fn leave_inlined(&mut self, inlined: Inlined<'a>) {
        let block = self.unit().entry;
        for (name, symbol) in inlined.outer_symbols {
            self.table.set_symbol(block, name, symbol);
        }
        for name in inlined.hidden {
            self.unit_mut().meta.fasthidden.insert(name.into(), false);
        }
    }

    /// Saves the outer values of the comprehension's names on the stack.
    fn isolate_locals(&mut self, loc: Location, inlined: &mut Inlined<'a>) -> Result {
        if inlined.pushed.is_empty() {
            return Ok(());
        }
        for &(name, scope) in &inlined.pushed {
            self.op_varname(loc, Opcode::LOAD_FAST_AND_CLEAR, name);
            if scope == Scope::Cell {
                // Saves the cell itself; the comprehension gets a new one.
                let outer = self.entry().scope(name);
                let index = self.cell_index(name, outer)?;
                self.op_i(loc, Opcode::MAKE_CELL, index);
            }
        }
        let cleanup = self.new_label();
        self.op_n(loc, Opcode::SWAP, inlined.pushed.len() + 1);
        self.op_j(loc, Opcode::SETUP_FINALLY, cleanup);
        inlined.cleanup = Some(cleanup);
        self.push_block(loc, BlockType::InlinedComprehension, None, None)?;
        Ok(())
    }

    /// Puts the outer values back, also if the comprehension raises.
    fn restore_locals(&mut self, loc: Location, inlined: &Inlined<'a>) {
        let Some(cleanup) = inlined.cleanup else { return };
        let none = Location::NONE;
        let end = self.new_label();
        self.pop_block();
        self.op(none, Opcode::POP_BLOCK);
        self.op_j(none, Opcode::JUMP_NO_INTERRUPT, end);
        self.use_label(cleanup);
        self.op_i(none, Opcode::SWAP, 2);
        self.op(none, Opcode::POP_TOP);
        self.pop_saved(loc, inlined);
        self.op_i(none, Opcode::RERAISE, 0);
        self.use_label(end);
        self.pop_saved(loc, inlined);
    }

    fn pop_saved(&mut self, loc: Location, inlined: &Inlined<'a>) {
        self.op_n(loc, Opcode::SWAP, inlined.pushed.len() + 1);
        for (name, _) in inlined.pushed.iter().rev() {
            self.op_varname(loc, Opcode::STORE_FAST_MAYBE_NULL, name);
        }
    }

    /// The loops from `index` on. `depth` is how many iterators lie above the collection.
    fn generators(
        &mut self,
        parts: Parts<'a>,
        index: usize,
        depth: u32,
        iterable: Iterable,
    ) -> Result {
        self.stack_guard.check()?;
        if parts.generators[index].is_async {
            self.async_generator(parts, index, depth, iterable)?;
        } else {
            self.sync_generator(parts, index, depth, iterable)?;
        }
        Ok(())
    }

    fn sync_generator(
        &mut self,
        parts: Parts<'a>,
        index: usize,
        mut depth: u32,
        iterable: Iterable,
    ) -> Result {
        let generator = &parts.generators[index];
        let [start, if_cleanup, anchor] = [self.new_label(), self.new_label(), self.new_label()];
        let mut loops = true;
        match iterable {
            Iterable::Parameter => self.op_i(parts.loc, Opcode::LOAD_FAST, 0),
            Iterable::OnStack => {}
            Iterable::Expression => match single_item(generator.iter) {
                // `for y in [f(x)]` is an assignment.
                Some(item) => {
                    self.expr(item)?;
                    loops = false;
                }
                None => self.comprehension_iter(generator)?,
            },
        }
        if loops {
            depth += 1;
            self.use_label(start);
            self.op_j(at(generator.iter.span), Opcode::FOR_ITER, anchor);
        }
        self.expr(generator.target)?;
        let elt_loc = self.generator_body(parts, index, depth, if_cleanup)?;
        self.use_label(if_cleanup);
        if loops {
            self.op_j(elt_loc, Opcode::JUMP, start);
            self.use_label(anchor);
            self.op(Location::NONE, Opcode::END_FOR);
            self.op(Location::NONE, Opcode::POP_ITER);
        }
        Ok(())
    }

    fn async_generator(
        &mut self,
        parts: Parts<'a>,
        index: usize,
        depth: u32,
        iterable: Iterable,
    ) -> Result {
        let generator = &parts.generators[index];
        let [start, send, except, if_cleanup] =
            [self.new_label(), self.new_label(), self.new_label(), self.new_label()];
        let loc = parts.loc;
        match iterable {
            Iterable::Parameter => self.op_i(loc, Opcode::LOAD_FAST, 0),
            Iterable::OnStack => {}
            Iterable::Expression => self.comprehension_iter(generator)?,
        }
        self.use_label(start);
        let block = BlockType::AsyncComprehensionGenerator;
        self.push_block(loc, block, Some(start), None)?;
        self.op_j(loc, Opcode::SETUP_FINALLY, except);
        self.op(loc, Opcode::GET_ANEXT);
        self.load_none(loc);
        self.use_label(send);
        self.yield_from(loc, true);
        self.op(loc, Opcode::POP_BLOCK);
        self.expr(generator.target)?;
        let elt_loc = self.generator_body(parts, index, depth + 1, if_cleanup)?;
        self.use_label(if_cleanup);
        self.op_j(elt_loc, Opcode::JUMP, start);
        self.pop_block();
        self.use_label(except);
        self.op_j(loc, Opcode::END_ASYNC_FOR, send);
        Ok(())
    }

    /// Conditions, inner loops, and the element in the innermost. Returns where the loop ends.
    fn generator_body(
        &mut self,
        parts: Parts<'a>,
        index: usize,
        depth: u32,
        if_cleanup: Label,
    ) -> Result<Location> {
        for condition in parts.generators[index].ifs {
            self.jump_if(condition, if_cleanup, false)?;
        }
        let elt_loc = at(parts.elt.span);
        if index + 1 < parts.generators.len() {
            self.generators(parts, index + 1, depth, Iterable::Expression)?;
            return Ok(elt_loc);
        }
        self.expr(parts.elt)?;
        match parts.kind {
            ComprehensionKind::Generator => {
                self.yield_top(elt_loc);
                self.op(elt_loc, Opcode::POP_TOP);
            }
            ComprehensionKind::List => self.op_i(elt_loc, Opcode::LIST_APPEND, depth + 1),
            ComprehensionKind::Set => self.op_i(elt_loc, Opcode::SET_ADD, depth + 1),
            ComprehensionKind::Dict => {
                let mut span: Span = parts.elt.span;
                if let Some(value) = parts.value {
                    self.expr(value)?;
                    span = span.to(value.span);
                }
                self.op_i(at(span), Opcode::MAP_ADD, depth + 1);
                return Ok(at(span));
            }
        }
        Ok(elt_loc)
    }
}

/// The item of a display with a single one.
fn single_item<'a>(iter: &Expr<'a>) -> Option<&'a Expr<'a>> {
    match iter.node {
        ExprKind::List { elts: [only], .. } | ExprKind::Tuple { elts: [only], .. } => {
            (!matches!(only.node, ExprKind::Starred { .. })).then_some(*only)
        }
        _ => None,
    }
}

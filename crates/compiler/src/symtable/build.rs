//! First pass: the stack of blocks being visited, and the recording of definitions and uses.
//!
//! `visit_stmt` and `visit_expr` walk the tree and call in here. Does the job of the
//! `symtable_enter_*`, `symtable_add_def*` and `symtable_extend_namedexpr_scope` functions of
//! `Python/symtable.c`.

use crate::tables::{HashMap, HashSet, RandomState};

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use krait_syntax::ast::{Expr, ExprContext, ExprKind, Mod, Span};

use super::flags::*;
use super::{BlockKind, Entry, EntryId, NodeKey, Role, SymbolTable, Symbols};
use crate::error::{CompileError, Result};
use crate::future::{Future, docstring};
use crate::limits::StackGuard;
use crate::options::ALLOW_TOP_LEVEL_AWAIT;

pub(super) fn build<'a>(
    tree: &'a Mod<'a>,
    future: Future,
    stack_budget: usize,
    arena: &'a Bump,
) -> Result<SymbolTable<'a>> {
    let hashes = RandomState::default();
    let table = SymbolTable {
        entries: Vec::with_capacity(USUAL_BLOCKS),
        by_node: HashMap::with_capacity_and_hasher(USUAL_BLOCKS, hashes.clone()),
        hashes,
        mangled_names: Vec::new(),
    };
    let mut builder = Builder {
        table,
        arena,
        stack: Vec::new(),
        private: None,
        future,
        stack_guard: StackGuard::new(stack_budget),
        walked: 0,
    };
    let key = NodeKey::new(tree, Role::Body);
    builder.enter_block("top", BlockKind::Module, key, Span::default())?;
    match tree {
        Mod::Module { body, .. } => {
            builder.cur_mut().has_docstring = docstring(body).is_some();
            builder.stmts(body)?;
        }
        Mod::Interactive { body } => builder.stmts(body)?,
        Mod::Expression { body } => builder.expr(body)?,
        Mod::FunctionType { .. } => {
            let message = "this compiler does not handle FunctionTypes".to_owned();
            return Err(CompileError::Runtime(message));
        }
    }
    builder.exit_block();
    Ok(builder.table)
}

/// How many blocks a table has room for at first.
const USUAL_BLOCKS: usize = 28;

pub(super) struct Builder<'a> {
    pub(super) table: SymbolTable<'a>,
    pub(super) arena: &'a Bump,
    pub(super) stack: Vec<EntryId>,
    /// The class whose name mangles private names.
    pub(super) private: Option<&'a str>,
    pub(super) future: Future,
    pub(super) stack_guard: StackGuard,
    /// Address of the piece of a long chain that has been walked already, or 0.
    pub(super) walked: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn cur_id(&self) -> EntryId {
        self.stack.last().copied().unwrap_or(EntryId(0))
    }

    pub(super) fn cur(&self) -> &Entry<'a> {
        self.table.entry(self.cur_id())
    }

    pub(super) fn cur_mut(&mut self) -> &mut Entry<'a> {
        let id = self.cur_id();
        self.table.entry_mut(id)
    }

    // Blocks.

    pub(super) fn new_entry(
        &mut self,
        name: &'a str,
        kind: BlockKind,
        key: NodeKey,
        span: Span,
    ) -> EntryId {
        let parent = self.stack.last().map(|&id| self.table.entry(id));
        let nested = parent.is_some_and(|cur| cur.nested || cur.kind.is_function_like());
        let method =
            kind == BlockKind::Function && parent.is_some_and(|cur| cur.kind == BlockKind::Class);
        let id = EntryId(self.table.entries.len());
        let hashes = self.table.hashes.clone();
        let arena = self.arena;
        let entry = arena.alloc_with(|| Entry {
            name,
            kind,
            symbols: Symbols::with_capacity(usual_symbols(kind), hashes, arena),
            varnames: ArenaVec::new_in(arena),
            children: ArenaVec::new_in(arena),
            span,
            nested,
            generator: false,
            coroutine: false,
            comprehension: None,
            varargs: false,
            varkeywords: false,
            returns_value: false,
            annotations_used: false,
            method,
            has_docstring: false,
            needs_class_closure: false,
            needs_classdict: false,
            has_conditional_annotations: false,
            comp_inlined: false,
            can_see_class_scope: false,
            function_name: None,
            annotation_block: None,
            directives: ArenaVec::new_in(arena),
            mangled_names: None,
            entered: false,
            in_conditional_block: false,
            in_unevaluated_annotation: false,
            comp_iter_target: false,
            comp_iter_expr: 0,
            scope_info: None,
        });
        self.table.entries.push(entry);
        self.table.by_node.insert(key, id);
        id
    }

    pub(super) fn enter_block(
        &mut self,
        name: &'a str,
        kind: BlockKind,
        key: NodeKey,
        span: Span,
    ) -> Result {
        let id = self.new_entry(name, kind, key, span);
        self.enter_existing(id);
        if matches!(kind, BlockKind::Annotation | BlockKind::TypeAlias | BlockKind::TypeVariable) {
            // The format of annotations wanted, which the block's code looks at.
            self.add_def(".format", DEF_PARAM | USE, span)?;
        }
        Ok(())
    }

    pub(super) fn enter_existing(&mut self, id: EntryId) {
        let parent = self.stack.last().copied();
        self.stack.push(id);
        let Some(parent) = parent else { return };
        let above = self.table.entry(parent);
        let (comp_iter_expr, mangled_names) = (above.comp_iter_expr, above.mangled_names);
        let entry = self.table.entry_mut(id);
        // No assignment expression in an outermost iterable, however deep inside of it.
        entry.comp_iter_expr = comp_iter_expr;
        let is_annotation = entry.kind == BlockKind::Annotation;
        // In a class, all names are mangled.
        if mangled_names.is_some() && entry.kind != BlockKind::Class {
            entry.mangled_names = mangled_names;
        }
        let again = std::mem::replace(&mut entry.entered, true);
        // Annotations that become strings have no effect on the table.
        let stringified = is_annotation && self.future_annotations();
        if !stringified && !again {
            self.table.entry_mut(parent).children.push(id);
        }
    }

    pub(super) fn exit_block(&mut self) {
        self.stack.pop();
    }

    pub(super) fn limit_mangling(&mut self) {
        let index = self.table.mangled_names.len();
        self.table.mangled_names.push(HashSet::default());
        self.cur_mut().mangled_names = Some(index);
    }

    pub(super) fn future_annotations(&self) -> bool {
        self.future.has(krait_bytecode::future_flags::ANNOTATIONS)
    }

    pub(super) fn allows_top_level_await(&self) -> bool {
        self.future.has(ALLOW_TOP_LEVEL_AWAIT) && self.cur().kind == BlockKind::Module
    }

    // Names.

    fn mangled(&self, id: EntryId, name: &'a str) -> &'a str {
        self.table.maybe_mangle(self.private, id, name, self.arena)
    }

    /// How the current block has used `name` so far.
    pub(super) fn lookup(&self, name: &'a str) -> u32 {
        self.lookup_in(self.cur_id(), name)
    }

    fn lookup_in(&self, id: EntryId, name: &'a str) -> u32 {
        self.table.entry(id).lookup(self.mangled(id, name))
    }

    pub(super) fn add_def(&mut self, name: &'a str, flag: u32, span: Span) -> Result {
        self.add_def_ctx(name, flag, span, ExprContext::Store)
    }

    pub(super) fn add_def_ctx(
        &mut self,
        name: &'a str,
        flag: u32,
        span: Span,
        ctx: ExprContext,
    ) -> Result {
        if flag & (DEF_PARAM | DEF_LOCAL | DEF_IMPORT) != 0 {
            check_name(name, span, ctx)?;
        }
        if flag & DEF_TYPE_PARAM != 0
            && let Some(set) = self.cur().mangled_names
        {
            self.table.mangled_names[set].insert(name);
        }
        self.add_def_to(self.cur_id(), name, flag, span)
    }

    fn add_def_to(&mut self, id: EntryId, name: &'a str, flag: u32, span: Span) -> Result {
        let mangled = self.mangled(id, name);
        let entry = self.table.entry_mut(id);
        let known = entry.symbols.entry(mangled);
        let duplicate = flag & *known;
        if duplicate & DEF_PARAM != 0 {
            let message = format!("duplicate argument '{name}' in function definition");
            return Err(CompileError::syntax(message, span));
        }
        if duplicate & DEF_TYPE_PARAM != 0 {
            return Err(CompileError::syntax(format!("duplicate type parameter '{name}'"), span));
        }
        let mut usage = *known | flag;
        if entry.comp_iter_target {
            // An assignment expression before has made the name global or nonlocal here.
            if usage & (DEF_GLOBAL | DEF_NONLOCAL) != 0 {
                let message = format!(
                    "comprehension inner loop cannot rebind assignment expression target '{name}'"
                );
                return Err(CompileError::syntax(message, span));
            }
            usage |= DEF_COMP_ITER;
        }
        *known = usage;
        if flag & DEF_PARAM != 0 {
            entry.varnames.push(mangled);
        } else if flag & DEF_GLOBAL != 0 {
            let top = self.table.top();
            *self.table.entry_mut(top).symbols.entry(mangled) |= flag;
        }
        Ok(())
    }

    pub(super) fn record_directive(&mut self, name: &'a str, span: Span) {
        let mangled = self.mangled(self.cur_id(), name);
        self.cur_mut().directives.push((mangled, span));
    }

    /// A block for the type parameters of a generic definition.
    pub(super) fn enter_type_param_block(
        &mut self,
        name: &'a str,
        key: NodeKey,
        span: Span,
        [is_class, has_defaults, has_kwdefaults]: [bool; 3],
    ) -> Result {
        let in_class = self.cur().kind == BlockKind::Class;
        self.enter_block(name, BlockKind::TypeParameters, key, span)?;
        if in_class {
            self.cur_mut().can_see_class_scope = true;
            self.add_def("__classdict__", USE, span)?;
        }
        if is_class {
            // The tuple of type parameters is made here and used by the class body; the generic
            // base is made and used here.
            self.add_def(".type_params", DEF_LOCAL, span)?;
            self.add_def(".type_params", USE, span)?;
            self.add_def(".generic_base", DEF_LOCAL, span)?;
            self.add_def(".generic_base", USE, span)?;
        }
        if has_defaults {
            self.add_def(".defaults", DEF_PARAM, span)?;
        }
        if has_kwdefaults {
            self.add_def(".kwdefaults", DEF_PARAM, span)?;
        }
        Ok(())
    }

    // Assignment expressions.

    pub(super) fn named_expr(
        &mut self,
        target: &'a Expr<'a>,
        value: &'a Expr<'a>,
        span: Span,
    ) -> Result {
        if self.cur().comp_iter_expr > 0 {
            let message =
                "assignment expression cannot be used in a comprehension iterable expression";
            return Err(CompileError::syntax(message, span));
        }
        if self.cur().comprehension.is_some()
            && let ExprKind::Name { id, .. } = target.node
        {
            self.extend_named_expr_scope(id, target.span)?;
        }
        self.expr(value)?;
        self.expr(target)
    }

    /// The target of an assignment expression in a comprehension belongs to the block around.
    fn extend_named_expr_scope(&mut self, name: &'a str, span: Span) -> Result {
        for id in self.stack.clone().into_iter().rev() {
            let entry = self.table.entry(id);
            if entry.comprehension.is_some() {
                let usage = self.lookup_in(id, name);
                if usage & DEF_COMP_ITER != 0 && usage & (DEF_LOCAL | DEF_GLOBAL) != 0 {
                    let message = format!(
                        "assignment expression cannot rebind comprehension iteration variable '{name}'"
                    );
                    return Err(CompileError::syntax(message, span));
                }
                continue;
            }
            let place = match entry.kind {
                BlockKind::Function => {
                    let global = self.lookup_in(id, name) & DEF_GLOBAL != 0;
                    self.add_def(name, if global { DEF_GLOBAL } else { DEF_NONLOCAL }, span)?;
                    self.record_directive(name, span);
                    return self.add_def_to(id, name, DEF_LOCAL, span);
                }
                BlockKind::Module => {
                    self.add_def(name, DEF_GLOBAL, span)?;
                    self.record_directive(name, span);
                    return self.add_def_to(id, name, DEF_GLOBAL, span);
                }
                BlockKind::Annotation => continue,
                BlockKind::Class => "in a class body",
                BlockKind::TypeParameters => "within the definition of a generic",
                BlockKind::TypeAlias => "in a type alias",
                BlockKind::TypeVariable => "in a TypeVar bound",
            };
            let message =
                format!("assignment expression within a comprehension cannot be used {place}");
            return Err(CompileError::syntax(message, span));
        }
        Ok(())
    }

    /// Refuses what an annotation scope may not contain.
    pub(super) fn refuse_in_annotation(&self, what: &str, span: Span) -> Result {
        let cur = self.cur();
        let place = match cur.kind {
            BlockKind::Annotation => "an annotation",
            BlockKind::TypeVariable => cur.scope_info.unwrap_or("a TypeVar bound"),
            BlockKind::TypeAlias => "a type alias",
            BlockKind::TypeParameters => "the definition of a generic",
            _ => return Ok(()),
        };
        Err(CompileError::syntax(format!("{what} cannot be used within {place}"), span))
    }
}

/// How many symbols a block has room for at first.
fn usual_symbols(kind: BlockKind) -> usize {
    match kind {
        BlockKind::Module => 64,
        BlockKind::Class => 16,
        BlockKind::Function => 12,
        _ => 3,
    }
}

/// `__debug__` cannot be bound.
pub(super) fn check_name(name: &str, span: Span, ctx: ExprContext) -> Result {
    if name != "__debug__" {
        return Ok(());
    }
    match ctx {
        ExprContext::Load => Ok(()),
        ExprContext::Store => Err(CompileError::syntax("cannot assign to __debug__", span)),
        ExprContext::Del => Err(CompileError::syntax("cannot delete __debug__", span)),
    }
}

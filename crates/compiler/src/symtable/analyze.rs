//! Second pass: decides for every name of every block where it lives.
//!
//! Works from the module inwards with the names bound outside, and on the way back collects the
//! names that inner blocks need from outer ones. What is bound outside is one table for the whole
//! tree, changed on entry to a block and restored behind it. Does the job of the `analyze_*`
//! functions, `inline_comprehension` and `update_symbols` of `Python/symtable.c`.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::flags::*;
use super::{BlockKind, ComprehensionKind, Entry, EntryId, Scope, SymbolTable};
use crate::error::{CompileError, Result};
use crate::tables::{HashMap, HashSet};

type Names<'a> = HashSet<&'a str>;

/// The names that a block needs from outside, in order, so that symbols are added in the same order every time.
struct FreeNames<'a>(ArenaVec<'a, &'a str>);

impl<'a> FreeNames<'a> {
    fn new(arena: &'a Bump) -> Self {
        FreeNames(ArenaVec::new_in(arena))
    }

    /// Takes in the names of a block inside.
    fn append(&mut self, inner: FreeNames<'a>) {
        if self.0.is_empty() {
            *self = inner;
            return;
        }
        for name in inner.0 {
            if let Err(place) = self.0.binary_search(&name) {
                self.0.insert(place, name);
            }
        }
    }

    fn remove(&mut self, name: &str) -> bool {
        let found = self.0.binary_search(&name);
        found.map(|place| self.0.remove(place)).is_ok()
    }
}

/// What the blocks around have made of a name.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Outside {
    /// A function binds it.
    bound: bool,
    /// It is a type parameter.
    type_param: bool,
}

/// What a block sees of its surroundings.
#[derive(Default)]
struct Surroundings<'a> {
    names: HashMap<&'a str, Outside>,
    /// What was changed, and how it was before.
    changes: Vec<(&'a str, Outside)>,
}

impl<'a> Surroundings<'a> {
    fn get(&self, name: &str) -> Outside {
        self.names.get(name).copied().unwrap_or_default()
    }

    fn set(&mut self, name: &'a str, outside: Outside) {
        let known = self.names.entry(name).or_default();
        if *known != outside {
            self.changes.push((name, *known));
            *known = outside;
        }
    }

    /// Takes back all changes but the first `count`.
    fn restore(&mut self, count: usize) {
        for (name, before) in self.changes.drain(count..).rev() {
            self.names.insert(name, before);
        }
    }
}

/// Names that a class body provides without binding them.
const CLASS_NAMES: [&str; 3] = ["__class__", "__classdict__", "__conditional_annotations__"];

pub(super) fn analyze<'a>(table: &mut SymbolTable<'a>, arena: &'a Bump) -> Result {
    let top = table.top();
    Analyzer { table, outside: Surroundings::default(), arena }.block(top, None).map(drop)
}

struct Analyzer<'t, 'a> {
    table: &'t mut SymbolTable<'a>,
    outside: Surroundings<'a>,
    arena: &'a Bump,
}

impl<'a> Analyzer<'_, 'a> {
    /// Analyses a block and all within. Returns the names it needs from outside.
    fn block(&mut self, id: EntryId, class: Option<EntryId>) -> Result<FreeNames<'a>> {
        let kind = self.table.entry(id).kind;
        let changes = self.outside.changes.len();
        let mut free = self.names(id, class)?;
        if kind == BlockKind::Class {
            for name in CLASS_NAMES {
                self.outside.set(name, Outside { bound: true, ..self.outside.get(name) });
            }
        }
        let mut inlined_cells = Names::default();
        let mut child_free = self.children(id, class, &mut inlined_cells)?;
        self.outside.restore(changes);
        if kind.is_function_like() {
            self.find_cells(id, &mut child_free, &inlined_cells);
        } else if kind == BlockKind::Class {
            self.drop_class_free(id, &mut child_free);
        }
        self.update_symbols(id, &child_free, &inlined_cells);
        free.append(child_free);
        Ok(free)
    }

    /// Decides on the block's own names, and notes what they are to the blocks inside. Returns those that are free.
    fn names(&mut self, id: EntryId, class: Option<EntryId>) -> Result<FreeNames<'a>> {
        let mut free = FreeNames::new(self.arena);
        let entry = self.table.entry(id);
        let has_children = !entry.children.is_empty();
        for at in 0..entry.symbols.len() {
            let entry = self.table.entry(id);
            let class = class.map(|class| self.table.entry(class));
            let Some((name, usage)) = entry.symbols.get_index(at) else { break };
            let scope = analyze_name(entry, name, usage, &self.outside, class)?;
            if scope == Scope::Free {
                free.0.push(name);
            }
            if has_children && usage & (DEF_GLOBAL | DEF_BOUND) != 0 && scope != Scope::Free {
                let inner = seen_inside(entry.kind, usage, self.outside.get(name));
                self.outside.set(name, inner);
            }
            if let Some(usage) = self.table.entry_mut(id).symbols.get_index_mut(at) {
                *usage |= scope.bits();
            }
        }
        free.0.sort_unstable();
        Ok(free)
    }

    /// Analyses the blocks inside, and takes inlined comprehensions in.
    fn children(
        &mut self,
        id: EntryId,
        class: Option<EntryId>,
        inlined_cells: &mut Names<'a>,
    ) -> Result<FreeNames<'a>> {
        let mut free = FreeNames::new(self.arena);
        let parent_is_class = self.table.entry(id).kind == BlockKind::Class;
        let parent_sees_class = self.table.entry(id).can_see_class_scope;
        let mut any_inlined = false;
        for at in 0..self.table.entry(id).children.len() {
            let child = self.table.entry(id).children[at];
            let entry = self.table.entry(child);
            // A generator expression needs a frame of its own; in a block that sees a class's
            // names, inlining would change which names are found.
            let inline =
                entry.comprehension.is_some_and(|kind| kind != ComprehensionKind::Generator)
                    && !parent_sees_class;
            let child_class = match entry.can_see_class_scope {
                true if parent_is_class => Some(id),
                true => class,
                false => None,
            };
            let mut child_free = self.block(child, child_class)?;
            if inline {
                self.inline_comprehension(id, child, &mut child_free, inlined_cells);
                self.table.entry_mut(child).comp_inlined = true;
                any_inlined = true;
            }
            free.append(child_free);
        }
        if any_inlined {
            self.splice_inlined(id);
        }
        Ok(free)
    }

    /// Children of an inlined comprehension become those of its parent.
    fn splice_inlined(&mut self, id: EntryId) {
        let children = &self.table.entry(id).children;
        let mut spliced = ArenaVec::with_capacity_in(children.len(), self.arena);
        for &child in children {
            let entry = self.table.entry(child);
            if entry.comp_inlined {
                spliced.extend(entry.children.iter().copied());
            } else {
                spliced.push(child);
            }
        }
        self.table.entry_mut(id).children = spliced;
    }

    fn inline_comprehension(
        &mut self,
        parent: EntryId,
        comprehension: EntryId,
        comp_free: &mut FreeNames<'a>,
        inlined_cells: &mut Names<'a>,
    ) {
        let is_class = self.table.entry(parent).kind == BlockKind::Class;
        let symbols: Vec<_> = self.table.entry(comprehension).symbols.iter().collect();
        for (name, usage) in symbols {
            if usage & DEF_PARAM != 0 {
                continue;
            }
            let mut scope = Scope::of(usage);
            let own_usage = usage & ((1 << SCOPE_OFFSET) - 1);
            if scope == Scope::Cell || own_usage & DEF_COMP_CELL != 0 {
                inlined_cells.insert(name);
            }
            // What a class provides for its methods is not there for its own comprehensions.
            if scope == Scope::Free && is_class && CLASS_NAMES.contains(&name) {
                scope = Scope::GlobalImplicit;
                if !self.is_free_in_any_child(comprehension, name) {
                    comp_free.remove(name);
                }
                self.table.entry_mut(comprehension).symbols.remove(name);
            }
            let existing = self.table.entry(parent).symbols.get(name);
            match existing {
                None => {
                    let usage = own_usage | scope.bits();
                    self.table.entry_mut(parent).symbols.insert(name, usage);
                }
                // What is free in the comprehension but local outside is now just a local, unless
                // a function inside of the comprehension needs it too.
                Some(existing) if existing & DEF_BOUND != 0 && !is_class => {
                    if !self.is_free_in_any_child(comprehension, name) {
                        comp_free.remove(name);
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn is_free_in_any_child(&self, id: EntryId, name: &str) -> bool {
        let children = &self.table.entry(id).children;
        children.iter().any(|&child| self.table.entry(child).scope(name) == Scope::Free)
    }

    fn drop_class_free(&mut self, id: EntryId, free: &mut FreeNames<'a>) {
        let entry = self.table.entry_mut(id);
        entry.needs_class_closure |= free.remove("__class__");
        entry.needs_classdict |= free.remove("__classdict__");
        entry.has_conditional_annotations |= free.remove("__conditional_annotations__");
    }

    /// Locals that inner blocks need are cells; they are not free further out.
    fn find_cells(&mut self, id: EntryId, free: &mut FreeNames<'a>, inlined_cells: &Names<'a>) {
        let symbols = &mut self.table.entry_mut(id).symbols;
        let mut make_cell = |name: &str| match symbols.get_mut(name) {
            Some(usage) if Scope::of(*usage) == Scope::Local => {
                *usage = *usage & !(SCOPE_MASK << SCOPE_OFFSET) | Scope::Cell.bits();
                true
            }
            _ => false,
        };
        free.0.retain(|name| !make_cell(name));
        inlined_cells.iter().for_each(|name| {
            make_cell(name);
        });
    }

    /// Records what the blocks inside need of this one.
    fn update_symbols(&mut self, id: EntryId, free: &FreeNames<'a>, inlined_cells: &Names<'a>) {
        let is_top = id == self.table.top();
        let entry = self.table.entry_mut(id);
        let sees_class = entry.kind == BlockKind::Class || entry.can_see_class_scope;
        for name in inlined_cells {
            if let Some(usage) = entry.symbols.get_mut(name) {
                *usage |= DEF_COMP_CELL;
            }
        }
        for &name in &free.0 {
            match entry.symbols.get_mut(name) {
                // A method's free variable that the class binds too.
                Some(usage) if sees_class => *usage |= DEF_FREE_CLASS,
                Some(_) => {}
                None if !is_top && !self.outside.get(name).bound => {}
                None => entry.symbols.insert(name, Scope::Free.bits()),
            }
        }
    }
}

/// What a name that a block binds or declares global is to the blocks inside. What a class binds is invisible to the
/// functions in it: they see what is around the class.
fn seen_inside(kind: BlockKind, usage: u32, mut outside: Outside) -> Outside {
    let is_class = kind == BlockKind::Class;
    if usage & DEF_GLOBAL != 0 {
        outside.bound &= is_class;
    } else {
        outside.bound |= kind.is_function_like();
        outside.type_param = usage & DEF_TYPE_PARAM != 0;
    }
    outside
}

/// The scope of one name of a block.
fn analyze_name<'a>(
    entry: &Entry<'a>,
    name: &'a str,
    usage: u32,
    outside: &Surroundings<'a>,
    class: Option<&Entry<'a>>,
) -> Result<Scope> {
    if usage & DEF_GLOBAL != 0 {
        if usage & DEF_NONLOCAL != 0 {
            return Err(misdeclared(entry, name, format!("name '{name}' is nonlocal and global")));
        }
        return Ok(Scope::GlobalExplicit);
    }
    if usage & DEF_NONLOCAL != 0 {
        let around = outside.get(name);
        let message = if entry.kind == BlockKind::Module {
            "nonlocal declaration not allowed at module level".to_owned()
        } else if !around.bound {
            format!("no binding for nonlocal '{name}' found")
        } else if around.type_param {
            format!("nonlocal binding not allowed for type parameter '{name}'")
        } else {
            return Ok(Scope::Free);
        };
        return Err(misdeclared(entry, name, message));
    }
    if usage & DEF_BOUND != 0 {
        return Ok(Scope::Local);
    }
    // A class between this block and an outer function that binds the name as well: at run time
    // the class's namespace is asked first, then the globals.
    // (What the block finds that namespace by is the class's cell, whatever the class binds.)
    if let Some(class) = class.filter(|_| name != "__classdict__") {
        let class_usage = class.lookup(name);
        if class_usage & DEF_GLOBAL != 0 {
            return Ok(Scope::GlobalExplicit);
        }
        if class_usage & DEF_BOUND != 0 && class_usage & DEF_NONLOCAL == 0 {
            return Ok(Scope::GlobalImplicit);
        }
    }
    Ok(if outside.get(name).bound { Scope::Free } else { Scope::GlobalImplicit })
}

fn misdeclared(entry: &Entry<'_>, name: &str, message: String) -> CompileError {
    CompileError::syntax(message, entry.directive(name))
}

//! Second pass: decides for every name of every block where it lives.
//!
//! Works from the module inwards with the names bound outside, and on the way back collects the
//! names that inner blocks need from outer ones. Does the job of the `analyze_*` functions,
//! `inline_comprehension` and `update_symbols` of `Python/symtable.c`.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::flags::*;
use super::{BlockKind, ComprehensionKind, Entry, EntryId, Scope, SymbolTable};
use crate::error::{CompileError, Result};

type Names<'a> = HashSet<&'a str>;
/// Ordered, so that symbols are added in the same order every time.
type FreeNames<'a> = BTreeSet<&'a str>;
type Scopes<'a> = HashMap<&'a str, Scope>;

/// What a block sees of its surroundings.
#[derive(Clone, Default)]
struct Outside<'a> {
    /// Names bound by enclosing functions; `None` at module level.
    bound: Option<Names<'a>>,
    /// Names declared global by enclosing blocks.
    global: Names<'a>,
    type_params: Names<'a>,
}

/// Names that a class body provides without binding them.
const CLASS_NAMES: [&str; 3] = ["__class__", "__classdict__", "__conditional_annotations__"];

pub(super) fn analyze(table: &mut SymbolTable<'_>) -> Result {
    let top = table.top();
    Analyzer { table }.block(top, Outside::default(), None).map(drop)
}

struct Analyzer<'t, 'a> {
    table: &'t mut SymbolTable<'a>,
}

impl<'a> Analyzer<'_, 'a> {
    /// Analyses a block and all within. Returns the names it needs from outside.
    fn block(
        &mut self,
        id: EntryId,
        mut outside: Outside<'a>,
        class: Option<EntryId>,
    ) -> Result<FreeNames<'a>> {
        let kind = self.table.entry(id).kind;
        let is_class = kind == BlockKind::Class;
        let mut scopes = Scopes::new();
        let mut free = FreeNames::new();
        let mut local = Names::new();

        let mut inner = Outside::default();
        // The names of a class are invisible to the functions in it, so its own bindings must not
        // reach them: what they see is taken before the class's names are analysed.
        if is_class {
            inner.global.extend(&outside.global);
            inner.bound = Some(outside.bound.clone().unwrap_or_default());
        }
        self.names(id, &mut outside, class, &mut scopes, &mut local, &mut free)?;
        let bound = inner.bound.get_or_insert_default();
        if is_class {
            bound.extend(CLASS_NAMES);
        } else {
            if kind.is_function_like() {
                bound.extend(local);
            }
            bound.extend(outside.bound.iter().flatten());
            inner.global.extend(&outside.global);
        }
        inner.type_params.clone_from(&outside.type_params);

        let mut inlined_cells = Names::new();
        let mut child_free = self.children(id, &inner, class, &mut scopes, &mut inlined_cells)?;
        if kind.is_function_like() {
            find_cells(&mut scopes, &mut child_free, &inlined_cells);
        } else if is_class {
            self.drop_class_free(id, &mut child_free);
        }
        self.update_symbols(id, &scopes, outside.bound.as_ref(), &child_free, &inlined_cells);
        free.extend(child_free);
        Ok(free)
    }

    fn names(
        &mut self,
        id: EntryId,
        outside: &mut Outside<'a>,
        class: Option<EntryId>,
        scopes: &mut Scopes<'a>,
        local: &mut Names<'a>,
        free: &mut FreeNames<'a>,
    ) -> Result {
        let entry = self.table.entry(id);
        for (&name, &usage) in &entry.symbols {
            let class = class.map(|class| self.table.entry(class));
            let scope = analyze_name(entry, name, usage, outside, class)?;
            match scope {
                Scope::Local => drop(local.insert(name)),
                Scope::Free => drop(free.insert(name)),
                _ => {}
            }
            scopes.insert(name, scope);
        }
        Ok(())
    }

    /// Analyses the blocks inside, and takes inlined comprehensions in.
    fn children(
        &mut self,
        id: EntryId,
        inner: &Outside<'a>,
        class: Option<EntryId>,
        scopes: &mut Scopes<'a>,
        inlined_cells: &mut Names<'a>,
    ) -> Result<FreeNames<'a>> {
        let mut free = FreeNames::new();
        let parent_is_class = self.table.entry(id).kind == BlockKind::Class;
        let parent_sees_class = self.table.entry(id).can_see_class_scope;
        for child in self.table.entry(id).children.clone() {
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
            let mut child_free = self.block(child, inner.clone(), child_class)?;
            if inline {
                self.inline_comprehension(id, child, scopes, &mut child_free, inlined_cells);
                self.table.entry_mut(child).comp_inlined = true;
            }
            free.extend(child_free);
        }
        self.splice_inlined(id);
        Ok(free)
    }

    /// Children of an inlined comprehension become those of its parent.
    fn splice_inlined(&mut self, id: EntryId) {
        let children = std::mem::take(&mut self.table.entry_mut(id).children);
        let mut spliced = Vec::with_capacity(children.len());
        for child in children {
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
        scopes: &mut Scopes<'a>,
        comp_free: &mut FreeNames<'a>,
        inlined_cells: &mut Names<'a>,
    ) {
        let is_class = self.table.entry(parent).kind == BlockKind::Class;
        let symbols: Vec<_> =
            self.table.entry(comprehension).symbols.iter().map(|(&k, &v)| (k, v)).collect();
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
                self.table.entry_mut(comprehension).symbols.shift_remove(name);
            }
            let existing = self.table.entry(parent).symbols.get(name).copied();
            match existing {
                None => {
                    self.table.entry_mut(parent).symbols.insert(name, own_usage);
                    scopes.insert(name, scope);
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

    fn update_symbols(
        &mut self,
        id: EntryId,
        scopes: &Scopes<'a>,
        bound: Option<&Names<'a>>,
        free: &FreeNames<'a>,
        inlined_cells: &Names<'a>,
    ) {
        let entry = self.table.entry_mut(id);
        let sees_class = entry.kind == BlockKind::Class || entry.can_see_class_scope;
        for (name, usage) in &mut entry.symbols {
            if inlined_cells.contains(name) {
                *usage |= DEF_COMP_CELL;
            }
            *usage |= scopes.get(name).map_or(0, |scope| scope.bits());
        }
        for &name in free {
            match entry.symbols.get_mut(name) {
                // A method's free variable that the class binds too.
                Some(usage) if sees_class => *usage |= DEF_FREE_CLASS,
                Some(_) => {}
                None if bound.is_some_and(|bound| !bound.contains(name)) => {}
                None => drop(entry.symbols.insert(name, Scope::Free.bits())),
            }
        }
    }
}

/// The scope of one name of a block.
fn analyze_name<'a>(
    entry: &Entry<'a>,
    name: &'a str,
    usage: u32,
    outside: &mut Outside<'a>,
    class: Option<&Entry<'a>>,
) -> Result<Scope> {
    if usage & DEF_GLOBAL != 0 {
        if usage & DEF_NONLOCAL != 0 {
            return Err(misdeclared(entry, name, format!("name '{name}' is nonlocal and global")));
        }
        outside.global.insert(name);
        if let Some(bound) = &mut outside.bound {
            bound.remove(name);
        }
        return Ok(Scope::GlobalExplicit);
    }
    if usage & DEF_NONLOCAL != 0 {
        let message = match &outside.bound {
            None => "nonlocal declaration not allowed at module level".to_owned(),
            Some(bound) if !bound.contains(name) => {
                format!("no binding for nonlocal '{name}' found")
            }
            Some(_) if outside.type_params.contains(name) => {
                format!("nonlocal binding not allowed for type parameter '{name}'")
            }
            Some(_) => return Ok(Scope::Free),
        };
        return Err(misdeclared(entry, name, message));
    }
    if usage & DEF_BOUND != 0 {
        outside.global.remove(name);
        if usage & DEF_TYPE_PARAM != 0 {
            outside.type_params.insert(name);
        } else {
            outside.type_params.remove(name);
        }
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
    if outside.bound.as_ref().is_some_and(|bound| bound.contains(name)) {
        return Ok(Scope::Free);
    }
    Ok(Scope::GlobalImplicit)
}

fn misdeclared(entry: &Entry<'_>, name: &str, message: String) -> CompileError {
    CompileError::syntax(message, entry.directive(name))
}

/// Locals that inner blocks need are cells; they are not free further out.
fn find_cells<'a>(scopes: &mut Scopes<'a>, free: &mut FreeNames<'a>, inlined_cells: &Names<'a>) {
    for (name, scope) in scopes {
        if *scope == Scope::Local && (free.contains(name) || inlined_cells.contains(name)) {
            *scope = Scope::Cell;
            free.remove(name);
        }
    }
}

//! The symbol table: which names each scope binds and uses, and where each of them lives.
//!
//! Built in two passes. `build` walks the tree and notes per block how every name is used;
//! `analyze` then decides, from the outside in and back, which names are local, cells, free or
//! global. The result is plain data: code generation reads it, and so can the `_symtable` module.
//!
//! Relies on `krait_syntax::ast`. Does the job of `Python/symtable.c`.

mod analyze;
mod build;
mod mangle;
mod symbols;
mod visit_expr;
mod visit_stmt;

use crate::tables::{HashMap, HashSet, RandomState};

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use krait_syntax::ast::{Mod, Span};

pub use mangle::mangle;
pub use symbols::Symbols;

use crate::error::Result;
use crate::future::Future;

/// How a name is used in a block: the bits of [`Symbol`] flags, as `_symtable` shows them.
pub mod flags {
    /// `global` statement.
    pub const DEF_GLOBAL: u32 = 1;
    /// Assigned in the block.
    pub const DEF_LOCAL: u32 = 2;
    /// Parameter.
    pub const DEF_PARAM: u32 = 4;
    /// `nonlocal` statement.
    pub const DEF_NONLOCAL: u32 = 8;
    /// Read.
    pub const USE: u32 = 16;
    /// Free variable of a method that is also bound in the class.
    pub const DEF_FREE_CLASS: u32 = 64;
    /// Bound by an import.
    pub const DEF_IMPORT: u32 = 128;
    /// Annotated.
    pub const DEF_ANNOT: u32 = 256;
    /// Iteration variable of a comprehension.
    pub const DEF_COMP_ITER: u32 = 512;
    /// Type parameter.
    pub const DEF_TYPE_PARAM: u32 = 1024;
    /// A cell in an inlined comprehension.
    pub const DEF_COMP_CELL: u32 = 2048;
    /// Bound in the block in one way or another.
    pub const DEF_BOUND: u32 = DEF_LOCAL | DEF_PARAM | DEF_IMPORT | DEF_TYPE_PARAM;

    /// The scope that analysis found is stored above the usage bits.
    pub const SCOPE_OFFSET: u32 = 12;
    pub const SCOPE_MASK: u32 = 15;
}

/// Where a name lives. The numbers are those of `_symtable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Scope {
    /// Not a symbol of the block.
    Unknown = 0,
    Local = 1,
    GlobalExplicit = 2,
    GlobalImplicit = 3,
    Free = 4,
    Cell = 5,
}

impl Scope {
    /// The scope stored in a symbol's flags.
    pub fn of(symbol: u32) -> Scope {
        match symbol >> flags::SCOPE_OFFSET & flags::SCOPE_MASK {
            1 => Scope::Local,
            2 => Scope::GlobalExplicit,
            3 => Scope::GlobalImplicit,
            4 => Scope::Free,
            5 => Scope::Cell,
            _ => Scope::Unknown,
        }
    }

    fn bits(self) -> u32 {
        (self as u32) << flags::SCOPE_OFFSET
    }
}

/// The kinds of blocks. The numbers are those of `_symtable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BlockKind {
    Function = 0,
    Class = 1,
    Module = 2,
    /// The `__annotate__` function of a module, class or function.
    Annotation = 3,
    /// The lazily evaluated value of a `type` statement.
    TypeAlias = 4,
    /// Holds the type parameters of a generic function, class or alias.
    TypeParameters = 5,
    /// The lazily evaluated bound or default of a type parameter.
    TypeVariable = 6,
}

impl BlockKind {
    /// Whether code in the block runs in a frame of its own with fast locals.
    pub fn is_function_like(self) -> bool {
        !matches!(self, BlockKind::Class | BlockKind::Module)
    }
}

/// Which comprehension a function block is, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

/// The number of an [`Entry`] of a [`SymbolTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub usize);

/// What a block belongs to: the address of a node in the arena, and the role it plays.
///
/// Nodes never move while the table is in use, so that addresses are names for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeKey {
    address: usize,
    role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The body of a module, class, function, lambda, comprehension or type alias.
    Body,
    TypeParameters,
    /// The annotations of a module or class body, or a function's parameters.
    Annotations,
    Bound,
    Default,
}

impl NodeKey {
    pub fn new<T>(node: &T, role: Role) -> NodeKey {
        NodeKey { address: std::ptr::from_ref(node).addr(), role }
    }
}

/// One block.
#[derive(Debug)]
pub struct Entry<'a> {
    pub name: &'a str,
    pub kind: BlockKind,
    pub symbols: Symbols<'a>,
    /// Parameters.
    pub varnames: ArenaVec<'a, &'a str>,
    pub children: ArenaVec<'a, EntryId>,
    pub span: Span,
    /// Inside a function, at any distance.
    pub nested: bool,
    pub generator: bool,
    pub coroutine: bool,
    pub comprehension: Option<ComprehensionKind>,
    pub varargs: bool,
    pub varkeywords: bool,
    pub returns_value: bool,
    pub annotations_used: bool,
    /// A function in a class body.
    pub method: bool,
    pub has_docstring: bool,
    /// A method uses `__class__`.
    pub needs_class_closure: bool,
    /// An annotation scope uses the class's namespace.
    pub needs_classdict: bool,
    pub has_conditional_annotations: bool,
    /// The comprehension runs in its parent's frame (PEP 709).
    pub comp_inlined: bool,
    /// An annotation scope directly in a class, which can see the class's names.
    pub can_see_class_scope: bool,
    /// For a function's annotations, the function's name.
    pub function_name: Option<&'a str>,
    pub annotation_block: Option<EntryId>,
    /// `global` and `nonlocal` statements, for messages of the second pass.
    directives: ArenaVec<'a, (&'a str, Span)>,
    /// Only these names are mangled; index into `SymbolTable::mangled_names`.
    mangled_names: Option<usize>,
    /// Is among its parent's children; an annotation block is entered once for each annotation.
    entered: bool,
    in_conditional_block: bool,
    in_unevaluated_annotation: bool,
    /// Visiting the target of a comprehension.
    comp_iter_target: bool,
    /// Depth of comprehension iterables being visited.
    comp_iter_expr: u32,
    /// What a type variable block is, in an error message.
    scope_info: Option<&'static str>,
}

impl<'a> Entry<'a> {
    /// Usage and scope bits; 0 if the name does not occur.
    pub fn lookup(&self, mangled: &str) -> u32 {
        self.symbols.get(mangled).unwrap_or(0)
    }

    /// The scope of a mangled name.
    pub fn scope(&self, mangled: &str) -> Scope {
        Scope::of(self.lookup(mangled))
    }

    fn directive(&self, name: &str) -> Span {
        let found = self.directives.iter().find(|directive| directive.0 == name);
        found.map_or(self.span, |directive| directive.1)
    }
}

/// All blocks of a tree.
#[derive(Debug)]
pub struct SymbolTable<'a> {
    entries: Vec<&'a mut Entry<'a>>,
    by_node: HashMap<NodeKey, EntryId>,
    /// How the symbols of all blocks are hashed.
    hashes: RandomState,
    mangled_names: Vec<HashSet<&'a str>>,
}

impl<'a> SymbolTable<'a> {
    /// Both passes over a whole tree.
    ///
    /// `stack_budget` is how many bytes of native stack the passes may use.
    pub fn build(
        tree: &'a Mod<'a>,
        future: Future,
        stack_budget: usize,
        arena: &'a Bump,
    ) -> Result<SymbolTable<'a>> {
        let mut table = build::build(tree, future, stack_budget, arena)?;
        analyze::analyze(&mut table, arena)?;
        Ok(table)
    }

    /// The module's block.
    pub fn top(&self) -> EntryId {
        EntryId(0)
    }

    pub fn entry(&self, id: EntryId) -> &Entry<'a> {
        self.entries[id.0]
    }

    fn entry_mut(&mut self, id: EntryId) -> &mut Entry<'a> {
        self.entries[id.0]
    }

    /// The block of a node.
    pub fn lookup(&self, key: NodeKey) -> Option<EntryId> {
        self.by_node.get(&key).copied()
    }

    /// `name` as it is stored, seen from block `id` inside of class `private`.
    #[inline]
    pub fn maybe_mangle(
        &self,
        private: Option<&str>,
        id: EntryId,
        name: &'a str,
        arena: &'a Bump,
    ) -> &'a str {
        if let Some(set) = self.entry(id).mangled_names
            && !self.mangled_names[set].contains(name)
        {
            return name;
        }
        mangle(private, name, arena)
    }
}

impl<'a> SymbolTable<'a> {
    /// Changes a symbol for as long as an inlined comprehension is compiled.
    pub(crate) fn set_symbol(&mut self, id: EntryId, name: &'a str, symbol: Option<u32>) {
        let symbols = &mut self.entry_mut(id).symbols;
        match symbol {
            Some(symbol) => symbols.insert(name, symbol),
            None => symbols.remove(name),
        }
    }
}

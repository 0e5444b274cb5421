//! The `_ast` module: the classes of syntax trees.
//!
//! `grammar` is the list of classes, `classes` makes them, `node` and `replace` are the behaviour of their common base,
//! `convert` turns trees into objects and back. The same job as CPython's generated `Python/Python-ast.c`.

mod classes;
mod convert;
mod grammar;
mod node;
mod replace;

use krait_eval::compile::{self, TreeHooks, flags};
use krait_objects::prelude::*;

/// What `compile` needs of syntax tree objects.
static HOOKS: TreeHooks = TreeHooks {
    to_object: convert::to_object,
    from_object: convert::from_object,
    is_tree: convert::is_tree,
    check_mode: convert::check_mode,
};

/// `compile` knows of trees whether or not the module is imported.
pub fn start(th: &Thread) -> PyResult<()> {
    compile::install_tree_hooks(th, &HOOKS);
    Ok(())
}

/// The classes of syntax trees.
#[pymodule(name = "_ast")]
pub struct AstModule;

#[pyfunctions]
impl AstModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let classes = classes::of(th)?;
        let mut all = classes.iter();
        if let Some(base) = all.next() {
            module.add(th, "AST", base.object())?;
        }
        for (name, value) in [
            ("PyCF_ALLOW_TOP_LEVEL_AWAIT", flags::ALLOW_TOP_LEVEL_AWAIT),
            ("PyCF_ONLY_AST", flags::ONLY_AST),
            ("PyCF_TYPE_COMMENTS", flags::TYPE_COMMENTS),
            ("PyCF_OPTIMIZED_AST", flags::OPTIMIZED_AST),
        ] {
            module.add(th, name, Int::from_i64(th, value.into())?.object())?;
        }
        all.try_for_each(|class| module.add(th, class.name(), class.object()))
    }
}

//! What an interpreter allows extension modules, what is being imported, and which module a definition has.
//!
//! The same job as `_PyImport_CheckSubinterpIncompatibleExtensionAllowed`, the package context and
//! `modules_by_index` in CPython's `Python/import.c`.

use std::cell::{Cell, RefCell};

use krait_abi as abi;

use crate::prelude::*;

/// How an interpreter was made, as far as extension modules care.
#[derive(Default)]
pub struct ExtensionRules {
    /// Whether this is not the process's first interpreter.
    pub is_sub: Cell<bool>,
    /// Whether it has a lock of its own.
    pub own_gil: Cell<bool>,
    /// Whether modules must say that they are ready for more than one interpreter.
    pub checks: Cell<bool>,
    /// Below zero: not checked; above: checked, whatever `checks` says.
    pub override_checks: Cell<i32>,
}

impl ExtensionRules {
    pub fn of(th: &Thread) -> &ExtensionRules {
        th.interp().state()
    }

    /// ImportError for a module that this interpreter must not have.
    pub fn refuse(&self, th: &Thread, name: &str) -> PyResult<()> {
        let checks = match self.override_checks.get() {
            0 => self.checks.get(),
            other => other > 0,
        };
        if self.is_sub.get() && checks {
            return Err(raise!(
                th,
                IMPORT_ERROR,
                "module {name} does not support loading in subinterpreters"
            ));
        }
        Ok(())
    }
}

/// The full name of the single-phase module whose `PyInit_` function runs: that knows only the last part.
#[derive(Default)]
pub struct PackageContext(RefCell<Option<String>>);

impl PackageContext {
    /// Runs `body` while `name` is being imported.
    pub fn with<T>(th: &Thread, name: &str, body: impl FnOnce() -> T) -> T {
        let context: &PackageContext = th.interp().state();
        let before = context.0.replace(Some(name.to_owned()));
        let result = body();
        context.0.replace(before);
        result
    }

    /// The full name of a module that calls itself `name`. Only the first that asks gets it.
    pub(super) fn resolve(th: &Thread, name: &str) -> String {
        let context: &PackageContext = th.interp().state();
        let full = context
            .0
            .borrow_mut()
            .take_if(|full| full.strip_suffix(name).is_some_and(|package| package.ends_with('.')));
        full.unwrap_or_else(|| name.to_owned())
    }
}

/// The modules of an interpreter, by the index of their definition.
#[derive(Default)]
pub struct ModulesByIndex(RefCell<Vec<Option<Owned>>>);

impl ModulesByIndex {
    pub fn of(th: &Thread) -> &ModulesByIndex {
        th.interp().state()
    }

    /// Where the module of `def` is; `None` for a definition that was never initialised.
    fn index(def: &abi::PyModuleDef) -> Option<usize> {
        usize::try_from(def.m_base.m_index).ok().filter(|&index| index > 0)
    }

    pub fn find(&self, def: &abi::PyModuleDef) -> Option<Borrowed<'_>> {
        let modules = self.0.borrow();
        let found = modules.get(Self::index(def)?)?.as_ref()?;
        // SAFETY: the list keeps it alive until another takes its place, as C expects.
        Some(unsafe { Borrowed::from_ptr(found.as_ptr()) })
    }

    /// Enters `module`; the one it replaces comes back, to be released when nothing is borrowed.
    pub fn set(&self, def: &abi::PyModuleDef, module: Option<Owned>) -> Option<Owned> {
        let index = Self::index(def)?;
        let mut modules = self.0.borrow_mut();
        if modules.len() <= index {
            modules.resize_with(index + 1, || None);
        }
        std::mem::replace(&mut modules[index], module)
    }
}

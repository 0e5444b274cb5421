//! Warns of `return`, `break` and `continue` that leave a `finally` block (PEP 765).

use krait_syntax::Warning;
use krait_syntax::ast::*;

use crate::error::syntax_warning;

/// Where a statement is, as far as leaving a `finally` is concerned.
#[derive(Clone, Copy, Default)]
struct Place {
    in_finally: bool,
    in_function: bool,
    in_loop: bool,
}

/// All such warnings of a tree, in order.
pub(crate) fn check_finally(tree: &Mod<'_>) -> Vec<Warning> {
    let mut checker = Checker { warnings: Vec::new(), depth: 0 };
    if let Mod::Module { body, .. } | Mod::Interactive { body } = tree {
        checker.body(body, Place::default());
    }
    checker.warnings
}

/// Deeper statements are refused by the symbol table afterwards.
const MAX_DEPTH: u32 = 1_000;

struct Checker {
    warnings: Vec<Warning>,
    depth: u32,
}

impl Checker {
    fn body(&mut self, body: &[&Stmt<'_>], place: Place) {
        if self.depth == MAX_DEPTH {
            return;
        }
        self.depth += 1;
        for stmt in body {
            self.stmt(stmt, place);
        }
        self.depth -= 1;
    }

    fn stmt(&mut self, stmt: &Stmt<'_>, place: Place) {
        // The reference forgets about the `finally` in a loop, also where a `return` leaves both.
        let in_loop = Place { in_loop: true, ..Place::default() };
        match stmt.node {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                self.body(def.body, Place { in_function: true, ..Place::default() });
            }
            StmtKind::ClassDef(def) => self.body(def.body, place),
            StmtKind::Return { .. } => {
                self.check(stmt, place.in_finally && !place.in_function, "return");
            }
            StmtKind::Break => self.check(stmt, place.in_finally && !place.in_loop, "break"),
            StmtKind::Continue => self.check(stmt, place.in_finally && !place.in_loop, "continue"),
            StmtKind::For(node) | StmtKind::AsyncFor(node) => {
                self.body(node.body, in_loop);
                self.body(node.orelse, place);
            }
            StmtKind::While { body, orelse, .. } => {
                self.body(body, in_loop);
                self.body(orelse, place);
            }
            StmtKind::If { body, orelse, .. } => {
                self.body(body, place);
                self.body(orelse, place);
            }
            StmtKind::With(node) | StmtKind::AsyncWith(node) => self.body(node.body, place),
            StmtKind::Match { cases, .. } => {
                for case in cases {
                    self.body(case.body, place);
                }
            }
            StmtKind::Try(node) | StmtKind::TryStar(node) => {
                self.body(node.body, place);
                for handler in node.handlers {
                    self.body(handler.body, place);
                }
                self.body(node.orelse, place);
                let inside = Place { in_finally: true, in_function: false, in_loop: false };
                self.body(node.finalbody, inside);
            }
            _ => {}
        }
    }

    fn check(&mut self, stmt: &Stmt<'_>, leaves: bool, what: &str) {
        if leaves {
            let message = format!("'{what}' in a 'finally' block");
            self.warnings.push(syntax_warning(message, stmt.span));
        }
    }
}

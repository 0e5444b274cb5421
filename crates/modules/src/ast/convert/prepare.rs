//! Trees as the compiler would have them (`PyCF_OPTIMIZED_AST`): what CPython's `Python/ast_preprocess.c` changes is
//! changed on the way to objects.

use krait_compiler::prepared;

use super::*;

/// What is to be prepared, and how.
#[derive(Clone, Copy)]
pub struct Prepare {
    pub level: u8,
    /// Annotations too: with `from __future__ import annotations` they stay as they are.
    pub annotations: bool,
}

/// The body of a function, class or module: docstrings go away.
pub struct Body<'b>(pub &'b [&'b Stmt<'b>]);

/// What stands for a type: it may have to stay as it is.
pub struct Annotation<T>(pub T);

/// A literal of a pattern: numbers with signs become constants.
pub struct Literal<'b>(pub &'b Expr<'b>);

pub struct Literals<'b>(pub &'b [&'b Expr<'b>]);

impl ToTree for Body<'_> {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        match cx.prepare.get() {
            Some(prepare) => {
                let arena = Bump::new();
                prepared::strip_docstring(self.0, prepare.level, &arena).to_py(cx)
            }
            None => self.0.to_py(cx),
        }
    }
}

impl<T: ToTree> ToTree for Annotation<T> {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        let prepare = cx.prepare.get();
        if prepare.is_some_and(|prepare| !prepare.annotations) {
            cx.prepare.set(None);
            let annotation = self.0.to_py(cx);
            cx.prepare.set(prepare);
            return annotation;
        }
        self.0.to_py(cx)
    }
}

impl ToTree for Literal<'_> {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        if cx.prepare.get().is_none() {
            return self.0.to_py(cx);
        }
        let arena = Bump::new();
        prepared::pattern_literal(self.0, &arena).to_py(cx)
    }
}

impl ToTree for Literals<'_> {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        let items: PyResult<Vec<Owned>> =
            self.0.iter().map(|item| Literal(item).to_py(cx)).collect();
        List::from_vec(cx.th, items?).map(Owned::into_object)
    }
}

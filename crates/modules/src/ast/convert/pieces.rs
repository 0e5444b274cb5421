//! Long chains such as `a.b.c(d)` nest at their start. Where the native stack runs short, they are converted a piece at
//! a time, from the inside, so that chains may be longer than the stack would allow.

use std::cell::RefCell;

use super::*;

/// Below this many bytes of unused stack, it is saved.
const SHORT: usize = 2 << 20;

/// The piece converted last: the address of its expression, and its object.
pub type Made = RefCell<Option<(usize, Owned)>>;

/// The piece read last: its object, and the expression read from it.
pub type Read<'a> = RefCell<Option<(Owned, Expr<'a>)>>;

impl Writer<'_> {
    pub fn is_short_of_stack(&self) -> bool {
        self.th.stack_left() < SHORT
    }
}

impl Reader<'_, '_> {
    pub fn is_short_of_stack(&self) -> bool {
        self.th.stack_left() < SHORT
    }
}

/// Nodes that may begin with a node of their own kind. What is done here is for all the others: to see whether there is
/// any stack left.
pub trait InPieces<'a>: Sized {
    /// The object, if it has been made; else all but the last piece of a long chain is made.
    fn made_in_pieces(&self, cx: &Writer<'_>) -> PyResult<Option<Owned>> {
        cx.check_stack()?;
        Ok(None)
    }

    /// The node of an object, if it has been read; else all but the last piece of a long chain is read.
    fn read_in_pieces(
        cx: &Reader<'a, '_>,
        _value: Borrowed<'_>,
        sum: &str,
    ) -> PyResult<Option<Self>> {
        cx.check_stack(sum)?;
        Ok(None)
    }
}

impl<'a> InPieces<'a> for Stmt<'a> {}
impl<'a> InPieces<'a> for Pattern<'a> {}
impl<'a> InPieces<'a> for TypeParam<'a> {}

impl<'a> InPieces<'a> for Expr<'a> {
    fn made_in_pieces(&self, cx: &Writer<'_>) -> PyResult<Option<Owned>> {
        let address = self.address();
        if let Some((_, made)) = cx.made.borrow_mut().take_if(|(known, _)| *known == address) {
            return Ok(Some(made));
        }
        cx.check_stack()?;
        let walked = cx.made.borrow().as_ref().map_or(0, |(known, _)| *known);
        let chain = self.chain(walked);
        if chain.length > LONGEST {
            return Err(cx.th.stack_overflow("during  ast construction"));
        }
        for piece in chain.pieces {
            let made = piece.to_py(cx)?;
            let before = cx.made.replace(Some((piece.address(), made)));
            drop(before);
        }
        Ok(None)
    }

    fn read_in_pieces(
        cx: &Reader<'a, '_>,
        value: Borrowed<'_>,
        sum: &str,
    ) -> PyResult<Option<Self>> {
        let read = cx.read.borrow_mut().take_if(|(known, _)| known.object().is(value));
        if let Some((_object, node)) = read {
            return Ok(Some(node));
        }
        cx.check_stack(sum)?;
        for object in inner_objects(cx, value)?.into_iter().rev() {
            let place = Place { class: "expr", field: "value" };
            let node = Expr::from_py(cx, object.object(), place)?;
            let before = cx.read.replace(Some((object, node)));
            drop(before);
        }
        Ok(None)
    }
}

/// The objects with which an object of an expression begins, from the outside in; none if one of them has been read.
fn inner_objects(cx: &Reader<'_, '_>, value: Borrowed<'_>) -> PyResult<Vec<Owned>> {
    let read = cx.read.borrow().as_ref().map(|(known, _)| known.clone());
    let mut found: Vec<Owned> = Vec::new();
    let mut outer = value.to_owned();
    while let Some(index) = first_field(cx, outer.object()) {
        let name = cx.classes.name(index);
        let Some(inner) = object::get_attr_opt(cx.th, outer.object(), name)? else { break };
        if read.as_ref().is_some_and(|read| read.object().is(inner.object())) {
            return Ok(Vec::new());
        }
        // Perhaps it has no end, because it holds itself.
        if found.len() > LONGEST {
            return Err(cx.th.stack_overflow(" while traversing 'expr' node"));
        }
        found.push(inner.clone());
        outer = inner;
    }
    Ok(found)
}

/// Longer chains are refused: of attributes, the reference takes about so many on a stack of 8 MiB.
const LONGEST: usize = 130_000;

/// The field with which a node of an exact class begins, where that may go on for long.
fn first_field(cx: &Reader<'_, '_>, node: Borrowed<'_>) -> Option<usize> {
    let class = node.get().ty();
    [
        (const { line_of("Attribute") }, const { field_index("value") }),
        (const { line_of("Call") }, const { field_index("func") }),
        (const { line_of("Subscript") }, const { field_index("value") }),
        (const { line_of("BinOp") }, const { field_index("left") }),
    ]
    .into_iter()
    .find(|&(line, _)| cx.classes.class(line).is_some_and(|known| known.is(class)))
    .map(|(_, index)| index)
}

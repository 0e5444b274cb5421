//! Long chains such as `a.b.c(d)[e] + f` nest at their start. A walker that runs short of native stack can take one a
//! piece at a time, from the inside: each piece begins with what the one before has done already.

use super::{Expr, ExprKind};

/// So much of the start of a chain is left in one piece, for walkers that look at several nodes at once.
const START: usize = 4;

/// A chain cut into pieces.
#[derive(Debug, Default)]
pub struct Chain<'a> {
    /// How many expressions begin with one another; a method and its call count as one.
    pub length: usize,
    /// The expressions to walk, innermost first, before the one asked about.
    pub pieces: Vec<&'a Expr<'a>>,
}

impl<'a> Expr<'a> {
    /// What the expression begins with, where that may go on for long.
    fn first_operand(&self) -> Option<&'a Expr<'a>> {
        match self.node {
            ExprKind::BinOp { left: first, .. }
            | ExprKind::Attribute { value: first, .. }
            | ExprKind::Call { func: first, .. }
            | ExprKind::Subscript { value: first, .. } => Some(first),
            _ => None,
        }
    }

    /// Tells nodes of a tree apart; never 0.
    pub fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The chain that ends with this expression. If the expression at address `walked` is part of it, there is nothing
    /// left to cut.
    pub fn chain<'s>(&'s self, walked: usize) -> Chain<'s> {
        let mut links: Vec<&'s Expr<'s>> = vec![self];
        let mut link = self;
        while let Some(first) = link.first_operand() {
            if first.address() == walked {
                return Chain { length: links.len(), pieces: Vec::new() };
            }
            links.push(first);
            link = first;
        }
        let inner = links.len().saturating_sub(START);
        let pieces = (1..inner).rev().filter(|&at| !belongs_to(links[at], links[at - 1]));
        let pieces = pieces.map(|at| links[at]).collect();
        let methods = links.windows(2).filter(|pair| is_method(pair[1], pair[0])).count();
        Chain { length: links.len() - methods, pieces }
    }
}

fn is_method(inner: &Expr<'_>, outer: &Expr<'_>) -> bool {
    matches!((&inner.node, &outer.node), (ExprKind::Attribute { .. }, ExprKind::Call { .. }))
}

/// Whether walkers take both nodes at once: a method and its call, operators that follow each other.
fn belongs_to(inner: &Expr<'_>, outer: &Expr<'_>) -> bool {
    is_method(inner, outer)
        || matches!((&inner.node, &outer.node), (ExprKind::BinOp { .. }, ExprKind::BinOp { .. }))
}

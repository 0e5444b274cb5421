//! What the rules of the grammar do when they match: most errors are told by the grammar itself, a
//! few need a look at what was matched. `literals` has those of numbers and strings.

use super::compile::Action;
use super::machine::{Machine, Outcome};
use super::node::{NodeId, NodeKind, Nodes};
use crate::error::{ErrorKind, SyntaxError};
use crate::token::{Token, TokenKind};

/// What an invalid target is invalid for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TargetUse {
    Assign,
    Delete,
    For,
}

impl Machine<'_> {
    pub fn perform(&mut self, action: Action<'_>, parts: &[NodeId]) -> Outcome {
        let first = parts.first().copied().unwrap_or(Nodes::NONE);
        let last = parts.last().copied().unwrap_or(Nodes::NONE);
        let error = match action {
            Action::Default => return Outcome::Value(self.make(NodeKind::Group, parts)),
            Action::Make(kind) => return Outcome::Value(self.make(kind, parts)),
            Action::Since(minor, _, kind) if self.options.feature_version >= minor => {
                return Outcome::Value(self.make(kind, parts));
            }
            Action::Since(minor, what, _) => {
                let message = format!("{what} only supported in Python 3.{minor} and greater");
                self.error_here(ErrorKind::SyntaxError, message)
            }
            Action::Do(name) => return self.perform_named(name, parts, first, last),
            Action::At(text) => self.error_at_nodes(first, first, self.fill(text, first)),
            Action::Range(text) => self.error_at_nodes(first, last, self.fill(text, first)),
            Action::From(text) => self.error_from_node(first, self.fill(text, first)),
            Action::Here(text) => self.error_here(ErrorKind::SyntaxError, text.to_owned()),
            Action::Next(text) => self.error_next(text.to_owned()),
            Action::Dent(text) => self.error_here(ErrorKind::IndentationError, text.to_owned()),
            Action::Indent(what) => {
                let lineno = self.first_token(first).lineno;
                let message = format!("expected an indented block after {what} on line {lineno}");
                self.error_here(ErrorKind::IndentationError, message)
            }
        };
        Outcome::Raise(Box::new(error))
    }

    /// Puts what a node is, or its text, into a message.
    fn fill(&self, message: &str, node: NodeId) -> String {
        let message = message.replace("\\\"", "\"");
        if message.contains("%t") {
            return message.replace("%t", self.text_of(self.first_token(node)));
        }
        message.replace("%s", self.describe(node))
    }

    fn describe(&self, node: NodeId) -> &'static str {
        let kind = self.nodes.kind(node);
        if kind == NodeKind::Constant {
            match self.first_token(node).kind {
                TokenKind::None => return "None",
                TokenKind::True => return "True",
                TokenKind::False => return "False",
                TokenKind::Ellipsis => return "ellipsis",
                _ => {}
            }
        }
        kind.description()
    }

    pub(super) fn first_token(&self, node: NodeId) -> Token {
        self.tokens[self.nodes.get(node).first as usize]
    }

    fn perform_named(&mut self, name: &str, parts: &[NodeId], a: NodeId, b: NodeId) -> Outcome {
        match name {
            "last_trailer" => {
                let trailers = self.nodes.items(b);
                let kind = trailers.last().map_or(NodeKind::Group, |last| self.nodes.kind(*last));
                Outcome::Value(self.make(kind, parts))
            }
            "note_statement" => {
                self.note_statement(a);
                Outcome::Value(a)
            }
            "check_number" => self.check_number(a),
            "check_string" => self.check_string(a),
            "check_strings" => self.check_strings(a),
            "check_fstring" => self.check_interpolated(parts, NodeKind::JoinedStr),
            "check_tstring" => self.check_template(parts),
            "check_middle" => self.check_middle(a),
            "check_fstring_conversion" => self.check_conversion(a, b),
            "future_import" => {
                let node = self.nodes.get(b);
                let names = &self.tokens[node.first as usize..=node.last as usize];
                let has_barry = names.iter().any(|name| self.text_of(*name) == "barry_as_FLUFL");
                if has_barry && self.text_of(self.first_token(a)) == "__future__" {
                    self.flufl = true;
                }
                Outcome::Value(self.make(NodeKind::Group, parts))
            }
            "check_barry" => self.check_barry(a),
            "check_old_not_equal" if self.flufl => self.old_not_equal(a, b, true),
            // Not this alternative; the next one explains.
            "check_old_not_equal" => Outcome::AlternativeFails,
            "old_not_equal" => self.old_not_equal(a, b, false),
            "check_real" => self.check_part_of_complex(a, false),
            "check_imaginary" => self.check_part_of_complex(a, true),
            "mixed_templates" => {
                let last = self.nodes.items(a).last().copied().unwrap_or(a);
                let message = "cannot mix t-string literals with string or bytes literals";
                raise(self.error_at_nodes(last, b, message.to_owned()))
            }
            "missing_comma" => self.missing_comma(a, b),
            "legacy_statement" => self.legacy_statement(a, b),
            "assignment_in_expression" => {
                let what = self.describe(a);
                let message =
                    format!("cannot assign to {what} here. Maybe you meant '==' instead of '='?");
                raise(self.error_at_nodes(a, a, message))
            }
            "invalid_star_target" => self.invalid_target(a, TargetUse::Assign),
            "invalid_del_target" => self.invalid_target(a, TargetUse::Delete),
            "invalid_for_target" => self.invalid_target(a, TargetUse::For),
            "early_genexp" => self.genexp_error(a, b),
            "bare_genexp" => self.bare_genexp(a, b),
            "late_genexp" => self.late_genexp(a, b),
            "arguments_order" => self.arguments_order(a),
            "comprehension_target" => {
                let last = self.nodes.parts(b).first().copied().unwrap_or(b);
                let message = "did you forget parentheses around the comprehension target?";
                raise(self.error_at_nodes(a, last, message.to_owned()))
            }
            "bound_of_typevartuple" => self.type_parameter_bound(a, b, "TypeVarTuple"),
            "bound_of_paramspec" => self.type_parameter_bound(a, b, "ParamSpec"),
            _ => self.missing_colon(a),
        }
    }

    /// Remembers where the last compound statement starts. As in the reference, a function does not count, and it is
    /// the second pass that tells.
    fn note_statement(&mut self, mut statement: NodeId) {
        if self.first_token(statement).kind == TokenKind::At
            && let Some(decorated) = self.nodes.parts(statement).last()
        {
            statement = *decorated;
        }
        let first = self.nodes.get(statement).first as usize;
        let [token, next] = [first, first + 1].map(|index| self.tokens[index]);
        let is_function = token.kind == TokenKind::Def || next.kind == TokenKind::Def;
        let place = (token.lineno as i32, token.col);
        if self.invalid && !is_function && place.0 >= self.last_statement.0 {
            self.last_statement = place;
        }
    }

    fn check_barry(&mut self, operator: NodeId) -> Outcome {
        if !self.flufl {
            return Outcome::Value(operator);
        }
        let message = "with Barry as BDFL, use '<>' instead of '!='".to_owned();
        raise(self.error_here(ErrorKind::SyntaxError, message))
    }

    /// `<>`, if it is one.
    fn old_not_equal(&mut self, less: NodeId, greater: NodeId, allowed: bool) -> Outcome {
        if self.first_token(less).end != self.first_token(greater).start {
            return Outcome::RuleFails;
        }
        if allowed {
            return if self.flufl { Outcome::Value(less) } else { Outcome::RuleFails };
        }
        let message = "invalid syntax.  Maybe you meant '!=' instead of '<>'?".to_owned();
        raise(self.error_at_nodes(less, greater, message))
    }

    /// Whether a node is the name of one of the statements that became functions.
    fn is_legacy(&self, node: NodeId) -> bool {
        self.nodes.kind(node) != NodeKind::None
            && self.nodes.get(node).first == self.nodes.get(node).last
            && matches!(self.text_of(self.first_token(node)), "print" | "exec")
    }

    fn missing_comma(&mut self, a: NodeId, b: NodeId) -> Outcome {
        if self.is_legacy(a) || self.levels[self.pos - 1] == 0 {
            return Outcome::RuleFails;
        }
        let message = "invalid syntax. Perhaps you forgot a comma?".to_owned();
        raise(self.error_at_nodes(a, b, message))
    }

    fn legacy_statement(&mut self, a: NodeId, b: NodeId) -> Outcome {
        if !self.is_legacy(a) {
            return Outcome::RuleFails;
        }
        let name = self.text_of(self.first_token(a));
        let message = format!("Missing parentheses in call to '{name}'. Did you mean {name}(...)?");
        raise(self.error_at_nodes(a, b, message))
    }

    fn invalid_target(&mut self, expression: NodeId, purpose: TargetUse) -> Outcome {
        let Some(target) = self.find_invalid_target(expression, purpose) else {
            return Outcome::RuleFails;
        };
        let verb = if purpose == TargetUse::Delete { "delete" } else { "assign to" };
        let message = format!("cannot {verb} {}", self.describe(target));
        raise(self.error_at_nodes(target, target, message))
    }

    /// The first part of an expression that cannot be a target.
    fn find_invalid_target(&self, expression: NodeId, purpose: TargetUse) -> Option<NodeId> {
        match self.nodes.kind(expression) {
            NodeKind::Name | NodeKind::Attribute | NodeKind::Subscript => None,
            NodeKind::List | NodeKind::Tuple => self
                .nodes
                .expressions(expression)
                .into_iter()
                .find_map(|part| self.find_invalid_target(part, purpose)),
            NodeKind::Starred if purpose != TargetUse::Delete => {
                let value = *self.nodes.parts(expression).last()?;
                self.find_invalid_target(value, purpose)
            }
            // `x in y` of `for x in y` has been read as a comparison.
            NodeKind::Compare if purpose == TargetUse::For => {
                let &[left, pairs] = self.nodes.parts(expression) else { return None };
                let first = *self.nodes.items(pairs).first()?;
                if self.nodes.kind(first) == NodeKind::InPair {
                    return self.find_invalid_target(left, purpose);
                }
                None
            }
            _ => Some(expression),
        }
    }

    /// Positional arguments of a call, with those unpacked among the keyword arguments.
    fn positional(&self, args: NodeId) -> Vec<NodeId> {
        let expressions = self.nodes.expressions(args);
        let is_plain = |node: &NodeId| {
            !matches!(self.nodes.kind(*node), NodeKind::KwArgs | NodeKind::DoubleStarred)
        };
        if self.nodes.kind(args) == NodeKind::KwArgs {
            let is_starred = |node: &NodeId| self.nodes.kind(*node) == NodeKind::Starred;
            return expressions.into_iter().filter(is_starred).collect();
        }
        let listed = self.nodes.parts(args).first().copied().unwrap_or(Nodes::NONE);
        let mut found = self.nodes.items(listed);
        found.extend(
            self.nodes
                .parts(args)
                .get(1)
                .map(|rest| self.nodes.expressions(*rest))
                .unwrap_or_default()
                .into_iter()
                .filter(|node| self.nodes.kind(*node) == NodeKind::Starred),
        );
        found.retain(is_plain);
        found
    }

    /// A generator expression without parentheses after other arguments.
    fn bare_genexp(&mut self, args: NodeId, clauses: NodeId) -> Outcome {
        let positional = self.positional(args);
        match positional.last() {
            Some(last) if positional.len() > 1 => self.genexp_error(*last, clauses),
            _ => Outcome::RuleFails,
        }
    }

    /// From an element to the last condition or, if there is none, the last iterable.
    fn genexp_error(&mut self, element: NodeId, clauses: NodeId) -> Outcome {
        let clause = self.nodes.items(clauses).last().copied().unwrap_or(clauses);
        let last = match *self.nodes.parts(clause) {
            [.., iterable, conditions] => match self.nodes.items(conditions).last() {
                Some(condition) => self.nodes.parts(*condition).last().copied(),
                None => Some(iterable),
            },
            _ => None,
        };
        let message = "Generator expression must be parenthesized".to_owned();
        raise(self.error_at_nodes(element, last.unwrap_or(clauses), message))
    }

    /// As above, pointing at the last variable.
    fn late_genexp(&mut self, element: NodeId, clauses: NodeId) -> Outcome {
        let clause = self.nodes.items(clauses).last().copied().unwrap_or(clauses);
        let target = match self.nodes.parts(clause) {
            [first, _, target, ..] if self.first_token(*first).kind == TokenKind::Async => *target,
            [_, target, ..] => *target,
            _ => clause,
        };
        let message = "Generator expression must be parenthesized".to_owned();
        raise(self.error_at_nodes(element, target, message))
    }

    fn arguments_order(&mut self, args: NodeId) -> Outcome {
        let mut pending = vec![args];
        let mut unpacks = false;
        while let Some(node) = pending.pop() {
            match self.nodes.kind(node) {
                NodeKind::DoubleStarred => unpacks = true,
                NodeKind::Args | NodeKind::KwArgs | NodeKind::Group | NodeKind::Items => {
                    pending.extend_from_slice(self.nodes.parts(node));
                }
                _ => {}
            }
        }
        let what = if unpacks { "keyword argument unpacking" } else { "keyword argument" };
        let message = format!("positional argument follows {what}");
        raise(self.error_here(ErrorKind::SyntaxError, message))
    }

    fn type_parameter_bound(&mut self, colon: NodeId, bound: NodeId, what: &str) -> Outcome {
        let is_tuple = self.nodes.kind(bound) == NodeKind::Tuple;
        let kind = if is_tuple { "constraints" } else { "bound" };
        raise(self.error_from_node(colon, format!("cannot use {kind} with {what}")))
    }

    fn missing_colon(&mut self, key: NodeId) -> Outcome {
        let first = self.first_token(key);
        let last = self.tokens[self.nodes.get(key).last as usize];
        let place = super::raise::Place {
            lineno: first.lineno as i32,
            col: last.end_col,
            end_lineno: last.end_lineno as i32,
            end_col: 0,
        };
        let message = "':' expected after dictionary key".to_owned();
        raise(self.error_at_place(ErrorKind::SyntaxError, place, message))
    }
}

pub(super) fn raise(error: SyntaxError) -> Outcome {
    Outcome::Raise(Box::new(error))
}

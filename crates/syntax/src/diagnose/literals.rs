//! What the rules for literals do when they match: numbers and strings are told apart by the lexer, but whether they are right
//! takes a look at their text.

use super::actions::raise;
use super::machine::{Machine, Outcome};
use super::node::{NodeId, NodeKind};
use crate::error::{ErrorKind, SyntaxError};
use crate::literal::{self, NumberError, StringError};
use crate::parser::split_literal;
use crate::token::TokenKind;

impl Machine<'_> {
    pub(super) fn check_number(&mut self, number: NodeId) -> Outcome {
        let token = self.first_token(number);
        let text = self.text_of(token);
        if text.contains('_') && self.options.feature_version < 6 {
            let message = "Underscores in numeric literals are only supported in Python 3.6 and \
                           greater";
            return raise(self.error_here(ErrorKind::SyntaxError, message.to_owned()));
        }
        let arena = bumpalo::Bump::new();
        let limit = self.options.max_str_digits;
        match literal::number(&arena, text, limit) {
            Err(NumberError::TooManyDigits(digits)) => {
                let message = format!(
                    "Exceeds the limit ({limit} digits) for integer string conversion: value has \
                     {digits} digits; use sys.set_int_max_str_digits() to increase the limit - \
                     Consider hexadecimal for huge integer literals to avoid decimal conversion \
                     limits."
                );
                let place = super::raise::Place {
                    lineno: token.lineno as i32,
                    col: 0,
                    end_lineno: token.end_lineno as i32,
                    end_col: 0,
                };
                raise(self.error_at_place(ErrorKind::SyntaxError, place, message))
            }
            _ => Outcome::Value(self.make(NodeKind::Constant, &[number])),
        }
    }

    pub(super) fn check_part_of_complex(&mut self, number: NodeId, imaginary: bool) -> Outcome {
        let text = self.text_of(self.first_token(number));
        let is_imaginary = text.ends_with(['j', 'J']) && !text.starts_with("0x");
        if is_imaginary == imaginary {
            return Outcome::Value(number);
        }
        let part = if imaginary { "imaginary" } else { "real" };
        let message = format!("{part} number required in complex literal");
        raise(self.error_at_nodes(number, number, message))
    }

    pub(super) fn check_string(&mut self, string: NodeId) -> Outcome {
        let token = self.first_token(string);
        let literal = split_literal(self.text_of(token));
        let arena = bumpalo::Bump::new();
        let names = self.options.normalizer;
        let decoded = if !literal.is_bytes {
            literal::decode_text(&arena, literal.body, literal.is_raw, names)
        } else if literal.body.is_ascii() {
            literal::decode_bytes(&arena, literal.body.as_bytes(), literal.is_raw)
        } else {
            let message = "bytes can only contain ASCII literal characters".to_owned();
            return raise(self.error_at_token(token, message));
        };
        let kind = if literal.is_bytes { NodeKind::Bytes } else { NodeKind::Str };
        match decoded {
            Ok(decoded) => {
                if let Some(invalid) = &decoded.invalid {
                    self.warn_escape(token, literal.body, invalid);
                }
                Outcome::Value(self.make(kind, &[string]))
            }
            Err(error) => raise(self.error_here(ErrorKind::SyntaxError, error.to_string())),
        }
    }

    pub(super) fn check_strings(&mut self, strings: NodeId) -> Outcome {
        let kinds: Vec<_> =
            self.nodes.items(strings).iter().map(|part| self.nodes.kind(*part)).collect();
        let bytes = kinds.iter().filter(|kind| **kind == NodeKind::Bytes).count();
        if bytes != 0 && bytes != kinds.len() {
            let message = "cannot mix bytes and nonbytes literals".to_owned();
            return raise(self.error_here(ErrorKind::SyntaxError, message));
        }
        let is_joined = kinds.contains(&NodeKind::JoinedStr);
        let kind = if is_joined { NodeKind::JoinedStr } else { NodeKind::Str };
        Outcome::Value(self.make(kind, &[strings]))
    }

    pub(super) fn check_interpolated(&mut self, parts: &[NodeId], kind: NodeKind) -> Outcome {
        let is_raw = self.text_of(self.first_token(parts[0])).contains(['r', 'R']);
        let closing = self.tokens[self.pos - 1];
        for part in self.nodes.items(parts[1]) {
            if self.nodes.kind(part) != NodeKind::Token {
                continue;
            }
            let body = self.text_of(self.first_token(part));
            let names = self.options.normalizer;
            match literal::decode_text(&bumpalo::Bump::new(), body, is_raw, names) {
                Ok(decoded) => {
                    if let Some(invalid) = &decoded.invalid {
                        self.warn_escape(closing, body, invalid);
                    }
                }
                Err(error) => {
                    return raise(self.error_here(ErrorKind::SyntaxError, error.to_string()));
                }
            }
        }
        Outcome::Value(self.make(kind, parts))
    }

    pub(super) fn check_template(&mut self, parts: &[NodeId]) -> Outcome {
        let outcome = self.check_interpolated(parts, NodeKind::TemplateStr);
        if self.options.feature_version >= 14 || !matches!(outcome, Outcome::Value(_)) {
            return outcome;
        }
        let message = "t-strings are only supported in Python 3.14 and greater".to_owned();
        raise(self.error_here(ErrorKind::SyntaxError, message))
    }

    /// A literal part of a format spec.
    pub(super) fn check_middle(&mut self, middle: NodeId) -> Outcome {
        let index = self.nodes.get(middle).first as usize;
        let mut open = 0;
        let start = self.tokens[..index].iter().rev().find(|token| match token.kind {
            TokenKind::FStringEnd | TokenKind::TStringEnd => {
                open += 1;
                false
            }
            TokenKind::FStringStart | TokenKind::TStringStart => {
                open -= 1;
                open < 0
            }
            _ => false,
        });
        let is_raw = start.is_some_and(|start| self.text_of(*start).contains(['r', 'R']));
        let token = self.tokens[index];
        let (text, names) = (self.text_of(token), self.options.normalizer);
        match literal::decode_text(&bumpalo::Bump::new(), text, is_raw, names) {
            Ok(decoded) => {
                if let Some(invalid) = &decoded.invalid {
                    self.warn_escape(token, self.text_of(token), invalid);
                }
                Outcome::Value(middle)
            }
            // Here the reference forgets to make a SyntaxError of it.
            Err(StringError::Text { start, end, reason, data }) => raise(SyntaxError {
                kind: ErrorKind::UnicodeDecodeError { start, end, reason },
                text: Some(data),
                ..crate::source::placeless(String::new())
            }),
            Err(error) => raise(self.error_here(ErrorKind::SyntaxError, error.to_string())),
        }
    }

    pub(super) fn check_conversion(&mut self, exclamation: NodeId, name: NodeId) -> Outcome {
        let prefix = self.stream.lexer.string_prefix();
        let (mark, character) = (self.first_token(exclamation), self.first_token(name));
        if mark.end != character.start {
            let message = format!(
                "{prefix}-string: conversion type must come right after the exclamation mark"
            );
            return raise(self.error_at_nodes(exclamation, name, message));
        }
        let text = self.text_of(character);
        if matches!(text, "s" | "r" | "a") {
            return Outcome::Value(name);
        }
        let message = format!(
            "{prefix}-string: invalid conversion character '{text}': expected 's', 'r', or 'a'"
        );
        raise(self.error_at_nodes(name, name, message))
    }
}

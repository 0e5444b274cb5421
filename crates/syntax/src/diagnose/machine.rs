//! A parsing machine: runs the grammar with backtracking on a stack of its own, so that neither
//! nesting nor the length of the text costs native stack. Results of rules are remembered, so that
//! the time is linear.

use super::compile::{Action, Op, Program};
use super::node::{NodeId, NodeKind, Nodes};
use crate::error::{SyntaxError, Warning};
use crate::literal::InvalidEscape;
use crate::options::ParseOptions;
use crate::report::{Moment, escape_warning};
use crate::stream::TokenStream;
use crate::token::{Token, TokenKind};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Deepest nesting of rules, repetitions and groups; as in the reference.
pub(crate) const MAX_LEVELS: usize = 6_000;

/// What an action comes to.
pub(super) enum Outcome {
    Value(NodeId),
    /// The rule fails, whatever alternatives it has left.
    RuleFails,
    AlternativeFails,
    Raise(Box<SyntaxError>),
}

enum Frame {
    Return { ip: usize, rule: usize, start: usize, outer: usize, invalid: bool },
    Choice { ip: usize, pos: usize, values: usize, level: usize },
}

/// What came of a rule at a position: nothing, or a value and where it ends.
type Memo = HashMap<(u32, u32), Option<(NodeId, usize)>, BuildHasherDefault<PairHasher>>;

/// Mixes two small numbers: nobody can choose them so as to make them collide.
#[derive(Default)]
struct PairHasher(u64);

impl Hasher for PairHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(value)).wrapping_mul(0x517C_C1B7_2722_0A95);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

pub(super) struct Machine<'p> {
    program: &'p Program<'p>,
    pub options: &'p ParseOptions<'p>,
    pub stream: TokenStream<'p>,
    pub tokens: Vec<Token>,
    /// Open brackets after each token.
    pub levels: Vec<u16>,
    /// The next token.
    pub pos: usize,
    pub nodes: Nodes,
    values: Vec<NodeId>,
    frames: Vec<Frame>,
    /// Index of the frame of the rule being tried, plus one.
    current: usize,
    /// How deep the rules, repetitions and groups being tried are nested.
    level: usize,
    memo: Memo,
    /// Error rules are active.
    pub invalid: bool,
    /// `<>` is the spelling of `!=`.
    pub flufl: bool,
    /// In the order in which they are issued.
    pub warnings: Vec<(Moment, Warning)>,
    /// Line and column of the last compound statement.
    pub last_statement: (i32, i32),
    /// How many there were when the rest of the text began to be read, if it was.
    pub before_error: Option<usize>,
}

impl<'p> Machine<'p> {
    pub fn new(program: &'p Program<'p>, text: &'p str, options: &'p ParseOptions<'p>) -> Self {
        Machine {
            program,
            options,
            stream: TokenStream::new(text, options),
            tokens: Vec::new(),
            levels: Vec::new(),
            pos: 0,
            nodes: Nodes::new(),
            values: Vec::new(),
            frames: Vec::new(),
            current: 0,
            level: 0,
            memo: Memo::default(),
            invalid: false,
            flufl: options.barry_as_flufl,
            warnings: Vec::new(),
            last_statement: (0, 0),
            before_error: None,
        }
    }

    /// Tries the rule called `name` from token `start` on.
    pub fn run(
        &mut self,
        name: &str,
        start: usize,
        invalid: bool,
    ) -> Result<bool, Box<SyntaxError>> {
        self.nodes = Nodes::new();
        self.values.clear();
        self.frames.clear();
        self.memo.clear();
        self.invalid = invalid;
        self.current = 0;
        self.level = 0;
        self.pos = 0;
        while self.tokens.len() <= start {
            self.fetch()?;
        }
        self.pos = start;
        let rules = &self.program.rules;
        let Some(rule) = rules.iter().position(|rule| rule.name == name) else { return Ok(false) };
        let mut ip = self.enter(rule, usize::MAX)?;
        while ip != usize::MAX {
            ip = match self.step(ip)? {
                Some(next) => next,
                None => match self.fail() {
                    Some(next) => next,
                    None => return Ok(false),
                },
            };
        }
        Ok(true)
    }

    /// The next token, read if it has to be.
    fn token(&mut self) -> Result<Token, Box<SyntaxError>> {
        while self.pos >= self.tokens.len() {
            self.fetch()?;
        }
        Ok(self.tokens[self.pos])
    }

    fn fetch(&mut self) -> Result<(), Box<SyntaxError>> {
        let token = self.stream.next();
        self.note_lexer_warnings();
        let lexer = &self.stream.lexer;
        let failed = token.is_err();
        self.tokens.push(token.unwrap_or(Token {
            kind: TokenKind::ErrorToken,
            start: lexer.pos as u32,
            end: lexer.pos as u32,
            lineno: lexer.lineno,
            col: -1,
            end_lineno: lexer.lineno,
            end_col: -1,
        }));
        self.levels.push(lexer.brackets.len() as u16);
        if failed { Err(Box::new(self.lexer_error())) } else { Ok(()) }
    }

    /// Takes over what the lexer warned of while it made the next token.
    pub fn note_lexer_warnings(&mut self) {
        let moment = Moment::of_token(self.tokens.len());
        let found = self.stream.lexer.warnings.drain(..);
        self.warnings.extend(found.map(|warning| (moment, warning)));
    }

    /// Warns of an escape in `body`; `token` is the string, or what ends it. The pass with the error
    /// rules does not, where they are active.
    pub fn warn_escape(&mut self, token: Token, body: &str, invalid: &InvalidEscape) {
        if !self.invalid {
            let warning =
                escape_warning(self.stream.lexer.source, token, body, invalid, self.options);
            self.warnings.extend(warning.map(|warning| (Moment::before(self.pos), warning)));
        }
    }

    /// Runs one instruction: where to go on, or `None` if it failed.
    fn step(&mut self, ip: usize) -> Result<Option<usize>, Box<SyntaxError>> {
        let next = Some(ip + 1);
        Ok(match self.program.code[ip] {
            Op::Token(kind) => {
                if self.token()?.kind != kind {
                    return Ok(None);
                }
                self.shift();
                next
            }
            Op::Soft(word) => {
                let token = self.token()?;
                if token.kind != TokenKind::Name || self.text_of(token) != word {
                    return Ok(None);
                }
                self.shift();
                next
            }
            Op::AnySoft => {
                let token = self.token()?;
                if token.kind != TokenKind::Name
                    || !matches!(self.text_of(token), "_" | "case" | "match" | "type")
                {
                    return Ok(None);
                }
                self.shift();
                next
            }
            Op::Forced(kind) => {
                let token = self.token()?;
                if token.kind != kind {
                    let message = format!("expected '{}'", kind.text());
                    return Err(Box::new(self.error_at_token(token, message)));
                }
                self.shift();
                next
            }
            Op::Call(rule) => return self.call(rule, ip + 1),
            Op::Reduce { count, named, action } => {
                return self.reduce(count, named, action, ip + 1);
            }
            Op::PushNone => {
                self.values.push(Nodes::NONE);
                next
            }
            Op::Append => {
                let (item, list) = (self.pop(), self.pop());
                let item_node = self.nodes.get(item);
                let first = match self.nodes.kind(list) {
                    NodeKind::Items => self.nodes.get(list).first,
                    _ => item_node.first,
                };
                let (first, last) = (first as usize, item_node.last as usize);
                let list = self.nodes.add(NodeKind::Items, first, last, &[list, item]);
                self.values.push(list);
                next
            }
            Op::Drop => {
                self.pop();
                next
            }
            Op::Choice(ip) => {
                let (pos, values, level) = (self.pos, self.values.len(), self.level);
                self.frames.push(Frame::Choice { ip, pos, values, level });
                next
            }
            Op::Deeper(levels) => {
                self.deeper(levels)?;
                next
            }
            Op::Shallower(levels) => {
                self.level -= levels;
                next
            }
            Op::Commit(target) => {
                self.frames.pop();
                Some(target)
            }
            Op::BackCommit(target) => {
                if let Some(Frame::Choice { pos, values, level, .. }) = self.frames.pop() {
                    self.pos = pos;
                    self.values.truncate(values);
                    self.level = level;
                }
                Some(target)
            }
            Op::Jump(target) => Some(target),
            Op::Cut => {
                self.frames.pop();
                next
            }
            Op::Fail => None,
            Op::FailTwice => {
                self.frames.pop();
                None
            }
            Op::InvalidOnly => next.filter(|_| self.invalid),
            Op::Return => Some(self.leave()),
        })
    }

    fn pop(&mut self) -> NodeId {
        self.values.pop().unwrap_or(Nodes::NONE)
    }

    fn shift(&mut self) {
        let node = self.nodes.add(NodeKind::Token, self.pos, self.pos, &[]);
        self.values.push(node);
        self.pos += 1;
    }

    fn call(&mut self, rule: usize, back: usize) -> Result<Option<usize>, Box<SyntaxError>> {
        // Whether error rules were active is no part of the key, nor is it in the reference.
        if self.program.rules[rule].memo
            && let Some(known) = self.memo.get(&(rule as u32, self.pos as u32))
        {
            let known = *known;
            // The reference looks at the limit first.
            self.deeper(1)?;
            self.level -= 1;
            let Some((value, end)) = known else { return Ok(None) };
            self.values.push(value);
            self.pos = end;
            return Ok(Some(back));
        }
        Ok(Some(self.enter(rule, back)?))
    }

    fn deeper(&mut self, levels: usize) -> Result<(), Box<SyntaxError>> {
        if self.level + levels > MAX_LEVELS {
            return Err(Box::new(crate::parser::too_deep_error()));
        }
        self.level += levels;
        Ok(())
    }

    fn enter(&mut self, rule: usize, back: usize) -> Result<usize, Box<SyntaxError>> {
        self.deeper(self.program.rules[rule].levels)?;
        self.frames.push(Frame::Return {
            ip: back,
            rule,
            start: self.pos,
            outer: self.current,
            invalid: self.invalid,
        });
        self.current = self.frames.len();
        self.invalid &= !self.program.rules[rule].quiet;
        Ok(self.program.rules[rule].entry)
    }

    /// The current rule has succeeded: its frame is on top.
    fn leave(&mut self) -> usize {
        let Some(Frame::Return { ip, rule, start, outer, invalid, .. }) = self.frames.pop() else {
            return usize::MAX;
        };
        self.current = outer;
        self.level -= self.program.rules[rule].levels;
        self.invalid = invalid;
        if self.program.rules[rule].memo {
            let value = self.values.last().copied().unwrap_or(Nodes::NONE);
            self.memo.insert((rule as u32, start as u32), Some((value, self.pos)));
        }
        ip
    }

    /// Goes back to the last choice; rules on the way have failed.
    fn fail(&mut self) -> Option<usize> {
        loop {
            match self.frames.pop()? {
                Frame::Choice { ip, pos, values, level } => {
                    self.level = level;
                    self.pos = pos;
                    self.values.truncate(values);
                    return Some(ip);
                }
                Frame::Return { rule, start, outer, invalid, .. } => {
                    self.current = outer;
                    self.invalid = invalid;
                    if self.program.rules[rule].memo {
                        self.memo.insert((rule as u32, start as u32), None);
                    }
                }
            }
        }
    }

    fn reduce(
        &mut self,
        count: usize,
        named: u32,
        action: usize,
        next: usize,
    ) -> Result<Option<usize>, Box<SyntaxError>> {
        let base = self.values.len() - count;
        let parts: Vec<NodeId> = self.values[base..]
            .iter()
            .enumerate()
            .filter(|(index, _)| named == 0 || named & 1 << index != 0)
            .map(|(_, value)| *value)
            .collect();
        let action = self.program.actions[action];
        if let (Action::Default, [only]) = (action, &parts[..]) {
            let only = *only;
            self.values.truncate(base);
            self.values.push(only);
            return Ok(Some(next));
        }
        match self.perform(action, &parts) {
            Outcome::Value(value) => {
                self.values.truncate(base);
                self.values.push(value);
                Ok(Some(next))
            }
            Outcome::RuleFails => {
                self.frames.truncate(self.current);
                Ok(None)
            }
            Outcome::AlternativeFails => Ok(None),
            Outcome::Raise(error) => Err(error),
        }
    }

    /// A node for what the current rule has matched.
    pub fn make(&mut self, kind: NodeKind, parts: &[NodeId]) -> NodeId {
        let first = match self.current.checked_sub(1).and_then(|index| self.frames.get(index)) {
            Some(Frame::Return { start, .. }) => *start,
            _ => 0,
        };
        let mut last = self.pos.saturating_sub(1);
        while last > first
            && matches!(
                self.tokens[last].kind,
                TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent | TokenKind::EndMarker
            )
        {
            last -= 1;
        }
        self.nodes.add(kind, first, last, parts)
    }

    pub fn text_of(&self, token: Token) -> &'p str {
        &self.stream.lexer.source[token.start as usize..token.end as usize]
    }
}

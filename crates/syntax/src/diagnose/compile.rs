//! The text of the grammar to a program for the [machine](super::machine). Done once, for the first error:
//! it takes a fraction of a millisecond.
//!
//! Actions, after `=>`: `Kind` makes a node; `at a "…"` reports an error at a node, `range a b` from
//! one to another, `from a` from a node to where the lexer is, `here` at the last token read,
//! `next` at the next token, `indent a "x"` a missing block, `dent` an indentation error at the
//! last token; `since n "…" Kind` makes a node unless an older version is asked for; `do f` asks [actions](super::actions). In messages `%s` is what kind of expression
//! the first named part is, `%t` its text.

use super::node::NodeKind;
use crate::token::TokenKind;
use std::collections::HashMap;

/// What to do when an alternative has matched.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action<'g> {
    /// The only part, or all of them as a list.
    Default,
    Make(NodeKind),
    At(&'g str),
    Range(&'g str),
    From(&'g str),
    Here(&'g str),
    Next(&'g str),
    Indent(&'g str),
    Dent(&'g str),
    /// Newer than some version: which minor version has it, what it is, the node to make.
    Since(u8, &'g str, NodeKind),
    Do(&'g str),
}

/// An instruction. All but the last group leave one value on the stack for what they matched.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op<'g> {
    Token(TokenKind),
    Soft(&'g str),
    AnySoft,
    /// The token must be there: an error otherwise.
    Forced(TokenKind),
    Call(usize),
    /// Replaces `count` values by one; `named` has a bit for each value that the action gets.
    Reduce {
        count: usize,
        named: u32,
        action: usize,
    },
    PushNone,
    /// Moves the last value into the list below it.
    Append,
    Drop,
    /// What follows is that many levels deeper, up to the `Shallower` with the same number.
    Deeper(usize),
    Shallower(usize),
    /// If what follows fails, go on there.
    Choice(usize),
    /// What followed the last choice succeeded.
    Commit(usize),
    /// As `Commit`, but what was matched is put back.
    BackCommit(usize),
    Jump(usize),
    /// Forgets the last choice, so that failure is final.
    Cut,
    Fail,
    /// Forgets the last choice and fails.
    FailTwice,
    /// Fails in the first pass.
    InvalidOnly,
    Return,
}

pub(super) struct Rule<'g> {
    pub name: &'g str,
    pub entry: usize,
    /// What comes of it at a position is remembered.
    pub memo: bool,
    /// Error rules are off in it.
    pub quiet: bool,
    /// How many levels of nesting it makes.
    pub levels: usize,
}

#[derive(Default)]
pub(super) struct Program<'g> {
    pub code: Vec<Op<'g>>,
    pub rules: Vec<Rule<'g>>,
    pub actions: Vec<Action<'g>>,
}

pub(super) fn compile(grammar: &str) -> Program<'_> {
    let mut compiler =
        Compiler { program: Program::default(), names: HashMap::new(), group_levels: 1 };
    let lines: Vec<&str> =
        grammar.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let heads = lines.iter().filter(|line| !line.starts_with(' '));
    for line in heads {
        let head = line.split(':').next().unwrap_or("");
        let (name, marks) = head.split_once(' ').unwrap_or((head, ""));
        compiler.names.insert(name, compiler.program.rules.len());
        compiler.program.rules.push(Rule {
            name,
            entry: 0,
            memo: marks.contains("memo"),
            quiet: name == "expression_without_invalid",
            levels: match marks {
                "(memo, left)" => 2,
                "(flat)" => 0,
                _ => 1,
            },
        });
    }
    let mut rest = &lines[..];
    let mut rule = 0;
    while let Some((head, tail)) = rest.split_first() {
        let indented = tail.iter().take_while(|line| line.starts_with(' ')).count();
        let (alternatives, tail) = tail.split_at(indented);
        rest = tail;
        compiler.group_levels = usize::from(compiler.program.rules[rule].levels == 1);
        let inline = head.split_once(':').map_or("", |(_, body)| body);
        let mut parsed = Vec::new();
        if alternatives.is_empty() {
            Reader { text: inline }.alternatives(&mut parsed, &mut compiler);
        }
        for line in alternatives {
            let line = line.trim_start().trim_start_matches('|');
            let (body, action) = match line.split_once("=>") {
                Some((body, action)) => (body, action.trim()),
                None => (line, ""),
            };
            let first = parsed.len();
            Reader { text: body }.alternatives(&mut parsed, &mut compiler);
            if let [alternative] = &mut parsed[first..] {
                alternative.action = parse_action(action);
            }
        }
        compiler.emit_rule(rule, &parsed);
        rule += 1;
    }
    compiler.program
}

fn parse_action(text: &str) -> Action<'_> {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let message = rest.find('"').map_or("", |at| rest[at + 1..].trim_end_matches('"'));
    match verb {
        "" => Action::Default,
        "at" => Action::At(message),
        "range" => Action::Range(message),
        "from" => Action::From(message),
        "here" => Action::Here(message),
        "next" => Action::Next(message),
        "indent" => Action::Indent(message),
        "dent" => Action::Dent(message),
        "since" => {
            let mut parts = rest.split('"');
            let minor = parts.next().and_then(|minor| minor.trim().parse().ok()).unwrap_or(0);
            let what = parts.next().unwrap_or("");
            Action::Since(minor, what, NodeKind::named(parts.next().unwrap_or("").trim()))
        }
        "do" => Action::Do(rest),
        kind => Action::Make(NodeKind::named(kind)),
    }
}

enum Item<'g> {
    Token(TokenKind),
    Soft(&'g str),
    AnySoft,
    Forced(TokenKind),
    Rule(usize),
    Optional(Box<Item<'g>>),
    Repeat { item: Box<Item<'g>>, at_least_one: bool, separator: Option<Box<Item<'g>>> },
    Ahead(Box<Item<'g>>),
    NotAhead(Box<Item<'g>>),
    Cut,
}

struct Alternative<'g> {
    /// With whether it is named.
    items: Vec<(bool, Item<'g>)>,
    action: Action<'g>,
    /// It is nothing but an error rule.
    is_invalid: bool,
}

struct Compiler<'g> {
    program: Program<'g>,
    names: HashMap<&'g str, usize>,
    /// How many levels a group or a repetition makes in the rule being read.
    group_levels: usize,
}

impl<'g> Compiler<'g> {
    /// A group of a single item is that item.
    fn group(&mut self, mut alternatives: Vec<Alternative<'g>>) -> Item<'g> {
        if let [Alternative { items, .. }] = &mut alternatives[..]
            && items.len() == 1
            && let Some((_, item)) = items.pop()
        {
            return item;
        }
        let rule = self.program.rules.len();
        let levels = self.group_levels;
        self.program.rules.push(Rule { name: "", entry: 0, memo: false, quiet: false, levels });
        self.emit_rule(rule, &alternatives);
        Item::Rule(rule)
    }

    fn here(&self) -> usize {
        self.program.code.len()
    }

    /// Emits an instruction whose target is set later.
    fn emit(&mut self, op: Op<'g>) -> usize {
        self.program.code.push(op);
        self.here() - 1
    }

    fn emit_rule(&mut self, rule: usize, alternatives: &[Alternative<'g>]) {
        self.program.rules[rule].entry = self.here();
        let mut exits = Vec::new();
        for alternative in alternatives {
            let choice = self.emit(Op::Choice(0));
            if alternative.is_invalid {
                self.emit(Op::InvalidOnly);
            }
            self.emit_alternative(alternative);
            let has_cut = alternative.items.iter().any(|(_, item)| matches!(item, Item::Cut));
            exits.push(self.emit(if has_cut { Op::Jump(0) } else { Op::Commit(0) }));
            self.program.code[choice] = Op::Choice(self.here());
        }
        self.emit(Op::Fail);
        let end = self.here();
        for exit in exits {
            self.program.code[exit] = match self.program.code[exit] {
                Op::Jump(_) => Op::Jump(end),
                _ => Op::Commit(end),
            };
        }
        self.emit(Op::Return);
    }

    fn emit_alternative(&mut self, alternative: &Alternative<'g>) {
        let mut count = 0;
        let mut named = 0;
        for (is_named, item) in &alternative.items {
            self.emit_item(item);
            if !matches!(item, Item::Ahead(_) | Item::NotAhead(_) | Item::Cut) {
                named |= u32::from(*is_named) << count;
                count += 1;
            }
        }
        let action = self.program.actions.len();
        self.program.actions.push(alternative.action);
        self.emit(Op::Reduce { count, named, action });
    }

    fn emit_item(&mut self, item: &Item<'g>) {
        match item {
            Item::Token(kind) => drop(self.emit(Op::Token(*kind))),
            Item::Soft(word) => drop(self.emit(Op::Soft(word))),
            Item::AnySoft => drop(self.emit(Op::AnySoft)),
            Item::Forced(kind) => drop(self.emit(Op::Forced(*kind))),
            Item::Rule(rule) => drop(self.emit(Op::Call(*rule))),
            Item::Cut => drop(self.emit(Op::Cut)),
            Item::Optional(item) => {
                let choice = self.emit(Op::Choice(0));
                self.emit_item(item);
                let commit = self.emit(Op::Commit(0));
                self.program.code[choice] = Op::Choice(self.here());
                self.emit(Op::PushNone);
                self.program.code[commit] = Op::Commit(self.here());
            }
            Item::Repeat { item, at_least_one, separator } => {
                self.emit(Op::PushNone);
                let mut levels = self.group_levels;
                self.emit(Op::Deeper(levels));
                if *at_least_one {
                    self.emit_item(item);
                    self.emit(Op::Append);
                }
                // The items after the first are a repetition within the one with separators.
                if separator.is_some() {
                    self.emit(Op::Deeper(self.group_levels));
                    levels += self.group_levels;
                }
                let again = self.emit(Op::Choice(0));
                if let Some(separator) = separator {
                    self.emit_item(separator);
                    self.emit(Op::Drop);
                }
                self.emit_item(item);
                self.emit(Op::Append);
                self.emit(Op::Commit(again));
                self.program.code[again] = Op::Choice(self.here());
                self.emit(Op::Shallower(levels));
            }
            Item::Ahead(item) => {
                let choice = self.emit(Op::Choice(0));
                self.emit_item(item);
                let commit = self.emit(Op::BackCommit(0));
                self.program.code[choice] = Op::Choice(self.here());
                self.emit(Op::Fail);
                self.program.code[commit] = Op::BackCommit(self.here());
            }
            Item::NotAhead(item) => {
                let choice = self.emit(Op::Choice(0));
                self.emit_item(item);
                self.emit(Op::FailTwice);
                self.program.code[choice] = Op::Choice(self.here());
            }
        }
    }
}

/// Reads the right side of a rule.
struct Reader<'g> {
    text: &'g str,
}

impl<'g> Reader<'g> {
    /// Skips space and says what comes next.
    fn peek(&mut self) -> char {
        self.text = self.text.trim_start();
        self.text.chars().next().unwrap_or('\0')
    }

    fn eat(&mut self, prefix: &str) -> bool {
        self.peek();
        match self.text.strip_prefix(prefix) {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }

    fn alternatives(&mut self, out: &mut Vec<Alternative<'g>>, compiler: &mut Compiler<'g>) {
        loop {
            out.push(self.alternative(compiler));
            if !self.eat("|") {
                return;
            }
        }
    }

    fn alternative(&mut self, compiler: &mut Compiler<'g>) -> Alternative<'g> {
        let before = self.text;
        let mut items = Vec::new();
        while !matches!(self.peek(), '\0' | '|' | ')' | ']') {
            let bytes = self.text.as_bytes();
            let is_named = bytes.len() > 1 && matches!(bytes[0], b'a' | b'b') && bytes[1] == b'=';
            if is_named {
                self.text = &self.text[2..];
            }
            items.push((is_named, self.item(compiler)));
        }
        let is_invalid = items.len() == 1 && before.trim_start().starts_with("invalid_");
        Alternative { items, action: Action::Default, is_invalid }
    }

    fn item(&mut self, compiler: &mut Compiler<'g>) -> Item<'g> {
        if self.eat("&&") {
            let Item::Token(kind) = self.atom(compiler) else { return Item::Cut };
            return Item::Forced(kind);
        }
        if self.eat("&") {
            return Item::Ahead(Box::new(self.atom(compiler)));
        }
        if self.eat("!") {
            return Item::NotAhead(Box::new(self.atom(compiler)));
        }
        if self.eat("~") {
            return Item::Cut;
        }
        let atom = self.atom(compiler);
        // A suffix follows without space.
        match self.text.as_bytes().first() {
            Some(b'?') => {
                self.text = &self.text[1..];
                Item::Optional(Box::new(atom))
            }
            Some(sign @ (b'*' | b'+')) => {
                self.text = &self.text[1..];
                let at_least_one = *sign == b'+';
                Item::Repeat { item: Box::new(atom), at_least_one, separator: None }
            }
            Some(b'.') => {
                self.text = &self.text[1..];
                let item = Box::new(self.atom(compiler));
                self.eat("+");
                Item::Repeat { item, at_least_one: true, separator: Some(Box::new(atom)) }
            }
            _ => atom,
        }
    }

    fn atom(&mut self, compiler: &mut Compiler<'g>) -> Item<'g> {
        match self.peek() {
            open @ ('(' | '[') => {
                self.text = &self.text[1..];
                let mut alternatives = Vec::new();
                self.alternatives(&mut alternatives, compiler);
                self.text = self.text.get(1..).unwrap_or("");
                let group = compiler.group(alternatives);
                if open == '[' { Item::Optional(Box::new(group)) } else { group }
            }
            quote @ ('\'' | '"') => {
                let len = self.text[1..].find(quote).unwrap_or(0);
                let text = &self.text[1..1 + len];
                self.text = &self.text[len + 2..];
                match TokenKind::from_text(text) {
                    Some(kind) if quote == '\'' => Item::Token(kind),
                    _ => Item::Soft(text),
                }
            }
            _ => {
                let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
                let len = self.text.find(|char| !is_part(char)).unwrap_or(self.text.len()).max(1);
                let (name, rest) = self.text.split_at(len);
                self.text = rest;
                match name {
                    "SOFT_KEYWORD" => Item::AnySoft,
                    _ => match TokenKind::from_name(name) {
                        Some(kind) => Item::Token(kind),
                        // A test compiles the grammar and so knows all names.
                        None => Item::Rule(compiler.names.get(name).copied().unwrap_or(0)),
                    },
                }
            }
        }
    }
}

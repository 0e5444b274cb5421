//! What the evaluation stack and the locals may hold at some point of the code.
//!
//! Where ways meet, sets are united; they only ever grow, and so the walk comes to an end.

use super::Verifiable;

/// A set of kinds of values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kinds(u8);

impl Kinds {
    /// Any object; no promise that it is not a cell.
    pub const OBJECT: Kinds = Kinds(1);
    /// A cell that `MAKE_CELL` or `COPY_FREE_VARS` has put into a local.
    pub const CELL: Kinds = Kinds(2);
    /// The null of a call, or of an unbound local.
    pub const NULL: Kinds = Kinds(4);
    /// The place of a raise, which is no object.
    pub const PLACE: Kinds = Kinds(8);

    pub fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub fn within(self, allowed: Kinds) -> bool {
        self.0 & !allowed.0 == 0
    }

    /// Without null; what was nothing but null cannot come this way, and any kind is true of it.
    pub fn bound(self) -> Kinds {
        let rest = Kinds(self.0 & !Kinds::NULL.0);
        if rest.0 == 0 { Kinds::OBJECT } else { rest }
    }
}

/// The local that a value on the stack is borrowed from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lender {
    /// The stack holds a reference of its own.
    None,
    Local(u32),
    /// Different ones on different ways.
    Several,
}

impl Lender {
    fn or(self, other: Lender) -> Lender {
        match (self, other) {
            (Lender::None, other) | (other, Lender::None) => other,
            (one, other) if one == other => one,
            _ => Lender::Several,
        }
    }

    pub fn may_be(self, local: u32) -> bool {
        self == Lender::Several || self == Lender::Local(local)
    }
}

/// A value on the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot {
    pub kinds: Kinds,
    pub lender: Lender,
    /// The length, of a constant tuple of strings.
    pub names: Option<u32>,
}

impl Slot {
    pub const OBJECT: Slot = Slot::of(Kinds::OBJECT);
    pub const NULL: Slot = Slot::of(Kinds::NULL);

    pub const fn of(kinds: Kinds) -> Slot {
        Slot { kinds, lender: Lender::None, names: None }
    }

    fn or(self, other: Slot) -> Slot {
        Slot {
            kinds: self.kinds.or(other.kinds),
            lender: self.lender.or(other.lender),
            names: self.names.filter(|_| self.names == other.names),
        }
    }
}

/// The kinds of all locals: a row of bits for each of object, null and cell.
#[derive(Clone, Debug, Default)]
pub struct Locals {
    rows: Vec<[u64; 3]>,
}

impl Locals {
    pub fn get(&self, local: u32) -> Kinds {
        let [object, null, cell] = self.rows[local as usize / 64];
        let bit = |row: u64| (row >> (local % 64) & 1) as u8;
        Kinds(bit(object) | bit(null) << 2 | bit(cell) << 1)
    }

    pub fn set(&mut self, local: u32, kinds: Kinds) {
        let (rows, bit) = (&mut self.rows[local as usize / 64], 1 << (local % 64));
        for (row, kind) in rows.iter_mut().zip([Kinds::OBJECT, Kinds::NULL, Kinds::CELL]) {
            if kind.within(kinds) { *row |= bit } else { *row &= !bit }
        }
    }

    fn unite(&mut self, other: &Locals) -> bool {
        let mut grown = false;
        for (mine, theirs) in self.rows.iter_mut().flatten().zip(other.rows.iter().flatten()) {
            grown |= theirs & !*mine != 0;
            *mine |= theirs;
        }
        grown
    }
}

/// Stack and locals in front of an instruction.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub stack: Vec<Slot>,
    pub locals: Locals,
    /// `RETURN_GENERATOR` has run: the frame lies in a generator.
    pub in_generator: bool,
}

impl State {
    /// A function is entered.
    pub fn at_entry(subject: &Verifiable<'_>) -> State {
        let count = subject.local_kinds.len();
        let mut locals = Locals { rows: vec![[0; 3]; count.div_ceil(64)] };
        for local in 0..count as u32 {
            let given = (local as usize) < subject.arg_count;
            locals.set(local, if given { Kinds::OBJECT } else { Kinds::NULL });
        }
        State { stack: Vec::new(), locals, in_generator: false }
    }

    /// Takes over another state's content and keeps its own memory.
    pub fn copy_from(&mut self, other: &State) {
        self.stack.clone_from(&other.stack);
        self.locals.rows.clone_from(&other.locals.rows);
        self.in_generator = other.in_generator;
    }

    /// The words that the state takes.
    pub fn size(&self) -> usize {
        self.stack.len() * 2 + self.locals.rows.len() * 3
    }

    /// Lets control come here from another place, too, with this stack and the other state's locals: whether that has
    /// made a difference.
    pub fn unite_with(&mut self, stack: &[Slot], other: &State) -> Result<bool, &'static str> {
        if self.stack.len() != stack.len() {
            return Err("stack depth differs between ways");
        }
        if self.in_generator != other.in_generator {
            return Err("in a generator on some ways only");
        }
        let mut grown = self.locals.unite(&other.locals);
        for (mine, theirs) in self.stack.iter_mut().zip(stack) {
            let both = mine.or(*theirs);
            grown |= both != *mine;
            *mine = both;
        }
        Ok(grown)
    }
}

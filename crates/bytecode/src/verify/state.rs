//! What the evaluation stack and the locals may hold at some point of the code.
//!
//! Where ways meet, sets are united; they only ever grow, and so the walk comes to an end. A state is at work as a
//! `State`, and lies in a `Pool` where control comes together: there it is numbers in a row, so that keeping one takes no
//! memory of its own.

use super::{Held, Moment, Verifiable};

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

    fn of(held: Held) -> Kinds {
        match held {
            Held::Object => Kinds::OBJECT,
            Held::Cell => Kinds::CELL,
            Held::Null => Kinds::NULL,
            Held::Place => Kinds::PLACE,
        }
    }

    pub const fn or(self, other: Kinds) -> Kinds {
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

/// A value on the stack: its kinds; which local it is borrowed from; and its length, if it is a constant tuple of
/// strings. Packed, because they are copied and compared all the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot(u64);

const KINDS: u64 = 0xf;
const NAMES: u64 = 0xffff_fff0;
const NAMES_AT: u32 = 4;
const MOST_NAMES: usize = (NAMES >> NAMES_AT) as usize - 1;
/// 0 for a reference of the stack's own, 1 for different lenders on different ways, and from 2 on the local.
const LENDER_AT: u32 = 32;
const SEVERAL: u64 = 1;
const FIRST_LOCAL: u64 = 2;

impl Slot {
    pub const OBJECT: Slot = Slot::of(Kinds::OBJECT);
    pub const NULL: Slot = Slot::of(Kinds::NULL);

    pub const fn of(kinds: Kinds) -> Slot {
        Slot(kinds.0 as u64)
    }

    /// A constant: a tuple of that many strings, or something else.
    pub fn constant(names: Option<usize>) -> Slot {
        let names = names.filter(|&len| len <= MOST_NAMES).map_or(0, |len| len as u64 + 1);
        Slot(Slot::OBJECT.0 | names << NAMES_AT)
    }

    pub fn borrowed_from(self, local: u32) -> Slot {
        Slot(self.0 & (KINDS | NAMES) | (u64::from(local) + FIRST_LOCAL) << LENDER_AT)
    }

    /// Another value that is borrowed from where this one is.
    pub fn with_kinds(self, kinds: Kinds) -> Slot {
        Slot(self.lender() << LENDER_AT | u64::from(kinds.0))
    }

    /// The same value, if not its length.
    pub fn without_names(self) -> Slot {
        Slot(self.0 & !NAMES)
    }

    pub fn kinds(self) -> Kinds {
        Kinds((self.0 & KINDS) as u8)
    }

    pub fn names(self) -> Option<u32> {
        ((self.0 & NAMES) as u32 >> NAMES_AT).checked_sub(1)
    }

    fn lender(self) -> u64 {
        self.0 >> LENDER_AT
    }

    pub fn may_be_borrowed_from(self, local: u32) -> bool {
        self.lender() == SEVERAL || self.lender() == u64::from(local) + FIRST_LOCAL
    }

    /// Either of two values.
    pub fn or(self, other: Slot) -> Slot {
        if self == other {
            return self;
        }
        let names = if self.0 & NAMES == other.0 & NAMES { self.0 & NAMES } else { 0 };
        let lender = match (self.lender(), other.lender()) {
            (0, lender) | (lender, 0) => lender,
            (one, other) if one == other => one,
            _ => SEVERAL,
        };
        Slot((self.0 | other.0) & KINDS | names | lender << LENDER_AT)
    }
}

/// The kinds of all locals: a row of bits for each of object, null and cell, 64 locals at a time.
#[derive(Clone, Debug, Default)]
pub struct Locals {
    rows: Vec<u64>,
}

const ROWS: usize = 3;

impl Locals {
    pub fn get(&self, local: u32) -> Kinds {
        let row = local as usize / 64 * ROWS;
        let bit = |kind: usize| (self.rows[row + kind] >> (local % 64) & 1) as u8;
        Kinds(bit(0) | bit(1) << 2 | bit(2) << 1)
    }

    pub fn set(&mut self, local: u32, kinds: Kinds) {
        let (row, bit) = (local as usize / 64 * ROWS, 1 << (local % 64));
        let rows = self.rows[row..row + ROWS].iter_mut();
        for (row, kind) in rows.zip([Kinds::OBJECT, Kinds::NULL, Kinds::CELL]) {
            if kind.within(kinds) { *row |= bit } else { *row &= !bit }
        }
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
        let mut locals = Locals { rows: vec![0; count.div_ceil(64) * ROWS] };
        for local in 0..count as u32 {
            let given = (local as usize) < subject.arg_count;
            locals.set(local, if given { Kinds::OBJECT } else { Kinds::NULL });
        }
        State { stack: Vec::with_capacity(8), locals, in_generator: false }
    }

    /// Becomes what a frame holds.
    pub fn be(&mut self, moment: &Moment<'_>) {
        self.stack.clear();
        self.stack.extend(moment.stack.iter().map(|&held| Slot::of(Kinds::of(held))));
        for (local, &held) in moment.locals.iter().enumerate() {
            self.locals.set(local as u32, Kinds::of(held));
        }
        self.in_generator = moment.in_generator;
    }
}

/// The states where control comes together, one behind the other. Of each: whether it lies in a generator and the depth of
/// its stack, the rows of its locals, its stack.
pub struct Pool {
    words: Vec<u64>,
    /// The words of the locals.
    rows: usize,
}

const IN_GENERATOR: u64 = 1 << 63;

/// A state in the pool.
#[derive(Clone, Copy)]
pub struct Place(pub usize);

impl Pool {
    /// With room for a few states like this one.
    pub fn new(like: &State) -> Pool {
        let rows = like.locals.rows.len();
        Pool { words: Vec::with_capacity(8 * (1 + rows) + 24), rows }
    }

    /// How many words the locals of a state take.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many words all states take.
    pub fn size(&self) -> usize {
        self.words.len()
    }

    /// Keeps the state, with `below` and `above` it for a stack.
    pub fn keep(&mut self, state: &State, below: &[Slot], above: &[Slot]) -> Place {
        let place = Place(self.words.len());
        let flag = if state.in_generator { IN_GENERATOR } else { 0 };
        self.words.push(flag | (below.len() + above.len()) as u64);
        self.words.extend_from_slice(&state.locals.rows);
        self.words.extend(below.iter().chain(above).map(|slot| slot.0));
        place
    }

    /// Makes the state that which is kept.
    pub fn recall(&self, place: Place, state: &mut State) {
        let head = self.words[place.0];
        let (locals, stack) = self.words[place.0 + 1..].split_at(self.rows);
        let depth = (head & !IN_GENERATOR) as usize;
        state.in_generator = head & IN_GENERATOR != 0;
        state.locals.rows.copy_from_slice(locals);
        state.stack.clear();
        state.stack.extend(stack[..depth].iter().map(|&word| Slot(word)));
    }

    /// Lets control come to a kept state from another place, too: whether that has made a difference.
    pub fn unite(
        &mut self,
        place: Place,
        state: &State,
        below: &[Slot],
        above: &[Slot],
    ) -> Result<bool, &'static str> {
        let head = self.words[place.0];
        if (head & !IN_GENERATOR) as usize != below.len() + above.len() {
            return Err("stack depth differs between ways");
        }
        if (head & IN_GENERATOR != 0) != state.in_generator {
            return Err("in a generator on some ways only");
        }
        let (locals, stack) = self.words[place.0 + 1..].split_at_mut(self.rows);
        let mut grown = false;
        for (mine, theirs) in locals.iter_mut().zip(&state.locals.rows) {
            grown |= theirs & !*mine != 0;
            *mine |= theirs;
        }
        for (mine, theirs) in stack.iter_mut().zip(below.iter().chain(above)) {
            let both = Slot(*mine).or(*theirs);
            grown |= both.0 != *mine;
            *mine = both.0;
        }
        Ok(grown)
    }
}

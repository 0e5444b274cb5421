//! The matching engine: runs the code that `re._compiler` makes.
//!
//! Backtracking without recursion: what may be tried later waits on a stack in the heap, with what is to be
//! undone on the way back. Every operator is a step of one loop; `single` has those that look at one place, `repeat` those
//! that go over the same again. The same job as CPython's `Modules/_sre/sre_lib.h`.

mod repeat;
mod single;

use krait_eval::pending;
use krait_objects::prelude::*;

use super::classes::{self, op};
use super::program::{First, Program};

/// No bound.
const MANY: u32 = u32::MAX;
/// Steps between looking for signals.
const BREATH: u32 = 1 << 16;
const UNSET: isize = -1;

/// A character in its storage.
pub trait Unit: Copy + Into<u32> + PartialEq {
    /// The first place of a character.
    fn find(text: &[Self], wanted: u32) -> Option<usize> {
        text.iter().position(|&unit| unit.into() == wanted)
    }
}

impl Unit for u8 {
    fn find(text: &[u8], wanted: u32) -> Option<usize> {
        memchr::memchr(u8::try_from(wanted).ok()?, text)
    }
}
impl Unit for u16 {}
impl Unit for u32 {}

/// One state of a `REPEAT`: a new one for each pass, so that going back needs no undoing.
#[derive(Clone, Copy)]
struct Repeat {
    /// Its operator.
    at: usize,
    count: u32,
    /// Where the last pass began; a pass that matches nothing is the last.
    last: usize,
    parent: usize,
}

const NO_REPEAT: usize = usize::MAX;
const NOWHERE: usize = usize::MAX;

/// Where to go on: operator, position, and the enclosing repeat.
#[derive(Clone, Copy)]
struct Place {
    pc: usize,
    at: usize,
    repeat: usize,
    repeats: usize,
}

#[derive(Clone, Copy)]
enum Frame {
    /// The next alternative of a branch, whose length is at `pc`.
    Branch(Place),
    /// Go on after the greedy repeat of a group.
    Tail(Place),
    /// One more pass of a lazy repeat.
    Lazy(Place),
    /// A greedy run of single characters that may give back down to `least`.
    Run { place: Place, least: usize },
    /// A lazy run of single characters that may take one more.
    LazyRun { place: Place, count: u32 },
    /// A mark as it was.
    Mark { index: usize, old: isize, last_index: i32 },
    /// An assertion, an atomic group or a possessive pass begins here.
    Barrier { place: Place, count: u32 },
}

/// What a search writes into; kept from one to the next.
#[derive(Default)]
pub struct Scratch {
    /// Start and end of each group.
    pub marks: Vec<isize>,
    stack: Vec<Frame>,
    repeats: Vec<Repeat>,
}

/// More frames than these are not kept.
const KEPT: usize = 64;

impl Scratch {
    /// Whether it may stay with a pattern.
    pub fn is_small(&self) -> bool {
        self.stack.capacity() <= KEPT && self.repeats.capacity() <= KEPT
    }
}

/// One search: the text and how far it got.
pub struct Engine<'a, T> {
    program: &'a Program,
    code: &'a [u32],
    text: &'a [T],
    /// Where matching may begin, and where text ends.
    beginning: usize,
    end: usize,
    pub start: usize,
    pub at: usize,
    pub last_index: i32,
    /// The whole text must match.
    pub whole: bool,
    /// A match must not be empty at its first position.
    pub must_advance: bool,
    marks: &'a mut Vec<isize>,
    stack: &'a mut Vec<Frame>,
    repeats: &'a mut Vec<Repeat>,
    steps: u32,
    /// How many barriers are on the stack.
    barriers: usize,
}

impl<'a, T: Unit> Engine<'a, T> {
    pub fn new(
        program: &'a Program,
        scratch: &'a mut Scratch,
        text: &'a [T],
        (start, end): (usize, usize),
        groups: usize,
    ) -> Engine<'a, T> {
        let Scratch { marks, stack, repeats } = scratch;
        marks.clear();
        // Filling what is empty costs hundreds of cycles: a masked store to an address that there is not.
        if groups > 0 {
            marks.resize(groups * 2, UNSET);
        }
        stack.clear();
        repeats.clear();
        Engine {
            program,
            code: &program.code,
            text,
            beginning: 0,
            end,
            start,
            at: start,
            last_index: -1,
            whole: false,
            must_advance: false,
            marks,
            stack,
            repeats,
            steps: 0,
            barriers: 0,
        }
    }

    #[inline(always)]
    fn op(&self, pc: usize) -> u32 {
        self.code.get(pc).copied().unwrap_or(op::FAILURE)
    }

    #[inline(always)]
    fn char(&self, at: usize) -> u32 {
        self.text[at].into()
    }

    /// Matches at `start` only.
    pub fn match_here(&mut self, th: &Thread) -> PyResult<bool> {
        self.run(th)
    }

    /// Matches at `start` or at the first place after it.
    pub fn search(&mut self, th: &Thread) -> PyResult<bool> {
        let program = self.program;
        loop {
            if self.start > self.end || self.end - self.start < program.least {
                return Ok(false);
            }
            let Some(start) = self.candidate(self.start) else {
                return Ok(false);
            };
            if start != self.start {
                self.must_advance = false;
            }
            self.start = start;
            if self.run(th)? {
                return Ok(true);
            }
            if program.is_anchored {
                return Ok(false);
            }
            self.must_advance = false;
            self.start += 1;
        }
    }

    /// The first place from `from` on where the pattern can begin.
    #[inline]
    fn candidate(&self, from: usize) -> Option<usize> {
        let text = &self.text[from..self.end];
        let found = match &self.program.first {
            First::Unknown => return Some(from),
            First::One(first) => T::find(text, *first),
            First::Among(set) => text.iter().position(|&unit| {
                let unit: u32 = unit.into();
                set.get(unit as usize).copied().unwrap_or(true)
            }),
        };
        found.map(|at| from + at)
    }

    fn place(&self, pc: usize, repeat: usize) -> Place {
        Place { pc, at: self.at, repeat, repeats: self.repeats.len() }
    }

    /// Runs from `start`; on success `at` is where the match ends.
    fn run(&mut self, th: &Thread) -> PyResult<bool> {
        self.at = self.start;
        let (mut pc, mut repeat) = (0, NO_REPEAT);
        // What a failed attempt has left: everything that was put off has been taken back.
        self.repeats.clear();
        loop {
            self.steps = self.steps.wrapping_add(1);
            if self.steps.is_multiple_of(BREATH) {
                pending::handle(th)?;
            }
            let next = match self.op(pc) {
                op::LITERAL => {
                    let fits = self.at < self.end && self.char(self.at) == self.op(pc + 1);
                    self.at += usize::from(fits);
                    fits.then_some(pc + 2)
                }
                op::IN => {
                    let fits = self.at < self.end && self.program.set(pc).has(self.char(self.at));
                    self.at += usize::from(fits);
                    fits.then(|| self.skip(pc))
                }
                op::SUCCESS => match self.succeed(&mut repeat) {
                    Success::Whole => return Ok(true),
                    Success::Next(next) => next,
                },
                op::FAILURE => None,
                op::INFO | op::JUMP => Some(self.skip(pc)),
                op::MARK => {
                    self.mark(self.op(pc + 1) as usize);
                    Some(pc + 2)
                }
                op::AT => self.position(self.op(pc + 1)).then_some(pc + 2),
                op::GROUPREF_EXISTS => Some(match self.group(self.op(pc + 1)) {
                    Some(_) => pc + 3,
                    None => pc + 1 + self.op(pc + 2) as usize,
                }),
                op::GROUPREF => self.same(pc, |c| c),
                op::GROUPREF_IGNORE => self.same(pc, classes::lower_ascii),
                op::GROUPREF_UNI_IGNORE => self.same(pc, classes::lower_unicode),
                op::GROUPREF_LOC_IGNORE => self.same(pc, classes::lower_locale),
                op::BRANCH => self.branch(pc + 1, repeat),
                op::REPEAT => {
                    let state = Repeat { at: pc, count: 0, last: NOWHERE, parent: repeat };
                    self.repeats.push(state);
                    repeat = self.repeats.len() - 1;
                    self.until(&mut repeat, true)
                }
                op::MAX_UNTIL | op::MIN_UNTIL => self.until(&mut repeat, false),
                op::REPEAT_ONE => self.run_greedy(pc, repeat),
                op::MIN_REPEAT_ONE => self.run_lazy(pc, repeat),
                op::POSSESSIVE_REPEAT_ONE => self.run_possessive(pc),
                op::POSSESSIVE_REPEAT => Some(self.pass(pc, 0, NOWHERE, repeat)),
                op::ATOMIC_GROUP => {
                    let place = self.place(pc, repeat);
                    self.barriers += 1;
                    self.stack.push(Frame::Barrier { place, count: 0 });
                    Some(pc + 2)
                }
                op::ASSERT | op::ASSERT_NOT => self.assertion(pc, repeat),
                _ => self.single(pc),
            };
            pc = match next {
                Some(next) => next,
                None => match self.back(&mut repeat) {
                    Some(next) => next,
                    None => {
                        self.forget_marks();
                        return Ok(false);
                    }
                },
            };
        }
    }

    /// Behind the operator whose length is its first operand.
    fn skip(&self, pc: usize) -> usize {
        pc + 1 + self.op(pc + 1) as usize
    }

    fn forget_marks(&mut self) {
        if !self.marks.is_empty() {
            self.marks.fill(UNSET);
        }
        self.last_index = -1;
    }

    fn mark(&mut self, index: usize) {
        let Some(slot) = self.marks.get_mut(index) else {
            return;
        };
        // With nothing to go back to, a failure is one of the whole attempt.
        if !self.stack.is_empty() {
            self.stack.push(Frame::Mark { index, old: *slot, last_index: self.last_index });
        }
        *slot = self.at as isize;
        if index & 1 == 1 {
            self.last_index = (index / 2 + 1) as i32;
        }
    }

    /// What a group has matched.
    fn group(&self, number: u32) -> Option<(usize, usize)> {
        let start = *self.marks.get(number as usize * 2)?;
        let end = *self.marks.get(number as usize * 2 + 1)?;
        (start >= 0 && end >= start).then_some((start as usize, end as usize))
    }

    fn same(&mut self, pc: usize, fold: impl Fn(u32) -> u32) -> Option<usize> {
        let (start, end) = self.group(self.op(pc + 1))?;
        for from in start..end {
            if self.at >= self.end || fold(self.char(self.at)) != fold(self.char(from)) {
                return None;
            }
            self.at += 1;
        }
        Some(pc + 2)
    }

    /// The first alternative from the one whose length is at `pc` that can match here, with the next one kept for later.
    fn branch(&mut self, mut pc: usize, repeat: usize) -> Option<usize> {
        loop {
            let length = self.op(pc) as usize;
            if length == 0 {
                return None;
            }
            let (body, next) = (pc + 1, pc + length);
            // What begins with another character need not be tried.
            let hopeless = match self.op(body) {
                op::LITERAL => self.at >= self.end || self.char(self.at) != self.op(body + 1),
                op::IN => self.at >= self.end || !self.fits(body, self.char(self.at)),
                _ => false,
            };
            if !hopeless {
                if self.op(next) != 0 {
                    let place = self.place(next, repeat);
                    self.stack.push(Frame::Branch(place));
                }
                return Some(body);
            }
            pc = next;
        }
    }

    fn assertion(&mut self, pc: usize, repeat: usize) -> Option<usize> {
        let back = self.op(pc + 2) as usize;
        let negative = self.op(pc) == op::ASSERT_NOT;
        if self.at - self.beginning < back {
            return negative.then(|| self.skip(pc));
        }
        let place = self.place(pc, repeat);
        self.barriers += 1;
        self.stack.push(Frame::Barrier { place, count: 0 });
        self.at -= back;
        Some(pc + 3)
    }

    /// A `SUCCESS`: of an inner group, or of the whole pattern.
    fn succeed(&mut self, repeat: &mut usize) -> Success {
        let is_barrier = |frame: &Frame| matches!(frame, Frame::Barrier { .. });
        let inside = self.barriers > 0;
        let barrier = if inside { self.stack.iter().rposition(is_barrier) } else { None };
        let Some(barrier) = barrier else {
            let refused =
                (self.whole && self.at != self.end) || (self.must_advance && self.at == self.start);
            return if refused { Success::Next(None) } else { Success::Whole };
        };
        let Frame::Barrier { place, count, .. } = self.stack[barrier] else {
            return Success::Next(None);
        };
        self.barriers -= 1;
        *repeat = place.repeat;
        let kind = self.op(place.pc);
        if kind == op::ASSERT_NOT {
            // Undo the marks, then fail past the barrier.
            self.undo_to(barrier);
            return Success::Next(None);
        }
        // What is inside is settled: only its marks can still be undone.
        let mut kept = barrier;
        for at in barrier + 1..self.stack.len() {
            if matches!(self.stack[at], Frame::Mark { .. }) {
                self.stack[kept] = self.stack[at];
                kept += 1;
            }
        }
        self.stack.truncate(kept);
        Success::Next(Some(match kind {
            op::ASSERT => {
                self.at = place.at;
                self.skip(place.pc)
            }
            op::POSSESSIVE_REPEAT => self.pass(place.pc, count + 1, place.at, place.repeat),
            _ => self.skip(place.pc),
        }))
    }

    /// Takes frames off down to `length`, with their marks undone.
    fn undo_to(&mut self, length: usize) {
        while self.stack.len() > length {
            if let Some(Frame::Mark { index, old, last_index }) = self.stack.pop() {
                self.marks[index] = old;
                self.last_index = last_index;
            }
        }
    }

    /// After a failure: the last thing that was put off, or nothing.
    fn back(&mut self, repeat: &mut usize) -> Option<usize> {
        while let Some(frame) = self.stack.pop() {
            let (Frame::Branch(place)
            | Frame::Tail(place)
            | Frame::Lazy(place)
            | Frame::Run { place, .. }
            | Frame::LazyRun { place, .. }
            | Frame::Barrier { place, .. }) = frame
            else {
                if let Frame::Mark { index, old, last_index } = frame {
                    self.marks[index] = old;
                    self.last_index = last_index;
                }
                continue;
            };
            self.at = place.at;
            self.repeats.truncate(place.repeats);
            *repeat = place.repeat;
            let next = match frame {
                Frame::Branch(_) => self.branch(place.pc, place.repeat),
                Frame::Run { least, .. } => {
                    self.at -= 1;
                    self.give_back(place.pc, place.repeat, least)
                }
                Frame::LazyRun { count, .. } => self.one_more(place, count),
                Frame::Barrier { count, .. } => {
                    self.barriers -= 1;
                    match self.op(place.pc) {
                        op::ASSERT_NOT => Some(self.skip(place.pc)),
                        op::POSSESSIVE_REPEAT if count >= self.op(place.pc + 2) => {
                            Some(self.skip(place.pc) + 1)
                        }
                        _ => None,
                    }
                }
                _ => Some(place.pc),
            };
            if next.is_some() {
                return next;
            }
        }
        None
    }
}

/// What a `SUCCESS` means.
enum Success {
    Whole,
    Next(Option<usize>),
}

//! Repeats: of a group, pass by pass, and of a single character, as a run that may give back or take more.

use super::{Engine, Frame, MANY, Place, Repeat, Unit};
use crate::sre::classes::op;

impl<T: Unit> Engine<'_, T> {
    /// The end of a pass of a repeat, or its beginning.
    pub(super) fn until(&mut self, repeat: &mut usize, first: bool) -> Option<usize> {
        let state = *self.repeats.get(*repeat)?;
        let count = if first { 0 } else { state.count + 1 };
        let (least, most) = (self.op(state.at + 2), self.op(state.at + 3));
        let until = self.skip(state.at);
        if count < least {
            self.repeats.push(Repeat { count, ..state });
            *repeat = self.repeats.len() - 1;
            return Some(state.at + 4);
        }
        let more = (count < most || most == MANY) && self.at != state.last;
        if self.op(until) == op::MIN_UNTIL {
            if more {
                // The state carries the count for the pass that may follow.
                self.repeats.push(Repeat { count, last: self.at, ..state });
                let place = self.place(state.at + 4, self.repeats.len() - 1);
                self.stack.push(Frame::Lazy(place));
            }
        } else if more {
            let place = self.place(until + 1, state.parent);
            self.stack.push(Frame::Tail(place));
            self.repeats.push(Repeat { count, last: self.at, ..state });
            *repeat = self.repeats.len() - 1;
            return Some(state.at + 4);
        }
        *repeat = state.parent;
        Some(until + 1)
    }

    /// How many characters from `at` on the operator at `pc` matches, at most `most`.
    fn count(&self, pc: usize, most: u32) -> usize {
        let room = self.end - self.at;
        let most = if most == MANY { room } else { room.min(most as usize) };
        let text = &self.text[self.at..self.at + most];
        let operand = self.op(pc + 1);
        let stop = match self.op(pc) {
            op::ANY_ALL => None,
            op::ANY => text.iter().position(|&unit| unit.into() == 10),
            op::LITERAL => text.iter().position(|&unit| unit.into() != operand),
            op::NOT_LITERAL => text.iter().position(|&unit| unit.into() == operand),
            op::IN => {
                let set = self.program.set(pc);
                text.iter().position(|&unit| !set.has(unit.into()))
            }
            _ => text.iter().position(|&unit| !self.fits(pc, unit.into())),
        };
        stop.unwrap_or(most)
    }

    pub(super) fn run_greedy(&mut self, pc: usize, repeat: usize) -> Option<usize> {
        let (least, most) = (self.op(pc + 2) as usize, self.op(pc + 3));
        let count = self.count(pc + 4, most);
        if count < least {
            return None;
        }
        let least = self.at + least;
        self.at += count;
        self.give_back(self.skip(pc), repeat, least)
    }

    /// Goes on behind a run at the last place that can fit, keeping the shorter ones for later.
    pub(super) fn give_back(&mut self, tail: usize, repeat: usize, least: usize) -> Option<usize> {
        if self.op(tail) == op::LITERAL {
            let literal = self.op(tail + 1);
            while self.at >= self.end || self.char(self.at) != literal {
                if self.at == least {
                    return None;
                }
                self.at -= 1;
            }
        }
        if self.at > least {
            let place = self.place(tail, repeat);
            self.stack.push(Frame::Run { place, least });
        }
        Some(tail)
    }

    pub(super) fn run_lazy(&mut self, pc: usize, repeat: usize) -> Option<usize> {
        let least = self.op(pc + 2);
        let count = if least == 0 { 0 } else { self.count(pc + 4, least) };
        if count < least as usize {
            return None;
        }
        self.at += count;
        let place = self.place(pc, repeat);
        self.stack.push(Frame::LazyRun { place, count: count as u32 });
        Some(self.skip(pc))
    }

    pub(super) fn run_possessive(&mut self, pc: usize) -> Option<usize> {
        let count = self.count(pc + 4, self.op(pc + 3));
        if count < self.op(pc + 2) as usize {
            return None;
        }
        self.at += count;
        Some(self.skip(pc))
    }

    /// The next pass of a possessive repeat, or what follows it.
    pub(super) fn pass(&mut self, pc: usize, count: u32, last: usize, repeat: usize) -> usize {
        let (least, most) = (self.op(pc + 2), self.op(pc + 3));
        if count < least || ((count < most || most == MANY) && last != self.at) {
            let place = self.place(pc, repeat);
            self.barriers += 1;
            self.stack.push(Frame::Barrier { place, count });
            return pc + 4;
        }
        self.skip(pc) + 1
    }

    /// A lazy run takes one more character.
    pub(super) fn one_more(&mut self, place: Place, count: u32) -> Option<usize> {
        let most = self.op(place.pc + 3);
        if (count >= most && most != MANY) || self.at >= self.end {
            return None;
        }
        if !self.fits(place.pc + 4, self.char(self.at)) {
            return None;
        }
        self.at += 1;
        let place = self.place(place.pc, place.repeat);
        self.stack.push(Frame::LazyRun { place, count: count.saturating_add(1) });
        Some(self.skip(place.pc))
    }
}

//! What is asked of one place in the text: which character is there, and what lies before and behind it.

use super::{Engine, Unit};
use crate::sre::classes::{self, category, in_set, op};

impl<T: Unit> Engine<'_, T> {
    /// Matches one character; where to go on.
    #[inline]
    pub(super) fn single(&mut self, pc: usize) -> Option<usize> {
        if self.at >= self.end || !self.fits(pc, self.char(self.at)) {
            return None;
        }
        self.at += 1;
        Some(self.after_single(pc))
    }

    fn after_single(&self, pc: usize) -> usize {
        match self.op(pc) {
            op::ANY | op::ANY_ALL => pc + 1,
            op::IN | op::IN_IGNORE | op::IN_UNI_IGNORE | op::IN_LOC_IGNORE => self.skip(pc),
            _ => pc + 2,
        }
    }

    /// Whether the operator for one character matches `c`.
    #[inline]
    pub(super) fn fits(&self, pc: usize, c: u32) -> bool {
        let operand = self.op(pc + 1);
        let set = || self.code.get(pc + 2..).unwrap_or(&[]);
        match self.op(pc) {
            op::LITERAL => c == operand,
            op::NOT_LITERAL => c != operand,
            op::ANY => c != 10,
            op::ANY_ALL => true,
            op::IN => self.program.set(pc).has(c),
            op::CATEGORY => category(operand, c),
            op::LITERAL_IGNORE => classes::lower_ascii(c) == operand,
            op::NOT_LITERAL_IGNORE => classes::lower_ascii(c) != operand,
            op::LITERAL_UNI_IGNORE => classes::lower_unicode(c) == operand,
            op::NOT_LITERAL_UNI_IGNORE => classes::lower_unicode(c) != operand,
            op::LITERAL_LOC_IGNORE => classes::literal_locale(operand, c),
            op::NOT_LITERAL_LOC_IGNORE => !classes::literal_locale(operand, c),
            op::IN_IGNORE => in_set(set(), classes::lower_ascii(c)),
            op::IN_UNI_IGNORE => in_set(set(), classes::lower_unicode(c)),
            op::IN_LOC_IGNORE => {
                let (lower, upper) = (classes::lower_locale(c), classes::upper_locale(c));
                // A negated set must hold both cases, as in the reference.
                match set().first() {
                    Some(&op::NEGATE) => in_set(set(), lower) && in_set(set(), upper),
                    _ => in_set(set(), lower) || in_set(set(), upper),
                }
            }
            _ => false,
        }
    }

    pub(super) fn position(&self, kind: u32) -> bool {
        let at = self.at;
        let boundary = |word: fn(u32) -> bool| {
            if self.beginning == self.end {
                return None;
            }
            let before = at > self.beginning && word(self.char(at - 1));
            let here = at < self.end && word(self.char(at));
            Some(before != here)
        };
        let newline = |at: usize| self.char(at) == 10;
        match kind {
            0 | 2 => at == self.beginning,
            1 => at == self.beginning || newline(at - 1),
            3 => boundary(classes::is_word) == Some(true),
            4 => boundary(classes::is_word) != Some(true),
            5 => at == self.end || (at + 1 == self.end && newline(at)),
            6 => at == self.end || newline(at),
            7 => at == self.end,
            8 => boundary(classes::is_word_locale) == Some(true),
            9 => boundary(classes::is_word_locale) != Some(true),
            10 => boundary(classes::is_word_unicode) == Some(true),
            11 => boundary(classes::is_word_unicode) != Some(true),
            _ => false,
        }
    }
}

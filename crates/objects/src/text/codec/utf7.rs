//! UTF-7: ASCII with shifted runs of base64 for everything else.

use super::{CodecError, is_high_surrogate, is_low_surrogate, join_surrogates, surrogates_of};
use crate::text::{TextBuf, Unit};

fn base64_value(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

fn base64_symbol(value: u32) -> u8 {
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[value as usize & 63]
}

/// Decodes one input; a run of base64 can span the calls that errors cut it into.
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf7Decoder {
    shift: Option<Shift>,
}

/// A run of base64.
#[derive(Clone, Copy, Debug, Default)]
struct Shift {
    /// Where the run starts in the input, and in the output.
    start: usize,
    out_start: usize,
    pending: u32,
    bits: u32,
    /// A high surrogate that waits for a low one.
    surrogate: Option<u32>,
}

impl Shift {
    fn add(&mut self, value: u32, out: &mut TextBuf) {
        self.pending = self.pending << 6 | value;
        self.bits += 6;
        if self.bits < 16 {
            return;
        }
        self.bits -= 16;
        let unit = self.pending >> self.bits;
        self.pending &= (1 << self.bits) - 1;
        if let Some(high) = self.surrogate.take() {
            if is_low_surrogate(unit) {
                return out.push(join_surrogates(high, unit));
            }
            out.push(high);
        }
        if is_high_surrogate(unit) {
            self.surrogate = Some(unit);
        } else {
            out.push(unit);
        }
    }

    /// What is wrong with the bits left over at the end of a run.
    fn leftover(&self) -> Option<&'static str> {
        match self.bits {
            6.. => Some("partial character in shift sequence"),
            1.. if self.pending != 0 => Some("non-zero padding bits in shift sequence"),
            _ => None,
        }
    }
}

impl Utf7Decoder {
    pub fn decode(
        &mut self,
        input: &[u8],
        at: &mut usize,
        last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        while let Some(&byte) = input.get(*at) {
            match self.shift.take() {
                Some(shift) => self.shifted(shift, byte, at, out)?,
                None => self.direct(input, byte, at, out)?,
            }
        }
        let Some(shift) = self.shift.take() else {
            return Ok(());
        };
        if !last {
            // The run is decoded again, as a whole, with more input.
            *at = shift.start;
            out.truncate(shift.out_start);
            return Ok(());
        }
        if shift.surrogate.is_some() || shift.leftover().is_some() {
            let reason = "unterminated shift sequence";
            return Err(CodecError { start: shift.start, end: input.len(), reason });
        }
        Ok(())
    }

    fn shifted(
        &mut self,
        mut shift: Shift,
        byte: u8,
        at: &mut usize,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        if let Some(value) = base64_value(byte) {
            shift.add(value, out);
            self.shift = Some(shift);
            *at += 1;
            return Ok(());
        }
        if let Some(reason) = shift.leftover() {
            return Err(CodecError { start: shift.start, end: *at + 1, reason });
        }
        if let (Some(high), true) = (shift.surrogate, byte.is_ascii()) {
            out.push(high);
        }
        // A minus sign only ends the run; anything else stands for itself.
        *at += usize::from(byte == b'-');
        Ok(())
    }

    fn direct(
        &mut self,
        input: &[u8],
        byte: u8,
        at: &mut usize,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        let start = *at;
        if byte == b'+' {
            match input.get(start + 1) {
                Some(b'-') => {
                    out.push(u32::from(b'+'));
                    *at += 2;
                }
                Some(&next) if base64_value(next).is_none() => {
                    let reason = "ill-formed sequence";
                    return Err(CodecError { start, end: start + 2, reason });
                }
                _ => {
                    self.shift = Some(Shift { start, out_start: out.len(), ..Shift::default() });
                    *at += 1;
                }
            }
        } else if byte.is_ascii() {
            out.push(u32::from(byte));
            *at += 1;
        } else {
            let reason = "unexpected special character";
            return Err(CodecError { start, end: start + 1, reason });
        }
        Ok(())
    }
}

/// Whether a code point is written as it is.
fn is_direct(c: u32) -> bool {
    match c {
        0x09 | 0x0a | 0x0d => true,
        0x20..0x7e => !matches!(c, 0x2b | 0x5c),
        _ => false,
    }
}

/// Every text can be encoded.
pub fn encode_utf7<T: Unit>(text: &[T]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2);
    let mut run = None;
    for &unit in text {
        let c = unit.code();
        let direct = is_direct(c);
        if let (Some(bits), true) = (&run, direct) {
            finish_run(*bits, &mut out);
            if base64_value(c as u8).is_some() || c == u32::from(b'-') {
                out.push(b'-');
            }
            run = None;
        }
        if direct {
            out.push(c as u8);
        } else if run.is_none() && c == u32::from(b'+') {
            out.extend(b"+-");
        } else {
            if run.is_none() {
                out.push(b'+');
            }
            let (mut pending, mut bits) = run.unwrap_or((0u32, 0u32));
            let halves = if c > 0xffff { surrogates_of(c) } else { [c, 0] };
            for half in &halves[..if c > 0xffff { 2 } else { 1 }] {
                pending = pending << 16 | half;
                bits += 16;
                while bits >= 6 {
                    bits -= 6;
                    out.push(base64_symbol(pending >> bits));
                }
                pending &= (1 << bits) - 1;
            }
            run = Some((pending, bits));
        }
    }
    if let Some(bits) = run {
        finish_run(bits, &mut out);
        out.push(b'-');
    }
    out
}

fn finish_run((pending, bits): (u32, u32), out: &mut Vec<u8>) {
    if bits > 0 {
        out.push(base64_symbol(pending << (6 - bits)));
    }
}

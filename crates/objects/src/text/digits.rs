//! Digits of machine words, written from the end of a buffer; and numbers laid out from them.

/// All pairs of decimal digits.
static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut at = 0;
    while at < 100 {
        pairs[at] = [b'0' + (at / 10) as u8, b'0' + (at % 10) as u8];
        at += 1;
    }
    pairs
};

/// The most digits that a word has in decimal.
pub const DECIMAL: usize = 20;

/// Writes decimal digits so that they end at `end`, and says where they begin. There must be room for [`DECIMAL`].
#[inline]
pub fn write_decimal(text: &mut [u8], end: usize, value: u64) -> usize {
    assert!(end >= DECIMAL && end <= text.len());
    let (mut at, mut rest) = (end, value);
    // SAFETY: a word has `DECIMAL` digits at most, for which there is room before `end`.
    unsafe {
        while rest >= 100 {
            at -= 2;
            let pair = PAIRS.get_unchecked((rest % 100) as usize);
            text.as_mut_ptr().add(at).cast::<[u8; 2]>().write(*pair);
            rest /= 100;
        }
        if rest >= 10 {
            at -= 2;
            let pair = PAIRS.get_unchecked(rest as usize);
            text.as_mut_ptr().add(at).cast::<[u8; 2]>().write(*pair);
        } else {
            at -= 1;
            text.as_mut_ptr().add(at).write(b'0' + rest as u8);
        }
    }
    at
}

/// As `write_decimal`, with zeros in front until there are `width`, [`DECIMAL`] at most.
pub fn write_padded(text: &mut [u8], end: usize, value: u64, width: usize) -> usize {
    let at = write_decimal(text, end, value);
    let start = at.min(end - width.min(DECIMAL));
    text[start..at].fill(b'0');
    start
}

/// Writes digits of so many bits, of which there are 64 at most, so that they end at `end`; where they begin.
pub fn write_bits(text: &mut [u8], end: usize, mut value: u64, bits: u32) -> usize {
    assert!(end >= 64 && end <= text.len() && bits > 0);
    let mut at = end;
    loop {
        at -= 1;
        text[at] = b"0123456789abcdef"[(value & ((1 << bits) - 1) & 15) as usize];
        value >>= bits;
        if value == 0 {
            return at;
        }
    }
}

/// Room for any [`Number`].
pub const ROOM: usize = 96;

/// A number's ASCII text, at the end of a buffer on the stack.
pub struct Number {
    text: [u8; ROOM],
    /// Where the text begins.
    at: usize,
    /// How many of it are sign and prefix, behind which zeros are filled in.
    pub head: usize,
}

impl Default for Number {
    fn default() -> Number {
        Number::new()
    }
}

impl Number {
    /// Without any text yet.
    #[inline(always)]
    pub fn new() -> Number {
        Number { text: [0; ROOM], at: ROOM, head: 0 }
    }

    #[inline(always)]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[self.at..]
    }

    #[inline]
    pub fn len(&self) -> usize {
        ROOM - self.at
    }

    /// Whether there is no text yet.
    pub fn is_empty(&self) -> bool {
        self.at == ROOM
    }

    /// Puts one character in front.
    #[inline(always)]
    pub fn push_front(&mut self, byte: u8) {
        self.at -= 1;
        self.text[self.at] = byte;
    }

    /// Puts decimal digits in front.
    #[inline(always)]
    pub fn push_decimal(&mut self, value: u64) {
        self.at = write_decimal(&mut self.text, self.at, value);
    }

    /// Puts so many decimal digits in front, [`DECIMAL`] at most.
    #[inline(always)]
    pub fn push_padded(&mut self, value: u64, width: usize) {
        self.at = write_padded(&mut self.text, self.at, value, width);
    }

    /// Puts the digits of an integer in front: in radix 10, or one of those of whole bits.
    pub fn push_radix(&mut self, value: u64, radix: u32, upper: bool) {
        if radix == 10 {
            return self.push_decimal(value);
        }
        self.at = write_bits(&mut self.text, self.at, value, radix.trailing_zeros());
        if upper {
            self.text[self.at..].make_ascii_uppercase();
        }
    }

    /// Puts decimal digits in front, maybe with a separator after each three from the end.
    #[inline]
    pub fn push_grouped(&mut self, value: u64, separator: Option<u8>) {
        match separator {
            None => self.push_decimal(value),
            Some(separator) => self.push_separated(value, separator),
        }
    }

    #[inline(never)]
    fn push_separated(&mut self, value: u64, separator: u8) {
        let mut digits = [0; DECIMAL];
        let start = write_decimal(&mut digits, DECIMAL, value);
        for (place, &digit) in digits[start..].iter().rev().enumerate() {
            if place > 0 && place % 3 == 0 {
                self.push_front(separator);
            }
            self.push_front(digit);
        }
    }

    /// Puts ASCII text in front, of which there is room for 24 bytes.
    pub fn push_text(&mut self, text: &[u8]) {
        self.at -= text.len();
        self.text[self.at..][..text.len()].copy_from_slice(text);
    }

    /// Puts sign and prefix in front of the digits.
    #[inline(always)]
    pub fn push_head(&mut self, sign: Option<u8>, prefix: Option<u8>) {
        let len = self.len();
        if let Some(letter) = prefix {
            self.push_front(letter);
            self.push_front(b'0');
        }
        if let Some(sign) = sign {
            self.push_front(sign);
        }
        self.head = self.len() - len;
    }
}

/// Fill characters before, inside (behind the head) and behind a number.
#[derive(Clone, Copy, Default)]
pub struct Padding {
    pub left: usize,
    pub inner: usize,
    pub right: usize,
}

impl Padding {
    /// All of it; `None` if that is past what there can be.
    #[inline]
    pub fn total(&self) -> Option<usize> {
        self.left.checked_add(self.inner)?.checked_add(self.right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(build: impl FnOnce(&mut Number)) -> String {
        let mut number = Number::new();
        build(&mut number);
        String::from_utf8_lossy(number.as_bytes()).into_owned()
    }

    #[test]
    fn words_in_decimal() {
        for value in [0, 7, 10, 99, 100, 12_345, u64::MAX] {
            assert_eq!(text(|number| number.push_decimal(value)), value.to_string());
        }
        assert_eq!(text(|number| number.push_padded(42, 5)), "00042");
        assert_eq!(text(|number| number.push_padded(123, 2)), "123");
    }

    #[test]
    fn other_forms() {
        assert_eq!(text(|number| number.push_grouped(1_234_567, Some(b','))), "1,234,567");
        assert_eq!(
            text(|number| number.push_grouped(u64::MAX, Some(b'_'))),
            "18_446_744_073_709_551_615"
        );
        assert_eq!(text(|number| number.push_radix(0xbeef, 16, true)), "BEEF");
        assert_eq!(text(|number| number.push_radix(u64::MAX, 2, false)), "1".repeat(64));
        let signed = text(|number| {
            number.push_radix(8, 8, false);
            number.push_head(Some(b'-'), Some(b'o'));
            assert_eq!(number.head, 3);
        });
        assert_eq!(signed, "-0o10");
    }
}

//! The bytes that were fed, as UTF-8: detection of the encoding, decoding, positions.
//!
//! Text is kept from the first position that still matters on. Positions ("offsets") count bytes of text from the start
//! of the input; they can be turned into offsets in the bytes that were fed, whatever their encoding.

/// How the input's bytes are characters.
pub enum Encoding {
    /// Not known: the first bytes will show.
    Unknown,
    Utf8,
    Ascii,
    Latin1,
    Utf16 {
        big: bool,
    },
    /// A character for each byte; U+FFFF is none.
    Single(Box<[u16; 256]>),
}

/// A byte that is no UTF-8, for what is not valid in the input's encoding.
const WRONG: u8 = 0xff;

impl Encoding {
    /// The encodings that need no table, by their names.
    pub fn named(name: &[u8]) -> Option<Encoding> {
        let names: [(&[u8], Encoding); 6] = [
            (b"UTF-8", Encoding::Utf8),
            (b"US-ASCII", Encoding::Ascii),
            (b"ISO-8859-1", Encoding::Latin1),
            (b"UTF-16", Encoding::Utf16 { big: true }),
            (b"UTF-16BE", Encoding::Utf16 { big: true }),
            (b"UTF-16LE", Encoding::Utf16 { big: false }),
        ];
        let found = names.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, encoding)| encoding)
    }

    /// The encoding of a table of characters; none unless markup looks as in ASCII.
    pub fn from_table(table: Box<[u16; 256]>) -> Option<Encoding> {
        // Characters that mean nothing in markup may be others.
        let free = |byte: u8| match byte {
            b'$' | b'@' | b'\\' | b'^' | b'`' | b'{' | b'}' | b'~' | 0x7f => true,
            _ => byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'),
        };
        let fits = |(index, &point): (usize, &u16)| match (index as u8, u8::try_from(point)) {
            (byte, _) if byte < 0x80 && !free(byte) => u16::from(byte) == point,
            (byte, Ok(point @ 0..0x80)) => free(point) || byte == point,
            _ => true,
        };
        table.iter().enumerate().all(fits).then_some(Encoding::Single(table))
    }

    /// The text is the input, byte for byte.
    fn is_identity(&self) -> bool {
        matches!(self, Encoding::Utf8 | Encoding::Unknown)
    }

    /// Plain characters reach the handlers in pieces, as they are converted.
    pub fn is_converted(&self) -> bool {
        !matches!(self, Encoding::Utf8 | Encoding::Ascii)
    }

    /// The last of the characters above ASCII that the scanner knows by their first byte, 0 if none.
    pub fn narrow(&self) -> u16 {
        match self {
            Encoding::Unknown | Encoding::Utf8 | Encoding::Ascii => 0,
            Encoding::Latin1 | Encoding::Utf16 { .. } => 0xff,
            Encoding::Single(_) => 0xffff,
        }
    }

    /// How many bytes of the input this text was.
    fn input_len(&self, text: &[u8]) -> usize {
        let starts = text.iter().filter(|&&byte| byte & 0xc0 != 0x80);
        match self {
            Encoding::Unknown | Encoding::Utf8 => text.len(),
            Encoding::Ascii | Encoding::Latin1 | Encoding::Single(_) => starts.count(),
            Encoding::Utf16 { .. } => {
                starts.map(|&byte| if (0xf0..WRONG).contains(&byte) { 4 } else { 2 }).sum()
            }
        }
    }

    /// Appends the text of bytes; answers how many bytes it took.
    fn decode(&self, bytes: &[u8], text: &mut Vec<u8>) -> usize {
        match self {
            Encoding::Unknown | Encoding::Utf8 => text.extend_from_slice(bytes),
            Encoding::Ascii => {
                text.extend(bytes.iter().map(|&byte| if byte < 0x80 { byte } else { WRONG }));
            }
            Encoding::Latin1 => bytes.iter().for_each(|&byte| push(text, u32::from(byte))),
            Encoding::Single(table) => {
                bytes.iter().for_each(|&byte| push(text, u32::from(table[byte as usize])));
            }
            Encoding::Utf16 { big } => return decode_utf16(bytes, *big, text),
        }
        bytes.len()
    }
}

/// Appends a character.
fn push(text: &mut Vec<u8>, point: u32) {
    match char::from_u32(point) {
        Some(c) if !matches!(point, 0 | 0xfffe | 0xffff) => {
            text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        _ => text.push(WRONG),
    }
}

fn decode_utf16(bytes: &[u8], big: bool, text: &mut Vec<u8>) -> usize {
    let unit = |at: usize| -> Option<u32> {
        let pair = [*bytes.get(at)?, *bytes.get(at + 1)?];
        Some(u32::from(if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }))
    };
    let mut at = 0;
    while let Some(first) = unit(at) {
        if first & 0xfc00 != 0xd800 {
            push(text, first);
            at += 2;
            continue;
        }
        let Some(second) = unit(at + 2) else { break };
        if second & 0xfc00 != 0xdc00 {
            text.push(WRONG);
            at += 2;
            continue;
        }
        push(text, 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff));
        at += 4;
    }
    at
}

/// What the first bytes show.
pub enum Detected {
    /// The encoding; a byte order mark of so many bytes is skipped.
    Known { skipped: usize },
    /// More bytes are needed.
    Partial,
}

/// Line and column, both from zero.
#[derive(Clone, Copy, Default)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    /// Moves past text.
    pub fn advance(&mut self, text: &[u8]) {
        let mut rest = text;
        while let [first, tail @ ..] = rest {
            rest = tail;
            match first {
                b'\n' | b'\r' => {
                    if let (b'\r', [b'\n', tail @ ..]) = (first, rest) {
                        rest = tail;
                    }
                    self.line += 1;
                    self.column = 0;
                }
                0x80..0xc0 => {}
                _ => self.column += 1,
            }
        }
    }
}

/// What was fed and is not used up.
pub struct Input {
    pub encoding: Encoding,
    pub text: Vec<u8>,
    /// The offset of the first byte of text.
    pub base: usize,
    /// Bytes that are not decoded, for a character is not complete.
    rest: Vec<u8>,
    /// The bytes from `mark_bytes` on, kept if they are not the text.
    bytes: Vec<u8>,
    /// An offset, and where in the bytes that were fed it lies. Before it, text is what was fed.
    mark: usize,
    mark_bytes: usize,
    pub finished: bool,
}

impl Input {
    pub fn new() -> Input {
        Input {
            encoding: Encoding::Unknown,
            text: Vec::new(),
            base: 0,
            rest: Vec::new(),
            bytes: Vec::new(),
            mark: 0,
            mark_bytes: 0,
            finished: false,
        }
    }

    /// The offset behind all text.
    pub fn end(&self) -> usize {
        self.base + self.text.len()
    }

    /// Half a character of UTF-16 ends the input.
    pub fn is_odd(&self) -> bool {
        self.finished && !self.rest.is_empty()
    }

    /// Appends bytes, and forgets the text before an offset.
    pub fn feed(&mut self, data: &[u8], used: usize) {
        let used = used.clamp(self.base, self.end());
        if !self.encoding.is_identity() {
            let bytes = self.byte_index(used).saturating_sub(self.mark_bytes);
            if used > self.mark {
                self.bytes.drain(..bytes.min(self.bytes.len()));
                self.mark_bytes += bytes;
                self.mark = used;
            }
            self.bytes.extend_from_slice(data);
        }
        self.text.drain(..used - self.base);
        self.base = used;
        if self.encoding.is_identity() {
            self.text.extend_from_slice(data);
        } else {
            self.decode(data);
        }
    }

    fn decode(&mut self, data: &[u8]) {
        let joined;
        let bytes = if self.rest.is_empty() {
            data
        } else {
            joined = [std::mem::take(&mut self.rest), data.to_vec()].concat();
            &joined
        };
        let taken = self.encoding.decode(bytes, &mut self.text);
        self.rest = bytes[taken..].to_vec();
    }

    /// No more will come.
    pub fn finish(&mut self) {
        self.finished = true;
        if self.rest.len() >= 2 {
            // Half a pair: as a character of UTF-8 it is half a character too.
            self.text.push(0xf0);
            self.rest.clear();
        }
    }

    /// From an offset on, the text is what this encoding makes of the bytes.
    pub fn switch(&mut self, encoding: Encoding, from: usize) {
        let bytes = self.context(from).to_vec();
        let at = self.byte_index(from);
        self.text.truncate(from - self.base);
        self.rest.clear();
        self.encoding = encoding;
        (self.mark, self.mark_bytes) = (from, at);
        if self.encoding.is_identity() {
            self.text.extend_from_slice(&bytes);
            return;
        }
        self.decode(&bytes);
        self.bytes = bytes;
        if self.text.starts_with("\u{feff}".as_bytes()) {
            // Now three characters: columns are counted in the encoding that holds when they are asked for.
            self.text[..3].fill(WRONG);
        }
        if self.finished {
            self.finish();
        }
    }

    /// Finds out the encoding from the first bytes, and skips a byte order mark. `given` is the encoding that was told;
    /// `content` says that the text may be that of an external entity, which can begin with anything.
    pub fn detect(&mut self, given: Option<Encoding>, content: bool) -> Detected {
        if let Some(given @ Encoding::Single(_)) = given {
            self.switch(given, self.base);
            return Detected::Known { skipped: 0 };
        }
        let (big, little) = (Encoding::Utf16 { big: true }, Encoding::Utf16 { big: false });
        let wide = matches!(given, Some(Encoding::Utf16 { .. }));
        let (given_big, given_little) = match given {
            Some(Encoding::Utf16 { big }) => (big, !big),
            _ => (false, false),
        };
        let latin_content = content && matches!(given, Some(Encoding::Latin1));
        let (skip, found) = match self.text[..] {
            [] => return Detected::Partial,
            [_] if wide => return Detected::Partial,
            [0xfe | 0xff | 0xef] if !latin_content => return Detected::Partial,
            [0x00 | 0x3c] => return Detected::Partial,
            [0xfe, 0xff, ..] if !latin_content => (2, Some(big)),
            [0xff, 0xfe, ..] if !latin_content => (2, Some(little)),
            [0x3c, 0x00, ..] if !(content && given_big) => (0, Some(little)),
            [0xef, 0xbb] if !(content && (wide || latin_content)) => return Detected::Partial,
            [0xef, 0xbb, 0xbf, ..] if !(content && (wide || latin_content)) => {
                (3, Some(Encoding::Utf8))
            }
            [0x3c, 0x00, ..] => (0, None),
            [0x00, _, ..] if !(content && given_little) => (0, Some(big)),
            [0x00, _, ..] => (0, None),
            [_, 0x00, ..] if !content => (0, Some(little)),
            _ => (0, None),
        };
        let encoding = found.or(given).unwrap_or(Encoding::Utf8);
        if skip == 2 {
            // One column, as the mark of UTF-8 is.
            self.text[0] = 0x80;
        }
        self.switch(encoding, self.base + skip);
        Detected::Known { skipped: skip }
    }

    /// How many bytes of the input the text between two offsets is.
    pub fn bytes_between(&self, from: usize, to: usize) -> usize {
        if self.encoding.is_identity() {
            return to.saturating_sub(from);
        }
        self.encoding.input_len(self.slice(from, to))
    }

    /// Where in the bytes that were fed an offset lies.
    pub fn byte_index(&self, offset: usize) -> usize {
        match offset.checked_sub(self.mark) {
            Some(_) => self.mark_bytes + self.bytes_between(self.mark, offset),
            None => offset,
        }
    }

    /// The bytes that were fed from an offset on.
    pub fn context(&self, offset: usize) -> &[u8] {
        if self.encoding.is_identity() || offset < self.mark {
            return self.slice(offset, self.end());
        }
        let skipped = self.byte_index(offset) - self.mark_bytes;
        self.bytes.get(skipped..).unwrap_or_default()
    }

    /// The text between two offsets, as far as it is still there.
    pub fn slice(&self, from: usize, to: usize) -> &[u8] {
        let from = from.saturating_sub(self.base);
        let to = to.saturating_sub(self.base).min(self.text.len());
        self.text.get(from..to).unwrap_or_default()
    }
}

//! Encodings with shift states: those of ISO 2022, and HZ. Escape sequences choose a character set, whose characters are the
//! pairs that another encoding has with the high bits set.
//!
//! The same job as CPython's `Modules/cjkcodecs/_codecs_iso2022.c`, and `hz` of `_codecs_cn.c`.

use super::table::{Decoded, Encoded, Table};

/// Four character sets by their marks and a byte of flags, as CPython keeps them: `getstate` shows it.
pub type Shift = [u8; 8];

const FLAGS: usize = 4;
/// Characters are those of the second set.
const SHIFTED: u8 = 1;
/// An escape sequence that is not understood passes through to its end.
const ESCAPING: u8 = 2;

const ESC: u8 = 0x1b;
const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

/// Marks of character sets: the byte that ends their escape sequence, with the high bit for those of two bytes.
const ASCII: u8 = b'B';
const LATIN1: u8 = b'A';
const GREEK: u8 = b'F';
const KATAKANA: u8 = b'I';
const ROMAN: u8 = b'J';
const GB2312: u8 = b'A' | 0x80;
const JIS0208: u8 = b'B' | 0x80;
const KOREAN: u8 = b'C' | 0x80;
const JIS0212: u8 = b'D' | 0x80;
const JIS0208_OLD: u8 = b'@' | 0x80;
const JIS2000_1: u8 = b'O' | 0x80;
const JIS2000_2: u8 = b'P' | 0x80;
const JIS2004_1: u8 = b'Q' | 0x80;

/// Where a set's characters are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The pairs, or triples, of the encoding of that number.
    Pairs(usize),
    Triples(usize),
    /// The second plane of JIS X 0213: triples in rows that JIS X 0212 leaves free.
    SecondPlane(usize),
    /// Of the pairs only those that stand for two characters.
    Combined(usize),
    Roman,
    Katakana,
    /// Of the third set, which single characters are taken from; nothing is encoded so.
    Third,
}

/// A character set that an encoding may choose.
struct Set {
    mark: u8,
    kind: Kind,
}

const fn set(mark: u8, kind: Kind) -> Set {
    Set { mark, kind }
}

/// How an encoding shifts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Sets are called by `ESC (` and `ESC $ (`.
    Japanese,
    /// The Korean set is called once, and shifted to.
    Korean,
    /// `~{` and `~}`
    Hz,
}

struct Source {
    name: &'static str,
    style: Style,
    /// The encodings that have the characters.
    tables: &'static [&'static str],
    /// In the order in which they are tried.
    sets: &'static [Set],
}

const PLAIN: [Set; 3] =
    [set(JIS0208, Kind::Pairs(0)), set(ROMAN, Kind::Roman), set(JIS0208_OLD, Kind::Pairs(0))];

static SOURCES: &[Source] = &[
    Source {
        name: "iso2022_kr",
        style: Style::Korean,
        tables: &["euc_kr"],
        sets: &[set(KOREAN, Kind::Pairs(0))],
    },
    Source { name: "iso2022_jp", style: Style::Japanese, tables: &["euc_jp"], sets: &PLAIN },
    Source {
        name: "iso2022_jp_1",
        style: Style::Japanese,
        tables: &["euc_jp"],
        sets: &[
            set(JIS0208, Kind::Pairs(0)),
            set(JIS0212, Kind::Triples(0)),
            set(ROMAN, Kind::Roman),
            set(JIS0208_OLD, Kind::Pairs(0)),
        ],
    },
    Source {
        name: "iso2022_jp_2",
        style: Style::Japanese,
        tables: &["euc_jp", "euc_kr", "gb2312"],
        sets: &[
            set(JIS0208, Kind::Pairs(0)),
            set(JIS0212, Kind::Triples(0)),
            set(KOREAN, Kind::Pairs(1)),
            set(GB2312, Kind::Pairs(2)),
            set(ROMAN, Kind::Roman),
            set(JIS0208_OLD, Kind::Pairs(0)),
            set(LATIN1, Kind::Third),
            set(GREEK, Kind::Third),
        ],
    },
    Source {
        name: "iso2022_jp_2004",
        style: Style::Japanese,
        tables: &["euc_jp", "euc_jis_2004"],
        sets: &[
            set(JIS2004_1, Kind::Combined(1)),
            set(JIS0208, Kind::Pairs(0)),
            set(JIS2004_1, Kind::Pairs(1)),
            set(JIS2000_2, Kind::SecondPlane(1)),
        ],
    },
    Source {
        name: "iso2022_jp_3",
        style: Style::Japanese,
        tables: &["euc_jp", "euc_jisx0213"],
        sets: &[
            set(JIS2000_1, Kind::Combined(1)),
            set(JIS0208, Kind::Pairs(0)),
            set(JIS2000_1, Kind::Pairs(1)),
            set(JIS2000_2, Kind::SecondPlane(1)),
        ],
    },
    Source {
        name: "iso2022_jp_ext",
        style: Style::Japanese,
        tables: &["euc_jp"],
        sets: &[
            set(JIS0208, Kind::Pairs(0)),
            set(JIS0212, Kind::Triples(0)),
            set(ROMAN, Kind::Roman),
            set(KATAKANA, Kind::Katakana),
            set(JIS0208_OLD, Kind::Pairs(0)),
        ],
    },
    Source {
        name: "hz",
        style: Style::Hz,
        tables: &["gb2312"],
        sets: &[set(GB2312, Kind::Pairs(0))],
    },
];

/// An encoding with shift states, ready to use.
pub struct Shifted {
    source: &'static Source,
    tables: Vec<Table>,
}

impl Shifted {
    pub fn load(name: &str) -> Option<Shifted> {
        let source = SOURCES.iter().find(|source| source.name == name)?;
        let tables: Option<Vec<Table>> =
            source.tables.iter().map(|name| Table::load(name)).collect();
        Some(Shifted { source, tables: tables? })
    }

    /// The state at the start.
    pub fn start(&self, decoding: bool) -> Shift {
        match self.source.style {
            Style::Hz => [0; 8],
            _ => [ASCII, ASCII, if decoding { ASCII } else { 0 }, 0, 0, 0, 0, 0],
        }
    }

    /// Goes back to plain ASCII, with the bytes that say so.
    pub fn finish(&self, shift: &mut Shift, out: &mut Vec<u8>) {
        if self.source.style == Style::Hz {
            if std::mem::take(&mut shift[0]) != 0 {
                out.extend_from_slice(b"~}");
            }
            return;
        }
        shift_in(shift, out);
        if std::mem::replace(&mut shift[0], ASCII) != ASCII {
            out.extend_from_slice(&[ESC, b'(', b'B']);
        }
    }

    /// The code of a character in a set, and how many characters it stands for.
    fn code(&self, kind: Kind, point: u32, next: Option<u32>, is_last: bool) -> Encoded {
        let plain = |code: Option<u64>| match code {
            Some(code) => Encoded::Code(code & 0x7f7f, 1),
            None => Encoded::Illegal,
        };
        match kind {
            Kind::Pairs(table) => {
                let code = self.tables[table].code(point);
                // Of JIS X 0213, EUC alone has a full-width tilde.
                let jisx0213 = self.source.tables[table].starts_with("euc_jis");
                let code = code.filter(|_| !(jisx0213 && point == 0xff5e));
                plain(code.filter(|code| (0xa1a1..=0xffff).contains(code)))
            }
            Kind::Triples(table) => {
                plain(self.tables[table].code(point).filter(|&code| code > 0xffff))
            }
            Kind::SecondPlane(table) => {
                let code = self.tables[table].code(point).filter(|&code| code > 0xffff);
                plain(code.filter(|code| is_second_plane((code >> 8) as u8 & 0x7f)))
            }
            Kind::Combined(table) => match self.tables[table].combined(point, next, is_last) {
                Encoded::Code(code, taken) => Encoded::Code(code & 0x7f7f, taken),
                other => other,
            },
            Kind::Roman => match point {
                0xa5 => Encoded::Code(0x5c, 1),
                0x203e => Encoded::Code(0x7e, 1),
                _ => Encoded::Illegal,
            },
            Kind::Katakana => match point {
                0xff61..=0xff9f => Encoded::Code(u64::from(point - 0xff61 + 0x21), 1),
                _ => Encoded::Illegal,
            },
            Kind::Third => Encoded::Illegal,
        }
    }

    /// How a character is encoded, as `Table::encode`; what shifts goes into `out`.
    pub fn encode(
        &self,
        point: u32,
        next: Option<u32>,
        is_last: bool,
        shift: &mut Shift,
        out: &mut Vec<u8>,
    ) -> Encoded {
        if point < 0x80 {
            if self.source.style == Style::Hz {
                self.finish(shift, out);
                return Encoded::Code(if point == 0x7e { 0x7e7e } else { point.into() }, 1);
            }
            if std::mem::replace(&mut shift[0], ASCII) != ASCII {
                out.extend_from_slice(&[ESC, b'(', b'B']);
            }
            shift_in(shift, out);
            return Encoded::Code(point.into(), 1);
        }
        for set in self.source.sets {
            match self.code(set.kind, point, next, is_last) {
                Encoded::Illegal => {}
                Encoded::Code(code, taken) => {
                    self.call(set.mark, shift, out);
                    return Encoded::Code(code, taken);
                }
                Encoded::Undecided => return Encoded::Undecided,
            }
        }
        Encoded::Illegal
    }

    /// Shifts to a set.
    fn call(&self, mark: u8, shift: &mut Shift, out: &mut Vec<u8>) {
        match self.source.style {
            Style::Hz => {
                if std::mem::replace(&mut shift[0], 1) == 0 {
                    out.extend_from_slice(b"~{");
                }
            }
            Style::Korean => {
                if std::mem::replace(&mut shift[1], mark) != mark {
                    out.extend_from_slice(&[ESC, b'$', b')', mark & 0x7f]);
                }
                if shift[FLAGS] & SHIFTED == 0 {
                    out.push(SHIFT_OUT);
                    shift[FLAGS] |= SHIFTED;
                }
            }
            Style::Japanese => {
                if std::mem::replace(&mut shift[0], mark) == mark {
                    return;
                }
                match mark {
                    JIS0208 => out.extend_from_slice(&[ESC, b'$', b'B']),
                    0x80.. => out.extend_from_slice(&[ESC, b'$', b'(', mark & 0x7f]),
                    _ => out.extend_from_slice(&[ESC, b'(', mark]),
                }
            }
        }
    }

    /// What `input` begins with, as `Table::decode`.
    pub fn decode(&self, input: &[u8], shift: &mut Shift) -> Decoded {
        let first = input[0];
        if self.source.style == Style::Hz {
            return self.decode_hz(input, shift);
        }
        let plain = Decoded::Chars([first.into(), 0], 1);
        if shift[FLAGS] & ESCAPING != 0 {
            if ends_escape(first) {
                shift[FLAGS] &= !ESCAPING;
            }
            return plain;
        }
        let korean = self.source.style == Style::Korean;
        match first {
            ESC => self.escape(input, shift),
            SHIFT_IN if korean => {
                shift[FLAGS] &= !SHIFTED;
                Decoded::Shift(1)
            }
            SHIFT_OUT if korean => {
                shift[FLAGS] |= SHIFTED;
                Decoded::Shift(1)
            }
            b'\n' => {
                shift[FLAGS] &= !SHIFTED;
                plain
            }
            0..0x20 => plain,
            0x80.. => Decoded::Illegal(1),
            _ => match shift[usize::from(shift[FLAGS] & SHIFTED)] {
                ASCII => plain,
                mark => self.character(mark, input),
            },
        }
    }

    /// A character of a set.
    fn character(&self, mark: u8, input: &[u8]) -> Decoded {
        let kind = |set: &&Set| set.mark == mark && !matches!(set.kind, Kind::Combined(_));
        let Some(set) = self.source.sets.iter().find(kind) else { return Decoded::Illegal(1) };
        let first = u32::from(input[0]);
        if mark < 0x80 {
            let point = match (set.kind, first) {
                (Kind::Roman, 0x5c) => 0xa5,
                (Kind::Roman, 0x7e) => 0x203e,
                (Kind::Roman, _) => first,
                (Kind::Katakana, 0x21..=0x5f) => first - 0x21 + 0xff61,
                _ => return Decoded::Illegal(1),
            };
            return Decoded::Chars([point, 0], 1);
        }
        let &[lead, second, ..] = input else { return Decoded::Incomplete };
        let chars = match set.kind {
            _ if second >= 0x80 => None,
            // The filler, which in EUC begins a syllable that is spelt out.
            _ if mark == KOREAN && (lead, second) == (0x24, 0x54) => Some([0x3164, 0]),
            Kind::Pairs(table) if lead >= 0x21 => self.tables[table].pair(lead, second),
            Kind::Triples(table) => self.tables[table].triple(lead, second),
            Kind::SecondPlane(table) if is_second_plane(lead) => {
                self.tables[table].triple(lead, second)
            }
            _ => None,
        };
        chars.map_or(Decoded::Illegal(2), |chars| Decoded::Chars(chars, 2))
    }

    /// What begins with an escape.
    fn escape(&self, input: &[u8], shift: &mut Shift) -> Decoded {
        let takes_third = self.source.sets.iter().any(|set| set.kind == Kind::Third);
        match input.get(1) {
            None => Decoded::Incomplete,
            Some(b'(' | b')' | b'$' | b'.' | b'&') => self.designate(input, shift, takes_third),
            Some(b'N') if takes_third => third_character(input, shift),
            Some(_) => {
                shift[FLAGS] |= ESCAPING;
                Decoded::Chars([ESC.into(), 0], 1)
            }
        }
    }

    /// An escape sequence that calls a set.
    fn designate(&self, input: &[u8], shift: &mut Shift, takes_third: bool) -> Decoded {
        const LONGEST: usize = 16;
        let extended = self.source.style == Style::Japanese;
        let mut at = 1;
        let len = loop {
            match input.get(at..) {
                _ if at >= LONGEST => return Decoded::Illegal(1),
                None | Some([]) => return Decoded::Incomplete,
                Some([byte, ..]) if ends_escape(*byte) => break at + 1,
                // A revision is announced; another sequence follows.
                Some([b'&', b'@', ..]) if extended => at += 3,
                Some(_) => at += 1,
            }
        };
        let (place, mark) = match (len, &input[1..len]) {
            (3, [b'$', mark]) => (0, mark | 0x80),
            (3, [b'(', mark]) => (0, *mark),
            (3, [b')', mark]) => (1, *mark),
            (3, [b'.', mark]) if takes_third => (2, *mark),
            (4, [b'$', b'(', mark]) => (0, mark | 0x80),
            (4, [b'$', b')', mark]) => (1, mark | 0x80),
            (6, [_, _, ESC, b'$', b'B']) if extended => (0, JIS0208),
            _ => return Decoded::Illegal(len),
        };
        if mark != ASCII && !self.source.sets.iter().any(|set| set.mark == mark) {
            return Decoded::Illegal(len);
        }
        shift[place] = mark;
        Decoded::Shift(len)
    }

    fn decode_hz(&self, input: &[u8], shift: &mut Shift) -> Decoded {
        let chinese = shift[0] != 0;
        match (input[0], input.get(1)) {
            (b'~', None) => Decoded::Incomplete,
            (b'~', Some(&next)) => match (next, chinese) {
                (b'~', false) => Decoded::Chars([0x7e, 0], 2),
                (b'\n', false) => Decoded::Shift(2),
                (b'{', false) | (b'}', true) => {
                    shift[0] = u8::from(!chinese);
                    Decoded::Shift(2)
                }
                _ => Decoded::Illegal(1),
            },
            (0x80.., _) => Decoded::Illegal(1),
            (first, _) if !chinese => Decoded::Chars([first.into(), 0], 1),
            (_, None) => Decoded::Incomplete,
            (lead, Some(&second)) => {
                let fits = lead >= 0x21 && second < 0x80;
                let chars = self.tables[0].pair(lead, second).filter(|_| fits);
                chars.map_or(Decoded::Illegal(1), |chars| Decoded::Chars(chars, 2))
            }
        }
    }
}

fn shift_in(shift: &mut Shift, out: &mut Vec<u8>) {
    if shift[FLAGS] & SHIFTED != 0 {
        out.push(SHIFT_IN);
        shift[FLAGS] &= !SHIFTED;
    }
}

fn is_second_plane(row: u8) -> bool {
    matches!(row, 0x21 | 0x23..=0x25 | 0x28 | 0x2c..=0x2f | 0x6e..=0x7e)
}

fn ends_escape(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'@')
}

/// `ESC N` and a character of the third set.
fn third_character(input: &[u8], shift: &Shift) -> Decoded {
    let Some(&byte) = input.get(2) else { return Decoded::Incomplete };
    let point = match shift[2] {
        LATIN1 if byte < 0x80 => u32::from(byte) + 0x80,
        GREEK => match greek(byte ^ 0x80) {
            Some(point) => point,
            None => return Decoded::Illegal(3),
        },
        ASCII if byte < 0x80 => byte.into(),
        _ => return Decoded::Illegal(3),
    };
    Decoded::Chars([point, 0], 3)
}

/// A character of ISO 8859-7.
fn greek(byte: u8) -> Option<u32> {
    Some(match byte {
        0xa1 => 0x2018,
        0xa2 => 0x2019,
        0xaf => 0x2015,
        0xb7 | 0xbb | 0xbd | 0xa3 | 0xa6..=0xa9 | 0xab..=0xad | 0xb0..=0xb3 => byte.into(),
        0..=0xa0 => byte.into(),
        0xa4 | 0xa5 | 0xaa | 0xae | 0xd2 | 0xff => return None,
        0xb4..=0xfe => u32::from(byte) - 0xb4 + 0x384,
    })
}

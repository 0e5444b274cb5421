//! What the lexer cuts the text into. The numbers up to [`TokenKind::ErrorToken`] are those of the
//! reference's `token` module; keywords, which it calls `NAME`, have kinds of their own after them.

/// One token: where it is in the text (byte offsets) and in lines and columns (bytes). Indents,
/// dedents and the end marker have no columns: -1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub start: u32,
    pub end: u32,
    pub lineno: u32,
    pub col: i32,
    pub end_lineno: u32,
    pub end_col: i32,
}

/// The first eight bytes of a word, the first one lowest, with zeros after them.
pub(crate) const fn pack(word: &[u8]) -> u64 {
    let mut packed = 0;
    let mut at = 0;
    while at < word.len() && at < 8 {
        packed |= (word[at] as u64) << (8 * at);
        at += 1;
    }
    packed
}

const KEYWORD_BITS: u32 = 7;

const fn slot(packed: u64, factor: u64) -> usize {
    (packed.wrapping_mul(factor) >> (64 - KEYWORD_BITS)) as usize
}

/// An odd factor by which no two of the words have the same slot.
const fn separating_factor(words: &[u64]) -> u64 {
    let mut factor = 0x9e37_79b9_7f4a_7c15u64;
    loop {
        let (mut taken, mut at) = (0u128, 0);
        while at < words.len() && taken >> slot(words[at], factor) & 1 == 0 {
            taken |= 1 << slot(words[at], factor);
            at += 1;
        }
        if at == words.len() {
            return factor;
        }
        // Any row of odd numbers will do.
        factor = factor.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(2);
    }
}

const fn keyword_slot(packed: u64) -> usize {
    slot(packed, KEYWORD_FACTOR)
}

/// The keyword that is `packed`, or `Name`. Words of more than eight bytes are none.
#[inline]
pub(crate) fn keyword_or_name(packed: u64) -> TokenKind {
    let (keyword, kind) = KEYWORDS[keyword_slot(packed)];
    if keyword == packed { kind } else { TokenKind::Name }
}

macro_rules! token_kinds {
    ($($name:ident = $number:literal $text:literal,)* @keywords $($kw:ident $kw_text:literal,)*) => {
        /// As wide as the other fields of a token: padding would be copied around with them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u32)]
        pub enum TokenKind {
            $($name = $number,)*
            $($kw,)*
        }

        impl TokenKind {
            /// The kind of the operator or keyword spelled `text`.
            pub fn from_text(text: &str) -> Option<TokenKind> {
                match text {
                    $($text if $number >= 7 && $number < 55 => Some(TokenKind::$name),)*
                    $($kw_text => Some(TokenKind::$kw),)*
                    _ => None,
                }
            }

            /// The kind that the reference calls `name`, if it is no operator.
            pub(crate) fn from_name(name: &str) -> Option<TokenKind> {
                match name {
                    $($text if $number < 7 || $number >= 55 => Some(TokenKind::$name),)*
                    _ => None,
                }
            }

            /// How an operator or keyword is spelled; the reference's name of any other kind.
            pub const fn text(self) -> &'static str {
                match self {
                    $(TokenKind::$name => $text,)*
                    $(TokenKind::$kw => $kw_text,)*
                }
            }
        }

        const KEYWORD_FACTOR: u64 = separating_factor(&[$(pack($kw_text.as_bytes())),*]);

        /// Where [`keyword_or_name`] finds each keyword, packed.
        static KEYWORDS: [(u64, TokenKind); 1 << KEYWORD_BITS] = {
            let mut slots = [(0, TokenKind::Name); 1 << KEYWORD_BITS];
            $(
                let word = pack($kw_text.as_bytes());
                assert!($kw_text.len() <= 8, "longer than is looked at");
                slots[keyword_slot(word)] = (word, TokenKind::$kw);
            )*
            slots
        };
    };
}

token_kinds! {
    EndMarker = 0 "ENDMARKER",
    Name = 1 "NAME",
    Number = 2 "NUMBER",
    String = 3 "STRING",
    Newline = 4 "NEWLINE",
    Indent = 5 "INDENT",
    Dedent = 6 "DEDENT",
    LPar = 7 "(",
    RPar = 8 ")",
    LSqb = 9 "[",
    RSqb = 10 "]",
    Colon = 11 ":",
    Comma = 12 ",",
    Semi = 13 ";",
    Plus = 14 "+",
    Minus = 15 "-",
    Star = 16 "*",
    Slash = 17 "/",
    VBar = 18 "|",
    Amper = 19 "&",
    Less = 20 "<",
    Greater = 21 ">",
    Equal = 22 "=",
    Dot = 23 ".",
    Percent = 24 "%",
    LBrace = 25 "{",
    RBrace = 26 "}",
    EqEqual = 27 "==",
    NotEqual = 28 "!=",
    LessEqual = 29 "<=",
    GreaterEqual = 30 ">=",
    Tilde = 31 "~",
    Circumflex = 32 "^",
    LeftShift = 33 "<<",
    RightShift = 34 ">>",
    DoubleStar = 35 "**",
    PlusEqual = 36 "+=",
    MinEqual = 37 "-=",
    StarEqual = 38 "*=",
    SlashEqual = 39 "/=",
    PercentEqual = 40 "%=",
    AmperEqual = 41 "&=",
    VBarEqual = 42 "|=",
    CircumflexEqual = 43 "^=",
    LeftShiftEqual = 44 "<<=",
    RightShiftEqual = 45 ">>=",
    DoubleStarEqual = 46 "**=",
    DoubleSlash = 47 "//",
    DoubleSlashEqual = 48 "//=",
    At = 49 "@",
    AtEqual = 50 "@=",
    RArrow = 51 "->",
    Ellipsis = 52 "...",
    ColonEqual = 53 ":=",
    Exclamation = 54 "!",
    Op = 55 "OP",
    TypeIgnore = 56 "TYPE_IGNORE",
    TypeComment = 57 "TYPE_COMMENT",
    SoftKeyword = 58 "SOFT_KEYWORD",
    FStringStart = 59 "FSTRING_START",
    FStringMiddle = 60 "FSTRING_MIDDLE",
    FStringEnd = 61 "FSTRING_END",
    TStringStart = 62 "TSTRING_START",
    TStringMiddle = 63 "TSTRING_MIDDLE",
    TStringEnd = 64 "TSTRING_END",
    Comment = 65 "COMMENT",
    Nl = 66 "NL",
    ErrorToken = 67 "ERRORTOKEN",
    @keywords
    If "if",
    In "in",
    Is "is",
    As "as",
    Or "or",
    Not "not",
    And "and",
    Def "def",
    For "for",
    Try "try",
    Del "del",
    None "None",
    True "True",
    With "with",
    From "from",
    Else "else",
    Elif "elif",
    Pass "pass",
    False "False",
    Await "await",
    Async "async",
    Break "break",
    Class "class",
    Raise "raise",
    While "while",
    Yield "yield",
    Return "return",
    Import "import",
    Except "except",
    Assert "assert",
    Lambda "lambda",
    Global "global",
    Finally "finally",
    Nonlocal "nonlocal",
    Continue "continue",
}

impl TokenKind {
    /// The number in the reference's `token` module.
    pub const fn number(self) -> u8 {
        if self.is_keyword() { TokenKind::Name as u8 } else { self as u8 }
    }

    pub const fn is_keyword(self) -> bool {
        self as u8 > TokenKind::ErrorToken as u8
    }
}

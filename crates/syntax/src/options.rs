//! How a text is to be parsed, and what parsing gives.

use crate::ast::Mod;
use crate::error::Warning;

/// Where parsing starts: the `mode` of the built-in `compile`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `exec`: a whole file.
    #[default]
    Exec,
    /// `eval`: one expression.
    Eval,
    /// `single`: one interactive statement.
    Single,
    /// `func_type`: a signature type comment, `(int, *str) -> bool`.
    FuncType,
}

/// The flags and parameters of `compile` that concern the parser.
#[derive(Clone, Copy)]
pub struct ParseOptions<'o> {
    pub mode: Mode,
    /// `PyCF_TYPE_COMMENTS`.
    pub type_comments: bool,
    /// Minor version of Python 3 to accept; [`ParseOptions::LATEST`] for all of it.
    pub feature_version: u8,
    /// `from __future__ import barry_as_FLUFL`: `<>` in place of `!=`.
    pub barry_as_flufl: bool,
    /// `PyCF_ALLOW_INCOMPLETE_INPUT`: say so if the text ends too early.
    pub allow_incomplete_input: bool,
    /// `PyCF_DONT_IMPLY_DEDENT`: as in `codeop`.
    pub dont_imply_dedent: bool,
    /// `PyCF_IGNORE_COOKIE`: bytes are UTF-8 whatever the coding cookie says.
    pub ignore_cookie: bool,
    /// `sys.get_int_max_str_digits()`: longest decimal integer literal; 0 for no limit.
    pub max_str_digits: usize,
    /// How many bytes of native stack parsing may use.
    pub stack_budget: usize,
    /// Decodes encodings other than UTF-8, Latin-1 and ASCII.
    pub decoder: Option<&'o dyn Decoder>,
    /// Normalises names that are not ASCII, where that is not left to this crate.
    pub normalizer: Option<&'o dyn Normalizer>,
}

/// Leaves room on threads with the smallest stacks that are usual, 2 MiB.
pub const DEFAULT_STACK_BUDGET: usize = 1 << 20;

impl ParseOptions<'_> {
    /// The `feature_version` of Python 3.14 itself.
    pub const LATEST: u8 = 14;
}

impl Default for ParseOptions<'_> {
    fn default() -> Self {
        ParseOptions {
            mode: Mode::Exec,
            type_comments: false,
            feature_version: Self::LATEST,
            barry_as_flufl: false,
            allow_incomplete_input: false,
            dont_imply_dedent: false,
            ignore_cookie: false,
            max_str_digits: 4300,
            stack_budget: DEFAULT_STACK_BUDGET,
            decoder: None,
            normalizer: None,
        }
    }
}

/// Knows encodings that this crate does not (the `codecs` registry).
pub trait Decoder {
    /// The decoded text, or why not.
    fn decode(&self, encoding: &str, bytes: &[u8]) -> Result<String, DecodeError>;
}

/// What a program may have put in the place of `unicodedata`, or of its function `normalize`.
pub trait Normalizer {
    /// The name in normalisation form KC; `None` leaves it to this crate.
    fn normalize(&self, name: &str) -> Option<String>;

    /// Whether there is a module that knows the names of characters: asked at each `\N{…}`.
    fn knows_characters(&self) -> bool {
        true
    }
}

/// Why a [`Decoder`] failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// There is no such encoding.
    Unknown,
    /// The bytes do not fit it; the message of the exception raised.
    Failed(String),
}

/// A successful parse.
#[derive(Clone, Debug)]
pub struct Parsed<'a> {
    pub tree: &'a Mod<'a>,
    pub warnings: Vec<Warning>,
}

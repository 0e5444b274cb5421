//! Methods of `str` that ask what characters it is made of.

use crate::prelude::*;
use crate::{unicode, with_units};

/// Whether there are characters, and all are of the class.
fn all(string: &Str, class: impl Fn(u32) -> bool) -> bool {
    !string.is_empty()
        && with_units!(string.chars(), units => units.iter().all(|&c| class(u32::from(c))))
}

/// Whether there is a `wanted` character and no `refused` one.
fn some_and_none(
    string: &Str,
    wanted: impl Fn(u32) -> bool,
    refused: impl Fn(u32) -> bool,
) -> bool {
    with_units!(string.chars(), units => {
        let mut found = false;
        for &unit in units {
            let point = u32::from(unit);
            if refused(point) {
                return false;
            }
            found |= wanted(point);
        }
        found
    })
}

#[pymethods(part = "classes")]
impl Str {
    /// Return whether all characters are letters, and there is one at least.
    #[method(sig = "(self, /)")]
    fn isalpha(&self) -> bool {
        all(self, unicode::is_alpha)
    }

    /// Return whether all characters are letters or digits, and there is one at least.
    #[method(sig = "(self, /)")]
    fn isalnum(&self) -> bool {
        all(self, unicode::is_alphanumeric)
    }

    /// Return whether all characters are ASCII. The empty string is, too.
    #[method(sig = "(self, /)")]
    fn isascii(&self) -> bool {
        self.is_ascii()
    }

    /// Return whether all characters are decimal digits, and there is one at least.
    #[method(sig = "(self, /)")]
    fn isdecimal(&self) -> bool {
        all(self, unicode::is_decimal)
    }

    /// Return whether all characters are digits of any kind, and there is one at least.
    #[method(sig = "(self, /)")]
    fn isdigit(&self) -> bool {
        all(self, unicode::is_digit)
    }

    /// Return whether all characters have a numeric value, and there is one at least.
    #[method(sig = "(self, /)")]
    fn isnumeric(&self) -> bool {
        all(self, unicode::is_numeric)
    }

    /// Return whether all characters are white space, and there is one at least.
    #[method(sig = "(self, /)")]
    fn isspace(&self) -> bool {
        all(self, unicode::is_space)
    }

    /// Return whether repr() shows all characters as they are. The empty string is printable, too.
    #[method(sig = "(self, /)")]
    fn isprintable(&self) -> bool {
        self.is_empty() || all(self, unicode::is_printable)
    }

    /// Return whether the string could be a name; keyword.iskeyword() tells the reserved ones.
    #[method(sig = "(self, /)")]
    fn isidentifier(&self) -> bool {
        self.is_identifier()
    }

    /// Return whether all characters that have a case are lower case, and there is one at least.
    #[method(sig = "(self, /)")]
    fn islower(&self) -> bool {
        some_and_none(self, unicode::is_lower, |c| unicode::is_upper(c) || unicode::is_title(c))
    }

    /// Return whether all characters that have a case are upper case, and there is one at least.
    #[method(sig = "(self, /)")]
    fn isupper(&self) -> bool {
        some_and_none(self, unicode::is_upper, |c| unicode::is_lower(c) || unicode::is_title(c))
    }

    /// Return whether every word begins in upper or title case and continues in lower case.
    #[method(sig = "(self, /)")]
    fn istitle(&self) -> bool {
        let (mut cased, mut after_cased) = (false, false);
        for point in self.chars().iter() {
            let begins = unicode::is_upper(point) || unicode::is_title(point);
            let continues = unicode::is_lower(point);
            if begins && after_cased || continues && !after_cased {
                return false;
            }
            after_cased = begins || continues;
            cased |= after_cased;
        }
        cased
    }
}

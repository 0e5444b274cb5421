//! Putting messages together from pieces that may hold lone surrogates.

use crate::prelude::*;
use crate::str::Chars;
use crate::str::fresh::Fresh;

/// The pieces one after the other.
pub fn concat(th: &Thread, pieces: &[Chars<'_>]) -> PyResult<Owned<Str>> {
    let len = pieces.iter().map(|piece| piece.len()).sum();
    let bound = pieces.iter().map(|piece| piece.max_char()).max().unwrap_or(0);
    let mut text = Fresh::new(th, len, bound)?;
    for piece in pieces {
        text.push(*piece);
    }
    Ok(text.finish())
}

//! Takes importlib's own frames out of the traceback of an import that failed.
//!
//! All of them for an ImportError; for other exceptions those that lead to a call of foreign code. CPython's
//! `remove_importlib_frames`.

use krait_objects::prelude::*;

use crate::traceback::Traceback;

const IMPORTLIB: [&[u8]; 2] =
    [b"<frozen importlib._bootstrap>", b"<frozen importlib._bootstrap_external>"];
/// The function of importlib that calls foreign code.
const LEADS_OUT: &[u8] = b"_call_with_frames_removed";

/// Trims the traceback of the current exception.
#[cold]
pub fn trim(th: &Thread, raised: Raised) -> Raised {
    if crate::config::of(th).verbose > 0 {
        return raised;
    }
    let exception = th.take_raised(raised);
    let always = exception.object().get().ty().is_subtype(exc::IMPORT_ERROR);
    let first = exception.traceback().and_then(|first| first.downcast::<Traceback>());
    if let Some(first) = first {
        let kept = without_importlib(first.to_owned(), always);
        exception.set_traceback(kept.map(Owned::into_object));
    }
    th.set_exception(exception.into_object())
}

fn without_importlib(first: Owned<Traceback>, always: bool) -> Option<Owned<Traceback>> {
    let mut head = Some(first.clone());
    // The entries before this chunk of importlib's, and before the one looked at; `None` is the head.
    let (mut before_chunk, mut before): (Option<Owned<Traceback>>, Option<Owned<Traceback>>) =
        (None, None);
    let mut inside = false;
    let mut entry = Some(first);
    while let Some(current) = entry {
        let next = current.next();
        let (file, function) = current.place();
        let now_inside = IMPORTLIB.contains(&file.as_slice());
        if now_inside && !inside {
            before_chunk = before.clone();
        }
        inside = now_inside;
        if inside && (always || function == LEADS_OUT) {
            match &before_chunk {
                Some(before) => before.set_next(next.clone()),
                None => head = next.clone(),
            }
            before = before_chunk.clone();
        } else {
            before = Some(current);
        }
        entry = next;
    }
    head
}

//! `-X importtime`: how long each import takes, on standard error.

use std::cell::Cell;
use std::time::{Duration, Instant};

use krait_objects::prelude::*;

use crate::builtins::write_stderr;

#[derive(Default)]
struct Times {
    /// Whether the heading has been written.
    begun: Cell<bool>,
    /// How deep imports are nested.
    level: Cell<usize>,
    /// What the imports inside the present one have taken.
    inner: Cell<Duration>,
}

/// Imports with `find`, and tells how long it took, without and with what it has imported in turn.
#[cold]
pub fn measured(th: &Thread, name: Borrowed<'_, Str>, find: impl FnOnce() -> PyResult) -> PyResult {
    let times = th.interp().state::<Times>();
    begin(times);
    let level = times.level.get();
    times.level.set(level + 1);
    let outer = times.inner.take();
    let start = Instant::now();
    let found = find();
    let all = start.elapsed();
    let own = all.saturating_sub(times.inner.get());
    times.level.set(level);
    times.inner.set(outer + all);
    let micros = |time: Duration| time.as_nanos().div_ceil(1000);
    let (own, all, name) = (micros(own), micros(all), shown(name));
    write_stderr(&format!("import time: {own:9} | {all:10} | {:1$}{name}\n", "", 2 * level));
    found
}

/// Tells of an import that finds its module there.
#[cold]
pub fn known(th: &Thread, name: Borrowed<'_, Str>) {
    let times = th.interp().state::<Times>();
    begin(times);
    let (level, name) = (times.level.get(), shown(name));
    write_stderr(&format!("import time: cached    | cached     | {:1$}{name}\n", "", level));
}

fn begin(times: &Times) {
    if !times.begun.replace(true) {
        write_stderr("import time: self [us] | cumulative | imported package\n");
    }
}

/// A name as UTF-8, with what that cannot encode escaped.
fn shown(name: Borrowed<'_, Str>) -> String {
    let mut text = String::new();
    for point in name.chars().iter() {
        match char::from_u32(point) {
            Some(character) => text.push(character),
            None => text += &format!("\\u{point:04x}"),
        }
    }
    text
}

//! `_signal`: handlers of signals, in Python.
//!
//! The same job as CPython's `Modules/signalmodule.c`.

mod trip;

use krait_objects::prelude::*;

/// As if the signal had arrived, unless it is ignored or left to the system.
pub fn simulate(_th: &Thread, signal: i32) {
    trip::trip(signal);
}

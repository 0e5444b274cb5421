//! Events of execution: `sys.monitoring`, and on top of it `sys.settrace` and `sys.setprofile`.
//!
//! A tool asks for events, everywhere or in one code object. `instrument` then writes hooks over the instructions
//! where such an event can happen, and keeps what they replace; `deliver` calls the tools; `legacy` is the tool
//! behind `settrace` and `setprofile`. While a tool listens everywhere, a bit of the eval breaker sends each
//! `RESUME` here, so that code gets its hooks when it is first entered; without tools nothing is tested anywhere.
//! The same job as CPython's `Python/instrumentation.c`.

mod deliver;
mod instrument;
pub mod legacy;
mod plan;

use std::cell::{Cell, RefCell};

use krait_objects::prelude::*;

pub use deliver::{deliver, deliver_from, exception_event, fire, is_told, tools_at};
pub use instrument::{CodeData, Hooks, base_at, instrument, is_hook, line_at, original_at};
pub use plan::mark;

use crate::code::Code;
use crate::frame::{self, Frame, OWNED_BY_INTERPRETER};
use crate::{pending, thread_states};

/// How many tools there are; the last two are `setprofile` and `settrace`.
pub const TOOLS: usize = 8;
pub const SYS_PROFILE: usize = 6;
pub const SYS_TRACE: usize = 7;

/// The kinds of events, by number: the bit of each in a set.
pub mod event {
    pub const PY_START: u8 = 0;
    pub const PY_RESUME: u8 = 1;
    pub const PY_RETURN: u8 = 2;
    pub const PY_YIELD: u8 = 3;
    pub const CALL: u8 = 4;
    pub const LINE: u8 = 5;
    pub const INSTRUCTION: u8 = 6;
    pub const JUMP: u8 = 7;
    pub const BRANCH_LEFT: u8 = 8;
    pub const BRANCH_RIGHT: u8 = 9;
    pub const STOP_ITERATION: u8 = 10;
    pub const RAISE: u8 = 11;
    pub const EXCEPTION_HANDLED: u8 = 12;
    pub const PY_UNWIND: u8 = 13;
    pub const PY_THROW: u8 = 14;
    pub const RERAISE: u8 = 15;
    pub const C_RETURN: u8 = 16;
    pub const C_RAISE: u8 = 17;
    pub const BRANCH: u8 = 18;

    pub const COUNT: usize = 19;
    /// Those below can be switched on for one code object, and off for one place.
    pub const LOCAL: u8 = 11;
    /// Those below can be asked for by themselves.
    pub const UNGROUPED: u8 = 16;

    pub const NAMES: [&str; COUNT] = [
        "PY_START",
        "PY_RESUME",
        "PY_RETURN",
        "PY_YIELD",
        "CALL",
        "LINE",
        "INSTRUCTION",
        "JUMP",
        "BRANCH_LEFT",
        "BRANCH_RIGHT",
        "STOP_ITERATION",
        "RAISE",
        "EXCEPTION_HANDLED",
        "PY_UNWIND",
        "PY_THROW",
        "RERAISE",
        "C_RETURN",
        "C_RAISE",
        "BRANCH",
    ];
}

/// Whether `event` is in the set.
pub fn has(set: u32, event: u8) -> bool {
    set >> event & 1 != 0
}

/// The direction of a branch that an event is about.
fn direction(event: u8) -> Option<usize> {
    match event {
        event::BRANCH_LEFT => Some(0),
        event::BRANCH_RIGHT => Some(1),
        _ => None,
    }
}

/// What the tools of an interpreter have asked for.
#[derive(Default)]
pub struct Monitors {
    pub names: RefCell<[Option<Owned<Str>>; TOOLS]>,
    pub callbacks: RefCell<[[Option<Owned>; event::COUNT]; TOOLS]>,
    /// The events each tool wants everywhere.
    pub global: Cell<[u32; TOOLS]>,
    /// Counts the changes: code with another number has hooks of the past.
    version: Cell<usize>,
    /// The code objects that have a `CodeData`, which takes itself off the list.
    codes: RefCell<Vec<*const Code>>,
    /// Tools whose callbacks for the two directions of a branch were set as one, by direction: a bit each.
    pub branch_as_one: Cell<[u8; 2]>,
    /// Frames that tools are just being told of.
    told: RefCell<Vec<*mut Frame>>,
    /// What callbacks answer to hear no more of a place, and what stands for an argument that is not there.
    pub disable: RefCell<Option<Owned>>,
    pub missing: RefCell<Option<Owned>>,
}

pub fn monitors(th: &Thread) -> &Monitors {
    th.interp().state::<Monitors>()
}

impl Monitors {
    pub fn set_global(&self, tool: usize, events: u32) {
        let mut global = self.global.get();
        global[tool] = events;
        self.global.set(global);
    }

    /// Sets a callback and answers the one before. `as_one` says that it is for both directions of a branch.
    pub fn set_callback(
        &self,
        tool: usize,
        event: u8,
        function: Option<Owned>,
        as_one: bool,
    ) -> Option<Owned> {
        if let Some(direction) = direction(event) {
            let mut tools = self.branch_as_one.get();
            tools[direction] = tools[direction] & !(1 << tool) | u8::from(as_one) << tool;
            self.branch_as_one.set(tools);
        }
        let mut callbacks = self.callbacks.borrow_mut();
        std::mem::replace(&mut callbacks[tool][usize::from(event)], function)
    }

    pub fn missing(&self) -> Owned {
        self.missing.borrow().clone().unwrap_or_else(|| none().to_owned())
    }
}

/// Counts what tools have changed.
pub fn version(th: &Thread) -> usize {
    monitors(th).version.get()
}

/// The tools that want an event everywhere, a bit each.
pub fn tools_everywhere(th: &Thread, event: u8) -> u8 {
    instrument::wanting(&monitors(th).global.get(), event)
}

/// Whether a tool listens everywhere.
#[inline(always)]
pub fn is_on(th: &Thread) -> bool {
    pending::has(th, pending::MONITORING)
}

/// A new thread of an interpreter with tools.
pub fn greet(th: &Thread) {
    if monitors(th).global.get().iter().any(|&events| events != 0) {
        pending::request(th, pending::MONITORING);
    }
}

/// The code of a frame that is about to run, before its first hooks.
pub fn is_stale(th: &Thread, code: Borrowed<'_, Code>) -> bool {
    is_on(th) && code.instrumentation_version.get() != monitors(th).version.get()
}

/// The tools want other events than before: renews the hooks of all code that runs or has some already.
pub fn refresh(th: &Thread) -> PyResult<()> {
    let monitors = monitors(th);
    monitors.version.set(monitors.version.get() + 1);
    let on = monitors.global.get().iter().any(|&events| events != 0);
    let known = monitors.codes.borrow().clone();
    for code in known {
        // SAFETY: listed code is alive, and instrumenting releases nothing.
        instrument(th, unsafe { Borrowed::from_ref(&*code) });
    }
    thread_states::for_each(th, |other| {
        if on {
            pending::request(other, pending::MONITORING);
        } else {
            pending::withdraw(other, pending::MONITORING);
        }
        // SAFETY: (7): a thread that waits for the GIL has saved its state.
        unsafe {
            let mut at = frame::current(other);
            while !at.is_null() {
                if (*at).owner != OWNED_BY_INTERPRETER {
                    instrument(th, Frame::code(at));
                }
                at = (*at).previous;
            }
        }
        Ok(())
    })
}

fn for_each_data(th: &Thread, body: impl Fn(&mut CodeData)) {
    for code in monitors(th).codes.borrow().iter() {
        // SAFETY: listed code is alive.
        if let Some(data) = unsafe { (**code).hooks().get() } {
            body(&mut data.borrow_mut());
        }
    }
}

/// Every place counts again that a callback has switched off.
pub fn forget_disabled(th: &Thread) {
    for_each_data(th, CodeData::forget_disabled);
}

/// A tool's number is free again.
pub fn forget_tool(th: &Thread, tool: usize) {
    for_each_data(th, |data| data.forget_tool(tool));
}

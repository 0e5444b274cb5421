//! `sys.monitoring`: tools register here and ask for events, which `crate::monitoring` delivers.

use krait_objects::namespace::Namespace;
use krait_objects::prelude::*;

use crate::code::{Code, foreign};
use crate::monitoring::{TOOLS as ALL_TOOLS, event, forget_disabled, has, monitors, refresh};

/// Monitoring of execution events (PEP 669).
#[pymodule(name = "monitoring")]
pub struct Monitoring;

/// How many tools may register.
const TOOLS: usize = 6;

/// What belongs to calls: asked for together.
const C_ENDS: u32 = 1 << event::C_RETURN | 1 << event::C_RAISE;
const C_CALLS: u32 = C_ENDS | 1 << event::CALL;
const BRANCHES: u32 = 1 << event::BRANCH_LEFT | 1 << event::BRANCH_RIGHT;

fn tool(th: &Thread, tool_id: i32) -> PyResult<usize> {
    match usize::try_from(tool_id).ok().filter(|&id| id < TOOLS) {
        Some(id) => Ok(id),
        None => Err(raise!(th, VALUE_ERROR, "invalid tool {tool_id} (must be between 0 and 5)")),
    }
}

fn used(th: &Thread, tool_id: i32) -> PyResult<usize> {
    let id = tool(th, tool_id)?;
    if monitors(th).names.borrow()[id].is_none() {
        return Err(raise!(th, VALUE_ERROR, "tool {tool_id} is not in use"));
    }
    Ok(id)
}

/// The events that a set stands for: both directions for a branch, none for the ends of C calls, which come with CALL.
fn event_set(th: &Thread, given: i32, what: &str, limit: u8) -> PyResult<u32> {
    let invalid = |set: u32| Err(raise!(th, VALUE_ERROR, "invalid {what} 0x{set:x}"));
    let mut events = given as u32;
    if limit == event::UNGROUPED && events >> event::COUNT != 0 {
        return invalid(events);
    }
    if events & C_ENDS != 0 && events & C_CALLS != C_CALLS {
        let message = "cannot set C_RETURN or C_RAISE events independently";
        return Err(th.raise(exc::VALUE_ERROR, message));
    }
    events &= !C_ENDS;
    if has(events, event::BRANCH) {
        events = events & !(1 << event::BRANCH) | BRANCHES;
    }
    if events >> limit != 0 {
        return invalid(events);
    }
    Ok(events)
}

fn code_object<'a>(th: &Thread, code: Borrowed<'a>) -> PyResult<Borrowed<'a, Code>> {
    match code.downcast::<Code>() {
        Some(code) => Ok(code),
        None => Err(th.raise(exc::TYPE_ERROR, "code must be a code object")),
    }
}

/// Takes back all that a tool has asked for.
fn clear(th: &Thread, id: usize) -> PyResult<()> {
    let monitors = monitors(th);
    let old = std::mem::take(&mut monitors.callbacks.borrow_mut()[id]);
    drop(old);
    monitors.set_global(id, 0);
    crate::monitoring::forget_tool(th, id);
    refresh(th)
}

#[pyfunctions]
impl Monitoring {
    #[constant]
    const DEBUGGER_ID: i32 = 0;
    #[constant]
    const COVERAGE_ID: i32 = 1;
    #[constant]
    const PROFILER_ID: i32 = 2;
    #[constant]
    const OPTIMIZER_ID: i32 = 5;

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let events = Dict::new(th)?;
        let add = |name: &str, set: i64| {
            events.set_str(th, Str::interned(th, name)?.borrow(), Int::from_i64(th, set)?.object())
        };
        for (number, name) in event::NAMES.into_iter().enumerate() {
            add(name, 1 << number)?;
        }
        add("NO_EVENTS", 0)?;
        module.add(th, "events", Namespace::new(th, Some(events.borrow()))?.object())?;
        let monitors = monitors(th);
        for (name, slot) in [("DISABLE", &monitors.disable), ("MISSING", &monitors.missing)] {
            let class = Borrowed::from_ref(Object::type_object());
            let object = call::call(th, class.object(), &[])?;
            module.add(th, name, object.object())?;
            *slot.borrow_mut() = Some(object);
        }
        Ok(())
    }

    /// Take a tool's number for a tool of that name.
    #[function(sig = "(tool_id, name, /)")]
    fn use_tool_id(th: &Thread, tool_id: i32, name: Borrowed<'_>) -> PyResult<()> {
        let id = tool(th, tool_id)?;
        let Some(name) = name.downcast::<Str>() else {
            return Err(th.raise(exc::VALUE_ERROR, "tool name must be a str"));
        };
        let names = &monitors(th).names;
        if names.borrow()[id].is_some() {
            return Err(raise!(th, VALUE_ERROR, "tool {tool_id} is already in use"));
        }
        names.borrow_mut()[id] = Some(name.to_owned());
        Ok(())
    }

    /// Forget what a tool has asked for.
    #[function(sig = "(tool_id, /)")]
    fn clear_tool_id(th: &Thread, tool_id: i32) -> PyResult<()> {
        let id = tool(th, tool_id)?;
        if monitors(th).names.borrow()[id].is_none() {
            return Ok(());
        }
        clear(th, id)
    }

    /// Give a tool's number back.
    #[function(sig = "(tool_id, /)")]
    fn free_tool_id(th: &Thread, tool_id: i32) -> PyResult<()> {
        let id = tool(th, tool_id)?;
        if monitors(th).names.borrow()[id].is_none() {
            return Ok(());
        }
        clear(th, id)?;
        let old = monitors(th).names.borrow_mut()[id].take();
        drop(old);
        Ok(())
    }

    /// Return the name of the tool that uses a number, or None.
    #[function(sig = "(tool_id, /)")]
    fn get_tool(th: &Thread, tool_id: i32) -> PyResult<Option<Owned<Str>>> {
        let id = tool(th, tool_id)?;
        Ok(monitors(th).names.borrow()[id].clone())
    }

    /// Set the function that is called for an event, and return the one before.
    ///
    /// None takes it away.
    #[function(sig = "(tool_id, event, func, /)")]
    fn register_callback(
        th: &Thread,
        tool_id: i32,
        event: i32,
        func: Borrowed<'_>,
    ) -> PyResult<Option<Owned>> {
        let id = tool(th, tool_id)?;
        let Some(set) = u32::try_from(event).ok().filter(|set| set.count_ones() == 1) else {
            let message = "The callback can only be set for one event at a time";
            return Err(th.raise(exc::VALUE_ERROR, message));
        };
        let number = set.trailing_zeros() as u8;
        if usize::from(number) >= event::COUNT {
            return Err(raise!(th, VALUE_ERROR, "invalid event {event}"));
        }
        crate::sys::audit(th, "sys.monitoring.register_callback", &[func])?;
        let as_one = number == event::BRANCH;
        let replace = |number: u8| {
            let new = (!func.is_none()).then(|| func.to_owned());
            monitors(th).set_callback(id, number, new, as_one)
        };
        if as_one {
            let right = replace(event::BRANCH_RIGHT);
            drop(right);
            return Ok(replace(event::BRANCH_LEFT));
        }
        Ok(replace(number))
    }

    /// Return the events a tool has switched on everywhere.
    #[function(sig = "(tool_id, /)")]
    fn get_events(th: &Thread, tool_id: i32) -> PyResult<u32> {
        let id = tool(th, tool_id)?;
        Ok(monitors(th).global.get()[id])
    }

    /// Switch events on for a tool, everywhere.
    #[function(sig = "(tool_id, event_set, /)")]
    fn set_events(th: &Thread, tool_id: i32, event_set: i32) -> PyResult<()> {
        let id = tool(th, tool_id)?;
        let events = self::event_set(th, event_set, "event set", event::UNGROUPED)?;
        used(th, tool_id)?;
        monitors(th).set_global(id, events);
        refresh(th)
    }

    /// Return the events a tool has switched on in a code object.
    #[function(sig = "(tool_id, code, /)")]
    fn get_local_events(th: &Thread, tool_id: i32, code: Borrowed<'_>) -> PyResult<u32> {
        let code = code_object(th, code)?;
        let id = tool(th, tool_id)?;
        Ok(code.get().hooks().get().map_or(0, |data| data.borrow().local[id]))
    }

    /// Switch events on for a tool, in a code object.
    #[function(sig = "(tool_id, code, event_set, /)")]
    fn set_local_events(
        th: &Thread,
        tool_id: i32,
        code: Borrowed<'_>,
        event_set: i32,
    ) -> PyResult<()> {
        let code = code_object(th, code)?;
        let id = used(th, tool_id)?;
        let events = self::event_set(th, event_set, "local event set", event::LOCAL)?;
        foreign::admit(th, code.get())?;
        code.get().hooks().make(th, code.get()).borrow_mut().local[id] = events;
        refresh(th)
    }

    /// Switch on again what callbacks have switched off.
    #[function(sig = "()")]
    fn restart_events(th: &Thread) -> PyResult<()> {
        forget_disabled(th);
        refresh(th)
    }

    /// Return the tools of each event that is switched on everywhere, by the event's name: a bit each.
    #[function(sig = "()")]
    fn _all_events(th: &Thread) -> PyResult<Owned<Dict>> {
        let all = Dict::new(th)?;
        let global: [u32; ALL_TOOLS] = monitors(th).global.get();
        for number in 0..event::UNGROUPED {
            let tools = (0..ALL_TOOLS).filter(|&tool| has(global[tool], number));
            let set = tools.fold(0, |set, tool| set | 1 << tool);
            if set != 0 {
                let name = Str::interned(th, event::NAMES[usize::from(number)])?;
                all.set_str(th, name.borrow(), Int::from_i64(th, set)?.object())?;
            }
        }
        Ok(all)
    }
}

//! `sys.monitoring`: tools register here. Events are not raised yet: asking for one says so.

use std::cell::RefCell;

use krait_objects::namespace::Namespace;
use krait_objects::prelude::*;

/// Monitoring of execution events (PEP 669).
#[pymodule(name = "monitoring")]
pub struct Monitoring;

/// How many tools there may be.
const TOOLS: usize = 6;

/// The names of the tools in use.
#[derive(Default)]
struct Tools(RefCell<[Option<Owned<Str>>; TOOLS]>);

/// Name and bit of each event.
const EVENTS: [(&str, i64); 20] = [
    ("PY_START", 1),
    ("PY_RESUME", 2),
    ("PY_RETURN", 4),
    ("PY_YIELD", 8),
    ("CALL", 16),
    ("LINE", 32),
    ("INSTRUCTION", 64),
    ("JUMP", 128),
    ("BRANCH_LEFT", 256),
    ("BRANCH_RIGHT", 512),
    ("STOP_ITERATION", 1024),
    ("RAISE", 2048),
    ("EXCEPTION_HANDLED", 4096),
    ("PY_UNWIND", 8192),
    ("PY_THROW", 16384),
    ("RERAISE", 32768),
    ("C_RETURN", 65536),
    ("C_RAISE", 131_072),
    ("BRANCH", 262_144),
    ("NO_EVENTS", 0),
];

fn tool(th: &Thread, tool_id: i32) -> PyResult<usize> {
    match usize::try_from(tool_id).ok().filter(|&id| id < TOOLS) {
        Some(id) => Ok(id),
        None => Err(raise!(th, VALUE_ERROR, "invalid tool {tool_id} (must be between 0 and 5)")),
    }
}

fn used(th: &Thread, tool_id: i32) -> PyResult<()> {
    let id = tool(th, tool_id)?;
    if th.interp().state::<Tools>().0.borrow()[id].is_none() {
        return Err(raise!(th, VALUE_ERROR, "tool {tool_id} is not in use"));
    }
    Ok(())
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
        for (name, bit) in EVENTS {
            events.set_str(
                th,
                Str::interned(th, name)?.borrow(),
                Int::from_i64(th, bit)?.object(),
            )?;
        }
        module.add(th, "events", Namespace::new(th, Some(events.borrow()))?.object())?;
        for name in ["DISABLE", "MISSING"] {
            let object = Borrowed::from_ref(Object::type_object());
            module.add(th, name, call::call(th, object.object(), &[])?.object())?;
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
        let tools = th.interp().state::<Tools>();
        if tools.0.borrow()[id].is_some() {
            return Err(raise!(th, VALUE_ERROR, "tool {tool_id} is already in use"));
        }
        tools.0.borrow_mut()[id] = Some(name.to_owned());
        Ok(())
    }

    /// Forget what a tool has asked for.
    #[function(sig = "(tool_id, /)")]
    fn clear_tool_id(th: &Thread, tool_id: i32) -> PyResult<()> {
        tool(th, tool_id).map(drop)
    }

    /// Give a tool's number back.
    #[function(sig = "(tool_id, /)")]
    fn free_tool_id(th: &Thread, tool_id: i32) -> PyResult<()> {
        let id = tool(th, tool_id)?;
        let old = th.interp().state::<Tools>().0.borrow_mut()[id].take();
        drop(old);
        Ok(())
    }

    /// Return the name of the tool that uses a number, or None.
    #[function(sig = "(tool_id, /)")]
    fn get_tool(th: &Thread, tool_id: i32) -> PyResult<Option<Owned<Str>>> {
        let id = tool(th, tool_id)?;
        Ok(th.interp().state::<Tools>().0.borrow()[id].clone())
    }

    /// Set the function that is called for an event. No event is raised yet.
    #[function(sig = "(tool_id, event, func, /)")]
    fn register_callback(
        th: &Thread,
        tool_id: i32,
        _event: i32,
        func: Borrowed<'_>,
    ) -> PyResult<()> {
        tool(th, tool_id)?;
        unsupported(th, func.is_none())
    }

    /// Return the events a tool has switched on everywhere.
    #[function(sig = "(tool_id, /)")]
    fn get_events(th: &Thread, tool_id: i32) -> PyResult<i32> {
        used(th, tool_id).map(|()| 0)
    }

    /// Switch events on for a tool, everywhere.
    #[function(sig = "(tool_id, event_set, /)")]
    fn set_events(th: &Thread, tool_id: i32, event_set: i32) -> PyResult<()> {
        used(th, tool_id)?;
        unsupported(th, event_set == 0)
    }

    /// Return the events a tool has switched on in a code object.
    #[function(sig = "(tool_id, code, /)")]
    fn get_local_events(th: &Thread, tool_id: i32, _code: Borrowed<'_>) -> PyResult<i32> {
        used(th, tool_id).map(|()| 0)
    }

    /// Switch events on for a tool, in a code object.
    #[function(sig = "(tool_id, code, event_set, /)")]
    fn set_local_events(
        th: &Thread,
        tool_id: i32,
        _code: Borrowed<'_>,
        event_set: i32,
    ) -> PyResult<()> {
        used(th, tool_id)?;
        unsupported(th, event_set == 0)
    }

    /// Switch on again what callbacks have switched off.
    #[function(sig = "()")]
    fn restart_events() {}

    /// Return the events that are switched on, by name.
    #[function(sig = "()")]
    fn _all_events(th: &Thread) -> PyResult<Owned<Dict>> {
        Dict::new(th)
    }
}

fn unsupported(th: &Thread, nothing_asked: bool) -> PyResult<()> {
    if nothing_asked {
        return Ok(());
    }
    Err(th.raise(exc::NOT_IMPLEMENTED_ERROR, "sys.monitoring events are not supported yet"))
}

//! What a code object keeps for `sys.monitoring` (`internal/pycore_instruments.h`).

use std::ffi::c_int;

c_struct! {
    /// For each local event, the tools that want it (a bit each).
    pub struct _Py_LocalMonitors[11] {
        0 => tools: [u8; 11],
    }

    /// For each event, the tools that want it (a bit each).
    pub struct _Py_GlobalMonitors[16] {
        0 => tools: [u8; 16],
    }

    /// Original instructions and line deltas under line events.
    pub struct _PyCoLineInstrumentationData[2] {
        0 => bytes_per_entry: u8,
        1 => data: [u8; 1],
    }

    /// What instrumentation has to remember about one code object.
    pub struct _PyCoMonitoringData[128] {
        0 => local_monitors: _Py_LocalMonitors,
        11 => active_monitors: _Py_LocalMonitors,
        24 => tools: *mut u8,
        32 => tool_versions: [usize; 8],
        96 => lines: *mut _PyCoLineInstrumentationData,
        104 => line_tools: *mut u8,
        112 => per_instruction_opcodes: *mut u8,
        120 => per_instruction_tools: *mut u8,
    }
}

// Constants of `internal/pycore_instruments.h`.
pub const PY_MONITORING_COVERAGE_ID: c_int = 1;
pub const PY_MONITORING_DEBUGGER_ID: c_int = 0;
pub const PY_MONITORING_OPTIMIZER_ID: c_int = 5;
pub const PY_MONITORING_PROFILER_ID: c_int = 2;
pub const PY_MONITORING_SYS_PROFILE_ID: c_int = 6;
pub const PY_MONITORING_SYS_TRACE_ID: c_int = 7;
pub const PY_MONITORING_TOOL_IDS: c_int = 8;
pub const _PY_MONITORING_EVENTS: c_int = 19;
pub const _PY_MONITORING_LOCAL_EVENTS: c_int = 11;
pub const _PY_MONITORING_UNGROUPED_EVENTS: c_int = 16;

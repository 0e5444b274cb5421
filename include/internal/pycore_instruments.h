/* What a code object keeps for sys.monitoring. */
#ifndef Py_INTERNAL_PYCORE_INSTRUMENTS_H
#define Py_INTERNAL_PYCORE_INSTRUMENTS_H

#ifdef __cplusplus
extern "C" {
#endif

#define PY_MONITORING_DEBUGGER_ID    0
#define PY_MONITORING_COVERAGE_ID    1
#define PY_MONITORING_PROFILER_ID    2
#define PY_MONITORING_OPTIMIZER_ID   5
#define PY_MONITORING_SYS_PROFILE_ID 6
#define PY_MONITORING_SYS_TRACE_ID   7
#define PY_MONITORING_TOOL_IDS       8

typedef struct _Py_LocalMonitors {
    uint8_t tools[11];
} _Py_LocalMonitors;

typedef struct _PyCoLineInstrumentationData {
    uint8_t bytes_per_entry;
    uint8_t data[1];
} _PyCoLineInstrumentationData;

typedef struct _PyCoMonitoringData {
    _Py_LocalMonitors local_monitors;
    _Py_LocalMonitors active_monitors;
    uint8_t *tools;
    uintptr_t tool_versions[8];
    _PyCoLineInstrumentationData *lines;
    uint8_t *line_tools;
    uint8_t *per_instruction_opcodes;
    uint8_t *per_instruction_tools;
} _PyCoMonitoringData;

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_INSTRUMENTS_H */

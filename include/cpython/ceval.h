/* Tracing, and maps for profilers. */
#ifndef Py_CPYTHON_CEVAL_H
#define Py_CPYTHON_CEVAL_H

#ifdef __cplusplus
extern "C" {
#endif

PyAPI_FUNC(void) PyEval_SetProfile(Py_tracefunc func, PyObject *obj);
PyAPI_FUNC(void) PyEval_SetProfileAllThreads(Py_tracefunc func, PyObject *obj);
PyAPI_FUNC(void) PyEval_SetTrace(Py_tracefunc func, PyObject *obj);
PyAPI_FUNC(void) PyEval_SetTraceAllThreads(Py_tracefunc func, PyObject *obj);

/* Adds the __future__ flags of the running function. */
PyAPI_FUNC(int) PyEval_MergeCompilerFlags(PyCompilerFlags *cf);

PyAPI_FUNC(PyObject *) _PyEval_EvalFrameDefault(
    PyThreadState *tstate, struct _PyInterpreterFrame *frame, int exc);

PyAPI_FUNC(Py_ssize_t) PyUnstable_Eval_RequestCodeExtraIndex(freefunc free);
static inline Py_ssize_t
_PyEval_RequestCodeExtraIndex(freefunc free_function)
{
    return PyUnstable_Eval_RequestCodeExtraIndex(free_function);
}

/* Index to C, clipped; the second does not accept None. */
PyAPI_FUNC(int) _PyEval_SliceIndex(PyObject *obj, Py_ssize_t *result);
PyAPI_FUNC(int) _PyEval_SliceIndexNotNone(PyObject *obj, Py_ssize_t *result);

/* /tmp/perf-PID.map. */
typedef struct {
    FILE *perf_map;
    PyThread_type_lock map_lock;
} PerfMapState;

PyAPI_FUNC(int) PyUnstable_PerfMapState_Init(void);
PyAPI_FUNC(int) PyUnstable_WritePerfMapEntry(
    const void *code_addr, unsigned int code_size, const char *entry_name);
PyAPI_FUNC(void) PyUnstable_PerfMapState_Fini(void);
PyAPI_FUNC(int) PyUnstable_CopyPerfMapFile(const char *parent_filename);
PyAPI_FUNC(int) PyUnstable_PerfTrampoline_CompileCode(PyCodeObject *code);
PyAPI_FUNC(int) PyUnstable_PerfTrampoline_SetPersistAfterFork(int enable);

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_CEVAL_H */

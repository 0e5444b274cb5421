/* The thread state as a struct. */
#ifndef Py_CPYTHON_PYSTATE_H
#define Py_CPYTHON_PYSTATE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Tracing: what a Py_tracefunc is told. */
typedef int (*Py_tracefunc)(PyObject *, PyFrameObject *, int, PyObject *);
#define PyTrace_CALL        0
#define PyTrace_EXCEPTION   1
#define PyTrace_LINE        2
#define PyTrace_RETURN      3
#define PyTrace_C_CALL      4
#define PyTrace_C_EXCEPTION 5
#define PyTrace_C_RETURN    6
#define PyTrace_OPCODE      7

/* Where another process asks this one to run a script. */
#define _Py_MAX_SCRIPT_PATH_SIZE 512

typedef struct {
    int32_t debugger_pending_call;
    char debugger_script_path[512];
} _PyRemoteDebuggerSupport;

/* An exception being handled; NULL or None while there is none. */
typedef struct _err_stackitem {
    PyObject *exc_value;
    struct _err_stackitem *previous_item;
} _PyErr_StackItem;

/* A piece of the stack on which frames lie. */
typedef struct _stack_chunk {
    struct _stack_chunk *previous;
    size_t size;
    size_t top;
    PyObject *data[1];
} _PyStackChunk;

#define _PY_DATA_STACK_CHUNK_SIZE 16384

struct _PyInterpreterFrame;
struct _ts {
    /* The other threads of the interpreter. */
    PyThreadState *prev;
    PyThreadState *next;
    PyInterpreterState *interp;
    /* Bits by which others ask the evaluation loop to do something else. */
    uintptr_t eval_breaker;
    struct {
        unsigned int initialized : 1;
        unsigned int bound : 1;
        unsigned int unbound : 1;
        unsigned int bound_gilstate : 1;
        unsigned int active : 1;
        unsigned int finalizing : 1;
        unsigned int cleared : 1;
        unsigned int finalized : 1;
    } _status;
    /* Is the GIL held; who made this state; is it attached. */
    int holds_gil;
    int _whence;
    int state;

    /* Limits of recursion. */
    int py_recursion_remaining;
    int py_recursion_limit;
    int recursion_headroom;
    /* Nested calls of trace functions. */
    int tracing;
    int what_event;

    /* What runs, and who watches it. */
    struct _PyInterpreterFrame *current_frame;
    Py_tracefunc c_profilefunc;
    Py_tracefunc c_tracefunc;
    PyObject *c_profileobj;
    PyObject *c_traceobj;
    /* The exception that is set, and those that are being handled. */
    PyObject *current_exception;
    _PyErr_StackItem *exc_info;

    /* PyThreadState_GetDict; nested PyGILState_Ensure; an exception from another thread. */
    PyObject *dict;
    int gilstate_counter;
    PyObject *async_exc;
    /* Of pthread_self() and gettid(). */
    unsigned long thread_id;
    unsigned long native_thread_id;
    /* Objects whose destruction was put off: Py_TRASHCAN_BEGIN. */
    PyObject *delete_later;
    uintptr_t critical_section;

    /* Coroutines and contexts. */
    int coroutine_origin_tracking_depth;
    PyObject *async_gen_firstiter;
    PyObject *async_gen_finalizer;
    PyObject *context;
    uint64_t context_ver;
    uint64_t id;

    /* The stack of frames. */
    _PyStackChunk *datastack_chunk;
    PyObject **datastack_top;
    PyObject **datastack_limit;
    /* The last link of exc_info. */
    _PyErr_StackItem exc_state;
    PyObject *current_executor;
    uint64_t dict_global_version;
    PyObject *threading_local_key;
    PyObject *threading_local_sentinel;
    _PyRemoteDebuggerSupport remote_debugger_support;
    _PyStackChunk *datastack_cached_chunk;
};

/* 1 if the current thread holds the GIL. */
PyAPI_FUNC(int) PyGILState_Check(void);

/* The current one, or NULL. */
PyAPI_FUNC(PyThreadState *) PyThreadState_GetUnchecked(void);
static inline PyThreadState *
_PyThreadState_UncheckedGet(void)
{
    return PyThreadState_GetUnchecked();
}

/* Tracing is off in between. */
PyAPI_FUNC(void) PyThreadState_EnterTracing(PyThreadState *tstate);
PyAPI_FUNC(void) PyThreadState_LeaveTracing(PyThreadState *tstate);
PyAPI_FUNC(void) PyThreadState_DeleteCurrent(void);
/* The bounds of a C stack that the runtime did not make. */
PyAPI_FUNC(int) PyUnstable_ThreadState_SetStackProtection(
    PyThreadState *tstate, void *stack_start_addr, size_t stack_size);
PyAPI_FUNC(void) PyUnstable_ThreadState_ResetStackProtection(PyThreadState *tstate);

/* For debuggers. */
PyAPI_FUNC(PyInterpreterState *) PyInterpreterState_Main(void);
PyAPI_FUNC(PyInterpreterState *) PyInterpreterState_Head(void);
PyAPI_FUNC(PyInterpreterState *) PyInterpreterState_Next(PyInterpreterState *interp);
PyAPI_FUNC(PyThreadState *) PyInterpreterState_ThreadHead(PyInterpreterState *interp);
PyAPI_FUNC(PyThreadState *) PyThreadState_Next(PyThreadState *tstate);
PyAPI_FUNC(PyObject *) _PyThread_CurrentFrames(void);

/* Replacing the function that evaluates frames. */
typedef PyObject *(*_PyFrameEvalFunction)(PyThreadState *tstate,
                                          struct _PyInterpreterFrame *frame, int throwflag);
PyAPI_FUNC(_PyFrameEvalFunction) _PyInterpreterState_GetEvalFrameFunc(
    PyInterpreterState *interp);
PyAPI_FUNC(void) _PyInterpreterState_SetEvalFrameFunc(
    PyInterpreterState *interp, _PyFrameEvalFunction eval_frame);

PyAPI_FUNC(int) _PyInterpreterState_RequiresIDRef(PyInterpreterState *interp);
PyAPI_FUNC(void) _PyInterpreterState_RequireIDRef(PyInterpreterState *interp, int required);

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_PYSTATE_H */

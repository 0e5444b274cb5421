/* Frames and generators as structs. */
#ifndef Py_INTERNAL_PYCORE_INTERPFRAME_STRUCTS_H
#define Py_INTERNAL_PYCORE_INTERPFRAME_STRUCTS_H

#ifdef __cplusplus
extern "C" {
#endif

#include "pycore_structs.h"

/* Where a frame lives. */
enum _frameowner {
    FRAME_OWNED_BY_THREAD = 0,
    FRAME_OWNED_BY_GENERATOR = 1,
    FRAME_OWNED_BY_FRAME_OBJECT = 2,
    FRAME_OWNED_BY_INTERPRETER = 3,
    FRAME_OWNED_BY_CSTACK = 4
};

/* A running function; locals, cells and the evaluation stack follow in localsplus. */
typedef struct _PyInterpreterFrame _PyInterpreterFrame;
struct _PyInterpreterFrame {
    _PyStackRef f_executable;
    struct _PyInterpreterFrame *previous;
    _PyStackRef f_funcobj;
    PyObject *f_globals;
    PyObject *f_builtins;
    PyObject *f_locals;
    PyFrameObject *frame_obj;
    _Py_CODEUNIT *instr_ptr;
    _PyStackRef *stackpointer;
    uint16_t return_offset;
    char owner;
    uint8_t visited;
    _PyStackRef localsplus[1];
};

/* A generator, coroutine or asynchronous generator has its frame inside. */
struct _PyGenObject {
    PyObject_HEAD
    PyObject *gi_weakreflist;
    PyObject *gi_name;
    PyObject *gi_qualname;
    _PyErr_StackItem gi_exc_state;
    PyObject *gi_origin_or_finalizer;
    char gi_hooks_inited;
    char gi_closed;
    char gi_running_async;
    int8_t gi_frame_state;
    _PyInterpreterFrame gi_iframe;
};

struct _PyCoroObject {
    PyObject_HEAD
    PyObject *cr_weakreflist;
    PyObject *cr_name;
    PyObject *cr_qualname;
    _PyErr_StackItem cr_exc_state;
    PyObject *cr_origin_or_finalizer;
    char cr_hooks_inited;
    char cr_closed;
    char cr_running_async;
    int8_t cr_frame_state;
    _PyInterpreterFrame cr_iframe;
};

struct _PyAsyncGenObject {
    PyObject_HEAD
    PyObject *ag_weakreflist;
    PyObject *ag_name;
    PyObject *ag_qualname;
    _PyErr_StackItem ag_exc_state;
    PyObject *ag_origin_or_finalizer;
    char ag_hooks_inited;
    char ag_closed;
    char ag_running_async;
    int8_t ag_frame_state;
    _PyInterpreterFrame ag_iframe;
};

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_INTERPFRAME_STRUCTS_H */

/* Looking into frames. */
#ifndef Py_INTERNAL_PYCORE_INTERPFRAME_H
#define Py_INTERNAL_PYCORE_INTERPFRAME_H

#ifdef __cplusplus
extern "C" {
#endif

#include "pycore_frame.h"
#include "pycore_stackref.h"
#include "pycore_interpframe_structs.h"

/* The size of a frame's head, in stack references. */
#define FRAME_SPECIALS_SIZE \
    ((int)((sizeof(_PyInterpreterFrame) - 1) / sizeof(PyObject *)))

/* Borrowed. */
static inline PyCodeObject *
_PyFrame_GetCode(_PyInterpreterFrame *frame)
{
    return (PyCodeObject *)PyStackRef_AsPyObjectBorrow(frame->f_executable);
}

static inline _Py_CODEUNIT *
_PyFrame_GetBytecode(_PyInterpreterFrame *frame)
{
    return (_Py_CODEUNIT *)(void *)_PyFrame_GetCode(frame)->co_code_adaptive;
}

static inline _PyStackRef *
_PyFrame_Stackbase(_PyInterpreterFrame *frame)
{
    return frame->localsplus + _PyFrame_GetCode(frame)->co_nlocalsplus;
}

/* A frame that has not come far enough to be shown in a traceback. */
static inline bool
_PyFrame_IsIncomplete(_PyInterpreterFrame *frame)
{
    if (frame->owner >= FRAME_OWNED_BY_INTERPRETER) {
        return true;
    }
    return frame->owner != FRAME_OWNED_BY_GENERATOR
        && frame->instr_ptr
               < _PyFrame_GetBytecode(frame) + _PyFrame_GetCode(frame)->_co_firsttraceable;
}

static inline _PyInterpreterFrame *
_PyFrame_GetFirstComplete(_PyInterpreterFrame *frame)
{
    while (frame && _PyFrame_IsIncomplete(frame)) {
        frame = frame->previous;
    }
    return frame;
}

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_INTERPFRAME_H */

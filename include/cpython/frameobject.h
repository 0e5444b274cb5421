/* Functions on frames that few need. */
#ifndef Py_CPYTHON_FRAMEOBJECT_H
#define Py_CPYTHON_FRAMEOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

PyAPI_FUNC(PyFrameObject *) PyFrame_New(
    PyThreadState *tstate, PyCodeObject *code, PyObject *globals, PyObject *locals);

/* f_locals is a live proxy now: there is nothing to copy, and these do nothing. */
PyAPI_FUNC(void) PyFrame_LocalsToFast(PyFrameObject *frame, int clear);
PyAPI_FUNC(int) PyFrame_FastToLocalsWithError(PyFrameObject *frame);
PyAPI_FUNC(void) PyFrame_FastToLocals(PyFrameObject *frame);
PyAPI_FUNC(int) _PyFrame_IsEntryFrame(PyFrameObject *frame);

typedef struct {
    PyObject_HEAD
    PyFrameObject *frame;
} PyFrameLocalsProxyObject;

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_FRAMEOBJECT_H */

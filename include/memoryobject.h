/* memoryview: a view of another object's memory. */
#ifndef Py_MEMORYOBJECT_H
#define Py_MEMORYOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

PyAPI_DATA(PyTypeObject) PyMemoryView_Type;

#define PyMemoryView_Check(op) Py_IS_TYPE((op), &PyMemoryView_Type)

PyAPI_FUNC(PyObject *) PyMemoryView_FromObject(PyObject *base);
/* Of plain memory, which the caller keeps alive; flags is PyBUF_READ or PyBUF_WRITE. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03030000
PyAPI_FUNC(PyObject *) PyMemoryView_FromMemory(char *mem, Py_ssize_t size, int flags);
#endif
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030b0000
PyAPI_FUNC(PyObject *) PyMemoryView_FromBuffer(const Py_buffer *info);
#endif
/* A contiguous view; a copy if need be, unless buffertype is PyBUF_WRITE. */
PyAPI_FUNC(PyObject *) PyMemoryView_GetContiguous(
    PyObject *base, int buffertype, char order);

#ifndef Py_LIMITED_API
#  include "cpython/memoryobject.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_MEMORYOBJECT_H */

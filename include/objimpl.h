/* Making and freeing objects, and the cyclic garbage collector. */
#ifndef Py_OBJIMPL_H
#define Py_OBJIMPL_H

#ifdef __cplusplus
extern "C" {
#endif

/* Memory of objects; see pymem.h. */
PyAPI_FUNC(void *) PyObject_Malloc(size_t size);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03050000
PyAPI_FUNC(void *) PyObject_Calloc(size_t count, size_t size);
#endif
PyAPI_FUNC(void *) PyObject_Realloc(void *ptr, size_t size);
PyAPI_FUNC(void) PyObject_Free(void *ptr);

/* Fills in the head of an object whose memory the caller has got. */
PyAPI_FUNC(PyObject *) PyObject_Init(PyObject *op, PyTypeObject *typeobj);
PyAPI_FUNC(PyVarObject *) PyObject_InitVar(
    PyVarObject *op, PyTypeObject *typeobj, Py_ssize_t size);

/* New objects of a type that is not collected; only their heads are filled in. */
PyAPI_FUNC(PyObject *) _PyObject_New(PyTypeObject *typeobj);
PyAPI_FUNC(PyVarObject *) _PyObject_NewVar(PyTypeObject *typeobj, Py_ssize_t nitems);
#define PyObject_New(type, typeobj) ((type *)_PyObject_New(typeobj))
#define PyObject_NewVar(type, typeobj, n) ((type *)_PyObject_NewVar((typeobj), (n)))

/* Older names. */
#define PyObject_INIT(op, typeobj) PyObject_Init(_PyObject_CAST(op), (typeobj))
#define PyObject_INIT_VAR(op, typeobj, size) \
    PyObject_InitVar(_PyVarObject_CAST(op), (typeobj), (size))
#define PyObject_NEW(type, typeobj) PyObject_New(type, (typeobj))
#define PyObject_NEW_VAR(type, typeobj, n) PyObject_NewVar(type, (typeobj), (n))
#define PyObject_MALLOC PyObject_Malloc
#define PyObject_REALLOC PyObject_Realloc
#define PyObject_FREE PyObject_Free
#define PyObject_Del PyObject_Free
#define PyObject_DEL PyObject_Free

/* The collector. */
PyAPI_FUNC(Py_ssize_t) PyGC_Collect(void);
PyAPI_FUNC(int) PyGC_Enable(void);
PyAPI_FUNC(int) PyGC_Disable(void);
PyAPI_FUNC(int) PyGC_IsEnabled(void);

#define PyType_IS_GC(t) PyType_HasFeature((t), Py_TPFLAGS_HAVE_GC)

/* New objects of a collected type. They are not tracked until PyObject_GC_Track, which is to be
 * called when all that tp_traverse visits is valid, and untracked before they are torn down. */
PyAPI_FUNC(PyObject *) _PyObject_GC_New(PyTypeObject *typeobj);
PyAPI_FUNC(PyVarObject *) _PyObject_GC_NewVar(PyTypeObject *typeobj, Py_ssize_t nitems);
PyAPI_FUNC(PyVarObject *) _PyObject_GC_Resize(PyVarObject *op, Py_ssize_t nitems);
#define PyObject_GC_New(type, typeobj) _Py_CAST(type *, _PyObject_GC_New(typeobj))
#define PyObject_GC_NewVar(type, typeobj, n) _Py_CAST(type *, _PyObject_GC_NewVar((typeobj), (n)))
#define PyObject_GC_Resize(type, op, n) \
    _Py_CAST(type *, _PyObject_GC_Resize(_PyVarObject_CAST(op), (n)))
PyAPI_FUNC(void) PyObject_GC_Track(void *op);
PyAPI_FUNC(void) PyObject_GC_UnTrack(void *op);
PyAPI_FUNC(void) PyObject_GC_Del(void *op);
PyAPI_FUNC(int) PyObject_GC_IsTracked(PyObject *op);
PyAPI_FUNC(int) PyObject_GC_IsFinalized(PyObject *op);

/* In a tp_traverse with parameters named visit and arg: reports one reference. */
#define Py_VISIT(op) \
    do { \
        if (op) { \
            int _visited = visit(_PyObject_CAST(op), arg); \
            if (_visited) { \
                return _visited; \
            } \
        } \
    } while (0)

#ifndef Py_LIMITED_API
#  include "cpython/objimpl.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_OBJIMPL_H */

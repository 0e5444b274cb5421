/* What lies before an object that the cyclic collector knows. */
#ifndef Py_INTERNAL_PYCORE_GC_H
#define Py_INTERNAL_PYCORE_GC_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PyGC_Head {
    uintptr_t _gc_next;
    uintptr_t _gc_prev;
} PyGC_Head;

#define _PyGC_Head_UNUSED PyGC_Head

static inline PyGC_Head *
_Py_AS_GC(PyObject *op)
{
    return (PyGC_Head *)(void *)((char *)op - sizeof(PyGC_Head));
}

static inline PyObject *
_Py_FROM_GC(PyGC_Head *gc)
{
    return (PyObject *)(void *)((char *)gc + sizeof(PyGC_Head));
}

/* Tracked objects are in a list. */
static inline int
_PyObject_GC_IS_TRACKED(PyObject *op)
{
    return _Py_AS_GC(op)->_gc_next != 0;
}
#define _PyObject_GC_IS_TRACKED(op) _PyObject_GC_IS_TRACKED(_PyObject_CAST(op))

#define _PyObject_GC_TRACK(op) PyObject_GC_Track(_PyObject_CAST(op))
#define _PyObject_GC_UNTRACK(op) PyObject_GC_UnTrack(_PyObject_CAST(op))

/* Flags in the low bits of _gc_prev. */
#define _PyGC_PREV_SHIFT 2
#define _PyGC_PREV_MASK_FINALIZED ((uintptr_t)1)
#define _PyGC_PREV_MASK_COLLECTING ((uintptr_t)2)
#define _PyGC_PREV_MASK (((uintptr_t)-1) << _PyGC_PREV_SHIFT)

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_GC_H */

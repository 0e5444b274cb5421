/* References on the evaluation stack. The low bits of an object's address say whether the
 * reference has to be counted: with Py_TAG_REFCNT it is borrowed, or the object is immortal.
 * With both low bits set it is no object but a small integer. */
#ifndef Py_INTERNAL_PYCORE_STACKREF_H
#define Py_INTERNAL_PYCORE_STACKREF_H

#ifdef __cplusplus
extern "C" {
#endif

#include "pycore_structs.h"
#include "pycore_object.h"

#define Py_INT_TAG    3
#define Py_TAG_REFCNT 1
#define Py_TAG_BITS ((uintptr_t)3)
#define PyStackRef_NULL_BITS Py_TAG_REFCNT

#ifdef __cplusplus
#  define _PyStackRef_FROM_BITS(value) (_PyStackRef{ (value) })
#else
#  define _PyStackRef_FROM_BITS(value) ((_PyStackRef){ .bits = (value) })
#endif
#define PyStackRef_NULL _PyStackRef_FROM_BITS(PyStackRef_NULL_BITS)

static inline bool
PyStackRef_IsNull(_PyStackRef ref)
{
    return ref.bits == PyStackRef_NULL_BITS;
}

static inline bool
PyStackRef_IsTaggedInt(_PyStackRef ref)
{
    return (ref.bits & Py_INT_TAG) == Py_INT_TAG;
}

static inline bool
PyStackRef_IsNullOrInt(_PyStackRef ref)
{
    return PyStackRef_IsNull(ref) || PyStackRef_IsTaggedInt(ref);
}

/* Must the reference be released? */
static inline bool
PyStackRef_RefcountOnObject(_PyStackRef ref)
{
    return (ref.bits & Py_TAG_REFCNT) == 0;
}

static inline PyObject *
PyStackRef_AsPyObjectBorrow(_PyStackRef ref)
{
    return (PyObject *)(ref.bits & ~(uintptr_t)Py_TAG_REFCNT);
}

static inline PyObject *
PyStackRef_AsPyObjectNew(_PyStackRef ref)
{
    return Py_NewRef(PyStackRef_AsPyObjectBorrow(ref));
}

/* The caller's reference passes to the result, or the other way round. */
static inline PyObject *
PyStackRef_AsPyObjectSteal(_PyStackRef ref)
{
    PyObject *obj = PyStackRef_AsPyObjectBorrow(ref);
    return PyStackRef_RefcountOnObject(ref) ? obj : Py_NewRef(obj);
}

static inline _PyStackRef
PyStackRef_FromPyObjectSteal(PyObject *obj)
{
    uintptr_t tag = _Py_IsImmortal(obj) ? Py_TAG_REFCNT : 0;
    return _PyStackRef_FROM_BITS((uintptr_t)obj | tag);
}

static inline _PyStackRef
PyStackRef_FromPyObjectNew(PyObject *obj)
{
    return PyStackRef_FromPyObjectSteal(Py_NewRef(obj));
}

static inline _PyStackRef
PyStackRef_FromPyObjectBorrow(PyObject *obj)
{
    return _PyStackRef_FROM_BITS((uintptr_t)obj | Py_TAG_REFCNT);
}

static inline _PyStackRef
PyStackRef_DUP(_PyStackRef ref)
{
    if (PyStackRef_RefcountOnObject(ref)) {
        Py_INCREF(PyStackRef_AsPyObjectBorrow(ref));
    }
    return ref;
}

static inline void
PyStackRef_CLOSE(_PyStackRef ref)
{
    if (PyStackRef_RefcountOnObject(ref)) {
        Py_DECREF(PyStackRef_AsPyObjectBorrow(ref));
    }
}

static inline void
PyStackRef_XCLOSE(_PyStackRef ref)
{
    if (!PyStackRef_IsNull(ref)) {
        PyStackRef_CLOSE(ref);
    }
}

/* Sets a variable to NULL, then releases what it held. */
#define PyStackRef_CLEAR(op) \
    do { \
        _PyStackRef *_place = &(op); \
        _PyStackRef _old = *_place; \
        *_place = PyStackRef_NULL; \
        PyStackRef_XCLOSE(_old); \
    } while (0)

/* Py_VISIT for them. */
#define _Py_VISIT_STACKREF(ref) \
    do { \
        if (!PyStackRef_IsNullOrInt(ref)) { \
            int _visited = visit(PyStackRef_AsPyObjectBorrow(ref), arg); \
            if (_visited) { \
                return _visited; \
            } \
        } \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_STACKREF_H */

/* set and frozenset as structs. */
#ifndef Py_CPYTHON_SETOBJECT_H
#define Py_CPYTHON_SETOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* A slot: key NULL means free; deleted keys leave a dummy. */
typedef struct {
    PyObject *key;
    Py_hash_t hash;
} setentry;

/* Tables of up to this many slots lie inside the object. */
#define PySet_MINSIZE 8

typedef struct {
    PyObject_HEAD
    Py_ssize_t fill;
    Py_ssize_t used;
    Py_ssize_t mask;
    setentry *table;
    Py_hash_t hash;
    Py_ssize_t finger;
    setentry smalltable[8];
    PyObject *weakreflist;
} PySetObject;

#define _PySet_CAST(so) _Py_CAST(PySetObject *, (so))

static inline Py_ssize_t
PySet_GET_SIZE(PyObject *so)
{
    return _PySet_CAST(so)->used;
}
#define PySet_GET_SIZE(so) PySet_GET_SIZE(_PyObject_CAST(so))

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_SETOBJECT_H */

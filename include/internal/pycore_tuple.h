/* Tuple iterators as structs. */
#ifndef Py_INTERNAL_PYCORE_TUPLE_H
#define Py_INTERNAL_PYCORE_TUPLE_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _PyTupleIterObject {
    PyObject_HEAD
    Py_ssize_t it_index;
    PyTupleObject *it_seq;
} _PyTupleIterObject;

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_TUPLE_H */

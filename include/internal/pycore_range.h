/* Range iterators as structs. */
#ifndef Py_INTERNAL_PYCORE_RANGE_H
#define Py_INTERNAL_PYCORE_RANGE_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _PyRangeIterObject {
    PyObject_HEAD
    long start;
    long step;
    long len;
} _PyRangeIterObject;

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_RANGE_H */

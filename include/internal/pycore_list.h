/* List iterators as structs. */
#ifndef Py_INTERNAL_PYCORE_LIST_H
#define Py_INTERNAL_PYCORE_LIST_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _PyListIterObject {
    PyObject_HEAD
    Py_ssize_t it_index;
    PyListObject *it_seq;
} _PyListIterObject;

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_LIST_H */

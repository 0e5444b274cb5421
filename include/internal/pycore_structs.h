/* Small structs of the evaluation loop. */
#ifndef Py_INTERNAL_PYCORE_STRUCTS_H
#define Py_INTERNAL_PYCORE_STRUCTS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Counts down to the next attempt to specialise: 12 bits of count, 4 of back-off. */
typedef struct _Py_BackoffCounter {
    uint16_t value_and_backoff;
} _Py_BackoffCounter;

/* One unit of bytecode: an instruction, or a cell of an inline cache. */
typedef union _Py_CODEUNIT {
    uint16_t cache;
    struct {
        uint8_t code;
        uint8_t arg;
    } op;
    _Py_BackoffCounter counter;
} _Py_CODEUNIT;

/* A reference on the evaluation stack; pycore_stackref.h. */
typedef union _PyStackRef {
    uintptr_t bits;
} _PyStackRef;

typedef struct _PyCStackRef {
    _PyStackRef ref;
} _PyCStackRef;

/* The mapping behind contexts. */
typedef struct PyHamtNode {
    PyObject_HEAD
} PyHamtNode;

typedef struct PyHamtObject {
    PyObject_HEAD
    PyHamtNode *h_root;
    PyObject *h_weakreflist;
    Py_ssize_t h_count;
} PyHamtObject;

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_STRUCTS_H */

/* Hash values of numbers: they are reduced modulo the prime 2**61 - 1. */
#ifndef Py_CPYTHON_HASH_H
#define Py_CPYTHON_HASH_H

#ifdef __cplusplus
extern "C" {
#endif

#define PyHASH_MULTIPLIER 1000003UL
#define PyHASH_BITS 61
#define PyHASH_MODULUS (((size_t)1 << PyHASH_BITS) - 1)
#define PyHASH_INF 314159
#define PyHASH_IMAG PyHASH_MULTIPLIER

/* Older names. */
#define _PyHASH_MULTIPLIER PyHASH_MULTIPLIER
#define _PyHASH_BITS PyHASH_BITS
#define _PyHASH_MODULUS PyHASH_MODULUS
#define _PyHASH_INF PyHASH_INF
#define _PyHASH_IMAG PyHASH_IMAG

PyAPI_FUNC(Py_hash_t) _Py_HashDouble(PyObject *inst, double value);
PyAPI_FUNC(Py_hash_t) Py_HashPointer(const void *ptr);
static inline Py_hash_t
_Py_HashPointer(const void *ptr)
{
    return Py_HashPointer(ptr);
}
PyAPI_FUNC(Py_hash_t) Py_HashBuffer(const void *ptr, Py_ssize_t len);
/* By identity: what object.__hash__ does. */
PyAPI_FUNC(Py_hash_t) PyObject_GenericHash(PyObject *obj);

/* The function that hashes bytes and str. */
typedef struct {
    Py_hash_t (* const hash)(const void *, Py_ssize_t);
    const char *name;
    const int hash_bits;
    const int seed_bits;
} PyHash_FuncDef;

PyAPI_FUNC(PyHash_FuncDef *) PyHash_GetFuncDef(void);

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_HASH_H */

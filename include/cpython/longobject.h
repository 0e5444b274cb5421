/* int outside the limited API. */
#ifndef Py_CPYTHON_LONGOBJECT_H
#define Py_CPYTHON_LONGOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

#define _PyLong_CAST(op) _Py_CAST(PyLongObject *, (op))

PyAPI_FUNC(PyObject *) PyLong_FromUnicodeObject(PyObject *str, int base);

/* Small values, up to one digit: cheap to read. */
PyAPI_FUNC(int) PyUnstable_Long_IsCompact(const PyLongObject *op);
PyAPI_FUNC(Py_ssize_t) PyUnstable_Long_CompactValue(const PyLongObject *op);

PyAPI_FUNC(int) PyLong_IsPositive(PyObject *obj);
PyAPI_FUNC(int) PyLong_IsNegative(PyObject *obj);
PyAPI_FUNC(int) PyLong_IsZero(PyObject *obj);
PyAPI_FUNC(int) PyLong_GetSign(PyObject *obj, int *sign);
PyAPI_FUNC(int) _PyLong_Sign(PyObject *obj);
/* The number of bits of the absolute value. */
PyAPI_FUNC(int64_t) _PyLong_NumBits(PyObject *obj);
PyAPI_FUNC(PyObject *) _PyLong_FromByteArray(
    const unsigned char *bytes, size_t n, int little_endian, int is_signed);
PyAPI_FUNC(int) _PyLong_AsByteArray(
    PyLongObject *obj, unsigned char *bytes, size_t n, int little_endian, int is_signed,
    int with_exceptions);
PyAPI_FUNC(PyObject *) _PyLong_GCD(PyObject *a, PyObject *b);

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_LONGOBJECT_H */

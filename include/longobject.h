/* int: integers of any size. */
#ifndef Py_LONGOBJECT_H
#define Py_LONGOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

#define PyLong_Check(op) PyType_FastSubclass(Py_TYPE(op), Py_TPFLAGS_LONG_SUBCLASS)
#define PyLong_CheckExact(op) Py_IS_TYPE((op), &PyLong_Type)

/* From C. */
PyAPI_FUNC(PyObject *) PyLong_FromLong(long value);
PyAPI_FUNC(PyObject *) PyLong_FromUnsignedLong(unsigned long value);
PyAPI_FUNC(PyObject *) PyLong_FromSize_t(size_t value);
PyAPI_FUNC(PyObject *) PyLong_FromSsize_t(Py_ssize_t value);
PyAPI_FUNC(PyObject *) PyLong_FromLongLong(long long value);
PyAPI_FUNC(PyObject *) PyLong_FromUnsignedLongLong(unsigned long long value);
PyAPI_FUNC(PyObject *) PyLong_FromDouble(double value);
PyAPI_FUNC(PyObject *) PyLong_FromVoidPtr(void *ptr);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030e0000
PyAPI_FUNC(PyObject *) PyLong_FromInt32(int32_t value);
PyAPI_FUNC(PyObject *) PyLong_FromUInt32(uint32_t value);
PyAPI_FUNC(PyObject *) PyLong_FromInt64(int64_t value);
PyAPI_FUNC(PyObject *) PyLong_FromUInt64(uint64_t value);
#endif
/* Parses a number in a base (0: as in source code); *pend is where it ended. */
PyAPI_FUNC(PyObject *) PyLong_FromString(const char *str, char **pend, int base);

/* To C: OverflowError if the value does not fit; -1 may be a value, so ask PyErr_Occurred. */
PyAPI_FUNC(long) PyLong_AsLong(PyObject *obj);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030d0000
PyAPI_FUNC(int) PyLong_AsInt(PyObject *obj);
#endif
PyAPI_FUNC(Py_ssize_t) PyLong_AsSsize_t(PyObject *obj);
PyAPI_FUNC(size_t) PyLong_AsSize_t(PyObject *obj);
PyAPI_FUNC(unsigned long) PyLong_AsUnsignedLong(PyObject *obj);
PyAPI_FUNC(long long) PyLong_AsLongLong(PyObject *obj);
PyAPI_FUNC(unsigned long long) PyLong_AsUnsignedLongLong(PyObject *obj);
PyAPI_FUNC(double) PyLong_AsDouble(PyObject *obj);
PyAPI_FUNC(void *) PyLong_AsVoidPtr(PyObject *obj);
/* ... *overflow is -1 or 1 instead of an exception ... */
PyAPI_FUNC(long) PyLong_AsLongAndOverflow(PyObject *obj, int *overflow);
PyAPI_FUNC(long long) PyLong_AsLongLongAndOverflow(PyObject *obj, int *overflow);
/* ... the low bits ... */
PyAPI_FUNC(unsigned long) PyLong_AsUnsignedLongMask(PyObject *obj);
PyAPI_FUNC(unsigned long long) PyLong_AsUnsignedLongLongMask(PyObject *obj);
/* ... 0, or -1 on an error. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030e0000
PyAPI_FUNC(int) PyLong_AsInt32(PyObject *obj, int32_t *value);
PyAPI_FUNC(int) PyLong_AsUInt32(PyObject *obj, uint32_t *value);
PyAPI_FUNC(int) PyLong_AsInt64(PyObject *obj, int64_t *value);
PyAPI_FUNC(int) PyLong_AsUInt64(PyObject *obj, uint64_t *value);
#endif

#define PyLong_AS_LONG(op) PyLong_AsLong(op)

/* To and from bytes; the result of As is the number of bytes that would be needed. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030e0000
#  define Py_ASNATIVEBYTES_DEFAULTS        (-1)
#  define Py_ASNATIVEBYTES_BIG_ENDIAN      0
#  define Py_ASNATIVEBYTES_LITTLE_ENDIAN   1
#  define Py_ASNATIVEBYTES_NATIVE_ENDIAN   3
#  define Py_ASNATIVEBYTES_UNSIGNED_BUFFER 4
#  define Py_ASNATIVEBYTES_REJECT_NEGATIVE 8
#  define Py_ASNATIVEBYTES_ALLOW_INDEX     16
#endif
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030e0000
PyAPI_FUNC(Py_ssize_t) PyLong_AsNativeBytes(
    PyObject *obj, void *buffer, Py_ssize_t n_bytes, int flags);
PyAPI_FUNC(PyObject *) PyLong_FromNativeBytes(
    const void *buffer, size_t n_bytes, int flags);
PyAPI_FUNC(PyObject *) PyLong_FromUnsignedNativeBytes(
    const void *buffer, size_t n_bytes, int flags);
#endif

PyAPI_FUNC(PyObject *) PyLong_GetInfo(void);

/* Process ids. */
#define PyLong_FromPid PyLong_FromLong
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030d0000
#  define PyLong_AsPid PyLong_AsInt
#else
static inline int
PyLong_AsPid(PyObject *obj)
{
    int overflow;
    long result = PyLong_AsLongAndOverflow(obj, &overflow);
    if (overflow || result < INT_MIN || result > INT_MAX) {
        PyErr_SetString(PyExc_OverflowError, "Python int too large to convert to C int");
        return -1;
    }
    return (int)result;
}
#endif
/* Format characters for PyArg_Parse*. */
#define _Py_PARSE_PID     "i"
#define _Py_PARSE_INTPTR  "l"
#define _Py_PARSE_UINTPTR "k"

/* strtol and strtoul that know Python's prefixes. */
PyAPI_FUNC(unsigned long) PyOS_strtoul(const char *str, char **ptr, int base);
PyAPI_FUNC(long) PyOS_strtol(const char *str, char **ptr, int base);

#ifndef Py_LIMITED_API
#  include "cpython/longobject.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_LONGOBJECT_H */

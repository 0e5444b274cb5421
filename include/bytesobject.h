/* bytes: an immutable array of bytes. */
#ifndef Py_BYTESOBJECT_H
#define Py_BYTESOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

PyAPI_DATA(PyTypeObject) PyBytes_Type;
PyAPI_DATA(PyTypeObject) PyBytesIter_Type;

#define PyBytes_Check(op) PyType_FastSubclass(Py_TYPE(op), Py_TPFLAGS_BYTES_SUBCLASS)
#define PyBytes_CheckExact(op) Py_IS_TYPE((op), &PyBytes_Type)

/* With a NULL string: bytes to be filled in before anybody else sees them. */
PyAPI_FUNC(PyObject *) PyBytes_FromStringAndSize(const char *string, Py_ssize_t len);
PyAPI_FUNC(PyObject *) PyBytes_FromString(const char *string);
PyAPI_FUNC(PyObject *) PyBytes_FromObject(PyObject *obj);
/* printf for bytes: %c %d %u %ld %lu %zd %zu %i %x %s %p. */
PyAPI_FUNC(PyObject *) PyBytes_FromFormat(const char *format, ...);
PyAPI_FUNC(PyObject *) PyBytes_FromFormatV(const char *format, va_list vargs);
PyAPI_FUNC(Py_ssize_t) PyBytes_Size(PyObject *bytes);
/* The bytes themselves, with a NUL behind them; not to be changed. */
PyAPI_FUNC(char *) PyBytes_AsString(PyObject *bytes);
/* With a NULL len, bytes with a NUL among them are an error. */
PyAPI_FUNC(int) PyBytes_AsStringAndSize(PyObject *bytes, char **buffer, Py_ssize_t *len);
PyAPI_FUNC(PyObject *) PyBytes_Repr(PyObject *bytes, int smartquotes);
/* Replace *bytes by a concatenation, or by NULL on failure; the second steals newpart. */
PyAPI_FUNC(void) PyBytes_Concat(PyObject **bytes, PyObject *newpart);
PyAPI_FUNC(void) PyBytes_ConcatAndDel(PyObject **bytes, PyObject *newpart);
PyAPI_FUNC(PyObject *) PyBytes_DecodeEscape(
    const char *string, Py_ssize_t len, const char *errors, Py_ssize_t unicode,
    const char *recode_encoding);

#ifndef Py_LIMITED_API
#  include "cpython/bytesobject.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_BYTESOBJECT_H */

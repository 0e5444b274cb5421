/* Files as objects. */
#ifndef Py_FILEOBJECT_H
#define Py_FILEOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* The mode in which standard streams are opened. */
#define PY_STDIOTEXTMODE "b"

/* io.open() on a descriptor; buffering -1 and NULL strings mean the defaults. */
PyAPI_FUNC(PyObject *) PyFile_FromFd(
    int fd, const char *name, const char *mode, int buffering, const char *encoding,
    const char *errors, const char *newline, int closefd);
PyAPI_FUNC(PyObject *) PyFile_GetLine(PyObject *file, int n);
PyAPI_FUNC(int) PyFile_WriteObject(PyObject *obj, PyObject *file, int flags);
PyAPI_FUNC(int) PyFile_WriteString(const char *str, PyObject *file);
/* Of an int, or of an object with fileno(). */
PyAPI_FUNC(int) PyObject_AsFileDescriptor(PyObject *obj);

Py_DEPRECATED(3.12) PyAPI_DATA(const char *) Py_FileSystemDefaultEncoding;
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03060000
Py_DEPRECATED(3.12) PyAPI_DATA(const char *) Py_FileSystemDefaultEncodeErrors;
#endif
Py_DEPRECATED(3.12) PyAPI_DATA(int) Py_HasFileSystemDefaultEncoding;
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03070000
Py_DEPRECATED(3.12) PyAPI_DATA(int) Py_UTF8Mode;
#endif

#ifndef Py_LIMITED_API
#  include "cpython/fileobject.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_FILEOBJECT_H */

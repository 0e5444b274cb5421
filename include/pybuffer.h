/* The buffer protocol: objects that show their memory to each other. */
#ifndef Py_BUFFER_H
#define Py_BUFFER_H

#ifdef __cplusplus
extern "C" {
#endif

#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030b0000
/* A view of memory. Filled in by PyObject_GetBuffer; obj is the exporter and keeps the memory
 * alive until PyBuffer_Release. shape, strides and suboffsets have ndim elements each, or are
 * NULL where the request did not ask for them. */
typedef struct {
    void *buf;
    PyObject *obj;
    Py_ssize_t len;
    Py_ssize_t itemsize;
    int readonly;
    int ndim;
    char *format;
    Py_ssize_t *shape;
    Py_ssize_t *strides;
    Py_ssize_t *suboffsets;
    void *internal;
} Py_buffer;

typedef int (*getbufferproc)(PyObject *, Py_buffer *, int);
typedef void (*releasebufferproc)(PyObject *, Py_buffer *);

/* Does the object export a buffer? */
#  if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030b0000
PyAPI_FUNC(int) PyObject_CheckBuffer(PyObject *obj);
PyAPI_FUNC(int) PyObject_GetBuffer(PyObject *exporter, Py_buffer *view, int flags);
#  endif
/* May be called again; does nothing if view->obj is NULL. */
#  if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030b0000
PyAPI_FUNC(void) PyBuffer_Release(Py_buffer *view);
#  endif
/* The address of one item. */
#  if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030b0000
PyAPI_FUNC(void *) PyBuffer_GetPointer(const Py_buffer *view, const Py_ssize_t *indices);
#  endif
/* The size that a struct-style format describes, or -1. */
#  if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030b0000
PyAPI_FUNC(Py_ssize_t) PyBuffer_SizeFromFormat(const char *format);
#  endif
/* Copies between a view and plain memory; order is 'C', 'F' or 'A' (either). */
#  if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030b0000
PyAPI_FUNC(int) PyBuffer_ToContiguous(
    void *buf, const Py_buffer *view, Py_ssize_t len, char order);
PyAPI_FUNC(int) PyBuffer_FromContiguous(
    const Py_buffer *view, const void *buf, Py_ssize_t len, char order);
PyAPI_FUNC(int) PyObject_CopyData(PyObject *dest, PyObject *src);
PyAPI_FUNC(int) PyBuffer_IsContiguous(const Py_buffer *view, char order);
PyAPI_FUNC(void) PyBuffer_FillContiguousStrides(
    int ndim, Py_ssize_t *shape, Py_ssize_t *strides, int itemsize, char order);
#  endif
/* For exporters with one block of bytes: all they have to do. */
#  if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030b0000
PyAPI_FUNC(int) PyBuffer_FillInfo(
    Py_buffer *view, PyObject *obj, void *buf, Py_ssize_t len, int readonly, int flags);
#  endif

#  define PyBUF_MAX_NDIM 0x0040

/* What a consumer asks for. */
#  define PyBUF_SIMPLE   0
#  define PyBUF_WRITABLE 0x0001
#  define PyBUF_FORMAT   0x0004
#  define PyBUF_ND       0x0008
#  define PyBUF_STRIDES        (0x0010 | PyBUF_ND)
#  define PyBUF_C_CONTIGUOUS   (0x0020 | PyBUF_STRIDES)
#  define PyBUF_F_CONTIGUOUS   (0x0040 | PyBUF_STRIDES)
#  define PyBUF_ANY_CONTIGUOUS (0x0080 | PyBUF_STRIDES)
#  define PyBUF_INDIRECT       (0x0100 | PyBUF_STRIDES)
#  ifndef Py_LIMITED_API
#    define PyBUF_WRITEABLE PyBUF_WRITABLE
#  endif

/* Usual combinations. */
#  define PyBUF_CONTIG     (PyBUF_ND | PyBUF_WRITABLE)
#  define PyBUF_CONTIG_RO  (PyBUF_ND)
#  define PyBUF_STRIDED    (PyBUF_STRIDES | PyBUF_WRITABLE)
#  define PyBUF_STRIDED_RO (PyBUF_STRIDES)
#  define PyBUF_RECORDS    (PyBUF_STRIDES | PyBUF_WRITABLE | PyBUF_FORMAT)
#  define PyBUF_RECORDS_RO (PyBUF_STRIDES | PyBUF_FORMAT)
#  define PyBUF_FULL       (PyBUF_INDIRECT | PyBUF_WRITABLE | PyBUF_FORMAT)
#  define PyBUF_FULL_RO    (PyBUF_INDIRECT | PyBUF_FORMAT)

/* For PyMemoryView_FromMemory and PyMemoryView_GetContiguous. */
#  define PyBUF_READ  0x0100
#  define PyBUF_WRITE 0x0200
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_BUFFER_H */

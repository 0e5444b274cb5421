/* Memory.
 *
 * Three families: PyMem_Raw* may be called without a thread state, PyMem_* and PyObject_*
 * (objimpl.h) need one. What one family allocated, no other may free. A request for zero
 * bytes answers a distinct pointer; NULL means that memory has run out, and sets no
 * exception. */
#ifndef Py_PYMEM_H
#define Py_PYMEM_H

#ifdef __cplusplus
extern "C" {
#endif

PyAPI_FUNC(void *) PyMem_Malloc(size_t size);
PyAPI_FUNC(void *) PyMem_Calloc(size_t count, size_t size);
PyAPI_FUNC(void *) PyMem_Realloc(void *ptr, size_t size);
PyAPI_FUNC(void) PyMem_Free(void *ptr);

#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030d0000
PyAPI_FUNC(void *) PyMem_RawMalloc(size_t size);
PyAPI_FUNC(void *) PyMem_RawCalloc(size_t count, size_t size);
PyAPI_FUNC(void *) PyMem_RawRealloc(void *ptr, size_t size);
PyAPI_FUNC(void) PyMem_RawFree(void *ptr);
#endif

/* Room for n values of a type; NULL on overflow as well. */
#define PyMem_New(type, n) \
    (((size_t)(n) > PY_SSIZE_T_MAX / sizeof(type)) \
         ? NULL : ((type *)PyMem_Malloc((n) * sizeof(type))))
/* Assigns the new address to p, NULL on failure: keep the old one. */
#define PyMem_Resize(p, type, n) \
    ((p) = ((size_t)(n) > PY_SSIZE_T_MAX / sizeof(type)) \
               ? NULL : (type *)PyMem_Realloc((p), (n) * sizeof(type)))

/* Older names. */
#define PyMem_MALLOC(n) PyMem_Malloc((n))
#define PyMem_NEW(type, n) PyMem_New(type, (n))
#define PyMem_REALLOC(p, n) PyMem_Realloc((p), (n))
#define PyMem_RESIZE(p, type, n) PyMem_Resize((p), type, (n))
#define PyMem_FREE(p) PyMem_Free((p))
#define PyMem_Del(p) PyMem_Free((p))
#define PyMem_DEL(p) PyMem_Free((p))

#ifndef Py_LIMITED_API
#  include "cpython/pymem.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_PYMEM_H */

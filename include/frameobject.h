/* Frames as objects: not part of Python.h. */
#ifndef Py_FRAMEOBJECT_H
#define Py_FRAMEOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_LIMITED_API
#  include "cpython/frameobject.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_FRAMEOBJECT_H */

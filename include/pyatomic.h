/* Atomic operations. */
#ifndef Py_ATOMIC_H
#define Py_ATOMIC_H

#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_LIMITED_API
#  include "cpython/pyatomic.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_ATOMIC_H */

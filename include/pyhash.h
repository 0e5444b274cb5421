/* Hashing. */
#ifndef Py_HASH_H
#define Py_HASH_H

#ifdef __cplusplus
extern "C" {
#endif

/* Below this length strings would be hashed by a simpler function; 0 means never. */
#define Py_HASH_CUTOFF 0

#define Py_HASH_EXTERNAL  0
#define Py_HASH_SIPHASH24 1
#define Py_HASH_FNV       2
#define Py_HASH_SIPHASH13 3
#define Py_HASH_ALGORITHM Py_HASH_SIPHASH13

#ifndef Py_LIMITED_API
#  include "cpython/pyhash.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_HASH_H */

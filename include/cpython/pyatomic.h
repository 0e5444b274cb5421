/* Atomic operations, through the compiler's own. Without an order in the name they are
 * sequentially consistent. */
#ifndef Py_CPYTHON_ATOMIC_H
#define Py_CPYTHON_ATOMIC_H

#ifdef __cplusplus
extern "C" {
#endif

#define _Py_USE_GCC_BUILTIN_ATOMICS 1
#include "pyatomic_gcc.h"

/* long has the size of one of the others. */
#define _Py_atomic_load_ulong(p) (__atomic_load_n((p), __ATOMIC_SEQ_CST))
#define _Py_atomic_load_ulong_relaxed(p) (__atomic_load_n((p), __ATOMIC_RELAXED))
#define _Py_atomic_store_ulong(p, v) (__atomic_store_n((p), (v), __ATOMIC_SEQ_CST))
#define _Py_atomic_store_ulong_relaxed(p, v) (__atomic_store_n((p), (v), __ATOMIC_RELAXED))
#define _Py_atomic_load_ptr_consume _Py_atomic_load_ptr_acquire

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_ATOMIC_H */

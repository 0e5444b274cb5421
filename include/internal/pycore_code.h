/* Inline caches: what follows an instruction in the bytecode. */
#ifndef Py_INTERNAL_PYCORE_CODE_H
#define Py_INTERNAL_PYCORE_CODE_H

#ifdef __cplusplus
extern "C" {
#endif

#include "pycore_structs.h"

typedef struct _PyLoadGlobalCache {
    _Py_BackoffCounter counter;
    uint16_t module_keys_version;
    uint16_t builtin_keys_version;
    uint16_t index;
} _PyLoadGlobalCache;

typedef struct _PyBinaryOpCache {
    _Py_BackoffCounter counter;
    uint16_t external_cache[4];
} _PyBinaryOpCache;

typedef struct _PyUnpackSequenceCache {
    _Py_BackoffCounter counter;
} _PyUnpackSequenceCache;

typedef struct _PyCompareOpCache {
    _Py_BackoffCounter counter;
} _PyCompareOpCache;

typedef struct _PySuperAttrCache {
    _Py_BackoffCounter counter;
} _PySuperAttrCache;

typedef struct _PyAttrCache {
    _Py_BackoffCounter counter;
    uint16_t version[2];
    uint16_t index;
} _PyAttrCache;

typedef struct _PyCallCache {
    _Py_BackoffCounter counter;
    uint16_t func_version[2];
} _PyCallCache;

typedef struct _PyStoreSubscrCache {
    _Py_BackoffCounter counter;
} _PyStoreSubscrCache;

typedef struct _PyForIterCache {
    _Py_BackoffCounter counter;
} _PyForIterCache;

typedef struct _PySendCache {
    _Py_BackoffCounter counter;
} _PySendCache;

typedef struct _PyToBoolCache {
    _Py_BackoffCounter counter;
    uint16_t version[2];
} _PyToBoolCache;

typedef struct _PyContainsOpCache {
    _Py_BackoffCounter counter;
} _PyContainsOpCache;

/* Code units that they take. */
#define INLINE_CACHE_ENTRIES_COMPARE_OP      1UL
#define INLINE_CACHE_ENTRIES_CONTAINS_OP     1UL
#define INLINE_CACHE_ENTRIES_FOR_ITER        1UL
#define INLINE_CACHE_ENTRIES_LOAD_SUPER_ATTR 1UL
#define INLINE_CACHE_ENTRIES_SEND            1UL
#define INLINE_CACHE_ENTRIES_STORE_SUBSCR    1UL
#define INLINE_CACHE_ENTRIES_UNPACK_SEQUENCE 1UL
#define INLINE_CACHE_ENTRIES_CALL            3UL
#define INLINE_CACHE_ENTRIES_CALL_KW         3UL
#define INLINE_CACHE_ENTRIES_TO_BOOL         3UL
#define INLINE_CACHE_ENTRIES_LOAD_GLOBAL     4UL
#define INLINE_CACHE_ENTRIES_STORE_ATTR      4UL
#define INLINE_CACHE_ENTRIES_BINARY_OP       5UL
#define INLINE_CACHE_ENTRIES_LOAD_ATTR       9UL

#define _PyCode_CODE(CO) _Py_RVALUE((_Py_CODEUNIT *)(void *)(CO)->co_code_adaptive)
#define _PyCode_NBYTES(CO) (Py_SIZE(CO) * (Py_ssize_t)sizeof(_Py_CODEUNIT))

/* Kinds of the names in co_localsplusnames, in co_localspluskinds. */
#define CO_FAST_ARG_POS 0x0002
#define CO_FAST_ARG_KW  0x0004
#define CO_FAST_ARG_VAR 0x0008
#define CO_FAST_HIDDEN  0x0010
#define CO_FAST_LOCAL   0x0020
#define CO_FAST_CELL    0x0040
#define CO_FAST_FREE    0x0080
#define CO_FAST_ARG (CO_FAST_ARG_POS | CO_FAST_ARG_KW | CO_FAST_ARG_VAR)

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_CODE_H */

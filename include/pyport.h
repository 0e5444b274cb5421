/* What differs between platforms and compilers. */
#ifndef Py_PYPORT_H
#define Py_PYPORT_H

#include "exports.h"

/* Optional features of the compiler. */
#ifdef __has_attribute
#  define _Py__has_attribute(x) __has_attribute(x)
#else
#  define _Py__has_attribute(x) 0
#endif
#ifdef __has_builtin
#  define _Py__has_builtin(x) __has_builtin(x)
#else
#  define _Py__has_builtin(x) 0
#endif

#if defined(__GNUC__) || defined(__clang__)
#  define Py_GCC_ATTRIBUTE(x) __attribute__(x)
#  define _Py_TYPEOF(expr) __typeof__(expr)
#  define Py_ALWAYS_INLINE __attribute__((always_inline))
#  define Py_NO_INLINE __attribute__((noinline))
#  define _Py_HOT_FUNCTION __attribute__((hot))
#  define _Py_NO_RETURN __attribute__((__noreturn__))
#  define Py_ALIGNED(x) __attribute__((aligned(x)))
#  define _Py_DEPRECATED_EXTERNALLY(version) __attribute__((__deprecated__))
#else
#  define Py_GCC_ATTRIBUTE(x)
#  define Py_ALWAYS_INLINE
#  define Py_NO_INLINE
#  define _Py_HOT_FUNCTION
#  define _Py_NO_RETURN
#  define Py_ALIGNED(x)
#  define _Py_DEPRECATED_EXTERNALLY(version)
#endif
#define Py_DEPRECATED(VERSION_UNUSED) _Py_DEPRECATED_EXTERNALLY(VERSION_UNUSED)

#if _Py__has_attribute(fallthrough)
#  define _Py_FALLTHROUGH __attribute__((fallthrough))
#else
#  define _Py_FALLTHROUGH do { } while (0)
#endif
#if _Py__has_attribute(nonstring)
#  define _Py_NONSTRING __attribute__((nonstring))
#else
#  define _Py_NONSTRING
#endif

#if defined(__clang__)
#  define _Py_NO_SANITIZE_UNDEFINED __attribute__((no_sanitize("undefined")))
#  define _Py_NO_SANITIZE_ADDRESS __attribute__((no_sanitize("address")))
#  define _Py_NO_SANITIZE_THREAD __attribute__((no_sanitize("thread")))
#  define _Py_NO_SANITIZE_MEMORY __attribute__((no_sanitize("memory")))
#elif defined(__GNUC__)
#  define _Py_NO_SANITIZE_UNDEFINED __attribute__((no_sanitize_undefined))
#  define _Py_NO_SANITIZE_ADDRESS __attribute__((no_sanitize_address))
#  define _Py_NO_SANITIZE_THREAD __attribute__((no_sanitize_thread))
#  define _Py_NO_SANITIZE_MEMORY
#else
#  define _Py_NO_SANITIZE_UNDEFINED
#  define _Py_NO_SANITIZE_ADDRESS
#  define _Py_NO_SANITIZE_THREAD
#  define _Py_NO_SANITIZE_MEMORY
#endif

/* Silences warnings about deprecated functions between PUSH and POP. */
#if defined(__clang__)
#  define _Py_COMP_DIAG_PUSH _Pragma("clang diagnostic push")
#  define _Py_COMP_DIAG_POP _Pragma("clang diagnostic pop")
#  define _Py_COMP_DIAG_IGNORE_DEPR_DECLS \
       _Pragma("clang diagnostic ignored \"-Wdeprecated-declarations\"")
#elif defined(__GNUC__)
#  define _Py_COMP_DIAG_PUSH _Pragma("GCC diagnostic push")
#  define _Py_COMP_DIAG_POP _Pragma("GCC diagnostic pop")
#  define _Py_COMP_DIAG_IGNORE_DEPR_DECLS \
       _Pragma("GCC diagnostic ignored \"-Wdeprecated-declarations\"")
#else
#  define _Py_COMP_DIAG_PUSH
#  define _Py_COMP_DIAG_POP
#  define _Py_COMP_DIAG_IGNORE_DEPR_DECLS
#endif

/* Casts. */
#define _Py_CAST(type, expr) ((type)(expr))
#define _Py_STATIC_CAST(type, expr) ((type)(expr))
/* Between function pointers of different types, without a warning. */
#define _Py_FUNC_CAST(T, func) _Py_CAST(T, _Py_CAST(void (*)(void), (func)))
#ifdef __cplusplus
#  define _Py_NULL nullptr
#  define PY_CXX_CONST const
#else
#  define _Py_NULL NULL
#  define PY_CXX_CONST
#endif

/* Integers. */
#define PY_LONG_LONG long long
#define PY_INT32_T int32_t
#define PY_UINT32_T uint32_t
#define PY_INT64_T int64_t
#define PY_UINT64_T uint64_t
#define HAVE_LONG_LONG 1
#define PYLONG_BITS_IN_DIGIT 30
#define PY_LLONG_MIN LLONG_MIN
#define PY_LLONG_MAX LLONG_MAX
#define PY_ULLONG_MAX ULLONG_MAX
#define PY_DWORD_MAX 4294967295U
#define Py_LL(x) x##LL
#define Py_ULL(x) x##ULL

typedef ssize_t Py_ssize_t;
typedef Py_ssize_t Py_hash_t;
typedef size_t Py_uhash_t;
typedef intptr_t Py_intptr_t;
typedef uintptr_t Py_uintptr_t;
/* Once the type of lengths in argument formats; now just another name. */
typedef Py_ssize_t Py_ssize_clean_t;

#define PY_SSIZE_T_MAX ((Py_ssize_t)(((size_t)-1) >> 1))
#define PY_SSIZE_T_MIN (-PY_SSIZE_T_MAX - 1)
#define PY_SIZE_MAX SIZE_MAX
#define SIZEOF_PY_HASH_T SIZEOF_SIZE_T
#define SIZEOF_PY_UHASH_T SIZEOF_SIZE_T
/* In printf, "%" PY_FORMAT_SIZE_T "d" shows a Py_ssize_t. */
#define PY_FORMAT_SIZE_T "z"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#  define PY_BIG_ENDIAN 1
#  define PY_LITTLE_ENDIAN 0
#else
#  define PY_BIG_ENDIAN 0
#  define PY_LITTLE_ENDIAN 1
#endif

#define Py_CAN_START_THREADS 1
#define WITH_THREAD

/* Functions private to a file. */
#define Py_LOCAL(type) static type
#define Py_LOCAL_INLINE(type) static inline type

#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 < 0x030b0000
#  define Py_MEMCPY memcpy
#endif
#define Py_VA_COPY va_copy

/* Shifts that keep the sign, whatever the type; TYPE is that of I. */
#define Py_ARITHMETIC_RIGHT_SHIFT(TYPE, I, J) ((I) >> (J))
#define Py_FORCE_EXPANSION(X) X
/* From WIDE to NARROW, where the value is known to fit. */
#define Py_SAFE_DOWNCAST(VALUE, WIDE, NARROW) _Py_STATIC_CAST(NARROW, (VALUE))

#endif /* Py_PYPORT_H */

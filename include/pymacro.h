/* Small macros of general use. */
#ifndef Py_PYMACRO_H
#define Py_PYMACRO_H

#ifdef __cplusplus
extern "C" {
#endif

#define Py_MIN(x, y) (((x) > (y)) ? (y) : (x))
#define Py_MAX(x, y) (((x) > (y)) ? (x) : (y))
#define Py_ABS(x) ((x) < 0 ? -(x) : (x))
/* The absolute value of x as the unsigned type T; right for the least integer, too. */
#define _Py_ABS_CAST(T, x) ((x) >= 0 ? ((T)(x)) : ((T)(((T) - ((x) + 1)) + 1u)))

#define _Py_XSTRINGIFY(x) #x
/* The expansion of x, as a string. */
#define Py_STRINGIFY(x) _Py_XSTRINGIFY(x)

#define Py_MEMBER_SIZE(type, member) sizeof(((type *)0)->member)
#define Py_CHARMASK(c) ((unsigned char)((c) & 0xff))

/* An expression that is zero, or does not compile if cond is false. */
#define Py_BUILD_ASSERT_EXPR(cond) (sizeof(char[1 - 2 * !(cond)]) - 1)
#define Py_BUILD_ASSERT(cond) do { (void)Py_BUILD_ASSERT_EXPR(cond); } while (0)

/* The number of elements of an array. */
#if !defined(__cplusplus) && defined(__GNUC__)
/* A pointer in place of an array is an error. */
#  define Py_ARRAY_LENGTH(array) \
       (sizeof(array) / sizeof((array)[0]) \
        + Py_BUILD_ASSERT_EXPR(!__builtin_types_compatible_p(__typeof__(array), \
                                                             __typeof__(&(array)[0]))))
#else
#  define Py_ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#endif

/* Docstrings; PyDoc_STR("") where docstrings are not wanted. */
#define PyDoc_VAR(name) static const char name[]
#define PyDoc_STRVAR(name, str) PyDoc_VAR(name) = PyDoc_STR(str)
#ifdef WITH_DOC_STRINGS
#  define PyDoc_STR(str) str
#else
#  define PyDoc_STR(str) ""
#endif

/* Alignment; a is a power of two. */
#define _Py_SIZE_ROUND_DOWN(n, a) ((size_t)(n) & ~(size_t)((a) - 1))
#define _Py_SIZE_ROUND_UP(n, a) (((size_t)(n) + (size_t)((a) - 1)) & ~(size_t)((a) - 1))
#define _Py_ALIGN_DOWN(p, a) ((void *)((uintptr_t)(p) & ~(uintptr_t)((a) - 1)))
#define _Py_ALIGN_UP(p, a) \
    ((void *)(((uintptr_t)(p) + (uintptr_t)((a) - 1)) & ~(uintptr_t)((a) - 1)))
#define _Py_IS_ALIGNED(p, a) (!((uintptr_t)(p) & (uintptr_t)((a) - 1)))
#ifdef __cplusplus
#  define _Py_ALIGNED_DEF(N, T) alignas(N) alignas(T) T
#else
#  define _Py_ALIGNED_DEF(N, T) _Alignas(N) _Alignas(T) T
#endif

/* From the address of a member to that of its struct. */
#define _Py_CONTAINER_OF(ptr, type, member) \
    ((type *)((char *)(ptr) - offsetof(type, member)))

/* expr as a value that cannot be assigned to. */
#define _Py_RVALUE(EXPR) ((void)0, (EXPR))
#define _Py_IS_TYPE_SIGNED(type) ((type)(-1) <= 0)

/* A parameter that a function does not use: int f(PyObject *Py_UNUSED(self)). */
#ifdef __GNUC__
#  define Py_UNUSED(name) _unused_##name __attribute__((unused))
#else
#  define Py_UNUSED(name) _unused_##name
#endif

/* A place that is never reached. */
#ifdef __GNUC__
#  define Py_UNREACHABLE() __builtin_unreachable()
#else
#  define Py_UNREACHABLE() abort()
#endif

/* Versions as in PY_VERSION_HEX, as functions for those who cannot use the macros. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030e0000
PyAPI_FUNC(uint32_t) Py_PACK_FULL_VERSION(
    int major, int minor, int micro, int level, int serial);
PyAPI_FUNC(uint32_t) Py_PACK_VERSION(int major, int minor);
#endif
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030e0000
#  define Py_PACK_FULL_VERSION _Py_PACK_FULL_VERSION
#  define Py_PACK_VERSION(X, Y) Py_PACK_FULL_VERSION(X, Y, 0, 0, 0)
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_PYMACRO_H */

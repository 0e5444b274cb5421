/* Reference counts. */
#ifndef _Py_REFCOUNT_H
#define _Py_REFCOUNT_H

#ifdef __cplusplus
extern "C" {
#endif

/* An object with the count's top bit set is immortal: its count does not change. The count that
 * immortal objects start with leaves room on both sides, because extensions for the stable ABI
 * of releases before 3.12 do count. */
#define _Py_IMMORTAL_INITIAL_REFCNT (3ULL << 30)
#define _Py_IMMORTAL_MINIMUM_REFCNT (1ULL << 31)
/* In ob_flags. */
#define _Py_IMMORTAL_FLAGS            1
#define _Py_STATICALLY_ALLOCATED_FLAG 4
#define _Py_STATIC_FLAG_BITS ((Py_ssize_t)(_Py_STATICALLY_ALLOCATED_FLAG | _Py_IMMORTAL_FLAGS))
/* The whole first word of a static object. */
#define _Py_STATIC_IMMORTAL_INITIAL_REFCNT \
    ((Py_ssize_t)(_Py_IMMORTAL_INITIAL_REFCNT) | (_Py_STATIC_FLAG_BITS << 48))

/* Frees an object whose count has reached zero. */
PyAPI_FUNC(void) _Py_Dealloc(PyObject *op);
/* Functions for those who cannot use the macros; Py_IncRef and Py_DecRef accept NULL. */
PyAPI_FUNC(void) Py_IncRef(PyObject *op);
PyAPI_FUNC(void) Py_DecRef(PyObject *op);
PyAPI_FUNC(void) _Py_IncRef(PyObject *op);
PyAPI_FUNC(void) _Py_DecRef(PyObject *op);
PyAPI_FUNC(void) _Py_SetRefcnt(PyObject *ob, Py_ssize_t refcnt);
PyAPI_FUNC(Py_ssize_t) Py_REFCNT(PyObject *ob);
PyAPI_FUNC(PyObject *) Py_NewRef(PyObject *obj);
PyAPI_FUNC(PyObject *) Py_XNewRef(PyObject *obj);

static inline int
_Py_IsImmortal(PyObject *op)
{
    return (int32_t)op->ob_refcnt < 0;
}
#define _Py_IsImmortal(op) _Py_IsImmortal(_PyObject_CAST(op))

static inline int
_Py_IsStaticImmortal(PyObject *op)
{
    return (op->ob_flags & _Py_STATICALLY_ALLOCATED_FLAG) != 0;
}
#define _Py_IsStaticImmortal(op) _Py_IsStaticImmortal(_PyObject_CAST(op))

#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 < 0x030e0000
static inline Py_ssize_t
_Py_REFCNT(PyObject *ob)
{
    return (Py_ssize_t)ob->ob_refcnt;
}
#  define Py_REFCNT(ob) _Py_REFCNT(_PyObject_CAST(ob))
#endif

static inline void
Py_SET_REFCNT(PyObject *ob, Py_ssize_t refcnt)
{
#if defined(Py_LIMITED_API) && Py_LIMITED_API+0 >= 0x030d0000
    _Py_SetRefcnt(ob, refcnt);
#else
    if (!_Py_IsImmortal(ob)) {
        ob->ob_refcnt = (uint32_t)refcnt;
    }
#endif
}
#define Py_SET_REFCNT(ob, refcnt) Py_SET_REFCNT(_PyObject_CAST(ob), (refcnt))

/* One reference more. With a limited API of 3.10 or later this is a call, so that the compiled
 * code does not depend on how counts work. */
static inline Py_ALWAYS_INLINE void
Py_INCREF(PyObject *op)
{
#if defined(Py_LIMITED_API) && Py_LIMITED_API+0 >= 0x030c0000
    _Py_IncRef(op);
#elif defined(Py_LIMITED_API) && Py_LIMITED_API+0 >= 0x030a0000
    Py_IncRef(op);
#else
    uint32_t count = op->ob_refcnt;
    if (count >= _Py_IMMORTAL_INITIAL_REFCNT) {
        return;
    }
    op->ob_refcnt = count + 1;
#endif
}
#define Py_INCREF(op) Py_INCREF(_PyObject_CAST(op))

/* One reference less; frees the object with the last one. That may run any Python code, so
 * no struct may be inconsistent at this point. */
static inline Py_ALWAYS_INLINE void
Py_DECREF(PyObject *op)
{
#if defined(Py_LIMITED_API) && Py_LIMITED_API+0 >= 0x030c0000
    _Py_DecRef(op);
#elif defined(Py_LIMITED_API) && Py_LIMITED_API+0 >= 0x030a0000
    Py_DecRef(op);
#else
    /* Compilers take an early return for the rarer case: the way of counted objects is a straight line. */
    if (_Py_IsImmortal(op)) {
        return;
    }
    if (--op->ob_refcnt == 0) {
        _Py_Dealloc(op);
    }
#endif
}
#define Py_DECREF(op) Py_DECREF(_PyObject_CAST(op))

/* The same for pointers that may be NULL. */
static inline void
Py_XINCREF(PyObject *op)
{
    if (op != _Py_NULL) {
        Py_INCREF(op);
    }
}
#define Py_XINCREF(op) Py_XINCREF(_PyObject_CAST(op))

static inline void
Py_XDECREF(PyObject *op)
{
    if (op != _Py_NULL) {
        Py_DECREF(op);
    }
}
#define Py_XDECREF(op) Py_XDECREF(_PyObject_CAST(op))

/* A new reference to the object that is passed. */
static inline PyObject *
_Py_NewRef(PyObject *obj)
{
    Py_INCREF(obj);
    return obj;
}

static inline PyObject *
_Py_XNewRef(PyObject *obj)
{
    Py_XINCREF(obj);
    return obj;
}
#define Py_NewRef(obj) _Py_NewRef(_PyObject_CAST(obj))
#define Py_XNewRef(obj) _Py_XNewRef(_PyObject_CAST(obj))

/* Sets a variable to NULL and then releases what it held: whoever looks at the variable while
 * the old object dies finds NULL. */
#ifdef _Py_TYPEOF
#  define Py_CLEAR(op) \
       do { \
           _Py_TYPEOF(op) *_place = &(op); \
           _Py_TYPEOF(op) _old = *_place; \
           if (_old != _Py_NULL) { \
               *_place = _Py_NULL; \
               Py_DECREF(_old); \
           } \
       } while (0)
#else
#  define Py_CLEAR(op) \
       do { \
           PyObject **_place = _Py_CAST(PyObject **, &(op)); \
           PyObject *_old = *_place; \
           if (_old != _Py_NULL) { \
               PyObject *_null = _Py_NULL; \
               memcpy(_place, &_null, sizeof(PyObject *)); \
               Py_DECREF(_old); \
           } \
       } while (0)
#endif

#ifdef __cplusplus
}
#endif

#endif /* _Py_REFCOUNT_H */

/* Objects: the head that all of them share, their types, and what can be done with any object.
 *
 * A PyObject * that a function answers is a new reference unless a comment says "borrowed";
 * arguments are borrowed unless a comment says "steals". NULL, or -1 where the result is an
 * integer, means that an exception is set. */
#ifndef Py_OBJECT_H
#define Py_OBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* The head of an object. Only the low 32 bits of the count are used; an object whose count has
 * its top bit set is immortal and is never freed. */
#define _PyObject_MIN_ALIGNMENT 4

struct _object {
    __extension__ union {
        int64_t ob_refcnt_full;
        __extension__ struct {
#if PY_BIG_ENDIAN
            uint16_t ob_flags;
            uint16_t ob_overflow;
            uint32_t ob_refcnt;
#else
            uint32_t ob_refcnt;
            uint16_t ob_overflow;
            uint16_t ob_flags;
#endif
        };
        _Py_ALIGNED_DEF(_PyObject_MIN_ALIGNMENT, char) _aligner;
    };
    PyTypeObject *ob_type;
};

/* What a struct of an object begins with. */
#define PyObject_HEAD PyObject ob_base;
#define PyObject_VAR_HEAD PyVarObject ob_base;
#define _PyObject_EXTRA_INIT

/* The head of an object with a variable number of items. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t ob_size;
} PyVarObject;

#define Py_INVALID_SIZE (-1L)

/* Initialisers of static objects, which are immortal. */
#define PyObject_HEAD_INIT(type) { { _Py_STATIC_IMMORTAL_INITIAL_REFCNT }, (type) },
#define PyVarObject_HEAD_INIT(type, size) { PyObject_HEAD_INIT(type) (size) },

#define _PyObject_CAST(op) _Py_CAST(PyObject *, (op))
#define _PyVarObject_CAST(op) _Py_CAST(PyVarObject *, (op))
#define _PyType_CAST(op) _Py_CAST(PyTypeObject *, (op))

/* Signatures of slots. */
typedef PyObject *(*unaryfunc)(PyObject *);
typedef PyObject *(*binaryfunc)(PyObject *, PyObject *);
typedef PyObject *(*ternaryfunc)(PyObject *, PyObject *, PyObject *);
typedef int (*inquiry)(PyObject *);
typedef Py_ssize_t (*lenfunc)(PyObject *);
typedef PyObject *(*ssizeargfunc)(PyObject *, Py_ssize_t);
typedef PyObject *(*ssizessizeargfunc)(PyObject *, Py_ssize_t, Py_ssize_t);
typedef int (*ssizeobjargproc)(PyObject *, Py_ssize_t, PyObject *);
typedef int (*ssizessizeobjargproc)(PyObject *, Py_ssize_t, Py_ssize_t, PyObject *);
typedef int (*objobjargproc)(PyObject *, PyObject *, PyObject *);
typedef int (*objobjproc)(PyObject *, PyObject *);
typedef int (*visitproc)(PyObject *, void *);
typedef int (*traverseproc)(PyObject *, visitproc, void *);
typedef void (*freefunc)(void *);
typedef void (*destructor)(PyObject *);
typedef PyObject *(*getattrfunc)(PyObject *, char *);
typedef PyObject *(*getattrofunc)(PyObject *, PyObject *);
typedef int (*setattrfunc)(PyObject *, char *, PyObject *);
typedef int (*setattrofunc)(PyObject *, PyObject *, PyObject *);
typedef PyObject *(*reprfunc)(PyObject *);
typedef Py_hash_t (*hashfunc)(PyObject *);
typedef PyObject *(*richcmpfunc)(PyObject *, PyObject *, int);
typedef PyObject *(*getiterfunc)(PyObject *);
typedef PyObject *(*iternextfunc)(PyObject *);
typedef PyObject *(*descrgetfunc)(PyObject *, PyObject *, PyObject *);
typedef int (*descrsetfunc)(PyObject *, PyObject *, PyObject *);
typedef int (*initproc)(PyObject *, PyObject *, PyObject *);
typedef PyObject *(*newfunc)(PyTypeObject *, PyObject *, PyObject *);
typedef PyObject *(*allocfunc)(PyTypeObject *, Py_ssize_t);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030c0000
typedef PyObject *(*vectorcallfunc)(PyObject *, PyObject *const *, size_t, PyObject *);
#endif

/* Types created at run time. */
typedef struct {
    int slot;
    void *pfunc;
} PyType_Slot;

typedef struct {
    const char *name;
    int basicsize;
    int itemsize;
    unsigned int flags;
    PyType_Slot *slots;
} PyType_Spec;

PyAPI_FUNC(PyObject *) PyType_FromSpec(PyType_Spec *spec);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03030000
PyAPI_FUNC(PyObject *) PyType_FromSpecWithBases(PyType_Spec *spec, PyObject *bases);
#endif
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03090000
PyAPI_FUNC(PyObject *) PyType_FromModuleAndSpec(
    PyObject *module, PyType_Spec *spec, PyObject *bases);
#endif
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030c0000
PyAPI_FUNC(PyObject *) PyType_FromMetaclass(
    PyTypeObject *metaclass, PyObject *module, PyType_Spec *spec, PyObject *bases);
#endif

/* The slot Py_tp_token with this value makes the spec's address the token. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030e0000
#  define Py_TP_USE_SPEC NULL
#endif

/* Finds the first class of the MRO with the token; 1 if there is one, 0 if not. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030e0000
PyAPI_FUNC(int) PyType_GetBaseByToken(
    PyTypeObject *type, void *token, PyTypeObject **result);
#endif

/* Of a heap type: the value of a slot, its module, the module's state (borrowed). */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03040000
PyAPI_FUNC(void *) PyType_GetSlot(PyTypeObject *type, int slot);
#endif
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03090000
PyAPI_FUNC(PyObject *) PyType_GetModule(PyTypeObject *type);
PyAPI_FUNC(void *) PyType_GetModuleState(PyTypeObject *type);
#endif
/* The module among those of the MRO that was made from the definition (borrowed). */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030d0000
PyAPI_FUNC(PyObject *) PyType_GetModuleByDef(PyTypeObject *type, PyModuleDef *def);
#endif
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030b0000
PyAPI_FUNC(PyObject *) PyType_GetName(PyTypeObject *type);
PyAPI_FUNC(PyObject *) PyType_GetQualName(PyTypeObject *type);
#endif
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030d0000
PyAPI_FUNC(PyObject *) PyType_GetFullyQualifiedName(PyTypeObject *type);
PyAPI_FUNC(PyObject *) PyType_GetModuleName(PyTypeObject *type);
#endif
/* For specs with a negative basicsize: where the class's own data lies in an instance. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030c0000
PyAPI_FUNC(void *) PyObject_GetTypeData(PyObject *obj, PyTypeObject *cls);
PyAPI_FUNC(Py_ssize_t) PyType_GetTypeDataSize(PyTypeObject *cls);
#endif
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030e0000
PyAPI_FUNC(int) PyType_Freeze(PyTypeObject *type);
#endif

PyAPI_FUNC(int) PyType_IsSubtype(PyTypeObject *a, PyTypeObject *b);
PyAPI_FUNC(unsigned long) PyType_GetFlags(PyTypeObject *type);
/* Completes a type; must be called before a static type is used. */
PyAPI_FUNC(int) PyType_Ready(PyTypeObject *type);
PyAPI_FUNC(PyObject *) PyType_GenericAlloc(PyTypeObject *type, Py_ssize_t nitems);
PyAPI_FUNC(PyObject *) PyType_GenericNew(
    PyTypeObject *type, PyObject *args, PyObject *kwargs);
PyAPI_FUNC(unsigned int) PyType_ClearCache(void);
/* Must be called after changing slots or the dictionary of a type by hand. */
PyAPI_FUNC(void) PyType_Modified(PyTypeObject *type);

PyAPI_DATA(PyTypeObject) PyType_Type;
PyAPI_DATA(PyTypeObject) PyBaseObject_Type;
PyAPI_DATA(PyTypeObject) PySuper_Type;
PyAPI_DATA(PyTypeObject) PyLong_Type;
PyAPI_DATA(PyTypeObject) PyBool_Type;

/* Any object. */
PyAPI_FUNC(PyObject *) PyObject_Repr(PyObject *obj);
PyAPI_FUNC(PyObject *) PyObject_Str(PyObject *obj);
PyAPI_FUNC(PyObject *) PyObject_ASCII(PyObject *obj);
PyAPI_FUNC(PyObject *) PyObject_Bytes(PyObject *obj);
PyAPI_FUNC(PyObject *) PyObject_RichCompare(PyObject *a, PyObject *b, int op);
PyAPI_FUNC(int) PyObject_RichCompareBool(PyObject *a, PyObject *b, int op);
PyAPI_FUNC(Py_hash_t) PyObject_Hash(PyObject *obj);
PyAPI_FUNC(Py_hash_t) PyObject_HashNotImplemented(PyObject *obj);
PyAPI_FUNC(int) PyObject_IsTrue(PyObject *obj);
PyAPI_FUNC(int) PyObject_Not(PyObject *obj);
PyAPI_FUNC(int) PyCallable_Check(PyObject *obj);
PyAPI_FUNC(PyObject *) PyObject_Dir(PyObject *obj);
PyAPI_FUNC(PyObject *) PyObject_SelfIter(PyObject *obj);
PyAPI_FUNC(void) PyObject_ClearWeakRefs(PyObject *obj);

/* Attributes. HasAttr* without "WithError" swallow every exception. */
PyAPI_FUNC(PyObject *) PyObject_GetAttr(PyObject *obj, PyObject *name);
PyAPI_FUNC(PyObject *) PyObject_GetAttrString(PyObject *obj, const char *name);
PyAPI_FUNC(int) PyObject_SetAttr(PyObject *obj, PyObject *name, PyObject *value);
PyAPI_FUNC(int) PyObject_SetAttrString(PyObject *obj, const char *name, PyObject *value);
PyAPI_FUNC(int) PyObject_DelAttr(PyObject *obj, PyObject *name);
PyAPI_FUNC(int) PyObject_DelAttrString(PyObject *obj, const char *name);
#if defined(Py_LIMITED_API) && Py_LIMITED_API+0 < 0x030d0000
/* Releases before 3.13 have no such functions. */
#  define PyObject_DelAttr(obj, name) PyObject_SetAttr((obj), (name), NULL)
#  define PyObject_DelAttrString(obj, name) PyObject_SetAttrString((obj), (name), NULL)
#endif
PyAPI_FUNC(int) PyObject_HasAttr(PyObject *obj, PyObject *name);
PyAPI_FUNC(int) PyObject_HasAttrString(PyObject *obj, const char *name);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030d0000
PyAPI_FUNC(int) PyObject_HasAttrWithError(PyObject *obj, PyObject *name);
PyAPI_FUNC(int) PyObject_HasAttrStringWithError(PyObject *obj, const char *name);
#endif
/* 1 and a new reference, 0 and NULL if there is no such attribute, -1 on other errors. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030d0000
PyAPI_FUNC(int) PyObject_GetOptionalAttr(PyObject *obj, PyObject *name, PyObject **result);
PyAPI_FUNC(int) PyObject_GetOptionalAttrString(
    PyObject *obj, const char *name, PyObject **result);
#endif
/* The usual values of tp_getattro and tp_setattro, and of the getter and setter of __dict__. */
PyAPI_FUNC(PyObject *) PyObject_GenericGetAttr(PyObject *obj, PyObject *name);
PyAPI_FUNC(int) PyObject_GenericSetAttr(PyObject *obj, PyObject *name, PyObject *value);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03030000
PyAPI_FUNC(int) PyObject_GenericSetDict(PyObject *obj, PyObject *value, void *context);
#endif

/* Guards a __repr__ against recursion: Enter answers 1 if it is already running for obj. */
PyAPI_FUNC(int) Py_ReprEnter(PyObject *obj);
PyAPI_FUNC(void) Py_ReprLeave(PyObject *obj);

/* For tp_print and PyObject_Print: str() instead of repr(). */
#define Py_PRINT_RAW 1

/* Flags of types. */
#ifndef Py_LIMITED_API
#  define _Py_TPFLAGS_STATIC_BUILTIN (1 << 1)
#  define Py_TPFLAGS_INLINE_VALUES   (1 << 2)
#  define Py_TPFLAGS_MANAGED_WEAKREF (1 << 3)
#  define Py_TPFLAGS_MANAGED_DICT    (1 << 4)
#  define Py_TPFLAGS_PREHEADER (Py_TPFLAGS_MANAGED_WEAKREF | Py_TPFLAGS_MANAGED_DICT)
/* What structural pattern matching takes the type for. */
#  define Py_TPFLAGS_SEQUENCE        (1 << 5)
#  define Py_TPFLAGS_MAPPING         (1 << 6)
#endif
#define Py_TPFLAGS_DISALLOW_INSTANTIATION (1UL << 7)
#define Py_TPFLAGS_IMMUTABLETYPE          (1UL << 8)
#define Py_TPFLAGS_HEAPTYPE               (1UL << 9)
#define Py_TPFLAGS_BASETYPE               (1UL << 10)
#define Py_TPFLAGS_READY                  (1UL << 12)
#define Py_TPFLAGS_READYING               (1UL << 13)
#define Py_TPFLAGS_HAVE_GC                (1UL << 14)
#define Py_TPFLAGS_METHOD_DESCRIPTOR      (1UL << 17)
#define Py_TPFLAGS_VALID_VERSION_TAG      (1UL << 19)
#define Py_TPFLAGS_IS_ABSTRACT            (1UL << 20)
#define _Py_TPFLAGS_MATCH_SELF            (1UL << 22)
#define Py_TPFLAGS_ITEMS_AT_END           (1UL << 23)
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030c0000
#  define Py_TPFLAGS_HAVE_VECTORCALL        (1UL << 11)
#  ifndef Py_LIMITED_API
#    define _Py_TPFLAGS_HAVE_VECTORCALL Py_TPFLAGS_HAVE_VECTORCALL
#  endif
#endif
/* Set in a type and its subclasses, so that "is it a list?" is one test. */
#define Py_TPFLAGS_LONG_SUBCLASS     (1UL << 24)
#define Py_TPFLAGS_LIST_SUBCLASS     (1UL << 25)
#define Py_TPFLAGS_TUPLE_SUBCLASS    (1UL << 26)
#define Py_TPFLAGS_BYTES_SUBCLASS    (1UL << 27)
#define Py_TPFLAGS_UNICODE_SUBCLASS  (1UL << 28)
#define Py_TPFLAGS_DICT_SUBCLASS     (1UL << 29)
#define Py_TPFLAGS_BASE_EXC_SUBCLASS (1UL << 30)
#define Py_TPFLAGS_TYPE_SUBCLASS     (1UL << 31)
/* Without meaning today. */
#define Py_TPFLAGS_HAVE_FINALIZE            (1UL << 0)
#define Py_TPFLAGS_HAVE_VERSION_TAG         (1UL << 18)
#define Py_TPFLAGS_HAVE_STACKLESS_EXTENSION 0
#define Py_TPFLAGS_DEFAULT (Py_TPFLAGS_HAVE_STACKLESS_EXTENSION | 0)

/* Objects of which there is one. */
#define Py_CONSTANT_NONE            0
#define Py_CONSTANT_FALSE           1
#define Py_CONSTANT_TRUE            2
#define Py_CONSTANT_ELLIPSIS        3
#define Py_CONSTANT_NOT_IMPLEMENTED 4
#define Py_CONSTANT_ZERO            5
#define Py_CONSTANT_ONE             6
#define Py_CONSTANT_EMPTY_STR       7
#define Py_CONSTANT_EMPTY_BYTES     8
#define Py_CONSTANT_EMPTY_TUPLE     9
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030d0000
PyAPI_FUNC(PyObject *) Py_GetConstant(unsigned int constant_id);
PyAPI_FUNC(PyObject *) Py_GetConstantBorrowed(unsigned int constant_id);
#endif

PyAPI_DATA(PyObject) _Py_NoneStruct;
PyAPI_DATA(PyObject) _Py_NotImplementedStruct;
#if defined(Py_LIMITED_API) && Py_LIMITED_API+0 >= 0x030d0000
#  define Py_None Py_GetConstantBorrowed(Py_CONSTANT_NONE)
#  define Py_NotImplemented Py_GetConstantBorrowed(Py_CONSTANT_NOT_IMPLEMENTED)
#else
#  define Py_None (&_Py_NoneStruct)
#  define Py_NotImplemented (&_Py_NotImplementedStruct)
#endif
#define Py_RETURN_NONE return Py_None
#define Py_RETURN_NOTIMPLEMENTED return Py_NotImplemented

PyAPI_FUNC(int) Py_Is(PyObject *x, PyObject *y);
PyAPI_FUNC(int) Py_IsNone(PyObject *x);
#define Py_Is(x, y) ((x) == (y))
#define Py_IsNone(x) Py_Is((x), Py_None)

/* What a generator's step answers. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030a0000
typedef enum {
    PYGEN_ERROR = -1,
    PYGEN_RETURN = 0,
    PYGEN_NEXT = 1
} PySendResult;
#endif

/* Operators of tp_richcompare. */
#define Py_LT 0
#define Py_LE 1
#define Py_EQ 2
#define Py_NE 3
#define Py_GT 4
#define Py_GE 5

/* Returns from a tp_richcompare with the comparison of two C values. */
#define Py_RETURN_RICHCOMPARE(val1, val2, op) \
    do { \
        switch (op) { \
        case Py_LT: return PyBool_FromLong((val1) < (val2)); \
        case Py_LE: return PyBool_FromLong((val1) <= (val2)); \
        case Py_EQ: return PyBool_FromLong((val1) == (val2)); \
        case Py_NE: return PyBool_FromLong((val1) != (val2)); \
        case Py_GT: return PyBool_FromLong((val1) > (val2)); \
        case Py_GE: return PyBool_FromLong((val1) >= (val2)); \
        default: Py_UNREACHABLE(); \
        } \
    } while (0)

#ifndef Py_LIMITED_API
#  include "cpython/object.h"
#endif

/* The type of an object (borrowed). */
PyAPI_FUNC(PyTypeObject *) Py_TYPE(PyObject *ob);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 < 0x030e0000
static inline PyTypeObject *
_Py_TYPE(PyObject *ob)
{
    return ob->ob_type;
}
#  define Py_TYPE(ob) _Py_TYPE(_PyObject_CAST(ob))
#endif

static inline int
Py_IS_TYPE(PyObject *ob, PyTypeObject *type)
{
    return Py_TYPE(ob) == type;
}
#define Py_IS_TYPE(ob, type) Py_IS_TYPE(_PyObject_CAST(ob), (type))

/* The number of items of a variable-size object; not for int, which keeps a tag there. */
static inline Py_ssize_t
Py_SIZE(PyObject *ob)
{
    return _PyVarObject_CAST(ob)->ob_size;
}
#define Py_SIZE(ob) Py_SIZE(_PyObject_CAST(ob))

static inline void
Py_SET_TYPE(PyObject *ob, PyTypeObject *type)
{
    ob->ob_type = type;
}
#define Py_SET_TYPE(ob, type) Py_SET_TYPE(_PyObject_CAST(ob), (type))

static inline void
Py_SET_SIZE(PyVarObject *ob, Py_ssize_t size)
{
    ob->ob_size = size;
}
#define Py_SET_SIZE(ob, size) Py_SET_SIZE(_PyVarObject_CAST(ob), (size))

static inline int
PyObject_TypeCheck(PyObject *ob, PyTypeObject *type)
{
    return Py_IS_TYPE(ob, type) || PyType_IsSubtype(Py_TYPE(ob), type);
}
#define PyObject_TypeCheck(ob, type) PyObject_TypeCheck(_PyObject_CAST(ob), (type))

static inline int
PyType_HasFeature(PyTypeObject *type, unsigned long feature)
{
#ifdef Py_LIMITED_API
    return (PyType_GetFlags(type) & feature) != 0;
#else
    return (type->tp_flags & feature) != 0;
#endif
}
#define PyType_FastSubclass(type, flag) PyType_HasFeature((type), (flag))

static inline int
PyType_Check(PyObject *op)
{
    return PyType_FastSubclass(Py_TYPE(op), Py_TPFLAGS_TYPE_SUBCLASS);
}
#define PyType_Check(op) PyType_Check(_PyObject_CAST(op))

static inline int
PyType_CheckExact(PyObject *op)
{
    return Py_IS_TYPE(op, &PyType_Type);
}
#define PyType_CheckExact(op) PyType_CheckExact(_PyObject_CAST(op))

#ifdef __cplusplus
}
#endif

#endif /* Py_OBJECT_H */

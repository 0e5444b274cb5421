/* Type objects, and functions on objects outside the limited API. */
#ifndef Py_CPYTHON_OBJECT_H
#define Py_CPYTHON_OBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Marks a new object as alive, with one reference. */
PyAPI_FUNC(void) _Py_NewReference(PyObject *op);
PyAPI_FUNC(void) _Py_NewReferenceNoTotal(PyObject *op);
PyAPI_FUNC(void) _Py_ResurrectReference(PyObject *op);
PyAPI_FUNC(void) _Py_ForgetReference(PyObject *op);

/* A constant name that becomes an interned string when it is first used. */
typedef struct _Py_Identifier {
    const char *string;
    Py_ssize_t index;
    struct {
        uint8_t v;
    } mutex;
} _Py_Identifier;

#define _Py_static_string_init(value) { (value), -1, { 0 } }
#define _Py_static_string(varname, value) \
    static _Py_Identifier varname = _Py_static_string_init(value)
#define _Py_IDENTIFIER(varname) _Py_static_string(PyId_##varname, #varname)

/* What a type does as a number. */
typedef struct {
    binaryfunc nb_add;
    binaryfunc nb_subtract;
    binaryfunc nb_multiply;
    binaryfunc nb_remainder;
    binaryfunc nb_divmod;
    ternaryfunc nb_power;
    unaryfunc nb_negative;
    unaryfunc nb_positive;
    unaryfunc nb_absolute;
    inquiry nb_bool;
    unaryfunc nb_invert;
    binaryfunc nb_lshift;
    binaryfunc nb_rshift;
    binaryfunc nb_and;
    binaryfunc nb_xor;
    binaryfunc nb_or;
    unaryfunc nb_int;
    void *nb_reserved;
    unaryfunc nb_float;
    binaryfunc nb_inplace_add;
    binaryfunc nb_inplace_subtract;
    binaryfunc nb_inplace_multiply;
    binaryfunc nb_inplace_remainder;
    ternaryfunc nb_inplace_power;
    binaryfunc nb_inplace_lshift;
    binaryfunc nb_inplace_rshift;
    binaryfunc nb_inplace_and;
    binaryfunc nb_inplace_xor;
    binaryfunc nb_inplace_or;
    binaryfunc nb_floor_divide;
    binaryfunc nb_true_divide;
    binaryfunc nb_inplace_floor_divide;
    binaryfunc nb_inplace_true_divide;
    unaryfunc nb_index;
    binaryfunc nb_matrix_multiply;
    binaryfunc nb_inplace_matrix_multiply;
} PyNumberMethods;

/* ... as a sequence ... */
typedef struct {
    lenfunc sq_length;
    binaryfunc sq_concat;
    ssizeargfunc sq_repeat;
    ssizeargfunc sq_item;
    void *was_sq_slice;
    ssizeobjargproc sq_ass_item;
    void *was_sq_ass_slice;
    objobjproc sq_contains;
    binaryfunc sq_inplace_concat;
    ssizeargfunc sq_inplace_repeat;
} PySequenceMethods;

/* ... as a mapping ... */
typedef struct {
    lenfunc mp_length;
    binaryfunc mp_subscript;
    objobjargproc mp_ass_subscript;
} PyMappingMethods;

/* ... in "await" and "async for" ... */
typedef PySendResult (*sendfunc)(PyObject *, PyObject *, PyObject **);
typedef struct {
    unaryfunc am_await;
    unaryfunc am_aiter;
    unaryfunc am_anext;
    sendfunc am_send;
} PyAsyncMethods;

/* ... and how it shows its memory. */
typedef struct {
    getbufferproc bf_getbuffer;
    releasebufferproc bf_releasebuffer;
} PyBufferProcs;

typedef Py_ssize_t printfunc;

/* A type. tp_watched and tp_versions_used are the runtime's own. */
struct _typeobject {
    PyObject_VAR_HEAD
    /* "module.Type"; of built-in types, "Type". */
    const char *tp_name;
    /* Bytes of an instance, and for each item if their number varies. */
    Py_ssize_t tp_basicsize;
    Py_ssize_t tp_itemsize;

    /* Release; where in the instance its vectorcallfunc is; superseded look-ups. */
    destructor tp_dealloc;
    Py_ssize_t tp_vectorcall_offset;
    getattrfunc tp_getattr;
    setattrfunc tp_setattr;

    /* Operations. */
    PyAsyncMethods *tp_as_async;
    reprfunc tp_repr;
    PyNumberMethods *tp_as_number;
    PySequenceMethods *tp_as_sequence;
    PyMappingMethods *tp_as_mapping;
    hashfunc tp_hash;
    ternaryfunc tp_call;
    reprfunc tp_str;
    getattrofunc tp_getattro;
    setattrofunc tp_setattro;
    PyBufferProcs *tp_as_buffer;

    /* Py_TPFLAGS_*, and the docstring. */
    unsigned long tp_flags;
    const char *tp_doc;
    /* Visits all references, and releases those that may be in cycles. */
    traverseproc tp_traverse;
    inquiry tp_clear;

    /* Comparison; where in the instance the list of weak references is; iteration. */
    richcmpfunc tp_richcompare;
    Py_ssize_t tp_weaklistoffset;
    getiterfunc tp_iter;
    iternextfunc tp_iternext;

    /* Attributes, base class, dictionary. */
    PyMethodDef *tp_methods;
    PyMemberDef *tp_members;
    PyGetSetDef *tp_getset;
    PyTypeObject *tp_base;
    PyObject *tp_dict;
    /* What instances do as attributes of a class; where their __dict__ is. */
    descrgetfunc tp_descr_get;
    descrsetfunc tp_descr_set;
    Py_ssize_t tp_dictoffset;

    /* Creation and its reverse. */
    initproc tp_init;
    allocfunc tp_alloc;
    newfunc tp_new;
    freefunc tp_free;
    inquiry tp_is_gc;

    /* Filled in by PyType_Ready. */
    PyObject *tp_bases;
    PyObject *tp_mro;
    PyObject *tp_cache;
    void *tp_subclasses;
    PyObject *tp_weaklist;

    /* __del__ of old; the version that caches compare; __del__ proper (PEP 442). */
    destructor tp_del;
    unsigned int tp_version_tag;
    destructor tp_finalize;
    /* A call of the type itself. */
    vectorcallfunc tp_vectorcall;
    /* Bits of watchers, and how many versions the type has had. */
    unsigned char tp_watched;
    uint16_t tp_versions_used;
};

#define _Py_ATTR_CACHE_UNUSED 30000

/* What the runtime remembers about a heap type to speed up instances. */
struct _specialization_cache {
    PyObject *getitem;
    uint32_t getitem_version;
    PyObject *init;
};

/* A type made at run time. */
typedef struct _heaptypeobject {
    PyTypeObject ht_type;
    PyAsyncMethods as_async;
    PyNumberMethods as_number;
    PyMappingMethods as_mapping;
    PySequenceMethods as_sequence;
    PyBufferProcs as_buffer;
    PyObject *ht_name;
    PyObject *ht_slots;
    PyObject *ht_qualname;
    struct _dictkeysobject *ht_cached_keys;
    PyObject *ht_module;
    char *_ht_tpname;
    void *ht_token;
    struct _specialization_cache _spec_cache;
} PyHeapTypeObject;

/* Look-ups in a type's MRO that set no exception: borrowed, and new. */
PyAPI_FUNC(const char *) _PyType_Name(PyTypeObject *type);
PyAPI_FUNC(PyObject *) _PyType_Lookup(PyTypeObject *type, PyObject *name);
PyAPI_FUNC(PyObject *) _PyType_LookupRef(PyTypeObject *type, PyObject *name);
PyAPI_FUNC(PyObject *) PyType_GetDict(PyTypeObject *type);

PyAPI_FUNC(int) PyObject_Print(PyObject *obj, FILE *fp, int flags);
PyAPI_FUNC(void) _Py_BreakPoint(void);
PyAPI_FUNC(void) _PyObject_Dump(PyObject *op);
PyAPI_FUNC(PyObject *) _PyObject_GetAttrId(PyObject *obj, _Py_Identifier *name);
PyAPI_FUNC(PyObject **) _PyObject_GetDictPtr(PyObject *obj);
/* Calls tp_finalize once in the object's life; from tp_dealloc: -1 if it came back to life. */
PyAPI_FUNC(void) PyObject_CallFinalizer(PyObject *obj);
PyAPI_FUNC(int) PyObject_CallFinalizerFromDealloc(PyObject *obj);
PyAPI_FUNC(void) PyUnstable_Object_ClearWeakRefsNoCallbacks(PyObject *obj);

/* With suppress, a missing attribute answers NULL and sets no exception. */
PyAPI_FUNC(PyObject *) _PyObject_GenericGetAttrWithDict(
    PyObject *obj, PyObject *name, PyObject *dict, int suppress);
PyAPI_FUNC(int) _PyObject_GenericSetAttrWithDict(
    PyObject *obj, PyObject *name, PyObject *value, PyObject *dict);
PyAPI_FUNC(PyObject *) _PyObject_FunctionStr(PyObject *func);

/* Assigns and then releases the old value: safe against code that runs in between. */
#ifdef _Py_TYPEOF
#  define Py_SETREF(dst, src) \
       do { \
           _Py_TYPEOF(dst) *_place = &(dst); \
           _Py_TYPEOF(dst) _old = *_place; \
           *_place = (src); \
           Py_DECREF(_old); \
       } while (0)
#  define Py_XSETREF(dst, src) \
       do { \
           _Py_TYPEOF(dst) *_place = &(dst); \
           _Py_TYPEOF(dst) _old = *_place; \
           *_place = (src); \
           Py_XDECREF(_old); \
       } while (0)
#else
#  define Py_SETREF(dst, src) \
       do { \
           PyObject **_place = _Py_CAST(PyObject **, &(dst)); \
           PyObject *_old = *_place; \
           PyObject *_new = _PyObject_CAST(src); \
           memcpy(_place, &_new, sizeof(PyObject *)); \
           Py_DECREF(_old); \
       } while (0)
#  define Py_XSETREF(dst, src) \
       do { \
           PyObject **_place = _Py_CAST(PyObject **, &(dst)); \
           PyObject *_old = *_place; \
           PyObject *_new = _PyObject_CAST(src); \
           memcpy(_place, &_new, sizeof(PyObject *)); \
           Py_XDECREF(_old); \
       } while (0)
#endif

/* Assertions about objects, which describe the object when they fail; active without NDEBUG. */
#ifdef NDEBUG
#  define _PyObject_ASSERT_FROM(obj, expr, msg, filename, lineno, func) ((void)0)
#else
#  define _PyObject_ASSERT_FROM(obj, expr, msg, filename, lineno, func) \
       ((expr) ? (void)0 \
               : _PyObject_AssertFailed((obj), Py_STRINGIFY(expr), (msg), (filename), \
                                        (lineno), (func)))
#endif
#define _PyObject_ASSERT_WITH_MSG(obj, expr, msg) \
    _PyObject_ASSERT_FROM((obj), expr, (msg), __FILE__, __LINE__, __func__)
#define _PyObject_ASSERT(obj, expr) _PyObject_ASSERT_WITH_MSG((obj), expr, NULL)
#define _PyObject_ASSERT_FAILED_MSG(obj, msg) \
    _PyObject_AssertFailed((obj), NULL, (msg), __FILE__, __LINE__, __func__)
_Py_NO_RETURN PyAPI_FUNC(void) _PyObject_AssertFailed(
    PyObject *obj, const char *expr, const char *msg, const char *file, int line,
    const char *function);

/* Bounds the C recursion of nested containers that die: between BEGIN and END of a tp_dealloc,
 * objects that are too deep are put aside and destroyed later. */
PyAPI_FUNC(void) _PyTrash_thread_deposit_object(PyThreadState *tstate, PyObject *op);
PyAPI_FUNC(void) _PyTrash_thread_destroy_chain(PyThreadState *tstate);
PyAPI_FUNC(int) _Py_ReachedRecursionLimitWithMargin(
    PyThreadState *tstate, int margin_count);
#define Py_TRASHCAN_BEGIN(op, dealloc) \
    do { \
        PyThreadState *_trash_tstate = PyThreadState_Get(); \
        assert(Py_TYPE(op)->tp_dealloc == (destructor)(dealloc)); \
        if (_Py_ReachedRecursionLimitWithMargin(_trash_tstate, 2)) { \
            _PyTrash_thread_deposit_object(_trash_tstate, _PyObject_CAST(op)); \
            break; \
        }
#define Py_TRASHCAN_END \
        if (_trash_tstate->delete_later \
            && !_Py_ReachedRecursionLimitWithMargin(_trash_tstate, 4)) { \
            _PyTrash_thread_destroy_chain(_trash_tstate); \
        } \
    } while (0);

/* For types with Py_TPFLAGS_MANAGED_DICT: to be called by tp_traverse and tp_clear. */
PyAPI_FUNC(int) PyObject_VisitManagedDict(PyObject *obj, visitproc visit, void *arg);
PyAPI_FUNC(void) PyObject_ClearManagedDict(PyObject *obj);
PyAPI_FUNC(int) _PyObject_SetManagedDict(PyObject *obj, PyObject *new_dict);
/* For types with Py_TPFLAGS_ITEMS_AT_END. */
PyAPI_FUNC(void *) PyObject_GetItemData(PyObject *obj);

/* Callbacks for changes of types. */
typedef int (*PyType_WatchCallback)(PyTypeObject *);
PyAPI_FUNC(int) PyType_AddWatcher(PyType_WatchCallback callback);
PyAPI_FUNC(int) PyType_ClearWatcher(int watcher_id);
PyAPI_FUNC(int) PyType_Watch(int watcher_id, PyObject *type);
PyAPI_FUNC(int) PyType_Unwatch(int watcher_id, PyObject *type);
PyAPI_FUNC(int) PyUnstable_Type_AssignVersionTag(PyTypeObject *type);

/* Callback for the creation and destruction of every object. */
typedef enum {
    PyRefTracer_CREATE = 0,
    PyRefTracer_DESTROY = 1
} PyRefTracerEvent;
typedef int (*PyRefTracer)(PyObject *, PyRefTracerEvent, void *);
PyAPI_FUNC(int) PyRefTracer_SetTracer(PyRefTracer tracer, void *data);
PyAPI_FUNC(PyRefTracer) PyRefTracer_GetTracer(void **data);

/* Who else may hold the object? */
PyAPI_FUNC(int) PyUnstable_Object_EnableDeferredRefcount(PyObject *obj);
PyAPI_FUNC(int) PyUnstable_Object_IsUniqueReferencedTemporary(PyObject *obj);
PyAPI_FUNC(int) PyUnstable_Object_IsUniquelyReferenced(PyObject *obj);
PyAPI_FUNC(int) PyUnstable_IsImmortal(PyObject *obj);
PyAPI_FUNC(int) PyUnstable_TryIncRef(PyObject *obj);
PyAPI_FUNC(void) PyUnstable_EnableTryIncRef(PyObject *obj);

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_OBJECT_H */

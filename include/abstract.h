/* What can be done with objects by protocol: calling, items, iteration, numbers, sequences,
 * mappings. */
#ifndef Py_ABSTRACTOBJECT_H
#define Py_ABSTRACTOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Calls. Arguments in formats as in Py_BuildValue, or as objects up to a NULL. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03090000
PyAPI_FUNC(PyObject *) PyObject_CallNoArgs(PyObject *func);
#endif
PyAPI_FUNC(PyObject *) PyObject_Call(PyObject *callable, PyObject *args, PyObject *kwargs);
PyAPI_FUNC(PyObject *) PyObject_CallObject(PyObject *callable, PyObject *args);
PyAPI_FUNC(PyObject *) PyObject_CallFunction(PyObject *callable, const char *format, ...);
PyAPI_FUNC(PyObject *) PyObject_CallMethod(
    PyObject *obj, const char *name, const char *format, ...);
PyAPI_FUNC(PyObject *) PyObject_CallFunctionObjArgs(PyObject *callable, ...);
PyAPI_FUNC(PyObject *) PyObject_CallMethodObjArgs(PyObject *obj, PyObject *name, ...);

/* Vectorcall: positional arguments in an array, then the values of keyword arguments, whose
 * names are in a tuple. With the flag in nargsf, the callee may use args[-1] for itself. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030c0000
#  define PY_VECTORCALL_ARGUMENTS_OFFSET \
       (_Py_STATIC_CAST(size_t, 1) << (8 * sizeof(size_t) - 1))
#endif
PyAPI_FUNC(Py_ssize_t) PyVectorcall_NARGS(size_t nargsf);
PyAPI_FUNC(PyObject *) PyVectorcall_Call(
    PyObject *callable, PyObject *tuple, PyObject *dict);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030c0000
PyAPI_FUNC(PyObject *) PyObject_Vectorcall(
    PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames);
PyAPI_FUNC(PyObject *) PyObject_VectorcallMethod(
    PyObject *name, PyObject *const *args, size_t nargsf, PyObject *kwnames);
#endif

/* Items of any container. */
PyAPI_FUNC(PyObject *) PyObject_Type(PyObject *obj);
PyAPI_FUNC(Py_ssize_t) PyObject_Size(PyObject *obj);
PyAPI_FUNC(Py_ssize_t) PyObject_Length(PyObject *obj);
#define PyObject_Length PyObject_Size
PyAPI_FUNC(PyObject *) PyObject_GetItem(PyObject *obj, PyObject *key);
PyAPI_FUNC(int) PyObject_SetItem(PyObject *obj, PyObject *key, PyObject *value);
PyAPI_FUNC(int) PyObject_DelItem(PyObject *obj, PyObject *key);
PyAPI_FUNC(int) PyObject_DelItemString(PyObject *obj, const char *key);

PyAPI_FUNC(PyObject *) PyObject_Format(PyObject *obj, PyObject *format_spec);

/* Iteration. */
PyAPI_FUNC(PyObject *) PyObject_GetIter(PyObject *obj);
PyAPI_FUNC(PyObject *) PyObject_GetAIter(PyObject *obj);
PyAPI_FUNC(int) PyIter_Check(PyObject *obj);
PyAPI_FUNC(int) PyAIter_Check(PyObject *obj);
/* 1 and the item, 0 and NULL at the end, -1 on an error; the older one answers NULL at the end
 * and on an error. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030e0000
PyAPI_FUNC(int) PyIter_NextItem(PyObject *iter, PyObject **item);
#endif
PyAPI_FUNC(PyObject *) PyIter_Next(PyObject *iter);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030a0000
PyAPI_FUNC(PySendResult) PyIter_Send(PyObject *iter, PyObject *value, PyObject **result);
#endif

/* Numbers. */
PyAPI_FUNC(int) PyNumber_Check(PyObject *obj);
PyAPI_FUNC(PyObject *) PyNumber_Add(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_Subtract(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_Multiply(PyObject *a, PyObject *b);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03050000
PyAPI_FUNC(PyObject *) PyNumber_MatrixMultiply(PyObject *a, PyObject *b);
#endif
PyAPI_FUNC(PyObject *) PyNumber_FloorDivide(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_TrueDivide(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_Remainder(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_Divmod(PyObject *a, PyObject *b);
/* c is the modulus, or None. */
PyAPI_FUNC(PyObject *) PyNumber_Power(PyObject *a, PyObject *b, PyObject *c);
PyAPI_FUNC(PyObject *) PyNumber_Negative(PyObject *obj);
PyAPI_FUNC(PyObject *) PyNumber_Positive(PyObject *obj);
PyAPI_FUNC(PyObject *) PyNumber_Absolute(PyObject *obj);
PyAPI_FUNC(PyObject *) PyNumber_Invert(PyObject *obj);
PyAPI_FUNC(PyObject *) PyNumber_Lshift(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_Rshift(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_And(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_Xor(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_Or(PyObject *a, PyObject *b);
PyAPI_FUNC(int) PyIndex_Check(PyObject *obj);
/* int, float, and int by __index__ alone. */
PyAPI_FUNC(PyObject *) PyNumber_Long(PyObject *obj);
PyAPI_FUNC(PyObject *) PyNumber_Float(PyObject *obj);
PyAPI_FUNC(PyObject *) PyNumber_Index(PyObject *obj);
/* With exc NULL, a value that does not fit is clipped. */
PyAPI_FUNC(Py_ssize_t) PyNumber_AsSsize_t(PyObject *obj, PyObject *exc);
PyAPI_FUNC(PyObject *) PyNumber_InPlaceAdd(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_InPlaceSubtract(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_InPlaceMultiply(PyObject *a, PyObject *b);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x03050000
PyAPI_FUNC(PyObject *) PyNumber_InPlaceMatrixMultiply(PyObject *a, PyObject *b);
#endif
PyAPI_FUNC(PyObject *) PyNumber_InPlaceFloorDivide(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_InPlaceTrueDivide(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_InPlaceRemainder(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_InPlacePower(PyObject *a, PyObject *b, PyObject *c);
PyAPI_FUNC(PyObject *) PyNumber_InPlaceLshift(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_InPlaceRshift(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_InPlaceAnd(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_InPlaceXor(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PyNumber_InPlaceOr(PyObject *a, PyObject *b);
/* A str in base 2, 8, 10 or 16, with its prefix. */
PyAPI_FUNC(PyObject *) PyNumber_ToBase(PyObject *n, int base);

/* Sequences. */
PyAPI_FUNC(int) PySequence_Check(PyObject *obj);
PyAPI_FUNC(Py_ssize_t) PySequence_Size(PyObject *obj);
PyAPI_FUNC(Py_ssize_t) PySequence_Length(PyObject *obj);
#define PySequence_Length PySequence_Size
PyAPI_FUNC(PyObject *) PySequence_Concat(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PySequence_Repeat(PyObject *obj, Py_ssize_t count);
PyAPI_FUNC(PyObject *) PySequence_GetItem(PyObject *obj, Py_ssize_t index);
PyAPI_FUNC(PyObject *) PySequence_GetSlice(PyObject *obj, Py_ssize_t low, Py_ssize_t high);
PyAPI_FUNC(int) PySequence_SetItem(PyObject *obj, Py_ssize_t index, PyObject *value);
PyAPI_FUNC(int) PySequence_DelItem(PyObject *obj, Py_ssize_t index);
PyAPI_FUNC(int) PySequence_SetSlice(
    PyObject *obj, Py_ssize_t low, Py_ssize_t high, PyObject *value);
PyAPI_FUNC(int) PySequence_DelSlice(PyObject *obj, Py_ssize_t low, Py_ssize_t high);
PyAPI_FUNC(PyObject *) PySequence_Tuple(PyObject *obj);
PyAPI_FUNC(PyObject *) PySequence_List(PyObject *obj);
/* A list or tuple of the items, possibly the object itself; message is for the TypeError. */
PyAPI_FUNC(PyObject *) PySequence_Fast(PyObject *obj, const char *message);
PyAPI_FUNC(Py_ssize_t) PySequence_Count(PyObject *obj, PyObject *value);
PyAPI_FUNC(int) PySequence_Contains(PyObject *seq, PyObject *ob);
PyAPI_FUNC(int) PySequence_In(PyObject *obj, PyObject *value);
PyAPI_FUNC(Py_ssize_t) PySequence_Index(PyObject *obj, PyObject *value);
#define PySequence_In PySequence_Contains
PyAPI_FUNC(PyObject *) PySequence_InPlaceConcat(PyObject *a, PyObject *b);
PyAPI_FUNC(PyObject *) PySequence_InPlaceRepeat(PyObject *obj, Py_ssize_t count);

/* Mappings. HasKey* without "WithError" swallow every exception. */
PyAPI_FUNC(int) PyMapping_Check(PyObject *obj);
PyAPI_FUNC(Py_ssize_t) PyMapping_Size(PyObject *obj);
PyAPI_FUNC(Py_ssize_t) PyMapping_Length(PyObject *obj);
#define PyMapping_Length PyMapping_Size
#define PyMapping_DelItemString(O, K) PyObject_DelItemString((O), (K))
#define PyMapping_DelItem(O, K) PyObject_DelItem((O), (K))
PyAPI_FUNC(int) PyMapping_HasKeyString(PyObject *obj, const char *key);
PyAPI_FUNC(int) PyMapping_HasKey(PyObject *obj, PyObject *key);
PyAPI_FUNC(int) PyMapping_HasKeyWithError(PyObject *obj, PyObject *key);
PyAPI_FUNC(int) PyMapping_HasKeyStringWithError(PyObject *obj, const char *key);
/* Lists. */
PyAPI_FUNC(PyObject *) PyMapping_Keys(PyObject *obj);
PyAPI_FUNC(PyObject *) PyMapping_Values(PyObject *obj);
PyAPI_FUNC(PyObject *) PyMapping_Items(PyObject *obj);
PyAPI_FUNC(PyObject *) PyMapping_GetItemString(PyObject *obj, const char *key);
PyAPI_FUNC(int) PyMapping_SetItemString(PyObject *obj, const char *key, PyObject *value);
/* 1 and a new reference, 0 and NULL if the key is missing, -1 on an error. */
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030d0000
PyAPI_FUNC(int) PyMapping_GetOptionalItem(PyObject *obj, PyObject *key, PyObject **result);
PyAPI_FUNC(int) PyMapping_GetOptionalItemString(
    PyObject *obj, const char *key, PyObject **result);
#endif

PyAPI_FUNC(int) PyObject_IsInstance(PyObject *obj, PyObject *cls);
PyAPI_FUNC(int) PyObject_IsSubclass(PyObject *derived, PyObject *cls);

#ifndef Py_LIMITED_API
#  include "cpython/abstract.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_ABSTRACTOBJECT_H */

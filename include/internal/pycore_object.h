/* Functions on objects that extensions use though they are private. */
#ifndef Py_INTERNAL_PYCORE_OBJECT_H
#define Py_INTERNAL_PYCORE_OBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

PyAPI_FUNC(PyObject *) _PyObject_LookupSpecial(PyObject *self, PyObject *attr);
/* 1: *method is a function to be called with obj; 0: it is bound, or NULL with an exception. */
PyAPI_FUNC(int) _PyObject_GetMethod(PyObject *obj, PyObject *name, PyObject **method);
PyAPI_FUNC(PyObject *) _PyObject_GetState(PyObject *obj);
PyAPI_FUNC(void) _Py_SetImmortal(PyObject *op);
PyAPI_DATA(PyTypeObject) _PyNone_Type;
PyAPI_DATA(PyTypeObject) _PyNotImplemented_Type;

/* Bytes between an object and its managed dictionary and weak references. */
#define MANAGED_WEAKREF_OFFSET (((Py_ssize_t)sizeof(PyObject *)) * -4)
#define MANAGED_DICT_OFFSET (((Py_ssize_t)sizeof(PyObject *)) * -3)

typedef union PyManagedDictPointer {
    PyDictObject *dict;
} PyManagedDictPointer;

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_OBJECT_H */

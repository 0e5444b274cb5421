/* Modules as structs. */
#ifndef Py_INTERNAL_PYCORE_MODULEOBJECT_H
#define Py_INTERNAL_PYCORE_MODULEOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PyModuleObject {
    PyObject_HEAD
    PyObject *md_dict;
    PyModuleDef *md_def;
    void *md_state;
    PyObject *md_weaklist;
    PyObject *md_name;
} PyModuleObject;

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_MODULEOBJECT_H */

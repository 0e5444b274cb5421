/* property as a struct. */
#ifndef Py_INTERNAL_PYCORE_DESCROBJECT_H
#define Py_INTERNAL_PYCORE_DESCROBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct propertyobject {
    PyObject_HEAD
    PyObject *prop_get;
    PyObject *prop_set;
    PyObject *prop_del;
    PyObject *prop_doc;
    PyObject *prop_name;
    int getter_doc;
} propertyobject;

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_DESCROBJECT_H */

/* Template strings. */
#ifndef Py_INTERNAL_PYCORE_TEMPLATE_H
#define Py_INTERNAL_PYCORE_TEMPLATE_H

#ifdef __cplusplus
extern "C" {
#endif

PyAPI_FUNC(PyObject *) _PyTemplate_Build(PyObject *strings, PyObject *interpolations);

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_TEMPLATE_H */

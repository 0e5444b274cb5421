/* Generators: what C code that delegates to them needs. */
#ifndef Py_INTERNAL_PYCORE_GENOBJECT_H
#define Py_INTERNAL_PYCORE_GENOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

PyAPI_FUNC(int) _PyGen_SetStopIterationValue(PyObject *value);
PyAPI_FUNC(int) _PyGen_FetchStopIterationValue(PyObject **value);
PyAPI_FUNC(PyObject *) _PyGen_yf(PyGenObject *gen);
PyAPI_FUNC(PyObject *) _PyCoro_GetAwaitableIter(PyObject *obj);

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_GENOBJECT_H */

/* Starts an interpreter, gives it a C function, refers to data symbols directly, changes thread states, ends it. */
#include <Python.h>
static PyObject *twice(PyObject *self, PyObject *arg) { (void)self; return PyNumber_Add(arg, arg); }
static PyMethodDef def = {"twice", twice, METH_O, "Twice its argument."};
int main(void) {
    if (Py_IsInitialized()) return 1;
    Py_Initialize();
    PyObject *f = PyCFunction_New(&def, NULL);
    PyObject *main_module = PyImport_AddModule("__main__");
    PyModule_AddObjectRef(main_module, "twice", f);
    Py_DECREF(f);
    if (PyRun_SimpleString("print(twice(21), twice('ab'), type(twice(1.5)))")) return 2;
    PyObject *x = PyFloat_FromDouble(1.5);
    if (Py_TYPE(x) != &PyFloat_Type) return 3;
    PyErr_SetString(PyExc_ValueError, "bad");
    if (!PyErr_ExceptionMatches(PyExc_ValueError)) return 4;
    PyErr_Clear();
    if (PyList_GetItem(x, 0) || !PyErr_ExceptionMatches(PyExc_SystemError)) return 5;
    PyErr_Clear();
    Py_DECREF(x);
    PyThreadState *s = PyEval_SaveThread();
    PyGILState_STATE g = PyGILState_Ensure();
    PyRun_SimpleString("1/0");
    PyGILState_Release(g);
    PyEval_RestoreThread(s);
    return Py_FinalizeEx() ? 6 : 0;
}

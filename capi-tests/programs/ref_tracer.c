/* PyRefTracer_SetTracer: which objects come and go. */
#include <Python.h>
#include <stdio.h>

static int told(PyObject *ob, PyRefTracerEvent event, void *data) {
    int *count = (int *)data;
    count[event == PyRefTracer_CREATE ? 0 : 1]++;
    printf("  %s %s\n", event == PyRefTracer_CREATE ? "made" : "gone", Py_TYPE(ob)->tp_name);
    return 0;
}

static void traced(const char *what, PyObject *(*make)(PyObject *), PyObject *from) {
    int count[2] = {0, 0};
    void *data = NULL;
    printf("%s\n", what);
    if (PyRefTracer_SetTracer(told, count) < 0) PyErr_Print();
    if (PyRefTracer_GetTracer(&data) != told || data != count) printf("another tracer\n");
    PyObject *made = make(from);
    Py_XDECREF(made);
    PyRefTracer_SetTracer(NULL, NULL);
    if (!made) PyErr_Print();
    printf("  %d and %d\n", count[0], count[1]);
}

static PyObject *a_list(PyObject *from) { (void)from; return PyList_New(0); }
static PyObject *a_dict(PyObject *from) { (void)from; return PyDict_New(); }
static PyObject *a_set(PyObject *from) { return PySet_New(from); }
static PyObject *a_tuple(PyObject *from) { return PyTuple_Pack(2, from, from); }
static PyObject *a_float(PyObject *from) { (void)from; return PyFloat_FromDouble(2.5); }
static PyObject *an_int(PyObject *from) { (void)from; return PyLong_FromLong(1000000); }
static PyObject *a_big_int(PyObject *from) { (void)from; return PyLong_FromLongLong(1LL << 62); }
static PyObject *a_complex(PyObject *from) { (void)from; return PyComplex_FromDoubles(1, 2); }
static PyObject *a_text(PyObject *from) { (void)from; return PyUnicode_FromString("some words"); }
static PyObject *a_wide_text(PyObject *from) { (void)from; return PyUnicode_FromString("\xe2\x82\xac and more"); }
static PyObject *some_bytes(PyObject *from) { (void)from; return PyBytes_FromStringAndSize(NULL, 20); }
static PyObject *many_bytes(PyObject *from) { (void)from; return PyBytes_FromStringAndSize(NULL, 20000); }
static PyObject *an_instance(PyObject *from) { return PyObject_CallNoArgs(from); }
static PyObject *a_slice(PyObject *from) { return PySlice_New(from, from, from); }
static PyObject *a_weak_reference(PyObject *from) { return PyWeakref_NewRef(from, NULL); }
static PyObject *a_module(PyObject *from) { return PyModule_NewObject(from); }

int main(void) {
    Py_Initialize();
    PyRun_SimpleString("class Thing: pass\n"
                       "class Slotted: __slots__ = 'a'\n"
                       "Thing(), Slotted()\n");
    PyObject *main_module = PyImport_AddModule("__main__");
    PyObject *thing = PyObject_GetAttrString(main_module, "Thing");
    PyObject *slotted = PyObject_GetAttrString(main_module, "Slotted");
    PyObject *empty = PyTuple_New(0);
    PyObject *name = PyUnicode_InternFromString("a_name");
    traced("list", a_list, NULL);
    traced("dict", a_dict, NULL);
    traced("set", a_set, NULL);
    traced("tuple", a_tuple, empty);
    traced("float", a_float, NULL);
    traced("int", an_int, NULL);
    traced("big int", a_big_int, NULL);
    traced("complex", a_complex, NULL);
    traced("str", a_text, NULL);
    traced("wide str", a_wide_text, NULL);
    traced("bytes", some_bytes, NULL);
    traced("many bytes", many_bytes, NULL);
    traced("instance", an_instance, thing);
    traced("slotted", an_instance, slotted);
    traced("slice", a_slice, empty);
    traced("weak reference", a_weak_reference, thing);
    traced("module", a_module, name);
    traced("list again", a_list, NULL);
    Py_DECREF(thing);
    Py_DECREF(slotted);
    Py_DECREF(empty);
    Py_DECREF(name);
    return Py_FinalizeEx() < 0;
}

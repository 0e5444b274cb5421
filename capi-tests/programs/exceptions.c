/* Exceptions in three parts, as the older functions pass them. */

#include <Python.h>

static void
show(const char *what, PyObject *type, PyObject *value, PyObject *traceback)
{
    PyObject *text = value == NULL ? NULL : PyObject_Repr(value);
    printf("%s: %s, %s, %s\n", what, type == NULL ? "-" : ((PyTypeObject *)type)->tp_name,
           text == NULL ? "-" : PyUnicode_AsUTF8(text), traceback == NULL ? "-" : Py_TYPE(traceback)->tp_name);
    Py_XDECREF(text);
}

/* The one that holds the exception last frees it. */
static void
fetch(void)
{
    PyObject *module = PyImport_AddModule("__main__");
    for (int round = 0; round < 3; round++) {
        PyObject *type, *value, *traceback;
        PyObject *found = PyObject_GetAttrString(module, "missing");
        Py_XDECREF(found);
        PyErr_Fetch(&type, &value, &traceback);
        PyErr_NormalizeException(&type, &value, &traceback);
        show("fetched", type, value, traceback);
        printf("references: %zd\n", Py_REFCNT(value));
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    show("none", type, value, traceback);
}

static void
normalize(const char *what, PyObject *type, PyObject *value)
{
    PyObject *traceback = NULL;
    Py_XINCREF(type);
    PyErr_NormalizeException(&type, &value, &traceback);
    show(what, type, value, traceback);
    printf("set: %d\n", PyErr_Occurred() != NULL);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

int
main(void)
{
    Py_Initialize();
    fetch();
    normalize("nothing", NULL, NULL);
    normalize("class alone", PyExc_ValueError, NULL);
    normalize("None", PyExc_ValueError, Py_NewRef(Py_None));
    normalize("text", PyExc_ValueError, PyUnicode_FromString("text"));
    normalize("tuple", PyExc_OSError, Py_BuildValue("(is)", 2, "no such file"));
    normalize("subclass", PyExc_Exception, PyObject_CallFunction(PyExc_KeyError, "s", "key"));
    normalize("other class", PyExc_KeyError, PyObject_CallFunction(PyExc_ValueError, "s", "value"));
    normalize("wrong arguments", PyExc_UnicodeDecodeError, PyUnicode_FromString("text"));
    fflush(stdout);
    return Py_FinalizeEx() < 0;
}

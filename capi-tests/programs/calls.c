/* Calls with a lent word before the arguments, and slot wrappers with another docstring, as Cython makes them. */

#include <Python.h>

static void
show(const char *what, PyObject *value)
{
    if (value == NULL) {
        PyErr_Print();
        return;
    }
    PyObject *text = PyObject_Repr(value);
    printf("%s: %s\n", what, PyUnicode_AsUTF8(text));
    Py_DECREF(text);
    Py_DECREF(value);
}

/* A bound method may use the word before its arguments, of which there may be none. */
static void
call_bound(PyObject *names)
{
    PyObject *bound = PyObject_GetAttrString(PyDict_GetItemString(names, "instance"), "method");
    PyObject *one = PyLong_FromLong(1);
    PyObject *arguments[4] = {Py_None, one, one, one};
    for (size_t count = 0; count <= 3; count++) {
        show("bound", PyObject_Vectorcall(bound, arguments + 1, count | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL));
        printf("given back: %d\n", arguments[0] == Py_None);
    }
    show("no array", PyObject_Vectorcall(bound, NULL, 0, NULL));
    Py_DECREF(one);
    Py_DECREF(bound);
}

static void
change_doc(PyObject *names)
{
    static struct wrapperbase copy;
    PyObject *wrapper = PyObject_GetAttrString((PyObject *)&PyRange_Type, "__len__");
    printf("%s, %s\n", Py_TYPE(wrapper)->tp_name, ((PyWrapperDescrObject *)wrapper)->d_base->name);
    copy = *((PyWrapperDescrObject *)wrapper)->d_base;
    copy.doc = "How many numbers.";
    ((PyWrapperDescrObject *)wrapper)->d_base = &copy;
    Py_XDECREF(PyRun_String(
        "print(range.__len__.__doc__, range.__len__, range.__len__(range(3)), range(4).__len__())\n"
        "print(range(3).__len__.__doc__, range.__len__.__text_signature__)\n",
        Py_file_input, names, names));
    Py_DECREF(wrapper);
}

int
main(void)
{
    Py_Initialize();
    PyObject *names = PyModule_GetDict(PyImport_AddModule("__main__"));
    PyRun_SimpleString("class C:\n"
                       "    def method(self, *args): return args\n"
                       "instance = C()\n");
    fflush(stdout);
    call_bound(names);
    change_doc(names);
    fflush(stdout);
    return Py_FinalizeEx() < 0;
}

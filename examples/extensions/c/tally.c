/* An extension module in C: multi-phase initialisation, a heap type with a mapping's protocol, an exception. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct {
    PyObject_HEAD
    PyObject *counts; /* dict: word -> int */
} Tally;

static int
tally_init(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"text", NULL};
    const char *text = "";
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|s:Tally", names, &text)) {
        return -1;
    }
    PyObject *counts = PyDict_New();
    if (counts == NULL) {
        return -1;
    }
    Py_XSETREF(((Tally *)op)->counts, counts);
    PyObject *none = PyObject_CallMethod(op, "add", "s", text);
    Py_XDECREF(none);
    return none == NULL ? -1 : 0;
}

static int
tally_traverse(PyObject *op, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(((Tally *)op)->counts);
    return 0;
}

static int
tally_clear(PyObject *op)
{
    Py_CLEAR(((Tally *)op)->counts);
    return 0;
}

static void
tally_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    tally_clear(op);
    type->tp_free(op);
    Py_DECREF(type);
}

static int
count_one(PyObject *counts, PyObject *word)
{
    PyObject *old;
    if (PyDict_GetItemRef(counts, word, &old) < 0) {
        return -1;
    }
    long count = old == NULL ? 0 : PyLong_AsLong(old);
    Py_XDECREF(old);
    if (count == -1 && PyErr_Occurred()) {
        return -1;
    }
    PyObject *new = PyLong_FromLong(count + 1);
    int status = new == NULL ? -1 : PyDict_SetItem(counts, word, new);
    Py_XDECREF(new);
    return status;
}

static PyObject *
tally_add(PyObject *op, PyObject *text)
{
    PyObject *words = PyUnicode_Split(text, NULL, -1);
    if (words == NULL) {
        return NULL;
    }
    for (Py_ssize_t at = 0; at < PyList_GET_SIZE(words); at++) {
        if (count_one(((Tally *)op)->counts, PyList_GET_ITEM(words, at)) < 0) {
            Py_DECREF(words);
            return NULL;
        }
    }
    Py_DECREF(words);
    Py_RETURN_NONE;
}

static Py_ssize_t
tally_length(PyObject *op)
{
    return PyDict_Size(((Tally *)op)->counts);
}

static PyObject *
tally_subscript(PyObject *op, PyObject *word)
{
    PyObject *count;
    if (PyDict_GetItemRef(((Tally *)op)->counts, word, &count) == 0) {
        PyErr_SetObject(PyExc_KeyError, word);
    }
    return count;
}

static PyObject *
tally_total(PyObject *op, void *Py_UNUSED(closure))
{
    long total = 0;
    PyObject *word, *count;
    Py_ssize_t at = 0;
    while (PyDict_Next(((Tally *)op)->counts, &at, &word, &count)) {
        total += PyLong_AsLong(count);
    }
    return PyLong_FromLong(total);
}

static PyMethodDef tally_methods[] = {
    {"add", tally_add, METH_O, "add($self, text, /)\n--\n\nCount the words of a text."},
    {NULL},
};

static PyGetSetDef tally_getset[] = {
    {"total", tally_total, NULL, "How many words have been counted.", NULL},
    {NULL},
};

static PyType_Slot tally_slots[] = {
    {Py_tp_doc, "Tally(text='')\n--\n\nCounts words."},
    {Py_tp_init, tally_init},
    {Py_tp_traverse, tally_traverse},
    {Py_tp_clear, tally_clear},
    {Py_tp_dealloc, tally_dealloc},
    {Py_tp_methods, tally_methods},
    {Py_tp_getset, tally_getset},
    {Py_mp_length, tally_length},
    {Py_mp_subscript, tally_subscript},
    {0, NULL},
};

static PyType_Spec tally_spec = {
    .name = "tally_c.Tally",
    .basicsize = sizeof(Tally),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = tally_slots,
};

static int
tally_exec(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &tally_spec, NULL);
    int status = type == NULL ? -1 : PyModule_AddType(module, (PyTypeObject *)type);
    Py_XDECREF(type);
    return status;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, tally_exec},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "tally_c",
    .m_doc = "Counting words, in C.",
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_tally_c(void)
{
    return PyModuleDef_Init(&module);
}

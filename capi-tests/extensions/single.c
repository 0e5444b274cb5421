/* A single-phase module: functions of each calling convention, constants, a static type. */
#include <Python.h>

typedef struct {
    PyObject_HEAD
    long count;
    PyObject *note;
} Counter;

static int counter_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"count", "note", NULL};
    Counter *counter = (Counter *)self;
    PyObject *note = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|lO:Counter", names, &counter->count, &note))
        return -1;
    Py_XSETREF(counter->note, Py_NewRef(note));
    return 0;
}

static int counter_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((Counter *)self)->note);
    return 0;
}

static int counter_clear(PyObject *self)
{
    Py_CLEAR(((Counter *)self)->note);
    return 0;
}

static void counter_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    counter_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *counter_next(PyObject *self)
{
    Counter *counter = (Counter *)self;
    if (counter->count <= 0)
        return NULL;
    return PyLong_FromLong(counter->count--);
}

static PyObject *counter_add(PyObject *self, PyObject *args)
{
    long more;
    if (!PyArg_ParseTuple(args, "l:add", &more))
        return NULL;
    ((Counter *)self)->count += more;
    return Py_NewRef(self);
}

/* references(*args, **kwargs): how many keep the object that is asked. */
static PyObject *counter_references(PyObject *self, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    return PyLong_FromSsize_t(Py_REFCNT(self));
}

static PyMethodDef counter_methods[] = {
    {"references", _PyCFunction_CAST(counter_references), METH_VARARGS | METH_KEYWORDS, NULL},
    {"add", counter_add, METH_VARARGS, "add($self, more, /)\n--\n\nCount further."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef counter_members[] = {
    {"count", Py_T_LONG, offsetof(Counter, count), 0, "What is left."},
    {"note", Py_T_OBJECT_EX, offsetof(Counter, note), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyObject *counter_double(PyObject *self, void *factor)
{
    return PyLong_FromLong(((Counter *)self)->count * *(long *)factor);
}

static long two = 2;

static PyGetSetDef counter_getset[] = {
    {"double", counter_double, NULL, "Twice the count.", &two},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyTypeObject CounterType = {
    .ob_base = PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "single.Counter",
    .tp_basicsize = sizeof(Counter),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_doc = "Counter(count=0, note=None)\n--\n\nCounts down.",
    .tp_new = PyType_GenericNew,
    .tp_init = counter_init,
    .tp_dealloc = counter_dealloc,
    .tp_traverse = counter_traverse,
    .tp_clear = counter_clear,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = counter_next,
    .tp_methods = counter_methods,
    .tp_members = counter_members,
    .tp_getset = counter_getset,
};

/* Readied as Cython does it: under the flag of heap types, without their fields behind it. */
static struct {
    PyTypeObject type;
    char no_fields[sizeof(PyHeapTypeObject) - sizeof(PyTypeObject)];
} disguised = {
    .type = {
        .ob_base = PyVarObject_HEAD_INIT(NULL, 0)
        .tp_name = "single.Disguised",
        .tp_basicsize = sizeof(PyObject),
        .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HEAPTYPE,
        .tp_doc = "Static in truth.",
    },
};

static int ready_disguised(void)
{
    memset(disguised.no_fields, '?', sizeof(disguised.no_fields));
    int result = PyType_Ready(&disguised.type);
    disguised.type.tp_flags &= ~Py_TPFLAGS_HEAPTYPE;
    return result;
}

static PyObject *no_arguments(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    return PyUnicode_FromString("nothing");
}

static PyObject *one_argument(PyObject *Py_UNUSED(self), PyObject *value)
{
    return PyTuple_Pack(2, value, value);
}

static PyObject *fast(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    PyObject *list = PyList_New(count);
    if (list == NULL)
        return NULL;
    for (Py_ssize_t at = 0; at < count; at++)
        PyList_SET_ITEM(list, at, Py_NewRef(args[count - 1 - at]));
    return list;
}

static PyObject *fast_keywords(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    Py_ssize_t named = names == NULL ? 0 : PyTuple_GET_SIZE(names);
    PyObject *dict = PyDict_New();
    if (dict == NULL)
        return NULL;
    for (Py_ssize_t at = 0; at < named; at++) {
        if (PyDict_SetItem(dict, PyTuple_GET_ITEM(names, at), args[count + at]) < 0) {
            Py_DECREF(dict);
            return NULL;
        }
    }
    return Py_BuildValue("nN", count, dict);
}

static PyObject *keywords(PyObject *Py_UNUSED(self), PyObject *args, PyObject *kwargs)
{
    return PyUnicode_FromFormat("%R %R", args, kwargs ? kwargs : Py_None);
}

static PyObject *without_gil(PyObject *Py_UNUSED(self), PyObject *value)
{
    long number = PyLong_AsLong(value);
    if (number == -1 && PyErr_Occurred())
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    number *= 3;
    Py_END_ALLOW_THREADS
    return PyLong_FromLong(number);
}

static PyObject *fail(PyObject *Py_UNUSED(self), PyObject *kind)
{
    return PyErr_Format(kind, "%s failed %d times", "it", 3);
}

static PyMethodDef functions[] = {
    {"no_arguments", no_arguments, METH_NOARGS, "no_arguments()\n--\n\nAnswer nothing."},
    {"one_argument", one_argument, METH_O, NULL},
    {"fast", _PyCFunction_CAST(fast), METH_FASTCALL, NULL},
    {"fast_keywords", _PyCFunction_CAST(fast_keywords), METH_FASTCALL | METH_KEYWORDS, NULL},
    {"keywords", _PyCFunction_CAST(keywords), METH_VARARGS | METH_KEYWORDS, NULL},
    {"without_gil", without_gil, METH_O, NULL},
    {"fail", fail, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "single",
    .m_doc = "All at once.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit_single(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL)
        return NULL;
    if (ready_disguised() < 0 || PyModule_AddObjectRef(module, "Disguised", (PyObject *)&disguised.type) < 0
        || PyModule_AddType(module, &CounterType) < 0 || PyModule_AddIntConstant(module, "ANSWER", 42) < 0
        || PyModule_AddStringConstant(module, "WORD", "krait") < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}

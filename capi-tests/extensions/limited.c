/* A module for the stable ABI of 3.10: nothing of an object's struct is known to it. */
#define Py_LIMITED_API 0x030a0000
#include <Python.h>

static PyObject *describe(PyObject *Py_UNUSED(module), PyObject *value)
{
    PyObject *type = PyObject_Type(value);
    if (type == NULL)
        return NULL;
    PyObject *name = PyObject_GetAttrString(type, "__name__");
    Py_DECREF(type);
    if (name == NULL)
        return NULL;
    PyObject *text = PyUnicode_FromFormat("%U of %zd", name, PyObject_Length(value));
    Py_DECREF(name);
    if (PyErr_Occurred())
        Py_CLEAR(text);
    return text;
}

static PyObject *sum(PyObject *Py_UNUSED(module), PyObject *values)
{
    PyObject *iterator = PyObject_GetIter(values);
    if (iterator == NULL)
        return NULL;
    PyObject *total = PyLong_FromLong(0), *item;
    while (total != NULL && (item = PyIter_Next(iterator)) != NULL) {
        PyObject *next = PyNumber_Add(total, item);
        Py_DECREF(item);
        Py_DECREF(total);
        total = next;
    }
    Py_DECREF(iterator);
    if (PyErr_Occurred())
        Py_CLEAR(total);
    return total;
}

static PyObject *bag_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    newfunc make = (newfunc)PyType_GetSlot((PyTypeObject *)PyType_GetSlot(type, Py_tp_base), Py_tp_new);
    return make(type, args, kwargs);
}

static Py_ssize_t bag_length(PyObject *Py_UNUSED(self))
{
    return 7;
}

static PyType_Slot bag_slots[] = {
    {Py_tp_new, (void *)bag_new},
    {Py_sq_length, (void *)bag_length},
    {0, NULL},
};

static PyType_Spec bag_spec = {"limited.Bag", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, bag_slots};

static int execute(PyObject *module)
{
    PyObject *bases = PyTuple_Pack(1, (PyObject *)&PyDict_Type);
    if (bases == NULL)
        return -1;
    PyObject *bag = PyType_FromModuleAndSpec(module, &bag_spec, bases);
    Py_DECREF(bases);
    if (bag == NULL)
        return -1;
    int result = PyModule_AddObjectRef(module, "Bag", bag);
    Py_DECREF(bag);
    return result;
}

static PyMethodDef functions[] = {
    {"describe", describe, METH_O, NULL},
    {"sum", sum, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)execute}, {0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "limited", NULL, 0, functions, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_limited(void)
{
    return PyModuleDef_Init(&definition);
}

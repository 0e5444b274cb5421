/* A C host: gives Python a function and a type of its own, then runs a script with the remaining arguments. */
#include <Python.h>

typedef struct {
    PyObject_HEAD
    long count;
} Counter;

static PyObject *counter_add(PyObject *self, PyObject *amount) {
    long value = PyLong_AsLong(amount);
    if (value == -1 && PyErr_Occurred()) return NULL;
    return PyLong_FromLong(((Counter *)self)->count += value);
}

static PyMethodDef counter_methods[] = {
    {"add", counter_add, METH_O, "Adds to the count, which is the result."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject counter_type = {PyVarObject_HEAD_INIT(NULL, 0)};

static PyObject *host_double(PyObject *self, PyObject *value) {
    (void)self;
    return PyNumber_Add(value, value);
}

static PyMethodDef double_def = {"double", host_double, METH_O, "Its argument plus itself."};

static int add_host_module(void) {
    counter_type.tp_name = "host.Counter";
    counter_type.tp_basicsize = sizeof(Counter);
    counter_type.tp_flags = Py_TPFLAGS_DEFAULT;
    counter_type.tp_methods = counter_methods;
    counter_type.tp_new = PyType_GenericNew;
    PyObject *module = PyImport_AddModule("host");
    if (!module || PyModule_AddType(module, &counter_type)) return -1;
    PyObject *function = PyCFunction_New(&double_def, NULL);
    return PyModule_Add(module, "double", function);
}

int main(int argc, char **argv) {
    Py_Initialize();
    int failed = add_host_module();
    if (failed) PyErr_Print();
    if (!failed && argc > 1) {
        FILE *script = fopen(argv[1], "rb");
        failed = !script || PyRun_SimpleFileExFlags(script, argv[1], 1, NULL);
    } else if (!failed) {
        failed = PyRun_SimpleString("import host\nc = host.Counter()\nc.add(host.double(20))\nprint(c.add(2))\n");
    }
    return Py_FinalizeEx() || failed;
}

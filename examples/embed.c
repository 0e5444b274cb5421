/* A C host: gives Python a function and a type of its own, then runs a script with the remaining arguments. */
#include <Python.h>

typedef struct {
    PyObject_HEAD
    long count;
} Counter;

static PyObject *counter_add(PyObject *self, PyObject *args, PyObject *kwargs) {
    static char amount_name[] = "amount", times_name[] = "times";
    char *const names[] = {amount_name, times_name, NULL};
    long amount, times = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "l|$l:add", names, &amount, &times)) return NULL;
    if (times < 0) return PyErr_Format(PyExc_ValueError, "times must not be negative, as %ld is", times);
    ((Counter *)self)->count += amount * times;
    return Py_BuildValue("(ls)", ((Counter *)self)->count, "so far");
}

static PyMethodDef counter_methods[] = {
    {"add", (PyCFunction)(void (*)(void))counter_add, METH_VARARGS | METH_KEYWORDS,
     "Adds to the count; the result is the count and a comment."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject counter_type = {
    .ob_base = PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "host.Counter",
    .tp_basicsize = sizeof(Counter),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = counter_methods,
    .tp_new = PyType_GenericNew,
};

static PyObject *host_double(PyObject *self, PyObject *value) {
    (void)self;
    return PyNumber_Add(value, value);
}

static PyMethodDef double_def = {"double", host_double, METH_O, "Its argument plus itself."};

static int add_host_module(void) {
    PyObject *module = PyImport_AddModule("host");
    if (!module || PyModule_AddType(module, &counter_type)) return -1;
    PyObject *function = PyCFunction_New(&double_def, NULL);
    return PyModule_Add(module, "double", function);
}

static void check(PyStatus status) {
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

int main(int argc, char **argv) {
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.parse_argv = 0;
    /* The script sees its own name and arguments, not ours. */
    if (argc > 1) check(PyConfig_SetBytesArgv(&config, argc - 1, argv + 1));
    check(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);

    int failed = add_host_module();
    if (failed) PyErr_Print();
    if (!failed && argc > 1) {
        FILE *script = fopen(argv[1], "rb");
        failed = !script || PyRun_SimpleFileExFlags(script, argv[1], 1, NULL);
    } else if (!failed) {
        failed = PyRun_SimpleString("import host\n"
                                    "counter = host.Counter()\n"
                                    "counter.add(host.double(20))\n"
                                    "print(*counter.add(1, times=2))\n");
    }
    return Py_FinalizeEx() || failed;
}

// A C++ host: gives Python a module with a function and a type of its own, then runs a script with the remaining
// arguments. References are owned by objects (`Ref`), so every way out of a function releases them.
#include <Python.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Release {
    void operator()(PyObject *object) const { Py_XDECREF(object); }
};
// One strong reference.
using Ref = std::unique_ptr<PyObject, Release>;

// The interpreter, from its start to the end of the scope.
class Interpreter {
  public:
    explicit Interpreter(const std::vector<std::string> &arguments) {
        PyConfig config;
        PyConfig_InitPythonConfig(&config);
        config.parse_argv = 0;
        std::vector<char *> argv;
        for (const std::string &argument : arguments) argv.push_back(const_cast<char *>(argument.c_str()));
        PyStatus status = PyConfig_SetBytesArgv(&config, static_cast<Py_ssize_t>(argv.size()), argv.data());
        if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
        PyConfig_Clear(&config);
        if (PyStatus_Exception(status)) Py_ExitStatusException(status);
    }
    Interpreter(const Interpreter &) = delete;
    Interpreter &operator=(const Interpreter &) = delete;
    ~Interpreter() {
        if (Py_IsInitialized()) Py_FinalizeEx();
    }
    // Ends it early, to learn whether all output was written.
    bool finish() { return Py_FinalizeEx() == 0; }
};

// host.Stopwatch: a C++ object inside a Python object.
struct Laps {
    std::vector<double> times;
    std::string name;
};

struct Stopwatch {
    PyObject_HEAD
    Laps *laps;
};

PyObject *stopwatch_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static const char *const names[] = {"name", nullptr};
    const char *name = "";
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|s:Stopwatch", const_cast<char **>(names), &name)) return nullptr;
    Ref self(type->tp_alloc(type, 0));
    if (self) reinterpret_cast<Stopwatch *>(self.get())->laps = new Laps{{}, name};
    return self.release();
}

void stopwatch_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    delete reinterpret_cast<Stopwatch *>(self)->laps;
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject *stopwatch_lap(PyObject *self, PyObject *args) {
    double seconds;
    if (!PyArg_ParseTuple(args, "d:lap", &seconds)) return nullptr;
    if (seconds < 0) return PyErr_Format(PyExc_ValueError, "a lap takes time, not %S seconds", PyTuple_GET_ITEM(args, 0));
    Laps *laps = reinterpret_cast<Stopwatch *>(self)->laps;
    laps->times.push_back(seconds);
    double total = 0;
    for (double time : laps->times) total += time;
    return Py_BuildValue("{s:s, s:n, s:d}", "name", laps->name.c_str(), "laps",
                         static_cast<Py_ssize_t>(laps->times.size()), "total", total);
}

PyMethodDef stopwatch_methods[] = {
    {"lap", stopwatch_lap, METH_VARARGS, "Adds a lap of so many seconds; a summary is the result."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot stopwatch_slots[] = {
    {Py_tp_new, reinterpret_cast<void *>(stopwatch_new)},
    {Py_tp_dealloc, reinterpret_cast<void *>(stopwatch_dealloc)},
    {Py_tp_methods, stopwatch_methods},
    {0, nullptr},
};

PyType_Spec stopwatch_spec = {"host.Stopwatch", sizeof(Stopwatch), 0, Py_TPFLAGS_DEFAULT, stopwatch_slots};

PyObject *host_join(PyObject *, PyObject *args) {
    PyObject *words;
    const char *separator = " ";
    if (!PyArg_ParseTuple(args, "O!|s:join", &PyList_Type, &words, &separator)) return nullptr;
    std::string joined;
    for (Py_ssize_t at = 0; at < PyList_GET_SIZE(words); at++) {
        const char *word = PyUnicode_AsUTF8(PyList_GET_ITEM(words, at));
        if (!word) return nullptr;
        if (at) joined += separator;
        joined += word;
    }
    return PyUnicode_FromStringAndSize(joined.data(), static_cast<Py_ssize_t>(joined.size()));
}

PyMethodDef host_functions[] = {
    {"join", host_join, METH_VARARGS, "The words of a list, with a separator between them."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef host_module = {PyModuleDef_HEAD_INIT, "host", nullptr, -1,      host_functions,
                           nullptr,               nullptr, nullptr, nullptr};

PyObject *make_host_module() {
    Ref module(PyModule_Create(&host_module));
    Ref type(PyType_FromSpec(&stopwatch_spec));
    if (!module || !type || PyModule_AddObjectRef(module.get(), "Stopwatch", type.get())) return nullptr;
    return module.release();
}

// What the host's part of the module answers.
bool greet() {
    return PyRun_SimpleString("import host\n"
                              "watch = host.Stopwatch(name='first')\n"
                              "watch.lap(1.5)\n"
                              "print(watch.lap(2))\n"
                              "print(host.join(['from', 'C++']))\n"
                              "try:\n"
                              "    watch.lap(-1)\n"
                              "except ValueError as error:\n"
                              "    print(error)\n") == 0;
}

bool run(const char *path) {
    std::unique_ptr<FILE, int (*)(FILE *)> script(std::fopen(path, "rb"), std::fclose);
    if (!script) {
        std::perror(path);
        return false;
    }
    return PyRun_SimpleFileExFlags(script.get(), path, 0, nullptr) == 0;
}

} // namespace

int main(int argc, char **argv) {
    PyImport_AppendInittab("host", make_host_module);
    // The script sees its own name and arguments, not ours.
    Interpreter python(std::vector<std::string>(argv + (argc > 1 ? 1 : 0), argv + argc));
    bool worked = argc > 1 ? run(argv[1]) : greet();
    return python.finish() && worked ? 0 : 1;
}

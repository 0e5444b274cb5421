/* Calls in the wrong order or with the wrong arguments: each run, named by its argument, ends as the reference ends. */
/* args: */
/* args: inittab-after-start */
/* args: thread-state-before-start */
/* args: thread-state-after-end */
/* args: fatal-before-start */
/* args: fatal */
/* args: open-format */
/* args: closed-format */
/* args: nested-format */
/* args: status-success */
/* args: status-error */
/* args: status-exit */
/* args: no-config */
/* args: exit */
/* args: exit-in-script */
/* args: system-exit */
/* args: system-exit-text */
/* args: start-twice */
/* args: end-first */
/* args: lost-main */
#include <Python.h>
#include <string.h>

static PyObject *make(void) { return NULL; }

static int run(const char *what) {
    int place;
#define CASE(NAME) else if (!strcmp(what, NAME))
    if (!strcmp(what, "nothing")) return Py_IsInitialized();
    CASE("inittab-after-start") {
        Py_Initialize();
        return PyImport_AppendInittab("late", make);
    }
    CASE("thread-state-before-start") PyThreadState_Get();
    CASE("thread-state-after-end") {
        Py_Initialize();
        Py_Finalize();
        PyThreadState_Get();
    }
    CASE("fatal-before-start") Py_FatalError("before the start");
    CASE("fatal") {
        Py_Initialize();
        Py_FatalError("for no reason");
    }
    CASE("open-format") {
        Py_Initialize();
        return PyArg_ParseTuple(PyTuple_New(0), "(i", &place);
    }
    CASE("closed-format") {
        Py_Initialize();
        return PyArg_ParseTuple(PyTuple_New(0), "i)", &place);
    }
    CASE("nested-format") {
        Py_Initialize();
        return PyArg_ParseTuple(PyTuple_New(0), "((((((((((((((((((((((((((((((((i))))))))))))))))))))))))))))))))", &place);
    }
    CASE("status-success") Py_ExitStatusException(PyStatus_Ok());
    CASE("status-error") Py_ExitStatusException(PyStatus_Error("an error of the host"));
    CASE("status-exit") Py_ExitStatusException(PyStatus_Exit(7));
    CASE("no-config") {
        PyStatus status = Py_InitializeFromConfig(NULL);
        printf("%d %s\n", PyStatus_IsError(status), status.err_msg);
        status = Py_PreInitialize(NULL);
        printf("%d %s\n", PyStatus_IsError(status), status.err_msg);
    }
    CASE("exit") {
        Py_Initialize();
        PyRun_SimpleString("import atexit\natexit.register(print, 'leaving')");
        Py_Exit(5);
    }
    CASE("exit-in-script") {
        Py_Initialize();
        return PyRun_SimpleString("import os\nos._exit(6)");
    }
    CASE("system-exit") {
        Py_Initialize();
        return PyRun_SimpleString("raise SystemExit(4)");
    }
    CASE("system-exit-text") {
        Py_Initialize();
        return PyRun_SimpleString("import sys\nsys.exit('a reason')");
    }
    CASE("start-twice") {
        Py_Initialize();
        Py_Initialize();
        PyRun_SimpleString("print('still here')");
        Py_Finalize();
        Py_Finalize();
        Py_Initialize();
        PyRun_SimpleString("print('again')");
        return Py_FinalizeEx();
    }
    CASE("end-first") return Py_FinalizeEx();
    CASE("lost-main") {
        Py_Initialize();
        PyRun_SimpleString("import sys\ndel sys.modules['__main__']");
        printf("%d\n", PyRun_SimpleString("print('in a new one', flush=True)"));
    }
    return 0;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IONBF, 0);
    int code = run(argc > 1 ? argv[1] : "nothing");
    printf("returned %d\n", code);
    return 0;
}

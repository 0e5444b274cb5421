/* Audit hooks, the hook for opening code, and frames that are looked at while they come and go. */
#include "embed.h"

/* Opening code. */

static PyObject *open_other(PyObject *path, void *data) {
    if (data != (void *)&open_other) {
        PyErr_SetString(PyExc_AssertionError, "the hook's own data is another");
        return NULL;
    }
    if (PyUnicode_CompareWithASCIIString(path, "$$embed$$") == 0) return PyLong_FromLong(42);
    PyObject *module = PyImport_ImportModule("_io");
    PyObject *file = module ? PyObject_CallMethod(module, "open", "Os", path, "rb") : NULL;
    Py_XDECREF(module);
    return file;
}

static int open_hook(int argc, char **argv) {
    (void)argc, (void)argv;
    expect(PyFile_SetOpenCodeHook(open_other, (void *)&open_other) == 0, "the hook is set");
    start_plain();
    expect(PyFile_SetOpenCodeHook(open_other, NULL) == -1, "there is only one hook");
    PyErr_Clear();
    PyObject *opened = PyFile_OpenCode("$$embed$$");
    expect(opened && PyLong_AsLong(opened) == 42, "what the hook answers");
    Py_DECREF(opened);
    int failed = PyRun_SimpleString("import _io\nassert _io.open_code('$$embed$$') == 42\n");
    return Py_FinalizeEx() < 0 || failed;
}

/* Events. */

static struct {
    int seen, cleared, others;
    long number;
} heard;

static int listen(const char *event, PyObject *args, void *data) {
    if (data != &heard) return 0;
    if (strcmp(event, "cpython._PySys_ClearAuditHooks") == 0) {
        heard.cleared++;
        return 0;
    }
    if (strncmp(event, "_testembed.", 11)) {
        heard.others++;
        return 0;
    }
    heard.seen++;
    if (strcmp(event, "_testembed.raise") == 0) {
        PyErr_SetString(PyExc_ValueError, "the hook objects");
        return -1;
    }
    if (PyTuple_Check(args) && PyTuple_GET_SIZE(args) == 1) heard.number = PyLong_AsLong(PyTuple_GET_ITEM(args, 0));
    return 0;
}

static int events(int argc, char **argv) {
    (void)argc, (void)argv;
    expect(PySys_AddAuditHook(listen, &heard) == 0, "a hook before the start");
    start_plain();
    expect(PySys_Audit("_testembed.event", "i", 42) == 0 && heard.seen == 1 && heard.number == 42, "an event");
    expect(PySys_Audit("_testembed.event", NULL) == 0 && heard.seen == 2, "one without arguments");
    expect(PySys_Audit("_testembed.event", "(i)", 43) == 0 && heard.number == 43, "a tuple as arguments");
    expect(PySys_Audit("_testembed.raise", NULL) == -1, "a hook that objects");
    expect(PyErr_ExceptionMatches(PyExc_ValueError), "its exception");
    PyErr_Clear();
    int before = heard.seen;
    expect(PyRun_SimpleString("import sys\n"
                              "sys.audit('_testembed.event', 44)\n"
                              "try:\n"
                              "    sys.audit('_testembed.raise')\n"
                              "except ValueError as error:\n"
                              "    assert str(error) == 'the hook objects'\n"
                              "else:\n"
                              "    raise AssertionError\n") == 0, "events from Python");
    expect(heard.seen == before + 2 && heard.number == 44, "they are heard");
    expect(heard.others > 0 && heard.cleared == 0, "the interpreter's own events");
    Py_Finalize();
    return 0;
}

static int tuple_events(int argc, char **argv) {
    (void)argc, (void)argv;
    expect(PySys_AddAuditHook(listen, &heard) == 0, "a hook before the start");
    start_plain();
    PyObject *tuple = Py_BuildValue("(i)", 42), *number = PyLong_FromLong(1);
    expect(tuple && number, "memory");
    expect(PySys_AuditTuple("_testembed.event", tuple) == 0 && heard.number == 42, "a tuple");
    expect(PySys_AuditTuple("_testembed.event", NULL) == 0 && heard.seen == 2, "none");
    expect(PySys_AuditTuple("_testembed.event", number) == -1, "no tuple");
    expect(PyErr_ExceptionMatches(PyExc_TypeError), "is an error");
    PyErr_Clear();
    Py_DECREF(tuple);
    Py_DECREF(number);
    Py_Finalize();
    return 0;
}

static int interpreters_end(int argc, char **argv) {
    (void)argc, (void)argv;
    PySys_AddAuditHook(listen, &heard);
    start_plain();
    PyThreadState *main_state = PyThreadState_Get();
    for (int at = 0; at < 3; at++) {
        PyThreadState_Swap(main_state);
        expect(Py_NewInterpreter() != NULL, "a new interpreter");
    }
    PyThreadState_Swap(main_state);
    expect(heard.cleared == 0, "no interpreter has ended");
    Py_Finalize();
    return heard.cleared != 1;
}

/* Programs that a hook ends. */

typedef struct {
    const char *event;
    int exit_code; /* 0: an exception instead */
} Watch;

static int stop(const char *event, PyObject *args, void *data) {
    const Watch *watch = data;
    (void)args;
    if (strcmp(event, watch->event)) return 0;
    if (watch->exit_code) exit(watch->exit_code);
    PyErr_Format(PyExc_RuntimeError, "%s is not allowed", event);
    return -1;
}

static int run_watched(const char *event, int exit_code, Py_ssize_t count, wchar_t **words) {
    Watch watch = {event, exit_code};
    PySys_AddAuditHook(stop, &watch);
    return Py_Main((int)count, words);
}

static int watch_command(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *words[] = {L"./_testembed", L"-c", L"pass"};
    return run_watched("cpython.run_command", 0, COUNT(words), words);
}

static int watch_file(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *words[] = {L"./_testembed", L"filename.py"};
    return run_watched("cpython.run_file", 0, COUNT(words), words);
}

static int watch_startup_hook(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *words[] = {L"./_testembed"};
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.interactive = 1;
    check(PyConfig_SetArgv(&config, COUNT(words), words));
    Watch watch = {"cpython.run_interactivehook", 10};
    PySys_AddAuditHook(stop, &watch);
    start(&config);
    return Py_RunMain();
}

static int watch_startup_file(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *words[] = {L"./_testembed"};
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.interactive = 1;
    check(PyConfig_SetArgv(&config, COUNT(words), words));
    Watch watch = {"cpython.run_startup", 10};
    PySys_AddAuditHook(stop, &watch);
    start(&config);
    return Py_RunMain();
}

static int watch_input(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *words[] = {L"./_testembed"};
    return run_watched("cpython.run_stdin", 0, COUNT(words), words);
}

/* Frames: an allocator that looks at the running frame whenever memory is asked for. */

static PyMemAllocatorEx usual;
static long looks;

static void *look_and_allocate(void *context, size_t size) {
    (void)context;
    static int looking;
    if (!looking && PyThreadState_GetUnchecked()) {
        looking = 1;
        PyFrameObject *frame = PyEval_GetFrame();
        if (frame) {
            looks++;
            PyFrameObject *back = PyFrame_GetBack(frame);
            (void)PyFrame_GetLineNumber(frame);
            Py_XDECREF(back);
        }
        looking = 0;
    }
    return usual.malloc(usual.ctx, size);
}

static int frames(int argc, char **argv) {
    (void)argc, (void)argv;
    start_plain();
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &usual);
    PyMemAllocatorEx curious = usual;
    curious.malloc = look_and_allocate;
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &curious);
    int failed = PyRun_SimpleString("def count(n):\n"
                                    "    for i in range(n):\n"
                                    "        yield [i]\n"
                                    "class Frame:\n"
                                    "    def __init__(self, *args, **names): self.args = args, names\n"
                                    "for i in range(50):\n"
                                    "    assert sum(len(x) for x in count(5)) == 5\n"
                                    "    cell = [i]\n"
                                    "    assert (lambda: cell)() is cell\n"
                                    "    assert Frame(1, *cell, name=cell).args == ((1, i), {'name': cell})\n");
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &usual);
    expect(!failed && looks > 0, "frames were looked at");
    Py_Finalize();
    return 0;
}

const Command audit_commands[] = {
    {"test_open_code_hook", open_hook},
    {"test_audit", events},
    {"test_audit_tuple", tuple_events},
    {"test_audit_subinterpreter", interpreters_end},
    {"test_audit_run_command", watch_command},
    {"test_audit_run_file", watch_file},
    {"test_audit_run_interactivehook", watch_startup_hook},
    {"test_audit_run_startup", watch_startup_file},
    {"test_audit_run_stdin", watch_input},
    {"test_get_incomplete_frame", frames},
    {NULL, NULL},
};

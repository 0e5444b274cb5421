/* Interpreters under the main one's GIL share its objects: modules with single-phase initialisation keep some in variables.
   A function of C that runs the frames of an interpreter. */
#include <Python.h>
#include <stdio.h>
#include <string.h>

static PyObject *kept;
static int frames;

static PyObject *keep(PyObject *self, PyObject *value)
{
    PyObject *before = kept;
    (void)self;
    kept = Py_NewRef(value);
    return before != NULL ? before : Py_NewRef(Py_None);
}

static PyObject *look(PyObject *self, PyObject *args)
{
    (void)self;
    (void)args;
    return Py_NewRef(kept != NULL ? kept : Py_None);
}

static PyMethodDef functions[] = {
    {"keep", keep, METH_O, NULL},
    {"look", look, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef once_def = {
    PyModuleDef_HEAD_INIT, "once", NULL, -1, functions, NULL, NULL, NULL, NULL,
};

static struct PyModuleDef again_def = {
    PyModuleDef_HEAD_INIT, "again", NULL, 0, functions, NULL, NULL, NULL, NULL,
};

static int number(void)
{
    return (int)PyInterpreterState_GetID(PyInterpreterState_Get());
}

static PyObject *start(struct PyModuleDef *def)
{
    PyObject *module = PyModule_Create(def);
    if (module != NULL) {
        PyObject *list = PyList_New(0);
        PyModule_AddObjectRef(module, "shared", list);
        Py_XDECREF(list);
    }
    printf("%s begins in interpreter %d\n", def->m_name, number());
    return module;
}

PyMODINIT_FUNC PyInit_once(void)
{
    return start(&once_def);
}

PyMODINIT_FUNC PyInit_again(void)
{
    return start(&again_def);
}

static void run(const char *program)
{
    if (PyRun_SimpleString(program) != 0) {
        printf("failed in interpreter %d\n", number());
    }
    PyRun_SimpleString("__import__('sys').stdout.flush()");
}

static void share(PyThreadState *main_state, int round)
{
    char program[400];
    PyThreadState *state = Py_NewInterpreter();
    sprintf(program,
            "import once, again\n"
            "class C: pass\n"
            "once.shared.append(%d); again.shared.append(%d)\n"
            "value = {'round': [%d, C.__name__], ('key',): 'a' * 600}\n"
            "value['self'] = value\n"
            "before = once.keep(value)\n"
            "print(once.shared, again.shared, before and before['round'], again.look() is value)\n",
            round, round, round);
    run(program);
    printf("found: %d %d\n", PyState_FindModule(&once_def) != NULL, PyState_FindModule(&again_def) != NULL);
    Py_EndInterpreter(state);
    PyThreadState_Swap(main_state);
}

static void isolate(PyThreadState *main_state)
{
    PyInterpreterConfig config;
    PyThreadState *state = NULL;
    PyStatus status;
    memset(&config, 0, sizeof config);
    config.check_multi_interp_extensions = 1;
    config.allow_threads = 1;
    config.gil = PyInterpreterConfig_OWN_GIL;
    status = Py_NewInterpreterFromConfig(&state, &config);
    if (PyStatus_Exception(status)) {
        printf("no interpreter\n");
        return;
    }
    run("try:\n"
        "    import once\n"
        "except ImportError as error:\n"
        "    print(error)\n");
    Py_EndInterpreter(state);
    PyThreadState_Swap(main_state);
}

static PyObject *evaluate(PyThreadState *state, struct _PyInterpreterFrame *frame, int throwing)
{
    frames++;
    return _PyEval_EvalFrameDefault(state, frame, throwing);
}

static void replace_evaluator(void)
{
    PyInterpreterState *interp = PyInterpreterState_Get();
    run("def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
        "def count(n):\n"
        "    try:\n"
        "        for i in range(n): yield i\n"
        "    except KeyError: yield 'caught'\n"
        "def boom(): raise ValueError(1)\n"
        "class P:\n"
        "    def __init__(self, x): self.x = x\n"
        "    @property\n"
        "    def double(self): return self.x * 2\n"
        "def all():\n"
        "    g = count(3)\n"
        "    got = [fib(10), list(count(4)), next(g), g.throw(KeyError), P(3).double]\n"
        "    try: boom()\n"
        "    except ValueError as e: got.append(e.args)\n"
        "    return got\n"
        "for i in range(3): all()\n");
    frames = 0;
    _PyInterpreterState_SetEvalFrameFunc(interp, evaluate);
    printf("set: %d\n", _PyInterpreterState_GetEvalFrameFunc(interp) == evaluate);
    run("print(all())");
    printf("frames: %d\n", frames);
    frames = 0;
    _PyInterpreterState_SetEvalFrameFunc(interp, _PyEval_EvalFrameDefault);
    run("print(all())");
    printf("frames: %d\n", frames);
}

int main(void)
{
    PyThreadState *main_state;
    int round;
    setvbuf(stdout, NULL, _IONBF, 0);
    PyImport_AppendInittab("once", PyInit_once);
    PyImport_AppendInittab("again", PyInit_again);
    Py_Initialize();
    main_state = PyThreadState_Get();
    for (round = 0; round < 3; round++) {
        share(main_state, round);
    }
    run("import gc, once, again\n"
        "gc.collect()\n"
        "value = once.look()\n"
        "print(value['round'], len(value[('key',)]), value['self'] is value)\n"
        "value['round'].append([value])\n"
        "print(once.shared, again.shared, len(value['round']))\n");
    isolate(main_state);
    replace_evaluator();
    printf("end: %d\n", Py_FinalizeEx());
    return 0;
}

/* Interpreters beside the main one: made, used, switched between and ended, in the right ways and in the wrong ones. */
/* args: legacy */
/* args: isolated */
/* args: configs */
/* args: lists */
/* args: threads */
/* args: foreign */
/* args: gilstate */
/* args: async */
/* args: separate */
/* args: parallel */
/* args: many */
/* args: living */
/* args: again */
/* args: end-other */
/* args: end-twice */
/* args: end-with-threads */
/* args: end-in-frame */
/* args: end-main */
/* args: finalize-in-sub */
/* args: clear-current */
/* args: delete-current */
#include <Python.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void start(void)
{
    const char *home = getenv("TEST_HOME");
    (void)home;
    Py_InitializeEx(0);
}

static void run(const char *code)
{
    if (PyRun_SimpleString(code) != 0) {
        printf("failed: %s\n", code);
    }
    PyRun_SimpleString("import sys; sys.stdout.flush()");
    fflush(stdout);
}

static PyThreadState *make(int gil, int obmalloc, int check)
{
    PyInterpreterConfig config;
    memset(&config, 0, sizeof config);
    config.use_main_obmalloc = obmalloc;
    config.allow_threads = 1;
    config.check_multi_interp_extensions = check;
    config.gil = gil;
    PyThreadState *state = NULL;
    PyStatus status = Py_NewInterpreterFromConfig(&state, &config);
    if (PyStatus_Exception(status)) {
        printf("  %s: %s\n", status.func ? status.func : "-", status.err_msg ? status.err_msg : "-");
        return NULL;
    }
    return state;
}

static PyThreadState *isolated(void)
{
    return make(PyInterpreterConfig_OWN_GIL, 0, 1);
}

static void legacy(void)
{
    PyThreadState *first = PyThreadState_Get();
    run("import sys, builtins; x = 'main'; builtins.mark = 1; sys.path.append('here')");
    PyThreadState *sub = Py_NewInterpreter();
    printf("current: %d, other interpreter: %d\n", sub == PyThreadState_Get(),
           PyThreadState_GetInterpreter(sub) != PyThreadState_GetInterpreter(first));
    printf("ids: %d %d\n", (int)PyInterpreterState_GetID(PyThreadState_GetInterpreter(first)),
           (int)PyInterpreterState_GetID(PyInterpreterState_Get()));
    run("import builtins, sys; print('x' in globals(), hasattr(builtins, 'mark'), 'here' in sys.path)");
    run("x = 'sub'; print(x, __name__, __import__('threading').current_thread() is __import__('threading').main_thread())");
    PyThreadState *before = PyThreadState_Swap(first);
    printf("swapped: %d\n", before == sub);
    run("print(x)");
    PyThreadState_Swap(sub);
    run("import atexit; atexit.register(print, 'exit function of the sub-interpreter')");
    Py_EndInterpreter(sub);
    printf("none is current: %d\n", PyThreadState_GetUnchecked() == NULL);
    PyThreadState_Swap(first);
    run("print(x)");
    printf("finalized: %d\n", Py_FinalizeEx());
}

static void isolated_run(void)
{
    PyThreadState *first = PyThreadState_Get();
    PyThreadState *sub = isolated();
    run("import sys; print('sys' in sys.modules, sys.flags.isolated)");
    run("def f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nprint(f(15))");
    run("class A: pass\nclass B(A, int): pass\nprint(A.__subclasses__(), B in int.__subclasses__())");
    run("import os\ntry: os.fork()\nexcept RuntimeError as e: print(e)");
    run("import os\ntry: os.execv('/bin/true', ['true'])\nexcept RuntimeError as e: print(e)");
    run("import _thread\ntry: _thread.start_new_thread(print, ('ran',), {'flush': True}); print('started')\nexcept RuntimeError as e: print(e)\n"
        "import time; time.sleep(0.2)");
    run("import threading\ntry: threading.Thread(target=print, daemon=True).start()\nexcept RuntimeError as e: print(e)");
    run("import signal\ntry: signal.signal(signal.SIGINT, signal.SIG_DFL)\nexcept ValueError as e: print(e)");
    run("raise KeyError('shown')");
    run("1/0");
    Py_EndInterpreter(sub);
    PyThreadState_Swap(first);
    printf("finalized: %d\n", Py_FinalizeEx());
}

static void configs(void)
{
    PyThreadState *first = PyThreadState_Get();
    for (int gil = -1; gil <= 3; gil++) {
        for (int obmalloc = 0; obmalloc < 2; obmalloc++) {
            for (int check = 0; check < 2; check++) {
                printf("gil=%d obmalloc=%d check=%d\n", gil, obmalloc, check);
                PyThreadState *sub = make(gil, obmalloc, check);
                if (sub != NULL) {
                    printf("  made\n");
                    Py_EndInterpreter(sub);
                    PyThreadState_Swap(first);
                }
                else if (PyThreadState_GetUnchecked() != first) {
                    printf("  another state is current\n");
                    PyThreadState_Swap(first);
                }
            }
        }
    }
    PyInterpreterConfig config;
    memset(&config, 0, sizeof config);
    config.check_multi_interp_extensions = 1;
    config.gil = PyInterpreterConfig_OWN_GIL;
    PyThreadState *sub = NULL;
    PyStatus status = Py_NewInterpreterFromConfig(&sub, &config);
    printf("nothing allowed: %d\n", PyStatus_Exception(status));
    run("import os, _thread, threading\n"
        "try: os.fork()\nexcept RuntimeError as e: print(e)\n"
        "try: os.execv('/bin/true', ['true'])\nexcept RuntimeError as e: print(e)\n"
        "try: os.posix_spawn('/bin/true', ['true'], {}); print('spawned')\nexcept RuntimeError as e: print(e)\n"
        "try: _thread.start_new_thread(print, ())\nexcept RuntimeError as e: print(e)\n"
        "try: threading.Thread(target=print).start()\nexcept RuntimeError as e: print(e)\n"
        "import subprocess\n"
        "try: subprocess.run(['/bin/true'], check=True); print('subprocess ran')\nexcept RuntimeError as e: print(e)\n"
        "try: subprocess.run(['/bin/true'], preexec_fn=print)\nexcept RuntimeError as e: print(e)\n");
    Py_EndInterpreter(sub);
    PyThreadState_Swap(first);
    printf("finalized: %d\n", Py_FinalizeEx());
}

static int count_states(PyInterpreterState *interp)
{
    int count = 0;
    for (PyThreadState *state = PyInterpreterState_ThreadHead(interp); state; state = PyThreadState_Next(state)) {
        count++;
    }
    return count;
}

static void lists(void)
{
    PyThreadState *first = PyThreadState_Get();
    PyInterpreterState *main_interp = PyInterpreterState_Main();
    printf("main is mine: %d\n", main_interp == PyInterpreterState_Get());
    PyThreadState *subs[3];
    for (int i = 0; i < 3; i++) {
        subs[i] = i == 1 ? Py_NewInterpreter() : isolated();
    }
    printf("interpreters:");
    for (PyInterpreterState *interp = PyInterpreterState_Head(); interp; interp = PyInterpreterState_Next(interp)) {
        printf(" %d (%d states)", (int)PyInterpreterState_GetID(interp), count_states(interp));
    }
    printf("\n");
    PyThreadState *more = PyThreadState_New(PyInterpreterState_Get());
    PyThreadState *head = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    printf("the new one is the head: %d, then: %d, then none: %d\n", head == more, PyThreadState_Next(head) == subs[2],
           PyThreadState_Next(subs[2]) == NULL);
    printf("numbers: %d %d\n", (int)PyThreadState_GetID(subs[2]), (int)PyThreadState_GetID(more));
    PyThreadState_Clear(more);
    PyThreadState_Delete(more);
    printf("left: %d\n", count_states(PyInterpreterState_Get()));
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    printf("dict: %d %d\n", dict != NULL, dict == PyInterpreterState_GetDict(PyInterpreterState_Get()));
    PyObject *value = PyUnicode_FromString("kept");
    PyDict_SetItemString(dict, "key", value);
    Py_DECREF(value);
    for (int i = 2; i >= 0; i--) {
        PyThreadState_Swap(subs[i]);
        Py_EndInterpreter(subs[i]);
        PyThreadState_Swap(first);
        printf("interpreters:");
        for (PyInterpreterState *interp = PyInterpreterState_Head(); interp; interp = PyInterpreterState_Next(interp)) {
            printf(" %d", (int)PyInterpreterState_GetID(interp));
        }
        printf("\n");
    }
    PyThreadState *sub = isolated();
    printf("ids are not used again: %d\n", (int)PyInterpreterState_GetID(PyInterpreterState_Get()));
    Py_EndInterpreter(sub);
    PyThreadState_Swap(first);
    printf("finalized: %d\n", Py_FinalizeEx());
}

struct job {
    PyInterpreterState *interp;
    const char *code;
};

static void *in_new_state(void *argument)
{
    struct job *job = (struct job *)argument;
    PyThreadState *state = PyThreadState_New(job->interp);
    PyEval_RestoreThread(state);
    printf("thread: current %d\n", PyThreadState_Get() == state);
    run(job->code);
    PyThreadState_Clear(state);
    PyThreadState_DeleteCurrent();
    printf("thread: none %d\n", PyThreadState_GetUnchecked() == NULL);
    return NULL;
}

static void in_thread(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    pthread_create(&thread, NULL, body, argument);
    pthread_join(thread, NULL);
}

static void *make_and_end(void *argument)
{
    (void)argument;
    PyGILState_STATE state = PyGILState_Ensure();
    PyThreadState *mine = PyThreadState_Get();
    PyThreadState *sub = isolated();
    run("print('in a thread of its own'); import threading; print(threading.current_thread() is threading.main_thread())");
    Py_EndInterpreter(sub);
    PyThreadState_Swap(mine);
    PyGILState_Release(state);
    return NULL;
}

static void *end_it(void *argument)
{
    PyThreadState *state = (PyThreadState *)argument;
    PyEval_RestoreThread(state);
    run("print('ending in a thread')");
    Py_EndInterpreter(state);
    return NULL;
}

static void threads(void)
{
    PyThreadState *first = PyThreadState_Get();
    run("x = 'main'");
    PyThreadState *sub = isolated();
    run("x = 'sub'");
    struct job job = {PyThreadState_GetInterpreter(sub), "print('the thread sees', x); import threading; print(threading.active_count())"};
    PyEval_SaveThread();
    in_thread(in_new_state, &job);
    job.interp = PyThreadState_GetInterpreter(first);
    in_thread(in_new_state, &job);
    in_thread(make_and_end, NULL);
    PyEval_RestoreThread(first);
    PyEval_SaveThread();
    in_thread(end_it, sub);
    PyEval_RestoreThread(first);
    PyThreadState *other = Py_NewInterpreter();
    PyThreadState_Swap(first);
    PyEval_SaveThread();
    in_thread(end_it, other);
    PyEval_RestoreThread(first);
    run("import threading; t = threading.Thread(target=lambda: print('thread of main')); t.start(); t.join()");
    sub = isolated();
    run("import threading; t = threading.Thread(target=lambda: print('thread of sub')); t.start(); t.join()");
    run("import threading, time; t = threading.Thread(target=lambda: (time.sleep(0.2), print('waited for', flush=True))); t.start()");
    Py_EndInterpreter(sub);
    PyThreadState_Swap(first);
    printf("finalized: %d\n", Py_FinalizeEx());
}

static void *ensure(void *argument)
{
    (void)argument;
    printf("check %d, this thread's %d\n", PyGILState_Check(), PyGILState_GetThisThreadState() == NULL);
    PyGILState_STATE outer = PyGILState_Ensure();
    PyThreadState *mine = PyThreadState_Get();
    PyGILState_STATE inner = PyGILState_Ensure();
    printf("outer %d inner %d check %d main %d same %d\n", outer == PyGILState_UNLOCKED, inner == PyGILState_LOCKED,
           PyGILState_Check(), PyInterpreterState_Get() == PyInterpreterState_Main(),
           PyGILState_GetThisThreadState() == mine);
    run("print('foreign thread'); import threading; print(type(threading.current_thread()).__name__)");
    PyGILState_Release(inner);
    Py_BEGIN_ALLOW_THREADS
    printf("check %d, this thread's %d\n", PyGILState_Check(), PyGILState_GetThisThreadState() == mine);
    PyGILState_STATE again = PyGILState_Ensure();
    printf("again %d same %d\n", again == PyGILState_UNLOCKED, PyThreadState_Get() == mine);
    PyGILState_Release(again);
    printf("check %d\n", PyGILState_Check());
    Py_END_ALLOW_THREADS
    PyGILState_Release(outer);
    printf("check %d, this thread's %d\n", PyGILState_Check(), PyGILState_GetThisThreadState() == NULL);
    return NULL;
}

static void foreign(void)
{
    printf("main: check %d, this thread's %d\n", PyGILState_Check(),
           PyGILState_GetThisThreadState() == PyThreadState_Get());
    PyGILState_STATE state = PyGILState_Ensure();
    printf("main: %d\n", state == PyGILState_LOCKED);
    PyGILState_Release(state);
    PyThreadState *first = PyEval_SaveThread();
    in_thread(ensure, NULL);
    in_thread(ensure, NULL);
    PyEval_RestoreThread(first);
    printf("states: %d\n", count_states(PyInterpreterState_Main()));
    printf("finalized: %d\n", Py_FinalizeEx());
}

/* Which interpreter PyGILState_Ensure gives a thread that has had to do with a sub-interpreter. */
static void gilstate(void)
{
    PyThreadState *first = PyThreadState_Get();
    PyThreadState *sub = isolated();
    printf("check in sub: %d\n", PyGILState_Check());
    printf("this thread's is main's: %d\n", PyGILState_GetThisThreadState() == first);
    printf("this thread's is sub's: %d\n", PyGILState_GetThisThreadState() == sub);
    PyEval_SaveThread();
    printf("after save, this thread's is main's: %d\n", PyGILState_GetThisThreadState() == first);
    PyGILState_STATE state = PyGILState_Ensure();
    printf("ensured: %d main %d sub %d\n", state == PyGILState_UNLOCKED, PyThreadState_Get() == first, PyThreadState_Get() == sub);
    PyGILState_Release(state);
    PyEval_RestoreThread(sub);
    Py_EndInterpreter(sub);
    printf("after end, this thread's is main's: %d\n", PyGILState_GetThisThreadState() == first);
    PyThreadState_Swap(first);
    printf("after swap, this thread's is main's: %d\n", PyGILState_GetThisThreadState() == first);
    printf("finalized: %d\n", Py_FinalizeEx());
}

static unsigned long looping = 0;

static void *loop(void *argument)
{
    PyThreadState *state = PyThreadState_New((PyInterpreterState *)argument);
    PyEval_RestoreThread(state);
    looping = PyThread_get_thread_ident();
    run("import time\ntry:\n while True: time.sleep(0.01)\nexcept KeyError as e: print('got', repr(e))");
    PyThreadState_Clear(state);
    PyThreadState_DeleteCurrent();
    return NULL;
}

static void async(void)
{
    printf("nobody: %d\n", PyThreadState_SetAsyncExc(12345, PyExc_KeyError));
    pthread_t thread;
    pthread_create(&thread, NULL, loop, PyInterpreterState_Main());
    int found = 0;
    while (!found) {
        Py_BEGIN_ALLOW_THREADS
        usleep(50000);
        Py_END_ALLOW_THREADS
        if (looping) {
            found = PyThreadState_SetAsyncExc(looping, PyExc_ValueError);
            printf("found: %d\n", found);
            printf("taken back: %d\n", PyThreadState_SetAsyncExc(looping, NULL));
            found = PyThreadState_SetAsyncExc(looping, PyExc_KeyError);
        }
    }
    Py_BEGIN_ALLOW_THREADS
    pthread_join(thread, NULL);
    Py_END_ALLOW_THREADS
    PyThreadState_SetAsyncExc(PyThread_get_thread_ident(), PyExc_LookupError);
    run("try:\n for i in range(1000): pass\nexcept LookupError as e: print('myself', repr(e))");
    printf("finalized: %d\n", Py_FinalizeEx());
}

/* What must not be seen from one interpreter in another. */
static void separate(void)
{
    PyThreadState *first = PyThreadState_Get();
    run("class MainInt(int): pass\n"
        "class MainError(ValueError): pass\n"
        "import weakref\n"
        "class MainRef(weakref.ref): pass\n"
        "r = MainRef(int)\n"
        "def refs(): return [type(r).__name__ for r in weakref.getweakrefs(int) if type(r) is not weakref.ref]\n"
        "print([c.__name__ for c in int.__subclasses__()], refs())\n"
        "import sys; main_ids = [id(int.__dict__['bit_length']), id(sys.modules), id(sys.intern('some text of mine'))]\n"
        "int.__doc__");
    PyThreadState *sub = isolated();
    run("import weakref\n"
        "def refs(): return [type(r).__name__ for r in weakref.getweakrefs(int) if type(r) is not weakref.ref]\n"
        "print([c.__name__ for c in int.__subclasses__()], refs())\n"
        "print([c.__name__ for c in ValueError.__subclasses__() if 'Main' in c.__name__])\n"
        "class SubInt(int): pass\n"
        "print([c.__name__ for c in int.__subclasses__()])\n"
        "import gc; print([o for o in gc.get_objects() if isinstance(o, type) and 'Main' in o.__name__])\n"
        "import sys; print(sys.getrecursionlimit()); sys.setrecursionlimit(500); sys.setswitchinterval(0.5)\n"
        "sys.set_int_max_str_digits(1000); gc.disable(); gc.set_threshold(5)\n"
        "import warnings; warnings.simplefilter('error')\n"
        "import os; os.environ['FROM_SUB'] = '1'\n"
        "import decimal, datetime, re, collections, json, random\n"
        "print(datetime.datetime(2020, 1, 2), re.match('a+', 'aaa'), json.dumps({'a': 1}))\n");
    PyThreadState_Swap(first);
    run("import gc, sys, os\n"
        "print([c.__name__ for c in int.__subclasses__()], sys.getrecursionlimit(), sys.get_int_max_str_digits(), gc.isenabled(), gc.get_threshold())\n"
        "print(os.environ.get('FROM_SUB'))");
    PyThreadState_Swap(sub);
    Py_EndInterpreter(sub);
    PyThreadState_Swap(first);
    run("print([c.__name__ for c in int.__subclasses__()], refs())\n"
        "import datetime, re, collections, json\n"
        "print(datetime.datetime(2020, 1, 2), re.match('a+', 'aaa'), json.dumps({'a': 1}))\n");
    printf("finalized: %d\n", Py_FinalizeEx());
}

static int inside = 0;
static int most_inside = 0;
static pthread_mutex_t inside_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t together;

static PyObject *meet(PyObject *self, PyObject *args)
{
    (void)self;
    (void)args;
    /* With the GIL held: only interpreters with locks of their own get past it together. */
    pthread_barrier_wait(&together);
    pthread_mutex_lock(&inside_lock);
    inside++;
    if (inside > most_inside) {
        most_inside = inside;
    }
    pthread_mutex_unlock(&inside_lock);
    pthread_barrier_wait(&together);
    pthread_mutex_lock(&inside_lock);
    inside--;
    pthread_mutex_unlock(&inside_lock);
    Py_RETURN_NONE;
}

static PyMethodDef meet_def = {"meet", meet, METH_NOARGS, NULL};

static void *work(void *argument)
{
    PyThreadState *state = (PyThreadState *)argument;
    PyEval_RestoreThread(state);
    PyObject *main_module = PyImport_AddModule("__main__");
    PyObject *function = PyCFunction_New(&meet_def, NULL);
    PyModule_AddObjectRef(main_module, "meet", function);
    Py_DECREF(function);
    PyRun_SimpleString("meet()");
    PyRun_SimpleString(
        "import collections, re, json, gc\n"
        "class A(int):\n def __init__(self, *a): self.x = [self]\n"
        "total = 0\n"
        "for i in range(20000):\n"
        "    d = {str(k): (k, [k], A(k)) for k in range(3)}\n"
        "    total += len(d) + len('%s %r %d' % (i, None, i)) + int(str(i))\n"
        "    try: raise ValueError(i)\n"
        "    except ValueError as e: total += len(e.args)\n"
        "    s = frozenset((1, 'a', b'b', 2.5, None, (), True))\n"
        "    total += len(s) + len(sorted(['x', 'y', '\\xe9', 'a'], key=len))\n"
        "gc.collect()\n"
        "assert total == 200567780, total\n");
    PyRun_SimpleString("meet()");
    Py_EndInterpreter(state);
    return NULL;
}

static void parallel(void)
{
    enum { COUNT = 4 };
    PyThreadState *first = PyThreadState_Get();
    PyThreadState *subs[COUNT];
    pthread_t threads[COUNT];
    pthread_barrier_init(&together, NULL, COUNT);
    for (int i = 0; i < COUNT; i++) {
        subs[i] = isolated();
        PyThreadState_Swap(first);
    }
    PyEval_SaveThread();
    for (int i = 0; i < COUNT; i++) {
        pthread_create(&threads[i], NULL, work, subs[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        pthread_join(threads[i], NULL);
    }
    PyEval_RestoreThread(first);
    printf("at once: %d\n", most_inside);
    run("print('main goes on')");
    printf("finalized: %d\n", Py_FinalizeEx());
}

static long resident(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) {
        printf("no statm\n");
    }
    if (file != NULL) {
        fclose(file);
    }
    return pages * sysconf(_SC_PAGESIZE) / 1024;
}

static void many(void)
{
    PyThreadState *first = PyThreadState_Get();
    long settled = 0;
    for (int i = 0; i < 60; i++) {
        PyThreadState *sub = i % 2 ? isolated() : Py_NewInterpreter();
        PyRun_SimpleString("import collections, re, json, functools; class_ = type('C', (), {}); x = [class_() for _ in range(1000)]");
        Py_EndInterpreter(sub);
        PyThreadState_Swap(first);
        if (i == 19) {
            settled = resident();
        }
    }
    printf("grown by less than 4 MiB: %d\n", resident() - settled < 4096);
    printf("finalized: %d\n", Py_FinalizeEx());
}

static void living(void)
{
    PyThreadState *first = PyThreadState_Get();
    run("import atexit; atexit.register(print, 'exit function of main')");
    Py_NewInterpreter();
    run("import atexit; atexit.register(print, 'exit function of 1')");
    isolated();
    run("import atexit; atexit.register(print, 'exit function of 2')");
    PyThreadState_Swap(first);
    printf("finalized: %d\n", Py_FinalizeEx());
    printf("initialized: %d\n", Py_IsInitialized());
    start();
    run("print('again')");
    PyThreadState *sub = isolated();
    printf("id: %d\n", (int)PyInterpreterState_GetID(PyInterpreterState_Get()));
    Py_EndInterpreter(sub);
    PyThreadState_Swap(PyInterpreterState_ThreadHead(PyInterpreterState_Main()));
    printf("finalized: %d\n", Py_FinalizeEx());
}

static void again(void)
{
    long settled = 0;
    Py_FinalizeEx();
    for (int i = 0; i < 60; i++) {
        start();
        PyRun_SimpleString("import collections, re, json; x = [object() for _ in range(1000)]; x.append(x)");
        if (i % 3 == 0) {
            isolated();
            PyThreadState_Swap(PyInterpreterState_ThreadHead(PyInterpreterState_Main()));
            PyRun_SimpleString("import warnings; warnings.simplefilter('ignore')");
        }
        Py_FinalizeEx();
        if (i == 19) {
            settled = resident();
        }
    }
    /* The reference loses some 100 KiB each time. */
    printf("grown by less than 8 MiB: %d\n", resident() - settled < 8192);
}

static PyObject *end_here(PyObject *self, PyObject *args)
{
    (void)self;
    (void)args;
    Py_EndInterpreter(PyThreadState_Get());
    Py_RETURN_NONE;
}

static PyMethodDef end_def = {"end", end_here, METH_NOARGS, NULL};

static void wrong(const char *how)
{
    PyThreadState *first = PyThreadState_Get();
    if (strcmp(how, "end-main") == 0) {
        Py_EndInterpreter(first);
        printf("ended\n");
        return;
    }
    PyThreadState *sub = isolated();
    if (strcmp(how, "end-other") == 0) {
        PyThreadState_Swap(first);
        Py_EndInterpreter(sub);
    }
    else if (strcmp(how, "end-twice") == 0) {
        Py_EndInterpreter(sub);
        PyThreadState_Get();
    }
    else if (strcmp(how, "end-with-threads") == 0) {
        PyThreadState_New(PyInterpreterState_Get());
        Py_EndInterpreter(sub);
    }
    else if (strcmp(how, "end-in-frame") == 0) {
        PyObject *function = PyCFunction_New(&end_def, NULL);
        PyModule_AddObjectRef(PyImport_AddModule("__main__"), "end", function);
        PyRun_SimpleString("end()");
    }
    else if (strcmp(how, "finalize-in-sub") == 0) {
        printf("finalized: %d\n", Py_FinalizeEx());
    }
    else if (strcmp(how, "clear-current") == 0) {
        PyThreadState_Clear(sub);
        printf("cleared\n");
        fflush(stdout);
        PyThreadState_Delete(sub);
    }
    else if (strcmp(how, "delete-current") == 0) {
        PyThreadState_Delete(sub);
    }
    printf("went on\n");
}

int main(int argc, char **argv)
{
    const char *run_name = argc > 1 ? argv[1] : "legacy";
    setvbuf(stdout, NULL, _IONBF, 0);
    start();
    if (strcmp(run_name, "legacy") == 0) legacy();
    else if (strcmp(run_name, "isolated") == 0) isolated_run();
    else if (strcmp(run_name, "configs") == 0) configs();
    else if (strcmp(run_name, "lists") == 0) lists();
    else if (strcmp(run_name, "threads") == 0) threads();
    else if (strcmp(run_name, "foreign") == 0) foreign();
    else if (strcmp(run_name, "gilstate") == 0) gilstate();
    else if (strcmp(run_name, "async") == 0) async();
    else if (strcmp(run_name, "separate") == 0) separate();
    else if (strcmp(run_name, "parallel") == 0) parallel();
    else if (strcmp(run_name, "many") == 0) many();
    else if (strcmp(run_name, "living") == 0) living();
    else if (strcmp(run_name, "again") == 0) again();
    else wrong(run_name);
    return 0;
}

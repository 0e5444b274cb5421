/* Calls Python from threads that Python did not start, and from a thread that has let go of the GIL. */
#include <Python.h>
#include <pthread.h>

static void call(PyObject *function)
{
    PyObject *result = PyObject_CallNoArgs(function);
    if (result == NULL) {
        PyErr_WriteUnraisable(function);
    }
    Py_XDECREF(result);
}

static void *body(void *function)
{
    for (int i = 0; i < 2; i++) {
        PyGILState_STATE state = PyGILState_Ensure();
        call((PyObject *)function);
        PyGILState_Release(state);
    }
    return NULL;
}

/* in_thread(function): calls it twice in a foreign thread, each time with a new state. */
static PyObject *in_thread(PyObject *self, PyObject *function)
{
    (void)self;
    pthread_t thread;
    Py_BEGIN_ALLOW_THREADS
    pthread_create(&thread, NULL, body, function);
    pthread_join(thread, NULL);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

/* called_back(function): lets go of the GIL and is called back: whether it has the state that it had. */
static PyObject *called_back(PyObject *self, PyObject *function)
{
    (void)self;
    int same = 0;
    PyThreadState *mine = PyThreadState_Get();
    Py_BEGIN_ALLOW_THREADS
    PyGILState_STATE outer = PyGILState_Ensure();
    PyGILState_STATE inner = PyGILState_Ensure();
    same = PyThreadState_Get() == mine && outer == PyGILState_UNLOCKED && inner == PyGILState_LOCKED;
    call(function);
    PyGILState_Release(inner);
    PyGILState_Release(outer);
    same = same && !PyGILState_Check() && PyGILState_GetThisThreadState() == mine;
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(same);
}

/* states(): how many thread states the interpreter has. */
static PyObject *states(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    long count = 0;
    PyThreadState *state = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    for (; state != NULL; state = PyThreadState_Next(state)) {
        count++;
    }
    return PyLong_FromLong(count);
}

static PyObject *interpreter(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyLong_FromLongLong(PyInterpreterState_GetID(PyInterpreterState_Get()));
}

/* capsule(): whether its content can be had without the GIL. */
static PyObject *capsule(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    int content = 42;
    PyObject *made = PyCapsule_New(&content, "content", NULL);
    if (made == NULL)
        return NULL;
    int *found;
    Py_BEGIN_ALLOW_THREADS
    found = PyCapsule_GetPointer(made, "content");
    Py_END_ALLOW_THREADS
    Py_DECREF(made);
    return PyLong_FromLong(*found);
}

static PyMethodDef methods[] = {
    {"capsule", capsule, METH_NOARGS, NULL},
    {"in_thread", in_thread, METH_O, NULL},
    {"called_back", called_back, METH_O, NULL},
    {"states", states, METH_NOARGS, NULL},
    {"interpreter", interpreter, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "foreign", NULL, 0, methods, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_foreign(void)
{
    return PyModuleDef_Init(&definition);
}

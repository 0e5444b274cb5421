/* What published packages do by the layout of objects instead of the API: greenlet with frames and the memory they lie in,
   multidict with strings. */
#include <Python.h>

/* A frame, as far as its head. */
typedef struct Frame {
    uintptr_t executable;
    struct Frame *previous;
    uintptr_t function;
    PyObject *globals, *builtins, *locals;
    PyObject *object;
    void *instruction, *top;
    uint16_t return_offset;
    char owner, visited;
} Frame;

typedef struct {
    PyObject_HEAD
    PyObject *back;
    Frame *frame;
} FrameObject;

enum { OWNED_BY_GENERATOR = 1 };

/* callers(): the names of the running functions, innermost first. The frame object of each but the first is asked for through a
   frame object on the stack, whose caller it seems to be. */
static PyObject *callers(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    PyObject *names = PyList_New(0);
    PyFrameObject *innermost = PyEval_GetFrame();
    if (names == NULL || innermost == NULL)
        return names;
    Frame *frame = ((FrameObject *)innermost)->frame;
    while (frame != NULL) {
        Frame inner;
        FrameObject object;
        memset(&inner, 0, sizeof inner);
        memset(&object, 0, sizeof object);
        inner.owner = OWNED_BY_GENERATOR;
        inner.previous = frame;
        object.frame = &inner;
        PyFrameObject *made = PyFrame_GetBack((PyFrameObject *)&object);
        if (made == NULL)
            break;
        PyCodeObject *code = PyFrame_GetCode(made);
        frame = ((FrameObject *)made)->frame;
        int failed = frame->object != (PyObject *)made || PyList_Append(names, code->co_name) < 0;
        Py_DECREF(code);
        Py_DECREF(made);
        if (failed) {
            Py_DECREF(names);
            return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_AssertionError, "another frame object");
        }
        frame = frame->previous;
    }
    return names;
}

/* chunk(): whether there is memory for frames to be had. */
static PyObject *chunk(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    PyObjectArenaAllocator allocator;
    PyObject_GetArenaAllocator(&allocator);
    void *memory = allocator.alloc(allocator.ctx, 16384);
    if (memory == NULL)
        return PyErr_NoMemory();
    memset(memory, 1, 16384);
    allocator.free(allocator.ctx, memory, 16384);
    Py_RETURN_TRUE;
}

/* word(type, text): an instance of `type`, a subclass of str, with the same ASCII text, which is its own UTF-8. */
static PyObject *word(PyObject *self, PyObject *args)
{
    (void)self;
    PyTypeObject *type;
    PyObject *text;
    if (!PyArg_ParseTuple(args, "O!U:word", &PyType_Type, &type, &text))
        return NULL;
    PyObject *made = type->tp_alloc(type, 0);
    if (made == NULL)
        return NULL;
    size_t size = (size_t)PyUnicode_GET_LENGTH(text) + 1;
    char *data = (char *)PyMem_Malloc(size);
    if (data == NULL)
        return PyErr_NoMemory();
    memcpy(data, PyUnicode_DATA(text), size);
    PyUnicodeObject *string = (PyUnicodeObject *)made;
    string->_base._base.length = PyUnicode_GET_LENGTH(text);
    string->_base._base.hash = -1;
    string->_base._base.state.kind = PyUnicode_1BYTE_KIND;
    string->_base._base.state.ascii = 1;
    string->_base.utf8 = data;
    string->_base.utf8_length = PyUnicode_GET_LENGTH(text);
    string->data.any = data;
    return made;
}

static PyMethodDef methods[] = {
    {"callers", callers, METH_NOARGS, NULL},
    {"chunk", chunk, METH_NOARGS, NULL},
    {"word", word, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "layouts", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_layouts(void)
{
    return PyModuleDef_Init(&definition);
}

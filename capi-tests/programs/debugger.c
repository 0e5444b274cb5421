/* What a debugger of another process does, done by a program to itself: from `_PyRuntime` alone, by the offsets that it
 * begins with, to the interpreters, their threads, and the frames, functions, lines and locals of these. */
/* args: */
/* args: fatal */
/* args: fatal-detached */
/* args: fatal-raised */
#include <Python.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
extern char _PyRuntime[];
#ifdef __cplusplus
}
#endif

/* The table is numbers only: the groups in their order, each by the index of its first. */
enum { COOKIE, VERSION, FREE_THREADED, RUNTIME, INTERPRETER = 6, THREAD = 22, FRAME = 31, CODE = 39, OBJECT = 50, TYPE = 52,
       TUPLE = 56, LIST = 59, SET = 62, DICT = 66, FLOAT = 69, INT = 71, BYTES = 74, STR = 77, GC = 81, GENERATOR = 83,
       LINK = 87, SUPPORT = 89 };

static uint64_t offset(int group, int field) {
    uint64_t value;
    memcpy(&value, _PyRuntime + 8 * (group + field), sizeof value);
    return value;
}

/* The pointer that lies at an offset of a struct. */
static char *at(const char *base, uint64_t place) {
    char *value;
    memcpy(&value, base + place, sizeof value);
    return value;
}

static int64_t number_at(const char *base, uint64_t place, size_t size) {
    int64_t value = 0;
    memcpy(&value, base + place, size);
    return value;
}

/* The text of an ASCII string. */
static const char *text(const char *string) { return string + offset(STR, 3); }

static const char *type_name(const char *object) { return at(at(object, offset(OBJECT, 1)), offset(TYPE, 1)); }

static void show_value(const char *object) {
    const char *name = type_name(object);
    if (!strcmp(name, "int"))
        printf("int of %d digits, the first %d", (int)(number_at(object, offset(INT, 1), 8) >> 3),
               (int)number_at(object, offset(INT, 2), 4));
    else if (!strcmp(name, "str"))
        printf("str '%s' of %d", text(object), (int)number_at(object, offset(STR, 2), 8));
    else if (!strcmp(name, "list"))
        printf("list of %d, the first a %s", (int)number_at(object, offset(LIST, 2), 8),
               type_name(at(at(object, offset(LIST, 1)), 0)));
    else if (!strcmp(name, "tuple"))
        printf("tuple of %d, the first a %s", (int)number_at(object, offset(TUPLE, 2), 8),
               type_name(at(object, offset(TUPLE, 1))));
    else if (!strcmp(name, "float")) {
        double value;
        memcpy(&value, object + offset(FLOAT, 1), sizeof value);
        printf("float %g", value);
    } else if (!strcmp(name, "bytes"))
        printf("bytes '%s' of %d", object + offset(BYTES, 2), (int)number_at(object, offset(BYTES, 1), 8));
    else if (!strcmp(name, "set"))
        printf("set of %d", (int)number_at(object, offset(SET, 1), 8));
    else
        printf("%s", name);
}

static void show_locals(const char *frame, const char *code) {
    char *names = at(code, offset(CODE, 7));
    int count = (int)number_at(names, offset(TUPLE, 2), 8);
    for (int local = 0; local < count; local++) {
        uint64_t bits = (uint64_t)number_at(frame, offset(FRAME, 4) + 8 * local, 8) & ~(uint64_t)1;
        printf("      %s = ", text(at(names, offset(TUPLE, 1) + 8 * local)));
        if (bits)
            show_value((const char *)(uintptr_t)bits);
        else
            printf("nothing");
        printf("\n");
    }
}

static void show_frames(const char *thread) {
    for (char *frame = at(thread, offset(THREAD, 4)); frame; frame = at(frame, offset(FRAME, 1))) {
        if (number_at(frame, offset(FRAME, 5), 1) >= 3) {
            printf("    (from C)\n");
            continue;
        }
        char *code = (char *)(uintptr_t)((uint64_t)number_at(frame, offset(FRAME, 2), 8) & ~(uint64_t)1);
        long instruction = (long)(at(frame, offset(FRAME, 3)) - (code + offset(CODE, 9)));
        printf("    %s in %s from line %d, %d arguments, %s\n", text(at(code, offset(CODE, 3))), text(at(code, offset(CODE, 1))),
               (int)number_at(code, offset(CODE, 5), 4), (int)number_at(code, offset(CODE, 6), 4),
               instruction >= 0 && instruction < 4096 ? "running" : "outside of its code");
        if (strcmp(text(at(code, offset(CODE, 2))), "<module>"))
            show_locals(frame, code);
    }
}

static PyObject *look(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    char *interpreter = at(_PyRuntime, offset(RUNTIME, 2));
    printf("cookie %.8s, version %x\n", _PyRuntime, (int)(offset(VERSION, 0) >> 16));
    for (; interpreter; interpreter = at(interpreter, offset(INTERPRETER, 2))) {
        printf("interpreter %d: modules a %s, sys a %s, builtins a %s\n", (int)number_at(interpreter, offset(INTERPRETER, 1), 8),
               type_name(at(interpreter, offset(INTERPRETER, 6))), type_name(at(interpreter, offset(INTERPRETER, 7))),
               type_name(at(interpreter, offset(INTERPRETER, 8))));
        char *gil = at(interpreter, offset(INTERPRETER, 9));
        char *thread = at(interpreter, offset(INTERPRETER, 3)), *newer = NULL;
        for (; thread; newer = thread, thread = at(thread, offset(THREAD, 2))) {
            printf("  thread%s%s\n", thread == (char *)PyThreadState_Get() ? ", mine" : "",
                   number_at(gil, 16, 4) && at(gil, 8) == thread ? ", has the GIL" : "");
            if (at(thread, offset(THREAD, 1)) != newer || at(thread, offset(THREAD, 3)) != interpreter)
                printf("  linked wrongly\n");
            show_frames(thread);
        }
    }
    fflush(stdout);
    Py_RETURN_NONE;
}

static PyObject *die(PyObject *self, PyObject *raised) {
    (void)self;
    if (raised != Py_None)
        PyErr_SetString(PyExc_ValueError, "on the way");
    Py_FatalError("as asked");
}

static PyMethodDef functions[] = {{"look", look, METH_NOARGS, NULL}, {"die", die, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "spy", NULL, 0, functions, NULL, NULL, NULL, NULL};

static PyObject *make(void) { return PyModule_Create(&definition); }

static const char PROGRAM[] =
    "import spy\n"
    "def inner(first, *rest, **named):\n"
    "    big = 10 ** 20; real = 1.5; data = b'xyz'; group = {1, 2}; empty: int\n"
    "    if first: empty = None\n"
    "    del first\n"
    "    spy.look()\n"
    "class Thing:\n"
    "    def method(self, values):\n"
    "        return [inner('text', 1, two=2) for value in values]\n"
    "def generate():\n"
    "    yield Thing().method([0])\n"
    "list(generate())\n";

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    PyImport_AppendInittab("spy", make);
    Py_Initialize();
    if (!strcmp(what, "fatal")) PyRun_SimpleString("import spy\ndef f():\n    print('said before')\n    spy.die(None)\nf()");
    if (!strcmp(what, "fatal-detached")) PyEval_SaveThread(), Py_FatalError("without the GIL");
    if (!strcmp(what, "fatal-raised")) PyRun_SimpleString("import spy\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    spy.die(1)");
    PyRun_SimpleString(PROGRAM);
    PyThreadState *first = PyThreadState_Get();
    PyThreadState *other = Py_NewInterpreter();
    PyRun_SimpleString("import spy\nspy.look()");
    Py_EndInterpreter(other);
    PyThreadState_Swap(first);
    return Py_FinalizeEx();
}

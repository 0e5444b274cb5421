/* Makes the calls that tests/misuse.rs has written in place of the comment below, each with objects of its own and in a
   child process of its own: what a call changes is not seen by the next one, and one that ends its process is answered
   with "crash". */
#define PY_SSIZE_T_CLEAN
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <Python.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {
/* NAMES */
};
static double zero;
static char line[4096];

static PyObject *make(const char *kind)
{
    PyObject *made;
    switch (kind[0] * 256 + kind[1]) {
    case 'n' * 256 + 'u':
        return strcmp(kind, "null") == 0 ? NULL : PyLong_FromLong(5);
    case 'n' * 256 + 'o':
        return Py_NewRef(Py_None);
    case 'b' * 256 + 'i':
        return PyLong_FromString("-123456789012345678901234567890", NULL, 10);
    case 'r' * 256 + 'e':
        return PyFloat_FromDouble(2.5);
    case 't' * 256 + 'e':
        return PyUnicode_FromString("text");
    case 'b' * 256 + 'y':
        return PyBytes_FromString("bytes");
    case 'l' * 256 + 'i':
        made = PyList_New(0);
        PyList_Append(made, Py_None);
        return made;
    case 'd' * 256 + 'i':
        made = PyDict_New();
        PyDict_SetItemString(made, "text", Py_None);
        return made;
    case 't' * 256 + 'u':
        return PyTuple_Pack(2, Py_None, Py_True);
    case 't' * 256 + 'y':
        return Py_NewRef((PyObject *)&PyLong_Type);
    default:
        made = PySet_New(NULL);
        PySet_Add(made, Py_True);
        return made;
    }
}

static void add(const char *text)
{
    size_t used = strlen(line);
    for (; *text && used < sizeof(line) - 2; text++) {
        /* Addresses differ from run to run. */
        if (text[0] == '0' && text[1] == 'x') {
            line[used++] = '@';
            text += 2;
            while (strchr("0123456789abcdef", *text) && *text) {
                text++;
            }
            text--;
            continue;
        }
        line[used++] = *text == '\n' ? ' ' : *text;
    }
    line[used] = 0;
}

static void add_object(PyObject *ob)
{
    PyObject *shown = PyObject_Repr(ob);
    const char *text = shown ? PyUnicode_AsUTF8(shown) : NULL;
    if (!text) {
        PyErr_Clear();
        text = "(no repr)";
    }
    add(Py_TYPE(ob)->tp_name);
    add(" ");
    add(text);
}

static void finish(void)
{
    PyObject *raised = PyErr_GetRaisedException();
    if (raised) {
        add(" ! ");
        add(Py_TYPE(raised)->tp_name);
        add(": ");
        PyObject *message = PyObject_Str(raised);
        const char *text = message ? PyUnicode_AsUTF8(message) : NULL;
        /* Where in the reference's source it was raised is left out. */
        const char *bare = text ? strstr(text, "bad argument to internal function") : NULL;
        add(bare ? bare : text ? text : "(no message)");
        PyErr_Clear();
    }
}

static void show_object(PyObject *ob)
{
    PyObject *raised = PyErr_GetRaisedException();
    if (ob) {
        add_object(ob);
    } else {
        add("NULL");
    }
    PyErr_SetRaisedException(raised);
    finish();
}

static void show_number(long long value)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", value);
    add(text);
    finish();
}

static void show_unsigned(unsigned long long value)
{
    char text[32];
    snprintf(text, sizeof(text), "%llu", value);
    add(text);
    finish();
}

static void show_real(double value)
{
    char text[64];
    snprintf(text, sizeof(text), "%.17g", value);
    add(text);
    finish();
}

static void show_text(const char *text)
{
    add(text ? text : "NULL");
    finish();
}

static void show_nothing(void)
{
    finish();
}

static void call(int number)
{
    PyObject *place = NULL;
    Py_ssize_t size = 0;
    (void)place;
    (void)size;
    line[0] = 0;
    switch (number) {
/* CASES */
    }
    printf("%s -> %s\n", names[number], line);
    fflush(stdout);
}

int main(void)
{
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.site_import = 0;
    config.use_hash_seed = 1;
    config.hash_seed = 1;
    PyStatus status = Py_InitializeFromConfig(&config);
    if (PyStatus_Exception(status)) {
        Py_ExitStatusException(status);
    }
    fflush(stdout);
    for (int at = 0; at < COUNT_OF_CASES; at++) {
        pid_t child = fork();
        int ended = 0;
        if (child == 0) {
            /* What a call says on standard error is not compared. */
            if (!freopen("/dev/null", "w", stderr)) {
                _exit(3);
            }
            alarm(10);
            call(at);
            _exit(0);
        }
        waitpid(child, &ended, 0);
        if (ended != 0) {
            printf("%s -> crash\n", names[at]);
            fflush(stdout);
        }
    }
    return 0;
}

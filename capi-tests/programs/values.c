/* Makes values, texts, calls, exceptions and warnings from formats. */
#include <Python.h>
#include <stddef.h>

static PyObject *globals;

static void complain(void) {
    PyObject *error = PyErr_GetRaisedException();
    if (!error) {
        printf("no exception\n");
        return;
    }
    PyObject *text = PyObject_Str(error);
    printf("%s: %s\n", Py_TYPE(error)->tp_name, text ? PyUnicode_AsUTF8(text) : "?");
    Py_XDECREF(text);
    Py_DECREF(error);
}

/* Prints the object's repr, or the exception; takes the reference. */
static void show(PyObject *object) {
    if (!object) {
        complain();
        return;
    }
    PyObject *text = PyObject_Repr(object);
    printf("%s\n", PyUnicode_AsUTF8(text));
    Py_DECREF(text);
    Py_DECREF(object);
}

static PyObject *value(const char *source) {
    PyObject *result = PyRun_String(source, Py_eval_input, globals, globals);
    if (!result) PyErr_Print();
    return result;
}

static PyObject *make(void *text) { return text ? PyUnicode_FromString((const char *)text) : NULL; }

static PyObject *va_build(const char *format, ...) {
    va_list list;
    va_start(list, format);
    PyObject *first = Py_VaBuildValue(format, list);
    /* The list is where it was: the same values again. */
    PyObject *second = Py_VaBuildValue(format, list);
    va_end(list);
    return PyTuple_Pack(2, first, second);
}

static void build(void) {
    Py_complex complex = {1.5, -2};
    show(Py_BuildValue(""));
    show(Py_BuildValue("()"));
    show(Py_BuildValue("i", -7));
    show(Py_BuildValue("(i)", 7));
    show(Py_BuildValue("bBhHiI", -1, 255, -300, 65535u, INT_MIN, UINT_MAX));
    show(Py_BuildValue("lkLKn", LONG_MIN, ULONG_MAX, LLONG_MIN, ULLONG_MAX, PY_SSIZE_T_MAX));
    show(Py_BuildValue("fdDp", 0.5, 1e300, &complex, 3));
    show(Py_BuildValue("cC", 'x', 0x1F600));
    show(Py_BuildValue("C", 0x110000));
    show(Py_BuildValue("szUy", "h\xc3\xa9", NULL, "text", "bytes"));
    show(Py_BuildValue("s#z#U#y#", "abc", (Py_ssize_t)2, NULL, (Py_ssize_t)2, "abc", (Py_ssize_t)-1, "a\0b", (Py_ssize_t)3));
    show(Py_BuildValue("uu#", L"wide \u20ac", L"wide", (Py_ssize_t)2));
    show(Py_BuildValue("s", "\xff"));
    show(Py_BuildValue("[i,(ss),{s:i, s : [i]}]", 1, "a", "b", "c", 2, "d", 3));
    show(Py_BuildValue("{}"));
    show(Py_BuildValue("{i:i,[i]:i}", 1, 2, 3, 4));
    show(Py_BuildValue("OSN", Py_None, Py_True, PyLong_FromLong(5)));
    show(Py_BuildValue("O&", make, "made"));
    show(Py_BuildValue("O", NULL));
    show(Py_BuildValue("(OO)", NULL, Py_None));
    PyErr_SetString(PyExc_KeyError, "earlier");
    show(Py_BuildValue("i", 1));
    complain();
    PyErr_SetString(PyExc_KeyError, "earlier");
    show(Py_BuildValue("N", NULL));
    show(Py_BuildValue("(i", 1));
    show(Py_BuildValue("(i]", 1));
    show(Py_BuildValue("[i)", 1));
    show(Py_BuildValue("{i}", 1));
    show(Py_BuildValue("{ii", 1, 2));
    show(Py_BuildValue("i)", 1));
    show(Py_BuildValue("Q", 1));
    show(Py_BuildValue("iQ", 1));
    PyObject *list = PyList_New(0);
    show(Py_BuildValue("iQN", 1, Py_NewRef(list)));
    printf("references: %zd\n", Py_REFCNT(list));
    show(Py_BuildValue("ON", NULL, Py_NewRef(list)));
    printf("references: %zd\n", Py_REFCNT(list));
    Py_DECREF(list);
    PyObject *pair = va_build("is", 1, "x");
    show(pair);
    show(PyTuple_Pack(0));
    show(PyTuple_Pack(2, Py_True, Py_None));
}

static void text(void) {
    PyObject *accents = PyUnicode_FromString("h\xc3\xa9llo"), *list = Py_BuildValue("[s]", "\xc3\xa9");
    PyObject *cls = value("Class"), *instance = value("Class()");
    show(PyUnicode_FromFormat("plain"));
    show(PyUnicode_FromFormat(""));
    show(PyUnicode_FromFormat("100%%"));
    show(PyUnicode_FromFormat("%c%c%c", 'a', 0xe9, 0x1F600));
    show(PyUnicode_FromFormat("%c", 0x110000));
    show(PyUnicode_FromFormat("%c", -1));
    show(PyUnicode_FromFormat("%d|%5d|%-5d|%05d|%.3d|%8.3d|%-8.3d|%08.3d", -42, -42, -42, -42, -42, -42, -42, -42));
    show(PyUnicode_FromFormat("%i|%u|%x|%X|%o", 10, 3000000000u, 255, 255, 8));
    show(PyUnicode_FromFormat("%ld|%lu|%lx|%li|%lo", LONG_MIN, ULONG_MAX, 255ul, -1l, 8ul));
    show(PyUnicode_FromFormat("%lld|%llu|%llX", LLONG_MIN, ULLONG_MAX, 255ull));
    show(PyUnicode_FromFormat("%zd|%zu|%zx|%td|%tx|%jd|%ju", (Py_ssize_t)-1, (size_t)1, (size_t)255, (ptrdiff_t)-5,
                              (ptrdiff_t)255, (intmax_t)-6, (uintmax_t)7));
    show(PyUnicode_FromFormat("%*d|%-*d|%*d|%.*d|%.*d", 5, 1, 5, 1, -5, 1, 3, 1, -3, 1));
    show(PyUnicode_FromFormat("%p|%p", (void *)0xdead, NULL));
    show(PyUnicode_FromFormat("%s|%10s|%-10s|%.2s|%.10s|%5.1s", "abc", "abc", "abc", "abc", "abc", "abc"));
    show(PyUnicode_FromFormat("%s|%.2s|%.3s|%.*s|%.*s", "h\xc3\xa9llo", "h\xc3\xa9llo", "h\xc3\xa9llo", 2, "abc", -1, "abc"));
    show(PyUnicode_FromFormat("%s|%5s|%.2s", "a\xff\xfe", "\xff", "a\xff\xfe"));
    show(PyUnicode_FromFormat("%ls|%.2ls|%6ls|%-6ls|", L"wide", L"wide", L"wide", L"\u20ac"));
    show(PyUnicode_FromFormat("%U|%7U|%-7U|%.2U|%7.2U", accents, accents, accents, accents, accents));
    show(PyUnicode_FromFormat("%V|%V|%7V|%.1V|%lV", accents, "no", NULL, "c\xc3\xa9", NULL, "text", NULL, "text", NULL, L"wide"));
    show(PyUnicode_FromFormat("%S|%R|%A|%8S|%-8S|%.2R", list, list, list, list, list, list));
    show(PyUnicode_FromFormat("%T|%#T|%N|%#N|%12T|%.3T", instance, instance, cls, cls, list, list));
    show(PyUnicode_FromFormat("%T|%#T|%N", accents, accents, PyExc_ValueError));
    show(PyUnicode_FromFormat("%N", list));
    show(PyUnicode_FromFormat("%"));
    show(PyUnicode_FromFormat("a%y b"));
    show(PyUnicode_FromFormat("%5c", 'a'));
    show(PyUnicode_FromFormat("%5p", NULL));
    show(PyUnicode_FromFormat("%lU", list));
    show(PyUnicode_FromFormat("%zs", "a"));
    show(PyUnicode_FromFormat("%99999999999999999999d", 1));
    show(PyUnicode_FromFormat("%.99999999999999999999d", 1));
    show(PyUnicode_FromFormat("h\xc3\xa9"));
    show(PyUnicode_FromFormat("%S", value("Broken()")));
    show(PyBytes_FromFormat("%c|%d|%i|%u|%x|%s|%p|%%", 255, -1, 2, 3u, 255, "text", (void *)0xbeef));
    show(PyBytes_FromFormat("%ld|%lu|%zd|%zu|%.2s|%5d|%.9s", -1l, 2ul, (Py_ssize_t)-3, (size_t)4, "abcd", 7, "ab"));
    show(PyBytes_FromFormat("%c", 256));
    show(PyBytes_FromFormat("a%y%d", 1));
    show(PyBytes_FromFormat("a%"));
    char buffer[8];
    printf("%d ", PyOS_snprintf(buffer, sizeof buffer, "%s-%d", "abc", 12));
    printf("%s ", buffer);
    printf("%d ", PyOS_snprintf(buffer, sizeof buffer, "%s", "much too long"));
    printf("%s\n", buffer);
    PyUnicodeWriter *writer = PyUnicodeWriter_Create(0);
    printf("%d%d", PyUnicodeWriter_WriteChar(writer, 0xe9), PyUnicodeWriter_WriteUTF8(writer, "h\xc3\xa9", -1));
    printf("%d%d", PyUnicodeWriter_WriteUTF8(writer, "abc", 2), PyUnicodeWriter_WriteASCII(writer, "ascii", 3));
    printf("%d%d", PyUnicodeWriter_WriteStr(writer, list), PyUnicodeWriter_WriteRepr(writer, accents));
    printf("%d%d", PyUnicodeWriter_WriteRepr(writer, NULL), PyUnicodeWriter_WriteSubstring(writer, accents, 1, 3));
    printf("%d%d", PyUnicodeWriter_WriteWideChar(writer, L"wide", -1), PyUnicodeWriter_Format(writer, "<%d %S>", 5, list));
    Py_UCS4 points[] = {0x1F600, 'x'};
    printf("%d\n", PyUnicodeWriter_WriteUCS4(writer, points, 2));
    printf("%d ", PyUnicodeWriter_WriteChar(writer, 0x110000));
    complain();
    printf("%d ", PyUnicodeWriter_WriteUTF8(writer, "a\xff", -1));
    complain();
    printf("%d ", PyUnicodeWriter_WriteSubstring(writer, accents, 1, 9));
    complain();
    printf("%d ", PyUnicodeWriter_WriteSubstring(writer, accents, 3, 1));
    complain();
    printf("%d ", PyUnicodeWriter_WriteSubstring(writer, accents, -1, 1));
    complain();
    printf("%d ", PyUnicodeWriter_WriteSubstring(writer, list, 0, 1));
    complain();
    Py_ssize_t consumed = 0;
    printf("%d ", PyUnicodeWriter_DecodeUTF8Stateful(writer, "x\xff\xc3", 3, "replace", &consumed));
    printf("%zd ", consumed);
    show(PyUnicodeWriter_Finish(writer));
    PyUnicodeWriter_Discard(PyUnicodeWriter_Create(3));
    PyUnicodeWriter_Discard(NULL);
    show((PyObject *)PyUnicodeWriter_Create(-1));
    Py_DECREF(accents);
    Py_DECREF(list);
    Py_DECREF(cls);
    Py_DECREF(instance);
}

static void calls(void) {
    PyObject *function = value("lambda *args, **kwargs: (args, kwargs)"), *list = Py_BuildValue("[ii]", 3, 1);
    PyObject *append = PyUnicode_FromString("append"), *missing = PyUnicode_FromString("missing");
    show(PyObject_CallFunction(function, NULL));
    show(PyObject_CallFunction(function, ""));
    show(PyObject_CallFunction(function, "()"));
    show(PyObject_CallFunction(function, "i", 1));
    show(PyObject_CallFunction(function, "(ii)", 1, 2));
    show(PyObject_CallFunction(function, "((ii))", 1, 2));
    show(PyObject_CallFunction(function, "is#", 1, "abc", (Py_ssize_t)2));
    show(PyObject_CallFunction(function, "O", NULL));
    show(PyObject_CallFunction(function, "Q", 1));
    show(PyObject_CallFunction(Py_None, "i", 1));
    show(PyObject_CallFunction(NULL, "i", 1));
    show(PyObject_CallMethod(list, "append", "i", 2));
    show(PyObject_CallMethod(list, "index", "(i)", 1));
    show(PyObject_CallMethod(list, "sort", NULL));
    show(PyObject_CallMethod(list, "missing", "i", 1));
    show(PyObject_CallMethod(function, "__name__", NULL));
    show(PyObject_CallMethod(NULL, "append", "i", 1));
    show(PyObject_CallFunctionObjArgs(function, NULL));
    show(PyObject_CallFunctionObjArgs(function, Py_None, Py_True, NULL));
    show(PyObject_CallFunctionObjArgs(NULL, Py_None, NULL));
    show(PyObject_CallMethodObjArgs(list, append, Py_None, NULL));
    show(PyObject_CallMethodObjArgs(list, missing, NULL));
    show(PyObject_CallMethodObjArgs(list, NULL, NULL));
    show(list);
    Py_DECREF(function);
    Py_DECREF(append);
    Py_DECREF(missing);
}

static PyObject *raise_it(PyObject *cls, const char *format, ...) {
    va_list list;
    va_start(list, format);
    PyObject *result = PyErr_FormatV(cls, format, list);
    va_end(list);
    return result;
}

static void errors(void) {
    PyObject *module = PyModule_New("m");
    show(PyErr_Format(PyExc_ValueError, "%s %d %R", "text", 5, module));
    show(PyErr_Format(PyExc_KeyError, "no arguments"));
    show(PyErr_Format(PyExc_ValueError, "%y"));
    show(PyErr_Format(Py_None, "x"));
    show(raise_it(PyExc_OSError, "%zd", (Py_ssize_t)3));
    show(raise_it(value("Class"), "x"));
    PyErr_SetString(PyExc_KeyError, "first");
    show(PyErr_Format(PyExc_ValueError, "second"));
    PyRun_SimpleString("import sys, warnings\n"
                       "warnings.simplefilter('always')\n"
                       "def hook(args): print('unraisable:', args.err_msg, repr(args.exc_value), args.object)\n"
                       "sys.unraisablehook = hook\n"
                       "def showwarning(message, category, filename, line, file=None, text=None):\n"
                       "    print('warning:', category.__name__, message, filename, line)\n"
                       "warnings.showwarning = showwarning\n");
    PyErr_SetString(PyExc_KeyError, "lost");
    PyErr_FormatUnraisable("Exception ignored in %s %d", "test", 5);
    PyErr_SetString(PyExc_KeyError, "lost");
    PyErr_FormatUnraisable(NULL);
    printf("%d\n", PyErr_WarnFormat(PyExc_UserWarning, 1, "%s %d", "careful", 1));
    printf("%d\n", PyErr_WarnFormat(NULL, 1, "%s", "default"));
    printf("%d\n", PyErr_ResourceWarning(module, 1, "unclosed %U", value("'thing'")));
    printf("%d\n", PyErr_WarnExplicitFormat(PyExc_DeprecationWarning, "file.py", 12, "mod", NULL, "old %s", "stuff"));
    printf("%d\n", PyErr_WarnEx(PyExc_FutureWarning, "plain", 1));
    PyRun_SimpleString("warnings.simplefilter('error')");
    printf("%d ", PyErr_WarnFormat(PyExc_UserWarning, 1, "%s", "raised"));
    complain();
    Py_DECREF(module);
}

static void output(void) {
    fflush(stdout);
    PyRun_SimpleString("import sys\nsys.stdout.flush()");
    PyRun_SimpleString("sys.stdout.reconfigure(write_through=True)");
    PySys_WriteStdout("%s %d\n", "written", 5);
    PySys_FormatStdout("%U %zd\n", value("'h\\xe9'"), (Py_ssize_t)7);
    char big[1200];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    PySys_WriteStdout("%s", big);
    PySys_WriteStdout("\n");
    PyErr_SetString(PyExc_KeyError, "kept");
    PySys_WriteStderr("to %s\n", "stderr");
    PySys_FormatStderr("to %s\n", "stderr");
    complain();
    PyRun_SimpleString("sys.stdout.flush()");
    PyRun_SimpleString("events = []\nsys.addaudithook(lambda name, args: events.append((name, args)) if name.startswith('my.') else None)");
    printf("%d", PySys_Audit("my.none", NULL));
    printf("%d", PySys_Audit("my.one", "i", 1));
    printf("%d", PySys_Audit("my.two", "is", 1, "x"));
    printf("%d\n", PySys_Audit("my.pair", "(is)", 1, "x"));
    PyObject *tuple = Py_BuildValue("(O)", Py_None);
    printf("%d%d\n", PySys_AuditTuple("my.tuple", tuple), PySys_AuditTuple("my.null", NULL));
    printf("%d ", PySys_AuditTuple("my.list", Py_None));
    complain();
    Py_DECREF(tuple);
    show(value("events"));
}

int main(void) {
    Py_Initialize();
    setvbuf(stdout, NULL, _IONBF, 0);
    globals = PyModule_GetDict(PyImport_AddModule("__main__"));
    PyRun_SimpleString("class Class: pass\nclass Broken:\n    def __str__(self): raise KeyError('broken')\n");
    build();
    text();
    calls();
    errors();
    output();
    return Py_FinalizeEx();
}

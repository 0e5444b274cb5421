/* Takes arguments apart with every format unit, and with every mistake that is reported. */
#include <Python.h>

static PyObject *globals;

static PyObject *value(const char *source) {
    PyObject *result = PyRun_String(source, Py_eval_input, globals, globals);
    if (!result) PyErr_Print();
    return result;
}

/* Prints and clears the exception. */
static void complain(void) {
    PyObject *error = PyErr_GetRaisedException();
    if (!error) {
        printf("no exception\n");
        return;
    }
    PyObject *text = PyObject_Str(error);
    printf("%s: %s\n", Py_TYPE(error)->tp_name, PyUnicode_AsUTF8(text));
    Py_DECREF(text);
    Py_DECREF(error);
}

/* Parses the value of SOURCE and prints the places on success. */
#define PARSE(SOURCE, FORMAT, PRINT, ...)                                                                             \
    do {                                                                                                              \
        PyObject *tuple = value(SOURCE);                                                                              \
        printf("%-12s %-28s ", FORMAT, SOURCE);                                                                       \
        if (PyArg_ParseTuple(tuple, FORMAT, __VA_ARGS__)) PRINT;                                                      \
        else complain();                                                                                              \
        Py_DECREF(tuple);                                                                                             \
    } while (0)

#define NUMBER(UNIT, TYPE, AS)                                                                                        \
    do {                                                                                                              \
        static const char *const sources[] = {"(1,)", "(-1,)", "(300,)", "(70000,)", "(2**31,)", "(2**63,)",           \
                                              "(2**64,)", "(-2**70,)", "(True,)", "(1.5,)", "('x',)", "(None,)",      \
                                              "(Index(7),)", "(Index('x'),)"};                                         \
        for (size_t at = 0; at < sizeof sources / sizeof *sources; at++) {                                            \
            TYPE place = 42;                                                                                          \
            PARSE(sources[at], UNIT ":name", printf(AS "\n", place), &place);                                         \
        }                                                                                                             \
    } while (0)

static void numbers(void) {
    NUMBER("b", unsigned char, "%d");
    NUMBER("B", unsigned char, "%d");
    NUMBER("h", short, "%d");
    NUMBER("H", unsigned short, "%d");
    NUMBER("i", int, "%d");
    NUMBER("I", unsigned int, "%u");
    NUMBER("l", long, "%ld");
    NUMBER("k", unsigned long, "%lu");
    NUMBER("L", long long, "%lld");
    NUMBER("K", unsigned long long, "%llu");
    NUMBER("n", Py_ssize_t, "%zd");
    NUMBER("f", float, "%g");
    NUMBER("d", double, "%g");
    NUMBER("p", int, "%d");
    static const char *const complex[] = {"(1+2j,)", "(1.5,)", "(3,)", "('x',)"};
    for (int at = 0; at < 4; at++) {
        Py_complex place;
        PARSE(complex[at], "D", printf("%g %g\n", place.real, place.imag), &place);
    }
}

static const char *const texts[] = {
    "('abc',)", "('h\\xe9',)", "('a\\0b',)", "('\\ud800',)", "(b'abc',)", "(b'a\\0b',)", "(bytearray(b'xy'),)",
    "(memoryview(b'xyz'),)", "(array('h', [1, 2]),)", "(None,)", "(1,)", "('',)", "('x',)", "(b'z',)",
};
#define EACH_TEXT for (size_t at = 0; at < sizeof texts / sizeof *texts; at++)

static void show_view(Py_buffer *view) {
    printf("%zd bytes, readonly %d, %s\n", view->len, view->readonly, view->obj ? Py_TYPE(view->obj)->tp_name : "none");
    PyBuffer_Release(view);
}

static void strings(void) {
    const char *text;
    Py_ssize_t size;
    Py_buffer view;
    PyObject *object;
    int character;
    char byte;
    EACH_TEXT PARSE(texts[at], "s:f", printf("%s\n", text), &text);
    EACH_TEXT PARSE(texts[at], "z:f", printf("%s\n", text ? text : "NULL"), &text);
    EACH_TEXT PARSE(texts[at], "y:f", printf("%s\n", text), &text);
    EACH_TEXT PARSE(texts[at], "s#:f", printf("%zd\n", size), &text, &size);
    EACH_TEXT PARSE(texts[at], "z#:f", printf("%d %zd\n", text != NULL, size), &text, &size);
    EACH_TEXT PARSE(texts[at], "y#:f", printf("%zd\n", size), &text, &size);
    EACH_TEXT PARSE(texts[at], "s*:f", show_view(&view), &view);
    EACH_TEXT PARSE(texts[at], "z*:f", show_view(&view), &view);
    EACH_TEXT PARSE(texts[at], "y*:f", show_view(&view), &view);
    EACH_TEXT PARSE(texts[at], "w*:f", show_view(&view), &view);
    EACH_TEXT PARSE(texts[at], "w:f", show_view(&view), &view);
    EACH_TEXT PARSE(texts[at], "c:f", printf("%d\n", byte), &byte);
    EACH_TEXT PARSE(texts[at], "C:f", printf("%d\n", character), &character);
    EACH_TEXT PARSE(texts[at], "S:f", printf("yes\n"), &object);
    EACH_TEXT PARSE(texts[at], "Y:f", printf("yes\n"), &object);
    EACH_TEXT PARSE(texts[at], "U:f", printf("yes\n"), &object);
    EACH_TEXT {
        char *copy = NULL;
        PARSE(texts[at], "es:f", (printf("%s\n", copy), PyMem_Free(copy)), "latin-1", &copy);
        copy = NULL;
        PARSE(texts[at], "et:f", (printf("%s\n", copy), PyMem_Free(copy)), "latin-1", &copy);
        copy = NULL;
        PARSE(texts[at], "es#:f", (printf("%zd\n", size), PyMem_Free(copy)), NULL, &copy, &size);
        char room[3];
        copy = room;
        size = sizeof room;
        PARSE(texts[at], "et#:f", printf("%zd\n", size), "utf-16-le", &copy, &size);
    }
    char *copy = NULL;
    PARSE("('x',)", "ex:f", printf("%s\n", copy), "utf-8", &copy);
    PARSE("('x',)", "es:f", printf("%s\n", copy), "no such codec", &copy);
    PARSE("('x',)", "es:f", printf("%s\n", copy), "utf-8", NULL);
    PARSE("('x',)", "es#:f", printf("%s\n", copy), "utf-8", &copy, NULL);
}

/* Converters: one fails without an exception, one with, one wants to clean up. */
static int refuse(PyObject *object, void *place) { (void)object; (void)place; return 0; }
static int raise_error(PyObject *object, void *place) {
    (void)object;
    (void)place;
    PyErr_SetString(PyExc_KeyError, "converter");
    return 0;
}
static int acquire(PyObject *object, void *place) {
    printf("<%s %s> ", object ? "acquire" : "release", (const char *)place);
    return object ? Py_CLEANUP_SUPPORTED : 1;
}

static void objects(void) {
    PyObject *one, *two, *three;
    int number, other;
    char *copy = NULL;
    Py_buffer view;
    PARSE("(1, 'x')", "OO", printf("%s %s\n", Py_TYPE(one)->tp_name, Py_TYPE(two)->tp_name), &one, &two);
    PARSE("(1, 'x')", "O!O!:f", printf("yes\n"), &PyLong_Type, &one, &PyLong_Type, &two);
    PARSE("(True,)", "O!:f", printf("yes\n"), &PyLong_Type, &one);
    PARSE("(1,)", "O&:f", printf("yes\n"), refuse, NULL);
    PARSE("(1,)", "O&:f", printf("yes\n"), raise_error, NULL);
    PARSE("(1, 2)", "O&O&:f", printf("yes\n"), acquire, "a", acquire, "b");
    PARSE("(1, 2, 'x')", "O&O&i:f", printf("yes\n"), acquire, "a", acquire, "b", &number);
    PARSE("('text', 1, 'x')", "esO&i:f", printf("yes\n"), "utf-8", &copy, acquire, "a", &number);
    printf("copy is %s\n", copy ? "there" : "NULL");
    PARSE("(shared, 'x')", "w*i:f", printf("yes\n"), &view, &number);
    PyObject *size = value("shared.append(1) or len(shared)");
    printf("not locked: %ld\n", PyLong_AsLong(size));
    Py_DECREF(size);
    PARSE("(1, (2, 3))", "i(ii):f", printf("%d %d\n", number, other), &number, &number, &other);
    PARSE("(1, (2, 3))", "i(iii):f", printf("yes\n"), &number, &number, &other, &other);
    PARSE("(1, [2, 'x'])", "i(ii):f", printf("yes\n"), &number, &number, &other);
    PARSE("(1, [2, [3, 'x']])", "i(i(ii)):f", printf("yes\n"), &number, &number, &other, &other);
    PARSE("(1, 2)", "i(i)", printf("yes\n"), &number, &number);
    PARSE("(1, 'ab')", "i(CC):f", printf("yes\n"), &number, &number, &other);
    PARSE("(1, None)", "i(ii):f", printf("yes\n"), &number, &number, &other);
    PARSE("((1, 2),)", "(O|O):f", printf("yes\n"), &one, &two);
    PARSE("()", "|i", printf("%d\n", number), &number);
    PARSE("(5,)", "|ii", printf("%d\n", number), &number, &other);
    PARSE("(1, 2)", "i", printf("yes\n"), &number);
    PARSE("(1, 2)", "i:f", printf("yes\n"), &number);
    PARSE("()", "i:f", printf("yes\n"), &number);
    PARSE("()", "i|i:f", printf("yes\n"), &number, &other);
    PARSE("(1, 2, 3)", "i|i:f", printf("yes\n"), &number, &other);
    PARSE("(1, 2, 3)", "|i;own message", printf("yes\n"), &number);
    PARSE("('x',)", "i;own message", printf("yes\n"), &number);
    PARSE("('x',)", "U;own message", printf("yes\n"), &one);
    PARSE("(1,)", "U;own message", printf("yes\n"), &one);
    PARSE("(1,)", "i%:f", printf("yes\n"), &number);
    PARSE("(1,)", "%i:f", printf("yes\n"), &number);
    PARSE("(1,)", "Q:f", printf("yes\n"), &number);
    printf("%d ", PyArg_ParseTuple(Py_None, "i", &number));
    complain();
    static const char *const formats[] = {"i", "ii", "", "|i", "(ii):f", ":f", "U;own"};
    for (int at = 0; at < 7; at++) {
        printf("PyArg_Parse %s: ", formats[at]);
        PyObject *pair = value("(1, 'x')");
        if (PyArg_Parse(pair, formats[at], &number, &other)) printf("yes\n");
        else complain();
        Py_DECREF(pair);
    }
    printf("PyArg_Parse NULL: %d ", PyArg_Parse(NULL, "i:f", &number));
    complain();
    printf("%d ", PyArg_UnpackTuple(Py_None, "f", 0, 1, &one));
    complain();
    static const char *const tuples[] = {"()", "(1,)", "(1, 2)", "(1, 2, 3)"};
    for (int at = 0; at < 4; at++) {
        PyObject *tuple = value(tuples[at]);
        one = two = three = NULL;
        if (PyArg_UnpackTuple(tuple, "f", 1, 2, &one, &two)) printf("%d%d ", one != NULL, two != NULL);
        else complain();
        if (PyArg_UnpackTuple(tuple, NULL, 2, 2, &one, &two)) printf("%d%d\n", one != NULL, two != NULL);
        else complain();
        Py_DECREF(tuple);
    }
}

#define KEYWORDS(ARGS, KWARGS, FORMAT, NAMES, ...)                                                                    \
    do {                                                                                                              \
        PyObject *tuple = value(ARGS), *dict = value(KWARGS);                                                         \
        printf("%-10s %-14s %-22s ", FORMAT, ARGS, KWARGS);                                                           \
        a = b = c = -1;                                                                                               \
        if (PyArg_ParseTupleAndKeywords(tuple, dict, FORMAT, NAMES, __VA_ARGS__)) printf("%d %d %d\n", a, b, c);      \
        else complain();                                                                                              \
        Py_DECREF(tuple);                                                                                             \
        Py_DECREF(dict);                                                                                              \
    } while (0)

static void keywords(void) {
    static char empty[] = "", first[] = "first", second[] = "second", third[] = "third";
    char *const names[] = {first, second, third, NULL};
    char *const positional[] = {empty, empty, third, NULL};
    char *const wrong[] = {first, empty, third, NULL};
    static const char *const args[] = {"()", "(1,)", "(1, 2)", "(1, 2, 3)", "(1, 2, 3, 4)", "('x',)"};
    static const char *const dicts[] = {"{}", "{'second': 5}", "{'third': 6}", "{'first': 7}", "{'sceond': 8}",
                                        "{1: 2}", "{'second': 5, 'third': 'x'}", "{'a': 1, 'b': 2, 'c': 3, 'd': 4}"};
    static const char *const formats[] = {"iii:f", "i|ii:f", "i|i$i:f", "|iii", "i$ii:f", "|$iii:f"};
    int a, b, c;
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        for (size_t t = 0; t < sizeof args / sizeof *args; t++)
            for (size_t d = 0; d < sizeof dicts / sizeof *dicts; d++)
                KEYWORDS(args[t], dicts[d], formats[f], names, &a, &b, &c);
    static const char *const more[] = {"iii:f", "i|ii:f", "ii|i:f", "ii$i", "|i$ii:f"};
    for (size_t f = 0; f < sizeof more / sizeof *more; f++)
        for (size_t t = 0; t < sizeof args / sizeof *args; t++)
            for (size_t d = 0; d < 5; d++)
                KEYWORDS(args[t], dicts[d], more[f], positional, &a, &b, &c);
    static const char *const broken[] = {"ii", "iiii", "i||ii", "i$i$i", "i$i|i", "i(ii", "i)i", "iQi", "|iOe"};
    for (size_t f = 0; f < sizeof broken / sizeof *broken; f++) {
        KEYWORDS("(1,)", "{'third': 3}", broken[f], names, &a, &b, &c);
        KEYWORDS("(1, 2, 3)", "{}", broken[f], names, &a, &b, &c);
    }
    KEYWORDS("(1,)", "{}", "iii", wrong, &a, &b, &c);
    char *const accents[] = {(char *)"h\xc3\xa9", second, third, NULL};
    KEYWORDS("()", "{'h\\xe9': 3}", "i|ii", accents, &a, &b, &c);
    KEYWORDS("()", "{}", "i|ii", accents, &a, &b, &c);
    printf("%d\n", PyArg_ParseTupleAndKeywords(Py_None, NULL, "i", names, &a));
    PyErr_Clear();
    PyObject *dict = value("{1: 2}"), *good = value("{'x': 2}");
    printf("%d ", PyArg_ValidateKeywordArguments(dict));
    complain();
    printf("%d\n", PyArg_ValidateKeywordArguments(good));
    Py_DECREF(dict);
    Py_DECREF(good);
}

int main(void) {
    Py_Initialize();
    globals = PyModule_GetDict(PyImport_AddModule("__main__"));
    PyRun_SimpleString("import warnings\nwarnings.simplefilter('ignore')\nfrom array import array\n"
                       "shared = bytearray(b'shared')\n"
                       "class Index:\n"
                       "    def __init__(self, value): self.value = value\n"
                       "    def __index__(self): return self.value\n");
    numbers();
    strings();
    objects();
    keywords();
    return Py_FinalizeEx();
}

/* Macros and inline functions of the headers, at work on real objects.
 *
 * An extension module `krait_macros` with one function, run(): it raises AssertionError with the
 * line of the first check that fails. Any Python 3.14 must pass. */
#include <Python.h>
#include <datetime.h>
#include <frameobject.h>
#include <structmember.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            if (!PyErr_Occurred()) { \
                PyErr_Format(PyExc_AssertionError, "line %d: %s", __LINE__, #condition); \
            } \
            return -1; \
        } \
    } while (0)

/* Counts go up and down; immortal objects keep theirs. */
static int
check_reference_counts(void)
{
    PyObject *list = PyList_New(0);
    CHECK(list != NULL && Py_REFCNT(list) == 1 && !_Py_IsImmortal(list));
    Py_INCREF(list);
    Py_XINCREF(list);
    CHECK(Py_REFCNT(list) == 3);
    Py_DECREF(list);
    Py_XDECREF(list);
    CHECK(Py_REFCNT(list) == 1 && Py_NewRef(list) == list && Py_REFCNT(list) == 2);
    Py_SET_REFCNT(list, 1);
    PyObject *other = Py_XNewRef(list);
    CHECK(Py_XNewRef(NULL) == NULL && Py_REFCNT(list) == 2);
    Py_SETREF(other, PyLong_FromLong(123456));
    CHECK(PyLong_CheckExact(other) && Py_REFCNT(list) == 1);
    Py_XSETREF(other, NULL);
    CHECK(other == NULL);
    Py_CLEAR(other);
    Py_CLEAR(list);
    CHECK(list == NULL);

    CHECK(_Py_IsImmortal(Py_None) && _Py_IsImmortal(&PyList_Type) && _Py_IsStaticImmortal(&PyList_Type));
    Py_ssize_t before = Py_REFCNT(Py_None);
    Py_INCREF(Py_None);
    Py_INCREF(Py_None);
    CHECK(Py_REFCNT(Py_None) == before);
    Py_DECREF(Py_None);
    Py_SET_REFCNT(Py_None, 7);
    CHECK(Py_REFCNT(Py_None) == before);
    return 0;
}

static int
check_types(void)
{
    CHECK(Py_TYPE(Py_True) == &PyBool_Type && Py_IS_TYPE(Py_True, &PyBool_Type));
    CHECK(PyBool_Check(Py_False) && PyLong_Check(Py_False) && !PyLong_CheckExact(Py_False));
    CHECK(PyObject_TypeCheck(Py_True, &PyLong_Type) && !PyObject_TypeCheck(Py_None, &PyLong_Type));
    CHECK(PyType_Check(&PyBool_Type) && PyType_CheckExact(&PyBool_Type) && !PyType_Check(Py_None));
    CHECK(PyType_HasFeature(&PyDict_Type, Py_TPFLAGS_DICT_SUBCLASS) && PyType_IS_GC(&PyDict_Type));
    CHECK(PyExceptionClass_Check(PyExc_OSError) && !PyExceptionClass_Check(Py_None));
    CHECK(Py_IsNone(Py_None) && Py_IsTrue(Py_True) && Py_IsFalse(Py_False) && Py_Is(Py_None, Py_None));
    CHECK(PyCFunction_CheckExact(PyDict_GetItemString(PyEval_GetBuiltins(), "len")));
    return 0;
}

static int
check_containers(void)
{
    PyObject *tuple = PyTuple_New(2);
    CHECK(tuple != NULL && PyTuple_CheckExact(tuple) && PyTuple_GET_SIZE(tuple) == 2);
    PyTuple_SET_ITEM(tuple, 0, PyLong_FromLong(10));
    PyTuple_SET_ITEM(tuple, 1, PyLong_FromLong(20));
    CHECK(PyLong_AsLong(PyTuple_GET_ITEM(tuple, 1)) == 20 && Py_SIZE(tuple) == 2);

    PyObject *list = PySequence_List(tuple);
    CHECK(list != NULL && PyList_CheckExact(list) && PyList_GET_SIZE(list) == 2);
    CHECK(PyList_GET_ITEM(list, 0) == PyTuple_GET_ITEM(tuple, 0));
    CHECK(PySequence_Fast_GET_SIZE(list) == 2 && PySequence_Fast_GET_SIZE(tuple) == 2);
    CHECK(PySequence_Fast_GET_ITEM(list, 1) == PySequence_Fast_ITEMS(tuple)[1]);
    PyObject *item = PySequence_ITEM(list, 1);
    CHECK(item == PyList_GET_ITEM(list, 1));
    Py_DECREF(item);

    PyObject *dict = PyDict_New();
    CHECK(dict != NULL && PyDict_SetItemString(dict, "a", list) == 0 && PyDict_GET_SIZE(dict) == 1);
    CHECK(PyMapping_DelItemString(dict, "a") == 0 && PyDict_GET_SIZE(dict) == 0);
    PyObject *set = PySet_New(list);
    CHECK(set != NULL && PySet_GET_SIZE(set) == 2 && PyAnySet_Check(set) && !PyFrozenSet_Check(set));

    PyObject *slice = PySlice_New(NULL, NULL, PyTuple_GET_ITEM(tuple, 0));
    Py_ssize_t start, stop, step, length;
    CHECK(slice != NULL && PySlice_GetIndicesEx(slice, 35, &start, &stop, &step, &length) == 0);
    CHECK(start == 0 && stop == 35 && step == 10 && length == 4);
    Py_DECREF(slice);
    Py_DECREF(set);
    Py_DECREF(dict);
    Py_DECREF(list);
    Py_DECREF(tuple);
    return 0;
}

static int
check_numbers_and_bytes(void)
{
    PyObject *small = PyLong_FromLong(-7);
    PyObject *large = PyLong_FromString("-123456789012345678901234567890", NULL, 10);
    CHECK(small != NULL && PyUnstable_Long_IsCompact((PyLongObject *)small));
    CHECK(PyUnstable_Long_CompactValue((PyLongObject *)small) == -7);
    CHECK(large != NULL && !PyUnstable_Long_IsCompact((PyLongObject *)large));
    PyLongObject *digits = (PyLongObject *)large;
    CHECK((digits->long_value.lv_tag >> _PyLong_NON_SIZE_BITS) == 4);
    CHECK((digits->long_value.lv_tag & _PyLong_SIGN_MASK) == 2);
    PyObject *number = PyFloat_FromDouble(2.5);
    CHECK(number != NULL && PyFloat_AS_DOUBLE(number) == 2.5 && PyFloat_CheckExact(number));
    CHECK(Py_ARITHMETIC_RIGHT_SHIFT(long, -8L, 1) == -4 && _Py_ABS_CAST(unsigned, INT_MIN) == 1u << 31);

    PyObject *bytes = PyBytes_FromString("spam");
    CHECK(bytes != NULL && PyBytes_GET_SIZE(bytes) == 4 && strcmp(PyBytes_AS_STRING(bytes), "spam") == 0);
    PyObject *array = PyByteArray_FromStringAndSize("", 0);
    CHECK(array != NULL && PyByteArray_GET_SIZE(array) == 0 && PyByteArray_AS_STRING(array)[0] == 0);
    PyObject *view = PyMemoryView_FromObject(bytes);
    CHECK(view != NULL && PyMemoryView_Check(view) && PyMemoryView_GET_BASE(view) == bytes);
    CHECK(PyMemoryView_GET_BUFFER(view)->len == 4);
    CHECK(Py_ISALPHA('x') && !Py_ISALPHA('1') && Py_TOUPPER('x') == 'X' && Py_ISXDIGIT('f'));
    Py_DECREF(view);
    Py_DECREF(array);
    Py_DECREF(bytes);
    Py_DECREF(number);
    Py_DECREF(large);
    Py_DECREF(small);
    return 0;
}

static int
check_one_string(PyObject *string, int kind, int ascii, Py_UCS4 last)
{
    CHECK(string != NULL && PyUnicode_CheckExact(string) && PyUnicode_IS_READY(string));
    CHECK(PyUnicode_GET_LENGTH(string) == 3 && (int)PyUnicode_KIND(string) == kind);
    CHECK((int)PyUnicode_IS_ASCII(string) == ascii && PyUnicode_IS_COMPACT_ASCII(string) == ascii);
    CHECK(PyUnicode_READ(PyUnicode_KIND(string), PyUnicode_DATA(string), 2) == last);
    CHECK(PyUnicode_READ_CHAR(string, 0) == 'a' && PyUnicode_MAX_CHAR_VALUE(string) >= last);
    return 0;
}

static int
check_strings(void)
{
    static const Py_UCS4 last[4] = { 'c', 0xe9, 0x20ac, 0x1f40d };
    static const int kinds[4] = { 1, 1, 2, 4 };
    for (int i = 0; i < 4; i++) {
        PyObject *string = PyUnicode_New(3, last[i]);
        CHECK(string != NULL);
        PyUnicode_WRITE(kinds[i], PyUnicode_DATA(string), 0, 'a');
        PyUnicode_WRITE(kinds[i], PyUnicode_DATA(string), 1, 'b');
        PyUnicode_WRITE(kinds[i], PyUnicode_DATA(string), 2, last[i]);
        if (check_one_string(string, kinds[i], i == 0, last[i]) < 0) {
            return -1;
        }
        Py_DECREF(string);
    }
    PyObject *interned = PyUnicode_InternFromString("krait_macros_interned");
    CHECK(interned != NULL && PyUnicode_CHECK_INTERNED(interned));
    Py_DECREF(interned);
    CHECK(Py_UNICODE_JOIN_SURROGATES(0xd83d, 0xdc0d) == 0x1f40d && Py_UNICODE_IS_LOW_SURROGATE(0xdc0d));
    CHECK(Py_UNICODE_HIGH_SURROGATE(0x1f40d) == 0xd83d && Py_UNICODE_LOW_SURROGATE(0x1f40d) == 0xdc0d);
    CHECK(Py_UNICODE_ISSPACE(' ') && Py_UNICODE_ISALNUM(0xe9) && Py_UNICODE_TOUPPER(0xe9) == 0xc9);

    _PyUnicodeWriter writer;
    _PyUnicodeWriter_Init(&writer);
    CHECK(_PyUnicodeWriter_Prepare(&writer, 1, 0x20ac) == 0 && writer.kind == 2);
    PyUnicode_WRITE(writer.kind, writer.data, writer.pos++, 0x20ac);
    PyObject *built = _PyUnicodeWriter_Finish(&writer);
    CHECK(built != NULL && PyUnicode_READ_CHAR(built, 0) == 0x20ac);
    Py_DECREF(built);
    return 0;
}

/* A static type with members, a dictionary-free struct and a collected one. */
typedef struct {
    PyObject_HEAD
    int number;
    double fraction;
    PyObject *link;
} Node;

static int
node_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((Node *)self)->link);
    return 0;
}

static int
node_clear(PyObject *self)
{
    Py_CLEAR(((Node *)self)->link);
    return 0;
}

static void
node_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, node_dealloc)
    node_clear(self);
    PyObject_GC_Del(self);
    Py_TRASHCAN_END
}

static PyObject *
node_richcompare(PyObject *a, PyObject *b, int op)
{
    if (!Py_IS_TYPE(b, Py_TYPE(a))) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    Py_RETURN_RICHCOMPARE(((Node *)a)->number, ((Node *)b)->number, op);
}

static PyMemberDef node_members[] = {
    { "number", T_INT, offsetof(Node, number), 0, PyDoc_STR("an integer") },
    { "fraction", Py_T_DOUBLE, offsetof(Node, fraction), Py_READONLY, NULL },
    { NULL, 0, 0, 0, NULL },
};

static PyTypeObject Node_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "krait_macros.Node",
    .tp_basicsize = sizeof(Node),
    .tp_dealloc = node_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = node_traverse,
    .tp_clear = node_clear,
    .tp_richcompare = node_richcompare,
    .tp_hash = PyObject_HashNotImplemented,
    .tp_members = node_members,
};

static Node *
new_node(int number, PyObject *link)
{
    Node *node = PyObject_GC_New(Node, &Node_Type);
    if (node != NULL) {
        node->number = number;
        node->fraction = number / 2.0;
        node->link = Py_XNewRef(link);
        PyObject_GC_Track(node);
    }
    return node;
}

static int
check_own_type(void)
{
    CHECK(PyType_Ready(&Node_Type) == 0 && Py_TYPE(&Node_Type) == &PyType_Type);
    Node *first = new_node(3, NULL);
    CHECK(first != NULL && PyObject_GC_IsTracked((PyObject *)first) && PyObject_IS_GC((PyObject *)first));
    Node *second = new_node(4, (PyObject *)first);
    CHECK(second != NULL && PyObject_RichCompareBool((PyObject *)first, (PyObject *)second, Py_LT) == 1);
    PyObject *fraction = PyObject_GetAttrString((PyObject *)first, "fraction");
    CHECK(fraction != NULL && PyFloat_AS_DOUBLE(fraction) == 1.5);
    Py_DECREF(fraction);
    /* A cycle, which only the collector can free. */
    first->link = Py_NewRef(second);
    Py_DECREF(second);
    Py_DECREF(first);
    CHECK(PyGC_Collect() >= 2);
    /* A chain so long that freeing it recursively would overflow the stack. */
    PyObject *chain = NULL;
    for (int i = 0; i < 300000; i++) {
        Node *node = new_node(i, chain);
        CHECK(node != NULL);
        Py_XSETREF(chain, (PyObject *)node);
    }
    Py_CLEAR(chain);
    return 0;
}

static int
check_datetime(void)
{
    PyDateTime_IMPORT;
    CHECK(PyDateTimeAPI != NULL);
    PyObject *moment = PyDateTime_FromDateAndTimeAndFold(2026, 2, 28, 23, 59, 58, 123456, 1);
    CHECK(moment != NULL && PyDateTime_CheckExact(moment) && PyDate_Check(moment));
    CHECK(PyDateTime_GET_YEAR(moment) == 2026 && PyDateTime_GET_MONTH(moment) == 2);
    CHECK(PyDateTime_GET_DAY(moment) == 28 && PyDateTime_DATE_GET_HOUR(moment) == 23);
    CHECK(PyDateTime_DATE_GET_MINUTE(moment) == 59 && PyDateTime_DATE_GET_SECOND(moment) == 58);
    CHECK(PyDateTime_DATE_GET_MICROSECOND(moment) == 123456 && PyDateTime_DATE_GET_FOLD(moment) == 1);
    CHECK(PyDateTime_DATE_GET_TZINFO(moment) == Py_None);
    PyObject *time = PyTime_FromTime(1, 2, 3, 4);
    CHECK(time != NULL && PyDateTime_TIME_GET_HOUR(time) == 1 && PyDateTime_TIME_GET_MICROSECOND(time) == 4);
    PyObject *delta = PyDelta_FromDSU(-1, 5, 6);
    CHECK(delta != NULL && PyDateTime_DELTA_GET_DAYS(delta) == -1 && PyDateTime_DELTA_GET_SECONDS(delta) == 5);
    PyObject *zone = PyTimeZone_FromOffset(delta);
    CHECK(zone != NULL && PyTZInfo_Check(zone));
    Py_DECREF(zone);
    Py_DECREF(delta);
    Py_DECREF(time);
    Py_DECREF(moment);
    return 0;
}

static int
check_threads_and_calls(void)
{
    PyThreadState *state = PyThreadState_Get();
    CHECK(state->interp == PyInterpreterState_Get() && PyGILState_Check());
    Py_BEGIN_ALLOW_THREADS
    Py_BLOCK_THREADS
    state = PyThreadState_Get();
    Py_UNBLOCK_THREADS
    Py_END_ALLOW_THREADS
    CHECK(state == PyThreadState_Get());

    PyMutex mutex = { 0 };
    PyMutex_Lock(&mutex);
    CHECK(PyMutex_IsLocked(&mutex));
    PyMutex_Unlock(&mutex);
    CHECK(!PyMutex_IsLocked(&mutex));

    PyObject *string = PyUnicode_FromString("a-b");
    PyObject *name = PyUnicode_FromString("split"), *dash = PyUnicode_FromString("-");
    CHECK(string != NULL && name != NULL && dash != NULL);
    PyObject *parts = PyObject_CallMethodOneArg(string, name, dash);
    CHECK(parts != NULL && PyList_GET_SIZE(parts) == 2);
    Py_SETREF(parts, PyObject_CallMethodNoArgs(string, name));
    CHECK(parts != NULL && PyList_GET_SIZE(parts) == 1);
    CHECK(PyVectorcall_NARGS(3 | PY_VECTORCALL_ARGUMENTS_OFFSET) == 3);
    Py_DECREF(parts);
    Py_DECREF(dash);
    Py_DECREF(name);
    Py_DECREF(string);
    return 0;
}

/* Python objects whose structs have inline accessors. */
static int
check_functions_and_code(void)
{
    PyObject *globals = PyDict_New();
    CHECK(globals != NULL && PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) == 0);
    PyObject *result = PyRun_String(
        "def outer(x):\n"
        "    def f(a, b=1, *, c=2): return x\n"
        "    return f\n"
        "f = outer(7)\n"
        "class C:\n"
        "    def m(self): pass\n"
        "m = C().m\n",
        Py_file_input, globals, globals);
    CHECK(result == Py_None);
    PyObject *f = PyDict_GetItemString(globals, "f"), *m = PyDict_GetItemString(globals, "m");
    CHECK(PyFunction_Check(f) && PyFunction_GET_GLOBALS(f) == globals && PyMethod_Check(m));
    CHECK(PyTuple_GET_SIZE(PyFunction_GET_DEFAULTS(f)) == 1 && PyDict_GET_SIZE(PyFunction_GET_KW_DEFAULTS(f)) == 1);
    PyObject *cell = PyTuple_GET_ITEM(PyFunction_GET_CLOSURE(f), 0);
    CHECK(PyCell_Check(cell) && PyLong_AsLong(PyCell_GET(cell)) == 7);
    CHECK(Py_TYPE(PyMethod_GET_SELF(m)) != NULL && PyFunction_Check(PyMethod_GET_FUNCTION(m)));
    PyCodeObject *code = (PyCodeObject *)PyFunction_GET_CODE(f);
    CHECK(PyCode_Check(code) && code->co_argcount == 2 && code->co_kwonlyargcount == 1);
    CHECK(PyCode_GetNumFree(code) == 1 && PyUnstable_Code_GetFirstFree(code) == 3);
    CHECK((code->co_flags & (CO_OPTIMIZED | CO_NEWLOCALS | CO_NESTED)) == (CO_OPTIMIZED | CO_NEWLOCALS | CO_NESTED));
    PyObject *len = PyDict_GetItemString(PyEval_GetBuiltins(), "len");
    CHECK(PyCFunction_GET_FLAGS(len) == METH_O && PyCFunction_GET_FUNCTION(len) != NULL);
    CHECK(PyModule_Check(PyCFunction_GET_SELF(len)) && PyCFunction_GET_CLASS(len) == NULL);
    Py_DECREF(globals);
    return 0;
}

static PyObject *
run(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(arg))
{
    if (check_reference_counts() < 0 || check_types() < 0 || check_containers() < 0
        || check_numbers_and_bytes() < 0 || check_strings() < 0 || check_own_type() < 0
        || check_datetime() < 0 || check_threads_and_calls() < 0
        || check_functions_and_code() < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    { "run", run, METH_NOARGS, PyDoc_STR("Check everything.") },
    { NULL, NULL, 0, NULL },
};

static int
exec_module(PyObject *module)
{
    return PyModule_AddIntMacro(module, PY_VERSION_HEX);
}

static PyModuleDef_Slot slots[] = {
    { Py_mod_exec, _Py_FUNC_CAST(void *, exec_module) },
    { Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED },
    { Py_mod_gil, Py_MOD_GIL_USED },
    { 0, NULL },
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "krait_macros",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit_krait_macros(void)
{
    return PyModuleDef_Init(&definition);
}

/* A multi-phase module: state, types from specifications, a buffer, a metaclass's token, relative members. */
#include <Python.h>

typedef struct {
    PyObject *error;
    PyTypeObject *point;
    long made;
} State;

static struct PyModuleDef definition;

typedef struct {
    double x, y;
} Point;

static Point *point_of(PyObject *self, PyTypeObject *type)
{
    return PyObject_GetTypeData(self, type);
}

static PyObject *point_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs))
{
    double x = 0, y = 0;
    if (!PyArg_ParseTuple(args, "|dd:Point", &x, &y))
        return NULL;
    PyObject *module = PyType_GetModuleByDef(type, &definition);
    if (module == NULL)
        return NULL;
    State *state = PyModule_GetState(module);
    state->made++;
    PyObject *self = type->tp_alloc(type, 0);
    if (self != NULL)
        *point_of(self, state->point) = (Point){x, y};
    return self;
}

static void point_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *point_repr(PyObject *self)
{
    PyObject *module = PyType_GetModuleByDef(Py_TYPE(self), &definition);
    if (module == NULL)
        return NULL;
    Point *point = point_of(self, ((State *)PyModule_GetState(module))->point);
    char text[64];
    PyOS_snprintf(text, sizeof text, "<%g, %g>", point->x, point->y);
    return PyUnicode_FromString(text);
}

static PyObject *point_add(PyObject *left, PyObject *right)
{
    if (!PyObject_TypeCheck(right, Py_TYPE(left)))
        Py_RETURN_NOTIMPLEMENTED;
    PyObject *module = PyType_GetModuleByDef(Py_TYPE(left), &definition);
    if (module == NULL)
        return NULL;
    PyTypeObject *type = ((State *)PyModule_GetState(module))->point;
    Point *a = point_of(left, type), *b = point_of(right, type);
    return PyObject_CallFunction((PyObject *)type, "dd", a->x + b->x, a->y + b->y);
}

static PyObject *point_owner(PyObject *Py_UNUSED(self), PyTypeObject *defining, PyObject *const *Py_UNUSED(args),
                             Py_ssize_t count, PyObject *Py_UNUSED(names))
{
    return Py_BuildValue("NlO", PyType_GetQualName(defining), (long)count, PyType_GetModule(defining));
}

static PyMethodDef point_methods[] = {
    {"owner", _PyCFunction_CAST(point_owner), METH_METHOD | METH_FASTCALL | METH_KEYWORDS, "Who defines it."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef point_members[] = {
    {"x", Py_T_DOUBLE, offsetof(Point, x), Py_RELATIVE_OFFSET, "Across."},
    {"y", Py_T_DOUBLE, offsetof(Point, y), Py_RELATIVE_OFFSET | Py_READONLY, "Up."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot point_slots[] = {
    {Py_tp_doc, "Point(x=0, y=0, /)\n--\n\nA place."},
    {Py_tp_new, point_new},
    {Py_tp_dealloc, point_dealloc},
    {Py_tp_repr, point_repr},
    {Py_nb_add, point_add},
    {Py_tp_methods, point_methods},
    {Py_tp_members, point_members},
    {Py_tp_token, Py_TP_USE_SPEC},
    {0, NULL},
};

static PyType_Spec point_spec = {
    .name = "multi.Point",
    .basicsize = -(int)sizeof(Point),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = point_slots,
};

static int execute(PyObject *module)
{
    State *state = PyModule_GetState(module);
    state->error = PyErr_NewExceptionWithDoc("multi.Error", "What goes wrong.", PyExc_ValueError, NULL);
    state->point = (PyTypeObject *)PyType_FromModuleAndSpec(module, &point_spec, NULL);
    if (state->error == NULL || state->point == NULL)
        return -1;
    if (PyModule_AddObjectRef(module, "Error", state->error) < 0)
        return -1;
    return PyModule_AddType(module, state->point);
}

static PyObject *made(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    return PyLong_FromLong(((State *)PyModule_GetState(module))->made);
}

static PyObject *fail(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    PyErr_SetString(((State *)PyModule_GetState(module))->error, "as asked");
    return NULL;
}

static PyObject *has_token(PyObject *Py_UNUSED(module), PyObject *type)
{
    PyTypeObject *found;
    int result = PyType_GetBaseByToken((PyTypeObject *)type, &point_spec, &found);
    if (result < 0)
        return NULL;
    return Py_BuildValue("iN", result, found ? (PyObject *)found : Py_NewRef(Py_None));
}

/* What is wrong with each of these specifications. */
static PyObject *broken(PyObject *module, PyObject *number)
{
    static PyMemberDef far[] = {{"far", Py_T_INT, 100, Py_RELATIVE_OFFSET, NULL}, {NULL, 0, 0, 0, NULL}};
    static PyMemberDef dict[] = {{"__dictoffset__", Py_T_INT, 8, Py_READONLY, NULL}, {NULL, 0, 0, 0, NULL}};
    static PyMemberDef out[] = {{"__weaklistoffset__", Py_T_PYSSIZET, 96, Py_READONLY, NULL}, {NULL, 0, 0, 0, NULL}};
    static PyType_Slot none[] = {{0, NULL}};
    static PyType_Slot unknown[] = {{200, NULL}, {0, NULL}};
    static PyType_Slot twice[] = {{Py_tp_doc, "a"}, {Py_tp_doc, "b"}, {0, NULL}};
    static PyType_Slot far_slots[] = {{Py_tp_members, far}, {0, NULL}};
    static PyType_Slot dict_slots[] = {{Py_tp_members, dict}, {0, NULL}};
    static PyType_Slot out_slots[] = {{Py_tp_members, out}, {0, NULL}};
    static PyType_Spec specs[] = {
        {NULL, 0, 0, 0, none},
        {"multi.Unknown", 0, 0, 0, unknown},
        {"multi.Twice", 0, 0, 0, twice},
        {"multi.Far", -8, 0, 0, far_slots},
        {"multi.Positive", 32, 0, 0, far_slots},
        {"multi.Dict", 32, 0, 0, dict_slots},
        {"multi.Out", 32, 0, 0, out_slots},
        {"multi.Small", 8, 0, 0, none},
        {"multi.Collected", 0, 0, Py_TPFLAGS_HAVE_GC, none},
        {"Nowhere", 0, 0, 0, none},
    };
    return PyType_FromModuleAndSpec(module, &specs[PyLong_AsLong(number)], NULL);
}

static PyMethodDef functions[] = {
    {"made", made, METH_NOARGS, NULL},
    {"fail", fail, METH_NOARGS, NULL},
    {"has_token", has_token, METH_O, NULL},
    {"broken", broken, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static int traverse(PyObject *module, visitproc visit, void *arg)
{
    State *state = PyModule_GetState(module);
    Py_VISIT(state->error);
    Py_VISIT(state->point);
    return 0;
}

static int clear(PyObject *module)
{
    State *state = PyModule_GetState(module);
    Py_CLEAR(state->error);
    Py_CLEAR(state->point);
    return 0;
}

static void release(void *module)
{
    clear(module);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "multi",
    .m_size = sizeof(State),
    .m_methods = functions,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = release,
};

PyMODINIT_FUNC PyInit_multi(void)
{
    return PyModuleDef_Init(&definition);
}

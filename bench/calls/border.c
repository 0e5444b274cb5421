/* The module `border`: a function for each calling convention, and types with a slot of each kind. All of them do next to
   nothing, so that calling them is what costs. */
#include "calls.h"

#include <stddef.h>

/* --- functions --- */

static PyObject *noargs(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    Py_RETURN_NONE;
}

static PyObject *one(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(arg))
{
    Py_RETURN_NONE;
}

static PyObject *varargs(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(args))
{
    Py_RETURN_NONE;
}

static PyObject *keywords(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    Py_RETURN_NONE;
}

static PyObject *fast(PyObject *Py_UNUSED(self), PyObject *const *Py_UNUSED(args), Py_ssize_t Py_UNUSED(count))
{
    Py_RETURN_NONE;
}

static PyObject *fast_keywords(PyObject *Py_UNUSED(self), PyObject *const *Py_UNUSED(args), Py_ssize_t Py_UNUSED(count),
                               PyObject *Py_UNUSED(names))
{
    Py_RETURN_NONE;
}

static PyObject *method(PyObject *Py_UNUSED(self), PyTypeObject *Py_UNUSED(type), PyObject *const *Py_UNUSED(args),
                        Py_ssize_t Py_UNUSED(count), PyObject *Py_UNUSED(names))
{
    Py_RETURN_NONE;
}

static PyObject *parsed(PyObject *Py_UNUSED(self), PyObject *args)
{
    int number;
    PyObject *object;
    if (!PyArg_ParseTuple(args, "iO", &number, &object)) {
        return NULL;
    }
    return PyLong_FromLong(number + 1);
}

#define FUNCTION(function) (PyCFunction)(void (*)(void)) function

static PyMethodDef functions[] = {
    {"noargs", noargs, METH_NOARGS, NULL},
    {"one", one, METH_O, NULL},
    {"varargs", varargs, METH_VARARGS, NULL},
    {"keywords", FUNCTION(keywords), METH_VARARGS | METH_KEYWORDS, NULL},
    {"fast", FUNCTION(fast), METH_FASTCALL, NULL},
    {"fast_keywords", FUNCTION(fast_keywords), METH_FASTCALL | METH_KEYWORDS, NULL},
    {"parsed", parsed, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMethodDef methods[] = {
    {"noargs", noargs, METH_NOARGS, NULL},
    {"one", one, METH_O, NULL},
    {"varargs", varargs, METH_VARARGS, NULL},
    {"keywords", FUNCTION(keywords), METH_VARARGS | METH_KEYWORDS, NULL},
    {"fast", FUNCTION(fast), METH_FASTCALL, NULL},
    {"fast_keywords", FUNCTION(fast_keywords), METH_FASTCALL | METH_KEYWORDS, NULL},
    {"method", FUNCTION(method), METH_METHOD | METH_FASTCALL | METH_KEYWORDS, NULL},
    {"static", noargs, METH_NOARGS | METH_STATIC, NULL},
    {"klass", noargs, METH_NOARGS | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};

/* --- a type with everything --- */

typedef struct {
    PyObject_HEAD
    PyObject *object;
    int number;
    double real;
    vectorcallfunc vectorcall;
} Thing;

static PyObject *self_again(PyObject *self)
{
    return Py_NewRef(self);
}

static PyObject *binary(PyObject *left, PyObject *Py_UNUSED(right))
{
    return Py_NewRef(left);
}

static int truth(PyObject *Py_UNUSED(self))
{
    return 1;
}

static Py_ssize_t length(PyObject *Py_UNUSED(self))
{
    return 3;
}

static PyObject *item(PyObject *Py_UNUSED(self), Py_ssize_t Py_UNUSED(index))
{
    Py_RETURN_NONE;
}

static int set_item(PyObject *Py_UNUSED(self), Py_ssize_t Py_UNUSED(index), PyObject *Py_UNUSED(value))
{
    return 0;
}

static int contains(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(value))
{
    return 1;
}

static PyObject *subscript(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(key))
{
    Py_RETURN_NONE;
}

static int set_subscript(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(key), PyObject *Py_UNUSED(value))
{
    return 0;
}

static PyObject *compare(PyObject *Py_UNUSED(left), PyObject *Py_UNUSED(right), int Py_UNUSED(op))
{
    Py_RETURN_TRUE;
}

static Py_hash_t hash(PyObject *Py_UNUSED(self))
{
    return 42;
}

static PyObject *text(PyObject *Py_UNUSED(self))
{
    return PyUnicode_FromStringAndSize("thing", 5);
}

static PyObject *call(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    Py_RETURN_NONE;
}

static PyObject *vectorcall(PyObject *Py_UNUSED(self), PyObject *const *Py_UNUSED(args), size_t Py_UNUSED(count),
                            PyObject *Py_UNUSED(names))
{
    Py_RETURN_NONE;
}

static PyObject *next(PyObject *Py_UNUSED(self))
{
    Py_RETURN_NONE;
}

static PyObject *any_attribute(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(name))
{
    Py_RETURN_NONE;
}

static int set_any_attribute(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(name), PyObject *Py_UNUSED(value))
{
    return 0;
}

static PyObject *get(PyObject *Py_UNUSED(self), void *Py_UNUSED(closure))
{
    Py_RETURN_NONE;
}

static int set(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(value), void *Py_UNUSED(closure))
{
    return 0;
}

static PyObject *new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    Thing *thing = (Thing *)type->tp_alloc(type, 0);
    if (thing != NULL) {
        thing->object = Py_NewRef(Py_None);
        thing->number = 1000;
        thing->real = 0.5;
        thing->vectorcall = vectorcall;
    }
    return (PyObject *)thing;
}

static int init(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    return 0;
}

static void dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(((Thing *)self)->object);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef members[] = {
    {"object", Py_T_OBJECT_EX, offsetof(Thing, object), 0, NULL},
    {"number", Py_T_INT, offsetof(Thing, number), 0, NULL},
    {"real", Py_T_DOUBLE, offsetof(Thing, real), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyMemberDef members_with_vectorcall[] = {
    {"__vectorcalloffset__", Py_T_PYSSIZET, offsetof(Thing, vectorcall), Py_READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"property", get, set, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

#define MAKING {Py_tp_new, (void *)new}, {Py_tp_init, (void *)init}, {Py_tp_dealloc, (void *)dealloc}

static PyType_Slot number_slots[] = {
    MAKING,
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_getset, properties},
    {Py_tp_repr, (void *)text},
    {Py_tp_hash, (void *)hash},
    {Py_tp_richcompare, (void *)compare},
    {Py_tp_call, (void *)call},
    {Py_tp_iter, (void *)self_again},
    {Py_tp_iternext, (void *)next},
    {Py_nb_add, (void *)binary},
    {Py_nb_inplace_add, (void *)binary},
    {Py_nb_negative, (void *)self_again},
    {Py_nb_bool, (void *)truth},
    {0, NULL},
};

static PyType_Slot sequence_slots[] = {
    MAKING,
    {Py_sq_length, (void *)length},
    {Py_sq_item, (void *)item},
    {Py_sq_ass_item, (void *)set_item},
    {Py_sq_contains, (void *)contains},
    {0, NULL},
};

static PyType_Slot mapping_slots[] = {
    MAKING,
    {Py_mp_length, (void *)length},
    {Py_mp_subscript, (void *)subscript},
    {Py_mp_ass_subscript, (void *)set_subscript},
    {0, NULL},
};

static PyType_Slot attribute_slots[] = {
    MAKING,
    {Py_tp_getattro, (void *)any_attribute},
    {Py_tp_setattro, (void *)set_any_attribute},
    {0, NULL},
};

static PyType_Slot vectorcall_slots[] = {
    MAKING,
    {Py_tp_members, members_with_vectorcall},
    {Py_tp_call, (void *)PyVectorcall_Call},
    {0, NULL},
};

static PyType_Slot plain_slots[] = {
    {0, NULL},
};

#define BASE (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE)

static PyType_Spec specs[] = {
    {"border.Thing", sizeof(Thing), 0, BASE, number_slots},
    {"border.Sequence", sizeof(Thing), 0, BASE, sequence_slots},
    {"border.Mapping", sizeof(Thing), 0, BASE, mapping_slots},
    {"border.Attributes", sizeof(Thing), 0, BASE, attribute_slots},
    {"border.Vectorcall", sizeof(Thing), 0, BASE | Py_TPFLAGS_HAVE_VECTORCALL, vectorcall_slots},
    {"border.Plain", sizeof(PyObject), 0, BASE, plain_slots},
};

/* --- a static type, as older modules have them --- */

static void static_dealloc(PyObject *self)
{
    Py_XDECREF(((Thing *)self)->object);
    Py_TYPE(self)->tp_free(self);
}

static PyNumberMethods static_number = {.nb_add = binary};

static PyTypeObject static_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "border.Static",
    .tp_basicsize = sizeof(Thing),
    .tp_flags = BASE,
    .tp_new = new,
    .tp_init = init,
    .tp_dealloc = static_dealloc,
    .tp_as_number = &static_number,
    .tp_methods = methods,
    .tp_members = members,
    .tp_getset = properties,
};

static int fill(PyObject *module)
{
    for (size_t at = 0; at < sizeof specs / sizeof *specs; at++) {
        PyObject *type = PyType_FromModuleAndSpec(module, &specs[at], NULL);
        if (type == NULL || PyModule_AddType(module, (PyTypeObject *)type) < 0) {
            return -1;
        }
        Py_DECREF(type);
    }
    return PyModule_AddType(module, &static_type);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)fill}, {0, NULL}};
static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "border", NULL, 0, functions, slots, NULL, NULL, NULL,
};

PyObject *border_init(void)
{
    return PyModuleDef_Init(&definition);
}

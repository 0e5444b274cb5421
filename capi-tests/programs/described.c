/* What C describes: struct sequences in its own memory, methods of slots, blocks that are looked after. */
#include <Python.h>
#include <stdio.h>
#include <string.h>

static PyTypeObject point_type;

static PyStructSequence_Field point_fields[] = {
    {"x", "to the right"},
    {"y", "upwards"},
    {"name", NULL},
    {NULL, NULL},
};

static PyStructSequence_Desc point_description = {"plane.Point", "A point in the plane.", point_fields, 2};

static PyObject *describe(PyObject *self, PyObject *args, void *wrapped) {
    return PyUnicode_FromFormat("%s of %R with %R", (const char *)wrapped, self, args);
}

static PyObject *describe_with_keywords(PyObject *self, PyObject *args, void *wrapped, PyObject *kwargs) {
    return PyUnicode_FromFormat("%s of %R with %R and %R", (const char *)wrapped, self, args, kwargs);
}

static void show(const char *what, PyObject *ob) {
    if (ob == NULL) {
        PyObject *raised = PyErr_GetRaisedException();
        printf("%s: ", what);
        fflush(stdout);
        PyObject_Print((PyObject *)Py_TYPE(raised), stdout, Py_PRINT_RAW);
        printf(" ");
        PyObject_Print(raised, stdout, Py_PRINT_RAW);
        printf("\n");
        Py_DECREF(raised);
        return;
    }
    printf("%s: ", what);
    PyObject_Print(ob, stdout, 0);
    printf("\n");
    Py_DECREF(ob);
}

static void show_points(void) {
    printf("made: %d\n", PyStructSequence_InitType2(&point_type, &point_description));
    PyObject *point = PyStructSequence_New(&point_type);
    PyStructSequence_SetItem(point, 0, PyLong_FromLong(3));
    PyStructSequence_SetItem(point, 1, PyLong_FromLong(4));
    PyStructSequence_SetItem(point, 2, PyUnicode_FromString("here"));
    show("length", PyLong_FromSsize_t(PyObject_Size(point)));
    show("name", PyObject_GetAttrString(point, "name"));
    show("doc", PyObject_GetAttrString((PyObject *)&point_type, "__doc__"));
    show("fields", PyObject_GetAttrString((PyObject *)&point_type, "n_fields"));
    show("x", PyObject_GetAttrString(point, "x"));
    printf("again: %d", PyStructSequence_InitType2(&point_type, &point_description));
    printf(" %d\n", PyErr_ExceptionMatches(PyExc_SystemError));
    PyErr_Clear();
    show("point", point);
}

static void show_member(const PyMemberDef *member) {
    printf("member %s: %d at %d, %s\n", member->name, member->type, (int)member->offset,
           member->doc ? member->doc : "no doc");
}

/* A type of its own goes with its last reference. */
static void show_new_types(void) {
    PyObject *type = (PyObject *)PyStructSequence_NewType(&point_description);
    const PyTypeObject *raw = (PyTypeObject *)type;
    printf("%s: %d + %d, %s\n", raw->tp_name, (int)raw->tp_basicsize, (int)raw->tp_itemsize, raw->tp_doc);
    for (const PyMemberDef *member = raw->tp_members; member->name; member++) {
        show_member(member);
    }
    PyObject *point = PyObject_CallFunction(type, "((iis))", 1, 2, "there");
    show("name", PyObject_GetAttrString(point, "name"));
    show("reduced", PyObject_CallMethod(point, "__reduce__", NULL));
    show("too short", PyObject_CallFunction(type, "((i))", 1));
    show("nothing", PyObject_CallNoArgs(type));
    show("missing", PyObject_GetAttrString(point, "z"));
    PyObject *member = PyObject_GetAttrString(type, "name");
    PyObject *weak = PyWeakref_NewRef(type, NULL), *found;
    Py_DECREF(type);
    PyGC_Collect();
    printf("held by its instance: %d\n", PyWeakref_GetRef(weak, &found));
    Py_DECREF(found);
    show("point", point);
    PyGC_Collect();
    printf("held by a member: %d\n", PyWeakref_GetRef(weak, &found));
    Py_DECREF(found);
    show("member", member);
    PyGC_Collect();
    printf("gone: %d\n", PyWeakref_GetRef(weak, &found));
    Py_DECREF(weak);
}

static void show_wrappers(void) {
    static struct wrapperbase plain, keywords;
    static char word[] = "word";
    plain.name = "describe";
    plain.wrapper = describe;
    plain.doc = "Describe it.";
    keywords = plain;
    keywords.name = "describe_more";
    keywords.wrapper = (wrapperfunc)(void (*)(void))describe_with_keywords;
    keywords.flags = PyWrapperFlag_KEYWORDS;
    PyObject *first = PyDescr_NewWrapper(&PyLong_Type, &plain, word);
    PyObject *second = PyDescr_NewWrapper(&PyLong_Type, &keywords, word);
    PyObject *number = PyLong_FromLong(7), *text = PyUnicode_FromString("seven");
    PyObject *args = Py_BuildValue("(OO)", number, text), *kwargs = Py_BuildValue("{s:O}", "key", text);
    show("called", PyObject_Call(first, args, NULL));
    show("with keywords", PyObject_Call(first, args, kwargs));
    show("called", PyObject_Call(second, args, NULL));
    show("with keywords", PyObject_Call(second, args, kwargs));
    show("of another type", PyObject_CallOneArg(first, text));
    show("doc", PyObject_GetAttrString(first, "__doc__"));
    show("name", PyObject_GetAttrString(second, "__name__"));
    show("wrapper", first);
    Py_DECREF(second);
    Py_DECREF(number);
    Py_DECREF(text);
    Py_DECREF(args);
    Py_DECREF(kwargs);
}

static void show_blocks(void) {
    PyMemAllocatorEx before, after;
    PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &before);
    PyMem_SetupDebugHooks();
    PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &after);
    printf("another: %d\n", before.malloc != after.malloc);
    unsigned char *block = (unsigned char *)PyMem_RawMalloc(4);
    printf("%02x %02x before, %02x in, %02x behind\n", block[-8], block[-1], block[0], block[4]);
    block = (unsigned char *)PyMem_RawRealloc(memset(block, 'x', 4), 6);
    printf("%02x %02x %02x\n", block[3], block[4], block[6]);
    PyMem_RawFree(block);
    PyMem_SetupDebugHooks();
    PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &before);
    printf("once: %d\n", before.ctx == after.ctx);
}

int main(void) {
    show_blocks();
    Py_Initialize();
    show_points();
    show_new_types();
    show_wrappers();
    return Py_FinalizeEx();
}

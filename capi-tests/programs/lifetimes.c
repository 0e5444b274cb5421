/* Starting and ending the interpreter 200 times in one process, with an extension in use, takes no more memory than
   doing it 100 times. */
#include <Python.h>
#include <stdio.h>

#include "../lives.h"

typedef struct {
    PyObject *last;
} State;

static PyObject *remember(PyObject *module, PyObject *value)
{
    State *state = (State *)PyModule_GetState(module);
    Py_XSETREF(state->last, Py_NewRef(value));
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"remember", remember, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static PyType_Slot box_slots[] = {{Py_tp_doc, (void *)"A class of its own."}, {0, NULL}};
static PyType_Spec box_spec = {
    "lifetimes.Box", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, box_slots,
};

static int fill(PyObject *module)
{
    PyObject *box = PyType_FromModuleAndSpec(module, &box_spec, NULL);
    int failed = !box || PyModule_AddType(module, (PyTypeObject *)box) < 0;
    Py_XDECREF(box);
    return failed ? -1 : 0;
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
    Py_VISIT(((State *)PyModule_GetState(module))->last);
    return 0;
}

static int clear(PyObject *module)
{
    Py_CLEAR(((State *)PyModule_GetState(module))->last);
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)fill}, {0, NULL}};
static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "lifetimes", NULL, sizeof(State), methods, slots, traverse, clear, NULL,
};

static PyObject *init(void)
{
    return PyModuleDef_Init(&definition);
}

int main(void)
{
    const char *program = "import json, lifetimes\n"
                          "class Mine(lifetimes.Box): pass\n"
                          "cycle = [Mine(), json.loads('{\"a\": [1.5, null]}')]\n"
                          "cycle.append(cycle)\n"
                          "lifetimes.remember(cycle)\n";
    long halfway = 0;
    for (int round = 1; round <= 200; round++) {
        if (round == 1 && PyImport_AppendInittab("lifetimes", init) < 0) {
            return 1;
        }
        Py_InitializeEx(0);
        if (PyRun_SimpleString(program) < 0 || Py_FinalizeEx() < 0) {
            printf("round %d failed\n", round);
            return 1;
        }
        if (round == 100) {
            halfway = resident();
        }
    }
    if (has_grown(halfway)) {
        return 1;
    }
    puts("200 lifetimes");
    return 0;
}

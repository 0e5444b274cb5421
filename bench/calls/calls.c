/* Calls from C, of functions in Python and in C. */
#include "calls.h"

#define RETURN_NONE_0 "(lambda: None,)"
#define RETURN_NONE_1 "(lambda a: None, 1)"
#define RETURN_NONE_2 "(lambda a, b: None, 1, 2)"

CASE("Python function: PyObject_CallNoArgs", RETURN_NONE_0, drop(PyObject_CallNoArgs(a)))
CASE("Python function: PyObject_CallOneArg", RETURN_NONE_1, drop(PyObject_CallOneArg(a, b)))
CASE("Python function: PyObject_Vectorcall", RETURN_NONE_2, PyObject *args[] = {NULL, b, c};
     drop(PyObject_Vectorcall(a, args + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL)))
CASE("Python function: PyObject_Vectorcall, keyword", "(lambda a, b: None, 1, ('b',))", PyObject *args[] = {b, b};
     drop(PyObject_Vectorcall(a, args, 1, c)))
CASE("Python function: PyObject_VectorcallDict", "(lambda a, b: None, 1, {'b': 2})", PyObject *args[] = {b};
     drop(PyObject_VectorcallDict(a, args, 1, c)))
CASE("Python function: PyObject_Call", "(lambda a, b: None, (1, 2))", drop(PyObject_Call(a, b, NULL)))
CASE("Python function: PyObject_Call, keyword", "(lambda a, b: None, (1,), {'b': 2})", drop(PyObject_Call(a, b, c)))
CASE("Python function: PyObject_CallObject", "(lambda a, b: None, (1, 2))", drop(PyObject_CallObject(a, b)))
CASE("Python function: PyObject_CallFunction", "(lambda a, b: None, 1)", drop(PyObject_CallFunction(a, "iO", 1000, b)))
CASE("Python function: PyObject_CallFunctionObjArgs", RETURN_NONE_2, drop(PyObject_CallFunctionObjArgs(a, b, c, NULL)))
CASE("Python function: default argument", "(lambda a=1: None,)", drop(PyObject_CallNoArgs(a)))
CASE("Python function: *args", "(lambda *args: None, 1)", drop(PyObject_CallOneArg(a, b)))
CASE("Python function: **kwargs", "(lambda **kwargs: None, (), {'k': 1})", drop(PyObject_Call(a, b, c)))
CASE("Python function: loop of ten", "(eval('lambda: [i for i in (1,2,3,4,5,6,7,8,9,10)]'),)", drop(PyObject_CallNoArgs(a)))

#define METHOD "(type('T', (), {'m': lambda self: None})(), 'm')"
#define METHOD_1 "(type('T', (), {'m': lambda self, a: None})(), 'm', 1)"
CASE("bound method: PyObject_CallNoArgs", "(type('T', (), {'m': lambda self: None})().m,)", drop(PyObject_CallNoArgs(a)))
CASE("bound method: PyObject_CallOneArg", "(type('T', (), {'m': lambda self, a: None})().m, 1)",
     drop(PyObject_CallOneArg(a, b)))
CASE("Python method: PyObject_CallMethod", METHOD, drop(PyObject_CallMethod(a, "m", NULL)))
CASE("Python method: PyObject_CallMethod(\"O\")", METHOD_1, drop(PyObject_CallMethod(a, "m", "O", c)))
CASE("Python method: PyObject_CallMethodNoArgs", METHOD, drop(PyObject_CallMethodNoArgs(a, b)))
CASE("Python method: PyObject_CallMethodOneArg", METHOD_1, drop(PyObject_CallMethodOneArg(a, b, c)))
CASE("Python method: PyObject_VectorcallMethod", METHOD_1, PyObject *args[] = {a, c};
     drop(PyObject_VectorcallMethod(b, args, 2, NULL)))
CASE("Python method: PyObject_CallMethodObjArgs", METHOD_1, drop(PyObject_CallMethodObjArgs(a, b, c, NULL)))
CASE("Python class: PyObject_CallNoArgs", "(type('T', (), {'__init__': lambda self: None}),)", drop(PyObject_CallNoArgs(a)))
CASE("Python class: __call__", "(type('T', (), {'__call__': lambda self: None})(),)", drop(PyObject_CallNoArgs(a)))
CASE("Python slot: __add__", "(type('T', (), {'__add__': lambda self, other: self})(),)", drop(PyNumber_Add(a, a)))
CASE("Python slot: __getitem__", "(type('T', (), {'__getitem__': lambda self, key: self})(), 1)",
     drop(PyObject_GetItem(a, b)))
CASE("Python slot: __len__", "(type('T', (), {'__len__': lambda self: 3})(),)", good((int)PyObject_Size(a)))
CASE("Python slot: __eq__", "(type('T', (), {'__eq__': lambda self, other: True})(), 1)",
     good(PyObject_RichCompareBool(a, b, Py_EQ)))
CASE("Python slot: __getattr__", "(type('T', (), {'__getattr__': lambda self, name: name})(), 'missing')",
     drop(PyObject_GetAttr(a, b)))

CASE("METH_NOARGS: PyObject_CallNoArgs", "(border.noargs,)", drop(PyObject_CallNoArgs(a)))
CASE("METH_O: PyObject_CallOneArg", "(border.one, 1)", drop(PyObject_CallOneArg(a, b)))
CASE("METH_VARARGS: PyObject_Call", "(border.varargs, (1, 2))", drop(PyObject_Call(a, b, NULL)))
CASE("METH_VARARGS: PyObject_Vectorcall", "(border.varargs, 1, 2)", PyObject *args[] = {b, c};
     drop(PyObject_Vectorcall(a, args, 2, NULL)))
CASE("METH_VARARGS|METH_KEYWORDS: PyObject_Call", "(border.keywords, (1, 2), {'k': 1})", drop(PyObject_Call(a, b, c)))
CASE("METH_VARARGS|METH_KEYWORDS: PyObject_Vectorcall", "(border.keywords, 1, ('k',))", PyObject *args[] = {b, b};
     drop(PyObject_Vectorcall(a, args, 1, c)))
CASE("METH_FASTCALL: PyObject_Vectorcall", "(border.fast, 1, 2)", PyObject *args[] = {b, c};
     drop(PyObject_Vectorcall(a, args, 2, NULL)))
CASE("METH_FASTCALL: PyObject_Call", "(border.fast, (1, 2))", drop(PyObject_Call(a, b, NULL)))
CASE("METH_FASTCALL|METH_KEYWORDS: PyObject_Vectorcall", "(border.fast_keywords, 1, ('k',))", PyObject *args[] = {b, b};
     drop(PyObject_Vectorcall(a, args, 1, c)))
CASE("METH_FASTCALL|METH_KEYWORDS: PyObject_Call", "(border.fast_keywords, (1,), {'k': 1})", drop(PyObject_Call(a, b, c)))
CASE("METH_METHOD: PyObject_Vectorcall", "(border.Thing().method, 1, 2)", PyObject *args[] = {b, c};
     drop(PyObject_Vectorcall(a, args, 2, NULL)))
CASE("METH_NOARGS: PyObject_CallMethod", "(border.Thing(),)", drop(PyObject_CallMethod(a, "noargs", NULL)))
CASE("METH_NOARGS: PyObject_CallMethodNoArgs", "(border.Thing(), 'noargs')", drop(PyObject_CallMethodNoArgs(a, b)))
CASE("METH_O: PyObject_CallMethodOneArg", "(border.Thing(), 'one', 1)", drop(PyObject_CallMethodOneArg(a, b, c)))
CASE("type with tp_new and tp_init: PyObject_CallNoArgs", "(border.Thing,)", drop(PyObject_CallNoArgs(a)))
CASE("type with tp_new and tp_init: PyObject_Call", "(border.Thing, (1,))", drop(PyObject_Call(a, b, NULL)))
CASE("static type: PyObject_CallNoArgs", "(border.Static,)", drop(PyObject_CallNoArgs(a)))
CASE("tp_call: PyObject_CallOneArg", "(border.Thing(), 1)", drop(PyObject_CallOneArg(a, b)))
CASE("tp_call: PyObject_Call", "(border.Thing(), (1,))", drop(PyObject_Call(a, b, NULL)))
CASE("tp_vectorcall_offset: PyObject_CallOneArg", "(border.Vectorcall(), 1)", drop(PyObject_CallOneArg(a, b)))
CASE("tp_vectorcall_offset: PyObject_Call", "(border.Vectorcall(), (1,))", drop(PyObject_Call(a, b, NULL)))
CASE("int(): PyObject_CallOneArg", "(int, 1000)", drop(PyObject_CallOneArg(a, b)))
CASE("str(): PyObject_CallOneArg", "(str, 'text')", drop(PyObject_CallOneArg(a, b)))
CASE("list(): PyObject_CallOneArg", "(list, (1, 2, 3))", drop(PyObject_CallOneArg(a, b)))
CASE("dict(): PyObject_CallNoArgs", "(dict,)", drop(PyObject_CallNoArgs(a)))
CASE("object(): PyObject_CallNoArgs", "(object,)", drop(PyObject_CallNoArgs(a)))
CASE("len(): PyObject_CallOneArg", "(len, [1, 2])", drop(PyObject_CallOneArg(a, b)))
CASE("PyCallable_Check", "(len,)", good(PyCallable_Check(a)))
CASE("PyCFunction_GetFunction", "(len,)", if (!PyCFunction_GetFunction(a)) wrong())
CASE("PyMethod_New", "(len, 1)", drop(PyMethod_New(a, b)))
CASE("PyRun_String", "({},)", drop(PyRun_String("1 + 2", Py_eval_input, a, a)))
CASE("PyEval_EvalCode", "(compile('x + 1', '', 'eval'), {'x': 1, '__builtins__': {}})", drop(PyEval_EvalCode(a, b, b)))
CASE("PyImport_ImportModule", "()", drop(PyImport_ImportModule("sys")))
CASE("PyImport_GetModule", "('sys',)", drop(PyImport_GetModule(a)))

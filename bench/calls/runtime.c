/* Errors, reference counts, threads and memory, from C. */
#include "calls.h"

CASE("PyErr_Occurred", "()", if (PyErr_Occurred()) wrong())
CASE("PyErr_SetString, PyErr_Clear", "()", PyErr_SetString(PyExc_ValueError, "text"); PyErr_Clear())
CASE("PyErr_SetNone, PyErr_Clear", "()", PyErr_SetNone(PyExc_ValueError); PyErr_Clear())
CASE("PyErr_SetObject, PyErr_Clear", "('text',)", PyErr_SetObject(PyExc_ValueError, a); PyErr_Clear())
CASE("PyErr_Format, PyErr_Clear", "()", PyErr_Format(PyExc_ValueError, "%s is %d", "text", 1000); PyErr_Clear())
CASE("PyErr_ExceptionMatches", "()", PyErr_ExceptionMatches(PyExc_ValueError))
CASE("PyErr_GivenExceptionMatches", "(KeyError, LookupError)", good(PyErr_GivenExceptionMatches(a, b) - 1))
CASE("PyErr_SetString, PyErr_GetRaisedException", "()", PyErr_SetString(PyExc_ValueError, "text");
     drop(PyErr_GetRaisedException()))
CASE("PyErr_GetRaisedException, PyErr_SetRaisedException", "(ValueError('text'),)", PyErr_SetRaisedException(Py_NewRef(a));
     drop(PyErr_GetRaisedException()))
CASE("PyErr_SetString, PyErr_Fetch", "()", PyErr_SetString(PyExc_ValueError, "text"); PyObject *type; PyObject *value;
     PyObject *traceback; PyErr_Fetch(&type, &value, &traceback); Py_XDECREF(type); Py_XDECREF(value); Py_XDECREF(traceback))
CASE("PyErr_CheckSignals", "()", good(PyErr_CheckSignals()))
CASE("an AttributeError, PyErr_Clear", "([], 'missing')", if (PyObject_GetAttr(a, b)) wrong(); PyErr_Clear())
CASE("a KeyError, PyErr_Clear", "({}, 'missing')", if (PyObject_GetItem(a, b)) wrong(); PyErr_Clear())
CASE("an IndexError, PyErr_Clear", "([],)", if (PyList_GetItem(a, 3)) wrong(); PyErr_Clear())
CASE("an exception of Python, PyErr_Clear", "(eval('lambda: 1 // 0'),)", if (PyObject_CallNoArgs(a)) wrong(); PyErr_Clear())

CASE("Py_IncRef, Py_DecRef", "([],)", Py_IncRef(a); Py_DecRef(a))
CASE("_Py_IncRef, _Py_DecRef", "([],)", _Py_IncRef(a); _Py_DecRef(a))
CASE("Py_NewRef, Py_DECREF", "([],)", drop(Py_NewRef(a)))
CASE("Py_GetConstant", "()", drop(Py_GetConstant(Py_CONSTANT_NONE)))
CASE("Py_GetConstantBorrowed", "()", Py_GetConstantBorrowed(Py_CONSTANT_NONE))
CASE("Py_Is", "(1, 2)", (void)(Py_Is)(a, b))
CASE("Py_IsNone", "(1,)", (Py_IsNone)(a))

CASE("PyGILState_Ensure, PyGILState_Release", "()", PyGILState_Release(PyGILState_Ensure()))
CASE("PyGILState_Check", "()", good(PyGILState_Check()))
CASE("PyEval_SaveThread, PyEval_RestoreThread", "()", PyEval_RestoreThread(PyEval_SaveThread()))
CASE("PyGILState_Ensure without the GIL", "()", PyThreadState *state = PyEval_SaveThread();
     PyGILState_Release(PyGILState_Ensure()); PyEval_RestoreThread(state))
CASE("PyThreadState_Get", "()", PyThreadState_Get())
CASE("PyThreadState_GetUnchecked", "()", PyThreadState_GetUnchecked())
CASE("PyThreadState_GetDict", "()", if (!PyThreadState_GetDict()) wrong())
CASE("PyInterpreterState_Get", "()", PyInterpreterState_Get())
CASE("PyThread_get_thread_ident", "()", PyThread_get_thread_ident())
CASE("Py_EnterRecursiveCall", "()", good(Py_EnterRecursiveCall("")); Py_LeaveRecursiveCall())
CASE("PyEval_GetBuiltins", "()", if (!PyEval_GetBuiltins()) wrong())
CASE("PySys_GetObject", "()", if (!PySys_GetObject("path")) wrong())
static Py_tss_t key = Py_tss_NEEDS_INIT;
CASE("PyThread_tss_get", "()", PyThread_tss_create(&key); PyThread_tss_get(&key))
static PyMutex mutex;
CASE("PyMutex_Lock, PyMutex_Unlock", "()", PyMutex_Lock(&mutex); PyMutex_Unlock(&mutex))

CASE("PyMem_Malloc, PyMem_Free", "()", PyMem_Free(PyMem_Malloc(64)))
CASE("PyMem_Malloc, PyMem_Free: large", "()", PyMem_Free(PyMem_Malloc(4000)))
CASE("PyMem_Calloc, PyMem_Free", "()", PyMem_Free(PyMem_Calloc(1, 64)))
CASE("PyMem_Realloc", "()", void *block = PyMem_Malloc(64); block = PyMem_Realloc(block, 128); PyMem_Free(block))
CASE("PyMem_RawMalloc, PyMem_RawFree", "()", PyMem_RawFree(PyMem_RawMalloc(64)))
CASE("PyObject_Malloc, PyObject_Free", "()", PyObject_Free(PyObject_Malloc(64)))
CASE("PyObject_New, PyObject_Free", "(border.Plain,)", PyObject *o = PyObject_New(PyObject, (PyTypeObject *)a); drop(o))
CASE("PyObject_Init", "(border.Plain,)", PyObject *o = (PyObject *)PyObject_Malloc(sizeof(PyObject)); if (!o) wrong();
     drop(PyObject_Init(o, (PyTypeObject *)a)))
CASE("PyObject_GC_New, PyObject_GC_Track, PyObject_GC_Del", "(type('T', (), {'__slots__': ()}),)",
     PyObject *o = (PyObject *)PyObject_GC_New(PyObject, &PySlice_Type); PyObject_GC_Track(o); PyObject_GC_UnTrack(o);
     PyObject_GC_Del(o))
CASE("PyObject_GC_IsTracked", "([],)", good(PyObject_GC_IsTracked(a)))
CASE("PyObject_ClearWeakRefs: PyObject_CallFinalizer", "([],)", PyObject_CallFinalizer(a))

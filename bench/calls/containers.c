/* The containers, from C. */
#include "calls.h"

CASE("PyList_New(0)", "()", drop(PyList_New(0)))
CASE("PyList_New(3), PyList_SetItem", "(1,)", PyObject *list = PyList_New(3);
     for (Py_ssize_t at = 0; at < 3; at++) { good(PyList_SetItem(list, at, Py_NewRef(a))); } drop(list))
CASE("PyList_New(3), PyList_SET_ITEM", "(1,)", PyObject *list = PyList_New(3); if (!list) wrong();
     for (Py_ssize_t at = 0; at < 3; at++) { PyList_SET_ITEM(list, at, Py_NewRef(a)); } drop(list))
CASE("PyList_GetItem", "([1, 2, 3],)", if (!PyList_GetItem(a, 1)) wrong())
CASE("PyList_GetItemRef", "([1, 2, 3],)", drop(PyList_GetItemRef(a, 1)))
CASE("PyList_SetItem", "([1, 2, 3], 1)", good(PyList_SetItem(a, 1, Py_NewRef(b))))
CASE("PyList_Size", "([1, 2, 3],)", good((int)PyList_Size(a)))
CASE("PyList_Append, ten to a new list", "(1,)", PyObject *list = PyList_New(0);
     for (int at = 0; at < 10; at++) { good(PyList_Append(list, a)); } drop(list))
CASE("PyList_Insert, PyList_SetSlice", "([1, 2, 3], 1)", good(PyList_Insert(a, 1, b)); good(PyList_SetSlice(a, 1, 2, NULL)))
CASE("PyList_GetSlice", "([1, 2, 3],)", drop(PyList_GetSlice(a, 0, 2)))
CASE("PyList_AsTuple", "([1, 2, 3],)", drop(PyList_AsTuple(a)))
CASE("PyList_Sort, ten", "([5, 3, 8, 1, 9, 2, 7, 4, 6, 0],)", PyObject *list = PyList_GetSlice(a, 0, 10);
     good(PyList_Sort(list)); drop(list))
CASE("PyList_Reverse", "([1, 2, 3],)", good(PyList_Reverse(a)))
CASE("PyList_Extend", "((1, 2, 3),)", PyObject *list = PyList_New(0); good(PyList_Extend(list, a)); drop(list))

CASE("PyTuple_New(2), PyTuple_SetItem", "(1,)", PyObject *tuple = PyTuple_New(2);
     for (Py_ssize_t at = 0; at < 2; at++) { good(PyTuple_SetItem(tuple, at, Py_NewRef(a))); } drop(tuple))
CASE("PyTuple_New(2), PyTuple_SET_ITEM", "(1,)", PyObject *tuple = PyTuple_New(2); if (!tuple) wrong();
     for (Py_ssize_t at = 0; at < 2; at++) { PyTuple_SET_ITEM(tuple, at, Py_NewRef(a)); } drop(tuple))
CASE("PyTuple_Pack(2)", "(1,)", drop(PyTuple_Pack(2, a, a)))
CASE("PyTuple_GetItem", "((1, 2, 3),)", if (!PyTuple_GetItem(a, 1)) wrong())
CASE("PyTuple_Size", "((1, 2, 3),)", good((int)PyTuple_Size(a)))
CASE("PyTuple_GetSlice", "((1, 2, 3),)", drop(PyTuple_GetSlice(a, 0, 2)))

CASE("PyDict_New", "()", drop(PyDict_New()))
CASE("PyDict_New, three PyDict_SetItemString", "(1,)", PyObject *dict = PyDict_New();
     good(PyDict_SetItemString(dict, "one", a)); good(PyDict_SetItemString(dict, "two", a));
     good(PyDict_SetItemString(dict, "three", a)); drop(dict))
CASE("PyDict_New, three PyDict_SetItem", "('one', 'two', 'three')", PyObject *dict = PyDict_New();
     good(PyDict_SetItem(dict, a, a)); good(PyDict_SetItem(dict, b, a)); good(PyDict_SetItem(dict, c, a)); drop(dict))
CASE("PyDict_GetItem: str", "({'k': 1}, 'k')", if (!PyDict_GetItem(a, b)) wrong())
CASE("PyDict_GetItem: int", "({1000: 1}, 1000)", if (!PyDict_GetItem(a, b)) wrong())
CASE("PyDict_GetItem: missing", "({'k': 1}, 'l')", if (PyDict_GetItem(a, b)) wrong())
CASE("PyDict_GetItemWithError", "({'k': 1}, 'k')", if (!PyDict_GetItemWithError(a, b)) wrong())
CASE("PyDict_GetItemRef", "({'k': 1}, 'k')", PyObject *found; good(PyDict_GetItemRef(a, b, &found)); drop(found))
CASE("PyDict_GetItemString", "({'k': 1},)", if (!PyDict_GetItemString(a, "k")) wrong())
CASE("PyDict_GetItemStringRef", "({'k': 1},)", PyObject *found; good(PyDict_GetItemStringRef(a, "k", &found)); drop(found))
CASE("PyDict_SetItem: str", "({'k': 1}, 'k', 2)", good(PyDict_SetItem(a, b, c)))
CASE("PyDict_SetItem: int", "({1000: 1}, 1000, 2)", good(PyDict_SetItem(a, b, c)))
CASE("PyDict_SetItemString", "({'k': 1}, 2)", good(PyDict_SetItemString(a, "k", b)))
CASE("PyDict_SetItem, PyDict_DelItem", "({}, 'k', 2)", good(PyDict_SetItem(a, b, c)); good(PyDict_DelItem(a, b)))
CASE("PyDict_SetDefaultRef", "({'k': 1}, 'k', 2)", good(PyDict_SetDefaultRef(a, b, c, NULL)))
CASE("PyDict_Pop", "({}, 'k', 2)", good(PyDict_SetItem(a, b, c)); good(PyDict_Pop(a, b, NULL)))
CASE("PyDict_Contains", "({'k': 1}, 'k')", good(PyDict_Contains(a, b)))
CASE("PyDict_ContainsString", "({'k': 1},)", good(PyDict_ContainsString(a, "k")))
CASE("PyDict_Size", "({'k': 1},)", good((int)PyDict_Size(a)))
CASE("PyDict_Next, ten", "({str(k): k for k in range(10)},)", Py_ssize_t at = 0; PyObject *key; PyObject *value;
     while (PyDict_Next(a, &at, &key, &value)) { })
CASE("PyDict_Copy, ten", "({str(k): k for k in range(10)},)", drop(PyDict_Copy(a)))
CASE("PyDict_Keys, ten", "({str(k): k for k in range(10)},)", drop(PyDict_Keys(a)))
CASE("PyDict_Update, ten", "({str(k): k for k in range(10)},)", PyObject *dict = PyDict_New(); good(PyDict_Update(dict, a));
     drop(dict))

CASE("PySet_New", "()", drop(PySet_New(NULL)))
CASE("PySet_Add, PySet_Discard", "(set(), 'k')", good(PySet_Add(a, b)); good(PySet_Discard(a, b)))
CASE("PySet_Contains", "({'k'}, 'k')", good(PySet_Contains(a, b)))
CASE("PySet_Size", "({'k'},)", good((int)PySet_Size(a)))

CASE("PySlice_New", "(1, 2)", drop(PySlice_New(a, b, NULL)))
CASE("PySlice_Unpack", "(slice(1, 2),)", Py_ssize_t start; Py_ssize_t stop; Py_ssize_t step;
     good(PySlice_Unpack(a, &start, &stop, &step)))
CASE("PyCapsule_New", "()", drop(PyCapsule_New((void *)&PyLong_Type, "name", NULL)))
CASE("PyCapsule_GetPointer", "(__import__('datetime').datetime_CAPI,)",
     if (!PyCapsule_GetPointer(a, "datetime.datetime_CAPI")) wrong())
CASE("PyCell_New", "(1,)", drop(PyCell_New(a)))

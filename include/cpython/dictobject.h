/* dict as a struct, and what the limited API lacks. */
#ifndef Py_CPYTHON_DICTOBJECT_H
#define Py_CPYTHON_DICTOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _dictkeysobject PyDictKeysObject;
typedef struct _dictvalues PyDictValues;

/* With ma_values NULL, keys and values are in the table ma_keys; otherwise the table is shared
 * with other dictionaries and only holds keys. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t ma_used;
    uint64_t _ma_watcher_tag;
    PyDictKeysObject *ma_keys;
    PyDictValues *ma_values;
} PyDictObject;

static inline Py_ssize_t
PyDict_GET_SIZE(PyObject *op)
{
    return _Py_CAST(PyDictObject *, op)->ma_used;
}
#define PyDict_GET_SIZE(op) PyDict_GET_SIZE(_PyObject_CAST(op))

/* Borrowed; the hash is the caller's. */
PyAPI_FUNC(PyObject *) _PyDict_GetItem_KnownHash(
    PyObject *dict, PyObject *key, Py_hash_t hash);
PyAPI_FUNC(PyObject *) _PyDict_GetItemStringWithError(PyObject *dict, const char *key);
/* The value that is in the dictionary afterwards; the second answers 1 if the key was there. */
PyAPI_FUNC(PyObject *) PyDict_SetDefault(
    PyObject *dict, PyObject *key, PyObject *default_value);
PyAPI_FUNC(int) PyDict_SetDefaultRef(
    PyObject *dict, PyObject *key, PyObject *default_value, PyObject **result);
PyAPI_FUNC(int) PyDict_ContainsString(PyObject *dict, const char *key);
PyAPI_FUNC(PyObject *) _PyDict_NewPresized(Py_ssize_t minused);
/* Remove a key: 1 and its value, 0 and NULL if it was missing. */
PyAPI_FUNC(int) PyDict_Pop(PyObject *dict, PyObject *key, PyObject **result);
PyAPI_FUNC(int) PyDict_PopString(PyObject *dict, const char *key, PyObject **result);
PyAPI_FUNC(PyObject *) _PyDict_Pop(PyObject *dict, PyObject *key, PyObject *default_value);

/* Callbacks for changes of dictionaries. */
#define PY_FOREACH_DICT_EVENT(V) \
    V(ADDED) V(MODIFIED) V(DELETED) V(CLONED) V(CLEARED) V(DEALLOCATED)
typedef enum {
    PyDict_EVENT_ADDED = 0,
    PyDict_EVENT_MODIFIED = 1,
    PyDict_EVENT_DELETED = 2,
    PyDict_EVENT_CLONED = 3,
    PyDict_EVENT_CLEARED = 4,
    PyDict_EVENT_DEALLOCATED = 5
} PyDict_WatchEvent;
typedef int (*PyDict_WatchCallback)(PyDict_WatchEvent, PyObject *, PyObject *, PyObject *);
PyAPI_FUNC(int) PyDict_AddWatcher(PyDict_WatchCallback callback);
PyAPI_FUNC(int) PyDict_ClearWatcher(int watcher_id);
PyAPI_FUNC(int) PyDict_Watch(int watcher_id, PyObject *dict);
PyAPI_FUNC(int) PyDict_Unwatch(int watcher_id, PyObject *dict);

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_DICTOBJECT_H */

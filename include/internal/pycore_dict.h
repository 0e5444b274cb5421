/* The inside of dictionaries. */
#ifndef Py_INTERNAL_PYCORE_DICT_H
#define Py_INTERNAL_PYCORE_DICT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PyDictKeyEntry {
    Py_hash_t me_hash;
    PyObject *me_key;
    PyObject *me_value;
} PyDictKeyEntry;

typedef struct PyDictUnicodeEntry {
    PyObject *me_key;
    PyObject *me_value;
} PyDictUnicodeEntry;

/* Which keys a table holds: any, strings, or strings shared between instances. */
typedef enum {
    DICT_KEYS_GENERAL = 0,
    DICT_KEYS_UNICODE = 1,
    DICT_KEYS_SPLIT = 2
} DictKeysKind;

/* A table: 2**dk_log2_size indices of 1, 2, 4 or 8 bytes, then the entries in the order of
 * insertion. */
struct _dictkeysobject {
    Py_ssize_t dk_refcnt;
    uint8_t dk_log2_size;
    uint8_t dk_log2_index_bytes;
    uint8_t dk_kind;
    uint32_t dk_version;
    Py_ssize_t dk_usable;
    Py_ssize_t dk_nentries;
    char dk_indices[];
};

#define DKIX_EMPTY       (-1)
#define DKIX_DUMMY       (-2)
#define DKIX_ERROR       (-3)
#define DKIX_KEY_CHANGED (-4)

/* Values of an instance's attributes; the order of insertion follows them. */
struct _dictvalues {
    uint8_t capacity;
    uint8_t size;
    uint8_t embedded;
    uint8_t valid;
    PyObject *values[1];
};

typedef struct _PyDictViewObject {
    PyObject_HEAD
    PyDictObject *dv_dict;
} _PyDictViewObject;

PyAPI_FUNC(int) _PyDict_SetItem_KnownHash(
    PyObject *mp, PyObject *key, PyObject *item, Py_hash_t hash);
PyAPI_FUNC(int) _PyDict_DelItem_KnownHash(PyObject *mp, PyObject *key, Py_hash_t hash);
PyAPI_FUNC(Py_ssize_t) _PyDict_SizeOf(PyDictObject *mp);

#ifdef __cplusplus
}
#endif

#endif /* Py_INTERNAL_PYCORE_DICT_H */

/* Parsers of keyword arguments that remember the parsed format. */
#ifndef Py_CPYTHON_MODSUPPORT_H
#define Py_CPYTHON_MODSUPPORT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint8_t v;
} _PyOnceFlag;

typedef struct _PyArg_Parser _PyArg_Parser;
struct _PyArg_Parser {
    const char *format;
    const char *const *keywords;
    const char *fname;
    const char *custom_msg;
    _PyOnceFlag once;
    int is_kwtuple_owned;
    int pos;
    int min;
    int max;
    PyObject *kwtuple;
    struct _PyArg_Parser *next;
};

PyAPI_FUNC(int) _PyArg_ParseTupleAndKeywordsFast(
    PyObject *args, PyObject *kwargs, struct _PyArg_Parser *parser, ...);

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_MODSUPPORT_H */

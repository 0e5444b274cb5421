/* The cases: what each file of this folder adds, and host.c measures.

   A case is a name, Python source that makes up to three objects, and C code that is run many times with them. */
#ifndef CALLS_H
#define CALLS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef void (*measured)(long times, PyObject *a, PyObject *b, PyObject *c);

/* `setup` is an expression: a tuple of what the code sees as a, b and c. */
void add_case(const char *name, const char *setup, measured code);
/* A case in Python: `setup` is a suite of statements, `statement` is measured. */
void add_python_case(const char *name, const char *setup, const char *statement);
/* Ends the program: a call went wrong, and there is nothing to measure. */
void wrong(void);

/* Takes a new reference, which must be one. */
static inline void drop(PyObject *result)
{
    if (result == NULL) {
        wrong();
    }
    Py_DECREF(result);
}

/* What must not be less than nothing. */
static inline void good(int result)
{
    if (result < 0) {
        wrong();
    }
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

/* CASE("name", "setup", code): the code is statements. */
#define CASE(name, setup, ...)                                                                     \
    static void JOIN(run_, __LINE__)(long times, PyObject *a, PyObject *b, PyObject *c)            \
    {                                                                                              \
        (void)a, (void)b, (void)c;                                                                 \
        while (times-- > 0) {                                                                      \
            __VA_ARGS__;                                                                           \
        }                                                                                          \
    }                                                                                              \
    __attribute__((constructor)) static void JOIN(add_, __LINE__)(void)                            \
    {                                                                                              \
        add_case(name, setup, JOIN(run_, __LINE__));                                               \
    }

#define PYTHON_CASE(name, setup, statement)                                                        \
    __attribute__((constructor)) static void JOIN(add_, __LINE__)(void)                            \
    {                                                                                              \
        add_python_case(name, setup, statement);                                                   \
    }

/* The module `border`, whose functions and types the cases use. */
PyObject *border_init(void);

#endif

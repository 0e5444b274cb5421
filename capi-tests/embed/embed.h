/* What the parts of the program share. Each is a list of commands: main.c looks them up by name. */
#ifndef KRAIT_EMBED_H
#define KRAIT_EMBED_H

#include <Python.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOPS 4
#define COUNT(array) ((Py_ssize_t)(sizeof(array) / sizeof((array)[0])))

typedef struct {
    const char *name;
    int (*run)(int argc, char **argv); /* the arguments after the name; the result is the exit code */
} Command;

extern const Command lifecycle_commands[], config_commands[], option_commands[], audit_commands[];

/* Exported by the library, not declared by public headers. */
PyAPI_FUNC(void) _PyConfig_InitCompatConfig(PyConfig *);
PyAPI_FUNC(void) _PyPreConfig_InitCompatConfig(PyPreConfig *);
PyAPI_FUNC(void) PySys_AddWarnOption(const wchar_t *);
PyAPI_FUNC(void) PySys_AddXOption(const wchar_t *);
PyAPI_FUNC(void) PySys_ResetWarnOptions(void);
PyAPI_FUNC(void) Py_SetPath(const wchar_t *);

/* Ends the program if the status says so. */
void check(PyStatus status);
/* Ends the program with a message if something does not hold. */
void expect(int holds, const char *what);
void set_text(PyConfig *config, wchar_t **place, const wchar_t *text);
void append(PyWideStringList *list, const wchar_t *text);
/* Sets the program's name that the tests know, unless there is one, starts Python, and clears the configuration. */
void start(PyConfig *config);
/* Starts Python as Py_Initialize does, under that name. */
void start_plain(void);
/* Prints the configurations of the running interpreter as JSON, and ends it. */
int report(void);

#endif

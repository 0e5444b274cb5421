/* Starting with a configuration. */
#ifndef Py_CPYTHON_PYLIFECYCLE_H
#define Py_CPYTHON_PYLIFECYCLE_H

#ifdef __cplusplus
extern "C" {
#endif

PyAPI_FUNC(PyStatus) Py_PreInitialize(const PyPreConfig *src_config);
PyAPI_FUNC(PyStatus) Py_PreInitializeFromBytesArgs(
    const PyPreConfig *src_config, Py_ssize_t argc, char **argv);
PyAPI_FUNC(PyStatus) Py_PreInitializeFromArgs(
    const PyPreConfig *src_config, Py_ssize_t argc, wchar_t **argv);
PyAPI_FUNC(PyStatus) Py_InitializeFromConfig(const PyConfig *config);
/* Runs what the command line asked for, then finalises. */
PyAPI_FUNC(int) Py_RunMain(void);
_Py_NO_RETURN PyAPI_FUNC(void) Py_ExitStatusException(PyStatus status);
PyAPI_FUNC(int) Py_FdIsInteractive(FILE *fp, const char *filename);
PyAPI_FUNC(int) Py_FrozenMain(int argc, char **argv);

/* What a new interpreter may do. */
#define PyInterpreterConfig_DEFAULT_GIL 0
#define PyInterpreterConfig_SHARED_GIL  1
#define PyInterpreterConfig_OWN_GIL     2

typedef struct {
    /* Share the allocator of the main interpreter: needed without a GIL of its own. */
    int use_main_obmalloc;
    int allow_fork;
    int allow_exec;
    int allow_threads;
    int allow_daemon_threads;
    /* Refuse extensions that do not say that they support it. */
    int check_multi_interp_extensions;
    /* PyInterpreterConfig_*_GIL. */
    int gil;
} PyInterpreterConfig;

/* A GIL of its own, no fork, no daemon threads, only extensions that support it. */
#define _PyInterpreterConfig_INIT { 0, 0, 0, 1, 0, 1, PyInterpreterConfig_OWN_GIL }
/* As Py_NewInterpreter does it. */
#define _PyInterpreterConfig_LEGACY_CHECK_MULTI_INTERP_EXTENSIONS 0
#define _PyInterpreterConfig_LEGACY_INIT { \
    1, 1, 1, 1, 1, _PyInterpreterConfig_LEGACY_CHECK_MULTI_INTERP_EXTENSIONS, \
    PyInterpreterConfig_SHARED_GIL }

PyAPI_FUNC(PyStatus) Py_NewInterpreterFromConfig(
    PyThreadState **tstate_p, const PyInterpreterConfig *config);

typedef void (*atexit_datacallbackfunc)(void *);
PyAPI_FUNC(int) PyUnstable_AtExit(
    PyInterpreterState *interp, atexit_datacallbackfunc func, void *data);

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_PYLIFECYCLE_H */

/* Configuration of the runtime.
 *
 * Either PyInitConfig, by names: Create, Set..., Py_InitializeFromInitConfig, Free; or
 * PyConfig, a struct: InitPythonConfig, set members, Py_InitializeFromConfig, Clear. */
#ifndef Py_PYCORECONFIG_H
#define Py_PYCORECONFIG_H

#ifdef __cplusplus
extern "C" {
#endif

/* What initialisation answers. */
typedef struct {
    enum { _PyStatus_TYPE_OK = 0, _PyStatus_TYPE_ERROR = 1, _PyStatus_TYPE_EXIT = 2 } _type;
    const char *func;
    const char *err_msg;
    int exitcode;
} PyStatus;

PyAPI_FUNC(PyStatus) PyStatus_Ok(void);
PyAPI_FUNC(PyStatus) PyStatus_Error(const char *err_msg);
PyAPI_FUNC(PyStatus) PyStatus_NoMemory(void);
PyAPI_FUNC(PyStatus) PyStatus_Exit(int exitcode);
PyAPI_FUNC(int) PyStatus_IsError(PyStatus err);
PyAPI_FUNC(int) PyStatus_IsExit(PyStatus err);
PyAPI_FUNC(int) PyStatus_Exception(PyStatus err);

typedef struct {
    Py_ssize_t length;
    wchar_t **items;
} PyWideStringList;

PyAPI_FUNC(PyStatus) PyWideStringList_Append(PyWideStringList *list, const wchar_t *item);
PyAPI_FUNC(PyStatus) PyWideStringList_Insert(
    PyWideStringList *list, Py_ssize_t index, const wchar_t *item);

/* What has to be known first: allocator, encoding. -1 means "to be found out". */
typedef struct PyPreConfig {
    int _config_init;
    /* Look at the command line: 1 as python does. */
    int parse_argv;
    /* Ignore environment and user: see PyConfig. */
    int isolated;
    int use_environment;
    /* Set LC_CTYPE to the user's locale; replace the "C" locale by a UTF-8 one, and warn. */
    int configure_locale;
    int coerce_c_locale;
    int coerce_c_locale_warn;
    /* UTF-8 whatever the locale says. */
    int utf8_mode;
    int dev_mode;
    /* One of PyMemAllocatorName. */
    int allocator;
} PyPreConfig;

PyAPI_FUNC(void) PyPreConfig_InitPythonConfig(PyPreConfig *config);
PyAPI_FUNC(void) PyPreConfig_InitIsolatedConfig(PyPreConfig *config);

typedef struct PyConfig {
    int _config_init;

    /* What may influence the interpreter: environment, user, and their directories. */
    int isolated;
    int use_environment;
    /* -X dev. */
    int dev_mode;
    /* Python handles SIGINT, and ignores SIGPIPE and SIGXFSZ. */
    int install_signal_handlers;
    /* With use_hash_seed, hashes of str are the same in every run: PYTHONHASHSEED. */
    int use_hash_seed;
    unsigned long hash_seed;

    /* Aids for debugging: -X options and variables of the same names. */
    int faulthandler;
    int tracemalloc;
    int perf_profiling;
    int remote_debug;
    int import_time;
    int code_debug_ranges;
    int show_ref_count;
    int dump_refs;
    wchar_t *dump_refs_file;
    int malloc_stats;

    /* Encoding of file names. NULL: found out when the configuration is read. */
    wchar_t *filesystem_encoding;
    wchar_t *filesystem_errors;
    /* Where __pycache__ directories are; NULL: beside the source. */
    wchar_t *pycache_prefix;

    /* Command line. With parse_argv, argv is read as python reads its own. */
    int parse_argv;
    PyWideStringList orig_argv;
    PyWideStringList argv;
    /* -X and -W, without the letters. */
    PyWideStringList xoptions;
    PyWideStringList warnoptions;

    /* Switches, named as in sys.flags or after the options -b, -i, -O, -B, -v, -q, -s. */
    int site_import;
    int bytes_warning;
    int warn_default_encoding;
    int inspect;
    int interactive;
    int optimization_level;
    int parser_debug;
    int write_bytecode;
    int verbose;
    int quiet;
    int user_site_directory;

    /* Standard streams: those of C are made unbuffered if buffered_stdio is 0. */
    int configure_c_stdio;
    int buffered_stdio;
    wchar_t *stdio_encoding;
    wchar_t *stdio_errors;

    /* "always", "never" or "default". */
    wchar_t *check_hash_pycs_mode;
    /* Modules of the standard library that are inside the program are taken from there. */
    int use_frozen_modules;
    /* Nothing is put in front of sys.path for the script. */
    int safe_path;

    /* The longest decimal number between str and int; 0: no limit; -1: the default. */
    int int_max_str_digits;
    int thread_inherit_context;
    int context_aware_warnings;
    /* What os.cpu_count() answers; -1: the truth. */
    int cpu_count;

    /* Paths. What is NULL is found out; module_search_paths counts only if it is "set". */
    int pathconfig_warnings;
    wchar_t *program_name;
    wchar_t *pythonpath_env;
    wchar_t *home;
    wchar_t *platlibdir;
    int module_search_paths_set;
    PyWideStringList module_search_paths;
    wchar_t *stdlib_dir;
    wchar_t *executable;
    wchar_t *base_executable;
    wchar_t *prefix;
    wchar_t *base_prefix;
    wchar_t *exec_prefix;
    wchar_t *base_exec_prefix;

    /* What Py_RunMain runs: -x, -c, -m, or a file. */
    int skip_source_first_line;
    wchar_t *run_command;
    wchar_t *run_module;
    wchar_t *run_filename;
    wchar_t *sys_path_0;

    /* Private. */
    int _install_importlib;
    int _init_main;
    int _is_python_build;
} PyConfig;

/* As the command python3.14 is configured; or cut off from environment, user and signals. */
PyAPI_FUNC(void) PyConfig_InitPythonConfig(PyConfig *config);
PyAPI_FUNC(void) PyConfig_InitIsolatedConfig(PyConfig *config);
PyAPI_FUNC(void) PyConfig_Clear(PyConfig *config);
PyAPI_FUNC(PyStatus) PyConfig_SetString(
    PyConfig *config, wchar_t **config_str, const wchar_t *str);
PyAPI_FUNC(PyStatus) PyConfig_SetBytesString(
    PyConfig *config, wchar_t **config_str, const char *str);
PyAPI_FUNC(PyStatus) PyConfig_Read(PyConfig *config);
PyAPI_FUNC(PyStatus) PyConfig_SetBytesArgv(
    PyConfig *config, Py_ssize_t argc, char *const *argv);
PyAPI_FUNC(PyStatus) PyConfig_SetArgv(
    PyConfig *config, Py_ssize_t argc, wchar_t *const *argv);
PyAPI_FUNC(PyStatus) PyConfig_SetWideStringList(
    PyConfig *config, PyWideStringList *list, Py_ssize_t length, wchar_t **items);

/* The configuration of the running interpreter. */
PyAPI_FUNC(PyObject *) PyConfig_Get(const char *name);
PyAPI_FUNC(int) PyConfig_GetInt(const char *name, int *value);
PyAPI_FUNC(PyObject *) PyConfig_Names(void);
PyAPI_FUNC(int) PyConfig_Set(const char *name, PyObject *value);

PyAPI_FUNC(void) Py_GetArgcArgv(int *argc, wchar_t ***argv);

/* By names; these need no running interpreter, and report errors through GetError. */
typedef struct PyInitConfig PyInitConfig;
PyAPI_FUNC(PyInitConfig *) PyInitConfig_Create(void);
PyAPI_FUNC(void) PyInitConfig_Free(PyInitConfig *config);
PyAPI_FUNC(int) PyInitConfig_GetError(PyInitConfig *config, const char **err_msg);
PyAPI_FUNC(int) PyInitConfig_GetExitCode(PyInitConfig *config, int *exitcode);
PyAPI_FUNC(int) PyInitConfig_HasOption(PyInitConfig *config, const char *name);
PyAPI_FUNC(int) PyInitConfig_GetInt(PyInitConfig *config, const char *name, int64_t *value);
PyAPI_FUNC(int) PyInitConfig_GetStr(PyInitConfig *config, const char *name, char **value);
PyAPI_FUNC(int) PyInitConfig_GetStrList(
    PyInitConfig *config, const char *name, size_t *length, char ***items);
PyAPI_FUNC(void) PyInitConfig_FreeStrList(size_t length, char **items);
PyAPI_FUNC(int) PyInitConfig_SetInt(PyInitConfig *config, const char *name, int64_t value);
PyAPI_FUNC(int) PyInitConfig_SetStr(
    PyInitConfig *config, const char *name, const char *value);
PyAPI_FUNC(int) PyInitConfig_SetStrList(
    PyInitConfig *config, const char *name, size_t length, char *const *items);
PyAPI_FUNC(int) PyInitConfig_AddModule(
    PyInitConfig *config, const char *name, PyObject *(*initfunc)(void));
PyAPI_FUNC(int) Py_InitializeFromInitConfig(PyInitConfig *config);

#ifdef __cplusplus
}
#endif

#endif /* Py_PYCORECONFIG_H */

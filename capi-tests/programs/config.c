/* Starts in the ways that PyConfig knows, and asks what came of it. */
/* args: defaults */
/* args: read prog -X utf8 -W error -c print(1) arg */
/* args: read prog -IBSOO -m mod arg */
/* args: read prog -q /script.py arg */
/* args: run prog -c import\sys;print(sys.argv) arg */
/* args: run prog -c raise\SystemExit(3) */
/* args: run prog -Z */
/* args: main prog -c print(5) */
/* args: isolated */
/* args: paths */
/* args: get */
/* args: set */
/* args: names */
/* args: init-config */
/* args: lists */
/* args: modules */
#include <Python.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Where the reference finds its library, for starts that do not look at the environment. */
static const char *home(void) { return getenv("TEST_HOME"); }

#define NUMBER(NAME) printf("  " #NAME " %d\n", (int)config->NAME)
#define TEXT(NAME) printf("  " #NAME " %ls\n", config->NAME ? config->NAME : L"NULL")

static void print_list(const char *name, const PyWideStringList *list) {
    printf("  %s %zd:", name, list->length);
    for (Py_ssize_t at = 0; at < list->length; at++) printf(" [%ls]", list->items[at]);
    printf("\n");
}

static void dump(const char *title, const PyConfig *config) {
    printf("%s\n", title);
    NUMBER(_config_init); NUMBER(isolated); NUMBER(use_environment); NUMBER(dev_mode); NUMBER(install_signal_handlers);
    NUMBER(use_hash_seed); NUMBER(hash_seed); NUMBER(faulthandler); NUMBER(tracemalloc); NUMBER(perf_profiling);
    NUMBER(remote_debug); NUMBER(import_time); NUMBER(code_debug_ranges); NUMBER(show_ref_count); NUMBER(dump_refs);
    NUMBER(malloc_stats); TEXT(pycache_prefix); NUMBER(parse_argv);
    print_list("orig_argv", &config->orig_argv);
    print_list("argv", &config->argv);
    print_list("xoptions", &config->xoptions);
    print_list("warnoptions", &config->warnoptions);
    NUMBER(site_import); NUMBER(bytes_warning); NUMBER(warn_default_encoding); NUMBER(inspect); NUMBER(interactive);
    NUMBER(optimization_level); NUMBER(parser_debug); NUMBER(write_bytecode); NUMBER(verbose); NUMBER(quiet);
    NUMBER(user_site_directory); NUMBER(configure_c_stdio); NUMBER(buffered_stdio); TEXT(check_hash_pycs_mode);
    NUMBER(use_frozen_modules); NUMBER(safe_path); NUMBER(int_max_str_digits); NUMBER(cpu_count);
    NUMBER(pathconfig_warnings); TEXT(program_name); NUMBER(module_search_paths_set); TEXT(executable);
    NUMBER(skip_source_first_line); TEXT(run_command); TEXT(run_module); TEXT(run_filename); TEXT(sys_path_0);
    NUMBER(_install_importlib); NUMBER(_init_main); NUMBER(_is_python_build);
}

static void check(PyStatus status) {
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

static void complain(void) {
    PyObject *error = PyErr_GetRaisedException(), *text = PyObject_Str(error);
    printf("%s: %s\n", Py_TYPE(error)->tp_name, PyUnicode_AsUTF8(text));
    Py_DECREF(text);
    Py_DECREF(error);
}

static void show(PyObject *object) {
    PyObject *text = object ? PyObject_Repr(object) : NULL;
    if (text) printf("%s\n", PyUnicode_AsUTF8(text));
    else complain();
    Py_XDECREF(text);
    Py_XDECREF(object);
}

static void get(void) {
    static const char *const names[] = {
        "argv", "bytes_warning", "cpu_count", "int_max_str_digits", "use_environment", "write_bytecode", "xoptions",
        "hash_seed", "isolated", "orig_argv", "site_import", "stdio_encoding", "user_site_directory", "allocator",
        "utf8_mode", "sys_path_0", "no_such", "dev_mode", "program_name", "pycache_prefix", "filesystem_encoding",
        "parse_argv", "warn_default_encoding", "safe_path", "_init_main", "check_hash_pycs_mode",
    };
    for (size_t at = 0; at < sizeof names / sizeof *names; at++) {
        printf("%s ", names[at]);
        show(PyConfig_Get(names[at]));
        int value = 0;
        if (PyConfig_GetInt(names[at], &value)) complain();
        else printf("%d\n", value);
    }
}

static void set(void) {
    static const char *const names[] = {
        "bytes_warning", "cpu_count", "argv", "inspect", "optimization_level", "pycache_prefix", "warnoptions",
        "xoptions", "hash_seed", "allocator", "no_such", "sys_path_0", "write_bytecode", "int_max_str_digits",
        "use_environment", "program_name", "platlibdir",
    };
    static const char *const values[] = {"1", "-1", "'x'", "None", "['a']", "['a', 1]", "{'a': 'b'}", "{1: 2}",
                                         "{'a': 1}", "True", "700", "2**40", "1.5"};
    PyObject *globals = PyModule_GetDict(PyImport_AddModule("__main__"));
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            PyObject *value = PyRun_String(values[v], Py_eval_input, globals, globals);
            printf("%s = %s: ", names[n], values[v]);
            if (PyConfig_Set(names[n], value)) complain();
            else show(PyConfig_Get(names[n]));
            Py_DECREF(value);
        }
    fflush(stdout);
    PyRun_SimpleString("import sys\nprint(sys.flags[:11], sys.flags.int_max_str_digits, sys.dont_write_bytecode)");
}

static PyObject *make_module(void) {
    static PyModuleDef def;
    def.m_base = (PyModuleDef_Base)PyModuleDef_HEAD_INIT;
    def.m_name = "made";
    def.m_doc = "Made by the host.";
    return PyModule_Create(&def);
}

/* The outcome of a call, and the error that is kept. */
static void report(PyInitConfig *config, int outcome) {
    const char *message = NULL;
    int kept = PyInitConfig_GetError(config, &message);
    printf("%d %d %s\n", outcome, kept, message ? message : "NULL");
}

static void init_config(void) {
    PyInitConfig *config = PyInitConfig_Create();
    int64_t number = -1;
    char *text = NULL, **items = NULL;
    size_t length = 0;
    int code = -1;
    printf("%d%d", PyInitConfig_HasOption(config, "verbose"), PyInitConfig_HasOption(config, "utf8_mode"));
    printf("%d\n", PyInitConfig_HasOption(config, "nothing"));
    report(config, PyInitConfig_GetInt(config, "isolated", &number));
    printf("%d\n", (int)number);
    report(config, PyInitConfig_SetInt(config, "bytes_warning", 1));
    report(config, PyInitConfig_SetInt(config, "nothing", 1));
    report(config, PyInitConfig_SetInt(config, "verbose", -1));
    report(config, PyInitConfig_SetStr(config, "verbose", "x"));
    report(config, PyInitConfig_GetInt(config, "program_name", &number));
    printf("%d\n", PyInitConfig_SetStr(config, "program_name", "h\xc3\xa9llo"));
    if (!PyInitConfig_GetStr(config, "program_name", &text)) printf("%s\n", text);
    free(text);
    char one[] = "one", two[] = "two";
    char *const list[] = {one, two};
    printf("%d\n", PyInitConfig_SetStrList(config, "argv", 2, list));
    if (!PyInitConfig_GetStrList(config, "argv", &length, &items)) printf("%zu %s %s\n", length, items[0], items[1]);
    PyInitConfig_FreeStrList(length, items);
    printf("%d\n", PyInitConfig_SetInt(config, "parse_argv", 0));
    if (home()) PyInitConfig_SetStr(config, "home", home());
    printf("%d\n", PyInitConfig_AddModule(config, "made", make_module));
    printf("%d\n", PyInitConfig_GetExitCode(config, &code));
    printf("%d\n", Py_InitializeFromInitConfig(config));
    PyInitConfig_Free(config);
    fflush(stdout);
    PyRun_SimpleString("import sys, made\nprint(sys.argv, sys.flags.bytes_warning, sys.flags.isolated, made.__doc__)");
}

static void lists(void) {
    PyWideStringList list = {0, NULL};
    PyWideStringList_Append(&list, L"b");
    PyWideStringList_Insert(&list, 0, L"a");
    PyWideStringList_Insert(&list, 99, L"c");
    print_list("list", &list);
    PyStatus status = PyWideStringList_Insert(&list, -1, L"d");
    printf("%d %s\n", PyStatus_IsError(status), status.err_msg);
    status = PyStatus_NoMemory();
    printf("%d %s\n", PyStatus_IsError(status), status.err_msg);
    status = PyStatus_Exit(3);
    printf("%d %d %d\n", PyStatus_IsExit(status), PyStatus_Exception(status), status.exitcode);
    status = PyStatus_Ok();
    printf("%d %d\n", PyStatus_IsError(status), PyStatus_Exception(status));
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "defaults";
    PyConfig config;
    if (!strcmp(what, "isolated")) PyConfig_InitIsolatedConfig(&config);
    else PyConfig_InitPythonConfig(&config);
    if (!strcmp(what, "defaults")) {
        dump("python", &config);
        PyConfig_InitIsolatedConfig(&config);
        dump("isolated", &config);
        return 0;
    }
    if (!strcmp(what, "lists")) {
        lists();
        return 0;
    }
    if (!strcmp(what, "init-config")) {
        init_config();
        return Py_FinalizeEx();
    }
    if (!strcmp(what, "main")) return Py_BytesMain(argc - 2, argv + 2);
    if (!strcmp(what, "read") || !strcmp(what, "run")) {
        /* Blanks in an argument are written with a backslash, which this undoes. */
        for (int at = 2; at < argc; at++)
            for (char *c = argv[at]; *c; c++)
                if (*c == '\\') *c = ' ';
        check(PyConfig_SetBytesArgv(&config, argc - 2, argv + 2));
    } else {
        config.parse_argv = 0;
    }
    if (!strcmp(what, "isolated") && home()) check(PyConfig_SetBytesString(&config, &config.home, home()));
    if (!strcmp(what, "paths")) {
        config.module_search_paths_set = 1;
        config.site_import = 0;
        check(PyWideStringList_Append(&config.module_search_paths, L"/nowhere"));
        if (home()) {
            wchar_t *library = Py_DecodeLocale(home(), NULL), path[1000];
            swprintf(path, 1000, L"%ls/lib/python3.14", library);
            check(PyWideStringList_Append(&config.module_search_paths, path));
            PyMem_RawFree(library);
        }
    }
    if (!strcmp(what, "modules")) PyImport_AppendInittab("made", make_module);
    if (!strcmp(what, "read")) {
        check(PyConfig_Read(&config));
        dump("read", &config);
        check(PyConfig_Read(&config));
        print_list("again", &config.argv);
        PyConfig_Clear(&config);
        dump("cleared", &config);
        return 0;
    }
    PyStatus status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    check(status);
    if (!strcmp(what, "run")) return Py_RunMain();
    if (!strcmp(what, "get")) get();
    if (!strcmp(what, "set")) set();
    fflush(stdout);
    if (!strcmp(what, "isolated")) PyRun_SimpleString("import sys\nprint(sys.flags[:13], sys.argv)");
    if (!strcmp(what, "paths")) PyRun_SimpleString("import sys\nprint(sys.path[0])");
    if (!strcmp(what, "modules")) PyRun_SimpleString("import sys, made\nprint('made' in sys.builtin_module_names, made.__doc__)");
    if (!strcmp(what, "names")) {
        PyObject *sorted = PySequence_List(PyConfig_Names());
        PyList_Sort(sorted);
        show(sorted);
    }
    return Py_FinalizeEx();
}

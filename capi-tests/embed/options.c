/* Paths, warnings and options from several sources at once; PyInitConfig; what the running interpreter says. */
#include "embed.h"

#include <wchar.h>

static wchar_t *variable(const char *name) {
    const char *value = getenv(name);
    wchar_t *text = value ? Py_DecodeLocale(value, NULL) : NULL;
    expect(text != NULL, name);
    return text;
}

static int options_added(int argc, char **argv) {
    (void)argc, (void)argv;
    PySys_AddXOption(L"sysadd_xoption");
    PySys_AddXOption(L"faulthandler");
    PySys_AddWarnOption(L"ignore:::sysadd_warnoption");
    wchar_t *words[] = {L"python3", L"-W", L"ignore:::cmdline_warnoption", L"-X", L"cmdline_xoption"};
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    check(PyConfig_SetArgv(&config, COUNT(words), words));
    config.parse_argv = 1;
    append(&config.xoptions, L"config_xoption");
    append(&config.warnoptions, L"ignore:::config_warnoption");
    start(&config);
    return report();
}

static int warnings_from_everywhere(int argc, char **argv) {
    (void)argc, (void)argv;
    setenv("PYTHONWARNINGS", "ignore:::env1,ignore:::env2", 1);
    PySys_AddWarnOption(L"ignore:::PySys_AddWarnOption1");
    PySys_AddWarnOption(L"ignore:::PySys_AddWarnOption2");
    wchar_t *words[] = {L"python3", L"-Wignore:::cmdline1", L"-Wignore:::cmdline2"};
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.dev_mode = 1;
    config.bytes_warning = 1;
    set_text(&config, &config.program_name, L"./_testembed");
    append(&config.warnoptions, L"ignore:::PyConfig_BeforeRead");
    config.parse_argv = 1;
    check(PyConfig_SetArgv(&config, COUNT(words), words));
    check(PyConfig_Read(&config));
    append(&config.warnoptions, L"ignore:::PyConfig_AfterRead");
    check(PyWideStringList_Insert(&config.warnoptions, 0, L"ignore:::PyConfig_Insert0"));
    start(&config);
    return report();
}

static int path_given(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *path = variable("TESTPATH");
    Py_SetPath(path);
    PyMem_RawFree(path);
    Py_Initialize();
    return report();
}

static int path_and_config(int argc, char **argv) {
    (void)argc, (void)argv;
    PyPreConfig pre;
    PyPreConfig_InitPythonConfig(&pre);
    check(Py_PreInitialize(&pre));
    wchar_t *path = variable("TESTPATH");
    Py_SetPath(path);
    PyMem_RawFree(path);
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    set_text(&config, &config.program_name, L"conf_program_name");
    set_text(&config, &config.executable, L"conf_executable");
    start(&config);
    return report();
}

static int home_given(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *home = variable("TESTHOME");
    Py_SetPythonHome(home);
    Py_Initialize();
    int result = report();
    PyMem_RawFree(home);
    return result;
}

static int build_folder(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *home = variable("TESTHOME");
    const char *denied = getenv("NEGATIVE_ISPYTHONBUILD");
    PyConfig config;
    _PyConfig_InitCompatConfig(&config);
    set_text(&config, &config.home, home);
    PyMem_RawFree(home);
    config._is_python_build = denied && *denied != '0' ? 0 : 1;
    start(&config);
    return report();
}

/* PyInitConfig: options by name. */

static void accept(PyInitConfig *config, int status) {
    const char *error = NULL;
    if (status < 0) PyInitConfig_GetError(config, &error);
    expect(status == 0, error ? error : "a setting is accepted");
}

static int by_names(int argc, char **argv) {
    (void)argc, (void)argv;
    PyInitConfig *config = PyInitConfig_Create();
    expect(config != NULL, "memory");
    accept(config, PyInitConfig_SetInt(config, "configure_locale", 1));
    accept(config, PyInitConfig_SetInt(config, "dev_mode", 1));
    accept(config, PyInitConfig_SetInt(config, "hash_seed", 10));
    accept(config, PyInitConfig_SetInt(config, "perf_profiling", 2));
    accept(config, PyInitConfig_SetStr(config, "pycache_prefix", "conf_pycache_prefix"));
    accept(config, PyInitConfig_SetStr(config, "program_name", "./_testembed"));
    char *options[] = {"faulthandler"};
    accept(config, PyInitConfig_SetStrList(config, "xoptions", COUNT(options), options));
    accept(config, Py_InitializeFromInitConfig(config));
    PyInitConfig_Free(config);
    return report();
}

static void expect_error(PyInitConfig *config, int status, const char *expected) {
    const char *error = NULL;
    expect(status == -1 && PyInitConfig_GetError(config, &error) == 1 && error, "a setting is refused");
    expect(strcmp(error, expected) == 0, error);
}

static int asked_by_names(int argc, char **argv) {
    (void)argc, (void)argv;
    PyInitConfig *config = PyInitConfig_Create();
    expect(config != NULL, "memory");
    const char *error = "";
    expect(PyInitConfig_GetError(config, &error) == 0 && error == NULL, "no error yet");
    int code = 0;
    expect(PyInitConfig_GetExitCode(config, &code) == 0, "no exit code yet");
    expect(PyInitConfig_HasOption(config, "verbose") == 1, "an option of PyConfig");
    expect(PyInitConfig_HasOption(config, "utf8_mode") == 1, "an option of PyPreConfig");
    expect(PyInitConfig_HasOption(config, "non-existent") == 0, "no option");

    int64_t number = -1;
    accept(config, PyInitConfig_GetInt(config, "dev_mode", &number));
    expect(number == 0, "no development mode");
    accept(config, PyInitConfig_SetInt(config, "dev_mode", 1));
    accept(config, PyInitConfig_GetInt(config, "dev_mode", &number));
    expect(number == 1, "development mode");

    char *text = NULL;
    accept(config, PyInitConfig_SetStr(config, "program_name", "program_name_utf8_h\xc3\xa9llo"));
    accept(config, PyInitConfig_GetStr(config, "program_name", &text));
    expect(strcmp(text, "program_name_utf8_h\xc3\xa9llo") == 0, "the name that was set");
    free(text);
    accept(config, PyInitConfig_GetStr(config, "pycache_prefix", &text));
    expect(text == NULL, "a string that is absent");

    char *words[] = {"one", "two", "three"}, **list = NULL;
    size_t length = 0;
    accept(config, PyInitConfig_SetStrList(config, "argv", COUNT(words), words));
    accept(config, PyInitConfig_GetStrList(config, "argv", &length, &list));
    expect(length == 3 && strcmp(list[0], "one") == 0 && strcmp(list[2], "three") == 0, "the list that was set");
    PyInitConfig_FreeStrList(length, list);

    expect_error(config, PyInitConfig_GetInt(config, "non-existent", &number), "unknown config option name");
    expect_error(config, PyInitConfig_GetInt(config, "argv", &number), "config option type is not int");
    expect_error(config, PyInitConfig_SetStr(config, "verbose", "1"), "config option type is not string");
    expect_error(config, PyInitConfig_SetStrList(config, "home", 0, NULL), "config option type is not strings list");
    PyInitConfig_Free(config);

    start_plain();
    PyObject *value = PyConfig_Get("verbose");
    expect(value && PyLong_AsLong(value) == 0, "PyConfig_Get");
    Py_DECREF(value);
    expect(PyConfig_Get("non-existent") == NULL && PyErr_ExceptionMatches(PyExc_ValueError), "no such option");
    PyErr_Clear();
    Py_Finalize();
    return 0;
}

/* A command line that asks for nothing but an answer. */
static int exits(int argc, char **argv) {
    (void)argc, (void)argv;
    PyInitConfig *config = PyInitConfig_Create();
    expect(config != NULL, "memory");
    char *words[] = {"python3", "--help"};
    accept(config, PyInitConfig_SetStrList(config, "argv", COUNT(words), words));
    accept(config, PyInitConfig_SetInt(config, "parse_argv", 1));
    expect(Py_InitializeFromInitConfig(config) == -1, "Python does not start");
    int code = -1;
    expect(PyInitConfig_GetExitCode(config, &code) == 1 && code == 0, "the exit code");
    const char *error = NULL;
    expect(PyInitConfig_GetError(config, &error) == 1 && strcmp(error, "exit code 0") == 0, "the words for it");
    PyInitConfig_Free(config);
    return 0;
}

static PyModuleDef_Slot module_slots[] = {{0, NULL}};
static PyModuleDef module_def = {PyModuleDef_HEAD_INIT, .m_name = "embed_module", .m_slots = module_slots};

static PyObject *make_module(void) {
    return PyModuleDef_Init(&module_def);
}

static int module_added(int argc, char **argv) {
    (void)argc, (void)argv;
    PyInitConfig *config = PyInitConfig_Create();
    expect(config != NULL, "memory");
    accept(config, PyInitConfig_SetStr(config, "program_name", "./_testembed"));
    accept(config, PyInitConfig_AddModule(config, "embed_module", make_module));
    accept(config, Py_InitializeFromInitConfig(config));
    PyInitConfig_Free(config);
    PyObject *module = PyImport_ImportModule("embed_module");
    expect(module != NULL, "the module is imported");
    Py_DECREF(module);
    return Py_FinalizeEx() < 0;
}

static int original_words(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *words[] = {L"python3", L"-c", L"pass", L"arg2"}, **kept;
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    check(PyConfig_SetArgv(&config, COUNT(words), words));
    start(&config);
    int count;
    Py_GetArgcArgv(&count, &kept);
    expect(count == COUNT(words), "as many words");
    for (int at = 0; at < count; at++) expect(wcscmp(kept[at], words[at]) == 0, "the same words");
    return Py_FinalizeEx() < 0;
}

static int settings(int argc, char **argv) {
    (void)argc, (void)argv;
    start_plain();
    int failed = PyRun_SimpleString("import json, _testinternalcapi\n"
                                    "print(json.dumps(_testinternalcapi.get_interp_settings(0)))\n");
    return Py_FinalizeEx() < 0 || failed;
}

const Command option_commands[] = {
    {"test_init_sys_add", options_added},
    {"test_init_warnoptions", warnings_from_everywhere},
    {"test_init_setpath", path_given},
    {"test_init_setpath_config", path_and_config},
    {"test_init_setpythonhome", home_given},
    {"test_init_is_python_build", build_folder},
    {"test_initconfig_api", by_names},
    {"test_initconfig_get_api", asked_by_names},
    {"test_initconfig_exit", exits},
    {"test_initconfig_module", module_added},
    {"test_get_argc_argv", original_words},
    {"test_init_main_interpreter_settings", settings},
    {NULL, NULL},
};

/* PyPreConfig and PyConfig: each command starts Python in one way and prints the configuration that came of it. */
#include "embed.h"

#include <wchar.h>

static void set_words(PyConfig *config, Py_ssize_t count, wchar_t *const *words) {
    check(PyConfig_SetArgv(config, count, words));
}

static int report_on(PyConfig *config) {
    start(config);
    return report();
}

static int plain(int argc, char **argv) {
    (void)argc, (void)argv;
    start_plain();
    return report();
}

static int pre_compat(int argc, char **argv) {
    (void)argc, (void)argv;
    PyPreConfig pre;
    _PyPreConfig_InitCompatConfig(&pre);
    check(Py_PreInitialize(&pre));
    start_plain();
    return report();
}

/* The variables from before PyConfig. */
_Py_COMP_DIAG_PUSH
_Py_COMP_DIAG_IGNORE_DEPR_DECLS
static int global_variables(int argc, char **argv) {
    (void)argc, (void)argv;
    /* What the variables say goes before the environment. */
    setenv("PYTHONUTF8", "0", 1);
    Py_UTF8Mode = 1;
    setenv("PYTHONUNBUFFERED", "", 1);
    Py_UnbufferedStdioFlag = 1;
    Py_SetProgramName(L"./globalvar");
    Py_NoSiteFlag = 1;
    Py_BytesWarningFlag = 1;
    Py_InspectFlag = 1;
    Py_InteractiveFlag = 1;
    Py_OptimizeFlag = 2;
    Py_DontWriteBytecodeFlag = 1;
    Py_VerboseFlag = 1;
    Py_QuietFlag = 1;
    Py_NoUserSiteDirectory = 1;
    Py_FrozenFlag = 1;
    Py_Initialize();
    return report();
}
_Py_COMP_DIAG_POP

/* Everything that a host can set; the environment and the command line say otherwise. */
static int whole_config(int argc, char **argv) {
    (void)argc, (void)argv;
    PyPreConfig pre;
    _PyPreConfig_InitCompatConfig(&pre);
    setenv("PYTHONMALLOC", "malloc_debug", 1);
    pre.allocator = PYMEM_ALLOCATOR_MALLOC;
    setenv("PYTHONUTF8", "0", 1);
    pre.utf8_mode = 1;
    check(Py_PreInitialize(&pre));

    static const char *const contrary[][2] = {
        {"PYTHONHASHSEED", "42"},       {"PYTHONTRACEMALLOC", "0"},       {"PYTHONPROFILEIMPORTTIME", "0"},
        {"PYTHONMALLOCSTATS", "0"},     {"PYTHONPYCACHEPREFIX", "env"},   {"PYTHONIOENCODING", "cp424"},
        {"PYTHONINSPECT", ""},          {"PYTHONOPTIMIZE", "0"},          {"PYTHONDONTWRITEBYTECODE", ""},
        {"PYTHONUNBUFFERED", ""},       {"PYTHONNOUSERSITE", ""},         {"PYTHONFAULTHANDLER", ""},
        {"PYTHONPLATLIBDIR", "env_lib"}, {"PYTHONINTMAXSTRDIGITS", "31338"}, {"PYTHON_CPU_COUNT", "1234"},
        {"PYTHONNODEBUGRANGES", "0"},   {"PYTHONVERBOSE", "0"},
    };
    for (Py_ssize_t at = 0; at < COUNT(contrary); at++) setenv(contrary[at][0], contrary[at][1], 1);

    PyConfig config;
    _PyConfig_InitCompatConfig(&config);
    config.install_signal_handlers = 0;
    config.use_hash_seed = 1;
    config.hash_seed = 123;
    config.tracemalloc = 2;
    config.import_time = 2;
    config.code_debug_ranges = 0;
    config.show_ref_count = 1;
    config.malloc_stats = 1;
    set_text(&config, &config.pycache_prefix, L"conf_pycache_prefix");
    set_text(&config, &config.program_name, L"./conf_program_name");
    wchar_t *words[] = {L"python3", L"-W",   L"cmdline_warnoption", L"-X", L"cmdline_xoption",
                        L"-c",      L"pass", L"arg2"};
    set_words(&config, COUNT(words), words);
    config.parse_argv = 1;
    append(&config.xoptions, L"config_xoption1=3");
    append(&config.xoptions, L"config_xoption2=");
    append(&config.xoptions, L"config_xoption3");
    append(&config.warnoptions, L"config_warnoption");
    config.site_import = 0;
    config.bytes_warning = 1;
    config.inspect = 1;
    config.interactive = 1;
    config.optimization_level = 2;
    config.write_bytecode = 0;
    config.verbose = 1;
    config.quiet = 1;
    config.configure_c_stdio = 1;
    config.buffered_stdio = 0;
    config.user_site_directory = 0;
    config.faulthandler = 1;
    set_text(&config, &config.stdio_encoding, L"iso8859-1");
    set_text(&config, &config.stdio_errors, L"replace");
    set_text(&config, &config.platlibdir, L"my_platlibdir");
    set_text(&config, &config.check_hash_pycs_mode, L"always");
    config.pathconfig_warnings = 0;
    config.safe_path = 1;
    config.int_max_str_digits = 31337;
    config.cpu_count = 4321;
    return report_on(&config);
}

/* The environment. */

static void ask_by_environment(void) {
    static const char *const variables[][2] = {
        {"PYTHONHASHSEED", "42"},
        {"PYTHONMALLOC", "malloc"},
        {"PYTHONTRACEMALLOC", "2"},
        {"PYTHONPROFILEIMPORTTIME", "1"},
        {"PYTHONNODEBUGRANGES", "1"},
        {"PYTHONMALLOCSTATS", "1"},
        {"PYTHONUTF8", "1"},
        {"PYTHONVERBOSE", "1"},
        {"PYTHONINSPECT", "1"},
        {"PYTHONOPTIMIZE", "2"},
        {"PYTHONDONTWRITEBYTECODE", "1"},
        {"PYTHONUNBUFFERED", "1"},
        {"PYTHONPYCACHEPREFIX", "env_pycache_prefix"},
        {"PYTHONNOUSERSITE", "1"},
        {"PYTHONFAULTHANDLER", "1"},
        {"PYTHONIOENCODING", "iso8859-1:replace"},
        {"PYTHONPLATLIBDIR", "env_platlibdir"},
        {"PYTHONSAFEPATH", "1"},
        {"PYTHONINTMAXSTRDIGITS", "4567"},
        {"PYTHONPERFSUPPORT", "1"},
    };
    for (Py_ssize_t at = 0; at < COUNT(variables); at++) setenv(variables[at][0], variables[at][1], 1);
}

static void ask_for_warnings_and_path(void) {
    setenv("PYTHONWARNINGS", "EnvVar", 1);
    setenv("PYTHONPATH", "/my/path", 1);
}

static int environment_compat(int argc, char **argv) {
    (void)argc, (void)argv;
    ask_by_environment();
    ask_for_warnings_and_path();
    start_plain();
    return report();
}

static int environment_python(int argc, char **argv) {
    (void)argc, (void)argv;
    ask_by_environment();
    ask_for_warnings_and_path();
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    return report_on(&config);
}

static int environment_dev(int argc, char **argv) {
    (void)argc, (void)argv;
    setenv("PYTHONMALLOC", "", 1);
    setenv("PYTHONFAULTHANDLER", "", 1);
    setenv("PYTHONDEVMODE", "1", 1);
    start_plain();
    return report();
}

static int environment_dev_allocator(int argc, char **argv) {
    (void)argc, (void)argv;
    setenv("PYTHONMALLOC", "malloc", 1);
    setenv("PYTHONFAULTHANDLER", "", 1);
    setenv("PYTHONDEVMODE", "1", 1);
    start_plain();
    return report();
}

static int dev_mode(int argc, char **argv) {
    (void)argc, (void)argv;
    setenv("PYTHONFAULTHANDLER", "", 1);
    setenv("PYTHONMALLOC", "", 1);
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.dev_mode = 1;
    return report_on(&config);
}

/* Isolation. */

static int isolated_flag(int argc, char **argv) {
    (void)argc, (void)argv;
    ask_by_environment();
    unsetenv("PYTHONMALLOC"), unsetenv("PYTHONUTF8");
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.isolated = 1;
    return report_on(&config);
}

static int pre_isolated(int in_pre, int in_config) {
    PyPreConfig pre;
    _PyPreConfig_InitCompatConfig(&pre);
    pre.isolated = in_pre;
    check(Py_PreInitialize(&pre));
    ask_by_environment();
    PyConfig config;
    _PyConfig_InitCompatConfig(&config);
    if (in_config) config.isolated = 1;
    return report_on(&config);
}

static int isolated_before(int argc, char **argv) {
    (void)argc, (void)argv;
    return pre_isolated(1, 0);
}

static int isolated_after(int argc, char **argv) {
    (void)argc, (void)argv;
    return pre_isolated(0, 1);
}

static int isolated_pre_config(int argc, char **argv) {
    (void)argc, (void)argv;
    PyPreConfig pre;
    PyPreConfig_InitIsolatedConfig(&pre);
    check(Py_PreInitialize(&pre));
    ask_by_environment();
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    return report_on(&config);
}

static int isolated_config(int argc, char **argv) {
    (void)argc, (void)argv;
    ask_by_environment();
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    return report_on(&config);
}

static int python_pre_config(int argc, char **argv) {
    (void)argc, (void)argv;
    PyPreConfig pre;
    PyPreConfig_InitPythonConfig(&pre);
    check(Py_PreInitialize(&pre));
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    return report_on(&config);
}

static int python_config(int argc, char **argv) {
    (void)argc, (void)argv;
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    return report_on(&config);
}

static int locale_left_alone(int argc, char **argv) {
    (void)argc, (void)argv;
    PyPreConfig pre;
    PyPreConfig_InitPythonConfig(&pre);
    pre.configure_locale = 0;
    pre.coerce_c_locale = 0;
    pre.coerce_c_locale_warn = 0;
    check(Py_PreInitialize(&pre));
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    return report_on(&config);
}

/* Command lines. */

static int early_options(int argc, char **argv) {
    (void)argc, (void)argv;
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    wchar_t *words[] = {L"python3", L"-X", L"dev", L"-P", L"script.py"};
    /* First, for it is what Python is prepared by. */
    set_words(&config, COUNT(words), words);
    return report_on(&config);
}

static int early_no_options(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *words[] = {L"python3", L"-E",  L"-I", L"-P",    L"-X",
                        L"dev",     L"-X", L"utf8", L"script.py"};
    PyPreConfig pre;
    PyPreConfig_InitIsolatedConfig(&pre);
    pre.isolated = 0;
    check(Py_PreInitializeFromArgs(&pre, COUNT(words), words));
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.isolated = 0;
    set_words(&config, COUNT(words), words);
    return report_on(&config);
}

static int with_command_line(int parse) {
    wchar_t *words[] = {L"./argv0", L"-E", L"-c", L"pass", L"arg1", L"-v", L"arg3"};
    PyPreConfig pre;
    PyPreConfig_InitPythonConfig(&pre);
    pre.parse_argv = parse;
    check(Py_PreInitialize(&pre));
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.parse_argv = parse;
    set_words(&config, COUNT(words), words);
    check(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
    return report();
}

static int options_parsed(int argc, char **argv) {
    (void)argc, (void)argv;
    return with_command_line(1);
}

static int options_not_parsed(int argc, char **argv) {
    (void)argc, (void)argv;
    return with_command_line(0);
}

static int frozen_modules(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t option[100] = L"frozen_modules";
    const char *value = getenv("TESTFROZEN");
    if (value) swprintf(option, COUNT(option), L"frozen_modules=%hs", value);
    wchar_t *words[] = {L"./argv0", L"-X", option, L"-c", L"pass"};
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    set_words(&config, COUNT(words), words);
    config.parse_argv = 1;
    check(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
    return report();
}

static int main_reports(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *words[] = {L"python3", L"-c",
                        L"import _testinternalcapi, json; print(json.dumps(_testinternalcapi.get_configs()))",
                        L"arg2"};
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.parse_argv = 1;
    set_words(&config, COUNT(words), words);
    set_text(&config, &config.program_name, L"./python3");
    start(&config);
    return Py_RunMain();
}

const Command config_commands[] = {
    {"test_init_initialize_config", plain},
    {"test_init_compat_config", plain},
    {"test_preinit_compat_config", pre_compat},
    {"test_init_global_config", global_variables},
    {"test_init_from_config", whole_config},
    {"test_init_compat_env", environment_compat},
    {"test_init_python_env", environment_python},
    {"test_init_env_dev_mode", environment_dev},
    {"test_init_env_dev_mode_alloc", environment_dev_allocator},
    {"test_init_dev_mode", dev_mode},
    {"test_init_isolated_flag", isolated_flag},
    {"test_preinit_isolated1", isolated_before},
    {"test_preinit_isolated2", isolated_after},
    {"test_preinit_isolated_config", isolated_pre_config},
    {"test_init_isolated_config", isolated_config},
    {"test_preinit_python_config", python_pre_config},
    {"test_init_python_config", python_config},
    {"test_init_dont_configure_locale", locale_left_alone},
    {"test_preinit_parse_argv", early_options},
    {"test_preinit_dont_parse_argv", early_no_options},
    {"test_init_parse_argv", options_parsed},
    {"test_init_dont_parse_argv", options_not_parsed},
    {"test_init_use_frozen_modules", frozen_modules},
    {"test_init_run_main", main_reports},
    {NULL, NULL},
};

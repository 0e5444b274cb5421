/* Starting and ending Python, again and again; interpreters, linked-in modules, threads, and running a main program. */
#include "embed.h"

#include <marshal.h>

static int repeat_code(int argc, char **argv) {
    int loops = argc > 1 ? argc : LOOPS;
    for (int loop = 0; loop < loops; loop++) {
        fprintf(stderr, "--- Loop #%d ---\n", loop + 1);
        start_plain();
        if (argc < 1 || PyRun_SimpleString(argv[argc > 1 ? loop : 0])) return 1;
        if (Py_FinalizeEx() < 0) return 1;
    }
    return 0;
}

static int repeat_simple(int argc, char **argv) {
    (void)argc, (void)argv;
    for (int loop = 0; loop < LOOPS; loop++) {
        Py_SetProgramName(L"./_testembed");
        Py_Initialize();
        Py_Finalize();
        puts("Finalized");
    }
    return 0;
}

/* One line about the current interpreter. */
static void describe(void) {
    PyThreadState *state = PyThreadState_Get();
    PyInterpreterState *interpreter = PyThreadState_GetInterpreter(state);
    PyObject *modules = PyImport_GetModuleDict();
    printf("interp %lld <0x%llX>, thread state <0x%llX>: id(modules) = %llu\n",
           (long long)PyInterpreterState_GetID(interpreter), (unsigned long long)(uintptr_t)interpreter,
           (unsigned long long)(uintptr_t)state, (unsigned long long)(uintptr_t)modules);
    fflush(stdout);
}

static int interpreters(int argc, char **argv) {
    (void)argc, (void)argv;
    for (int pass = 1; pass <= LOOPS; pass++) {
        printf("--- Pass %d ---\n", pass);
        start_plain();
        PyThreadState *main_state = PyThreadState_Get();
        describe();
        for (int sub = 0; sub < 3; sub++) {
            PyThreadState_Swap(NULL);
            PyThreadState *state = Py_NewInterpreter();
            expect(state != NULL, "a new interpreter");
            describe();
            Py_EndInterpreter(state);
            PyThreadState_Swap(main_state);
        }
        describe();
        Py_Finalize();
    }
    return 0;
}

/* A module that is linked in: empty, or with a mark that its initialisation leaves. */

static PyModuleDef plain_def = {PyModuleDef_HEAD_INIT, .m_name = "embed_plain", .m_size = -1};

static PyObject *make_plain(void) {
    return PyModule_Create(&plain_def);
}

static int repeat_linked(int argc, char **argv) {
    (void)argc, (void)argv;
    /* The table keeps the names. */
    static char names[LOOPS][3][16];
    for (int pass = 1; pass <= LOOPS; pass++) {
        printf("--- Pass %d ---\n", pass);
        for (int at = 0; at < 3; at++) {
            snprintf(names[pass - 1][at], sizeof names[0][0], "linked_%d_%d", pass, at);
            expect(PyImport_AppendInittab(names[pass - 1][at], make_plain) == 0, "the table grows");
        }
        start_plain();
        for (int at = 0; at < 3; at++) {
            PyObject *module = PyImport_ImportModule(names[pass - 1][at]);
            expect(module != NULL, "a linked-in module is imported");
            Py_DECREF(module);
        }
        Py_Finalize();
    }
    return 0;
}

static int be_package(PyObject *module) {
    PyObject *path = PyList_New(0);
    int status = path ? PyModule_AddObjectRef(module, "__path__", path) : -1;
    Py_XDECREF(path);
    return status;
}

static int package_exec(PyObject *module) {
    return be_package(module) || PyModule_AddStringConstant(module, "mp_pkg_exec_slot_ran", "yes");
}

static int submodule_exec(PyObject *module) {
    return PyModule_AddStringConstant(module, "mp_submod_exec_slot_ran", "yes");
}

static PyObject *greet(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    PySys_WriteStdout("Hello from sub-module\n");
    Py_RETURN_NONE;
}

static PyMethodDef greet_methods[] = {{"greet", greet, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static PyModuleDef_Slot package_slots[] = {{Py_mod_exec, (void *)(uintptr_t)package_exec}, {0, NULL}};
static PyModuleDef_Slot submodule_slots[] = {{Py_mod_exec, (void *)(uintptr_t)submodule_exec}, {0, NULL}};
static PyModuleDef package_def = {PyModuleDef_HEAD_INIT, .m_name = "mp_pkg", .m_slots = package_slots};
static PyModuleDef submodule_def = {
    PyModuleDef_HEAD_INIT, .m_name = "mp_submod", .m_methods = greet_methods, .m_slots = submodule_slots};
static PyModuleDef single_def = {PyModuleDef_HEAD_INIT, .m_name = "sp_pkg", .m_size = -1};
static PyModuleDef single_sub_def = {
    PyModuleDef_HEAD_INIT, .m_name = "sp_submod", .m_size = -1, .m_methods = greet_methods};

static PyObject *make_package(void) {
    return PyModuleDef_Init(&package_def);
}

static PyObject *make_submodule(void) {
    return PyModuleDef_Init(&submodule_def);
}

static PyObject *make_single(void) {
    PyObject *module = PyModule_Create(&single_def);
    if (module && be_package(module)) Py_CLEAR(module);
    return module;
}

static PyObject *make_single_sub(void) {
    return PyModule_Create(&single_sub_def);
}

static int run_code(const char *code) {
    start_plain();
    int failed = PyRun_SimpleString(code);
    return Py_FinalizeEx() < 0 || failed;
}

static int linked_multi(int argc, char **argv) {
    (void)argc, (void)argv;
    expect(PyImport_AppendInittab("mp_pkg", make_package) == 0, "the package is linked in");
    expect(PyImport_AppendInittab("mp_pkg.mp_submod", make_submodule) == 0, "its module is linked in");
    return run_code("import sys\n"
                    "import mp_pkg.mp_submod\n"
                    "print(mp_pkg.mp_submod)\n"
                    "print(sys.modules['mp_pkg.mp_submod'])\n"
                    "mp_pkg.mp_submod.greet()\n"
                    "print(f'{mp_pkg.mp_submod.mp_submod_exec_slot_ran=}')\n"
                    "print(f'{mp_pkg.mp_pkg_exec_slot_ran=}')\n");
}

static int linked_single(int argc, char **argv) {
    (void)argc, (void)argv;
    expect(PyImport_AppendInittab("sp_pkg", make_single) == 0, "the package is linked in");
    expect(PyImport_AppendInittab("sp_pkg.sp_submod", make_single_sub) == 0, "its module is linked in");
    return run_code("import sys\n"
                    "import sp_pkg.sp_submod\n"
                    "print(sp_pkg.sp_submod)\n"
                    "print(sys.modules['sp_pkg.sp_submod'])\n"
                    "sp_pkg.sp_submod.greet()\n");
}

/* What the standard streams are, with an encoding and an error handler that the host asks for, or the usual ones. */
static void describe_streams(const char *encoding, const char *errors) {
    printf("Expected encoding: %s\nExpected errors: %s\n", encoding ? encoding : "default",
           errors ? errors : "default");
    fflush(stdout);
    PyConfig config;
    _PyConfig_InitCompatConfig(&config);
    if (encoding) check(PyConfig_SetBytesString(&config, &config.stdio_encoding, encoding));
    if (errors) check(PyConfig_SetBytesString(&config, &config.stdio_errors, errors));
    start(&config);
    PyRun_SimpleString("import sys\n"
                       "for name in 'stdin', 'stdout', 'stderr':\n"
                       "    stream = getattr(sys, name)\n"
                       "    print(f'{name}: {stream.encoding}:{stream.errors}')\n"
                       "sys.stdout.flush()\n");
    Py_Finalize();
}

static int forced_streams(int argc, char **argv) {
    (void)argc, (void)argv;
    puts("--- Use defaults ---");
    describe_streams(NULL, NULL);
    puts("--- Set errors only ---");
    describe_streams(NULL, "ignore");
    puts("--- Set encoding only ---");
    describe_streams("iso8859-1", NULL);
    puts("--- Set encoding and errors ---");
    describe_streams("iso8859-1", "replace");
    return 0;
}

/* What may be called before Python is started. */

static int decode_early(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *name = Py_DecodeLocale("./spam", NULL);
    expect(name != NULL, "a name is decoded");
    Py_SetProgramName(name);
    Py_Initialize();
    int failed = PyRun_SimpleString("import sys; print('sys.executable:', sys.executable)");
    Py_Finalize();
    PyMem_RawFree(name);
    return failed;
}

/* Adds an option from memory that is gone afterwards. */
static void add_early(void (*add)(const wchar_t *), const wchar_t *option) {
    wchar_t *copy = PyMem_RawMalloc((wcslen(option) + 1) * sizeof(wchar_t));
    expect(copy != NULL, "memory");
    wcscpy(copy, option);
    add(copy);
    PyMem_RawFree(copy);
}

static int options_early(int argc, char **argv) {
    (void)argc, (void)argv;
    add_early(PySys_AddWarnOption, L"forgotten");
    PySys_ResetWarnOptions();
    add_early(PySys_AddWarnOption, L"once");
    add_early(PySys_AddWarnOption, L"module");
    add_early(PySys_AddWarnOption, L"default");
    add_early(PySys_AddXOption, L"not_an_option=1");
    add_early(PySys_AddXOption, L"also_not_an_option=2");
    start_plain();
    int failed = PyRun_SimpleString("import sys, warnings\n"
                                    "print('sys.warnoptions:', sys.warnoptions)\n"
                                    "print('sys._xoptions:', sys._xoptions)\n"
                                    "print('warnings.filters[:3]:', [f[0] for f in warnings.filters[:3]])\n");
    Py_Finalize();
    return failed;
}

/* Threads that Python does not know. */

static void enter(void *finished) {
    PyGILState_STATE state = PyGILState_Ensure();
    PyGILState_Release(state);
    PyThread_release_lock(finished);
}

static int foreign_thread(int argc, char **argv) {
    (void)argc, (void)argv;
    start_plain();
    PyThread_type_lock finished = PyThread_allocate_lock();
    expect(finished != NULL, "a lock");
    PyThread_acquire_lock(finished, 1);
    expect(PyThread_start_new_thread(enter, finished) != PYTHREAD_INVALID_THREAD_ID, "a thread starts");
    Py_BEGIN_ALLOW_THREADS
    PyThread_acquire_lock(finished, 1);
    Py_END_ALLOW_THREADS
    PyThread_free_lock(finished);
    Py_Finalize();
    return 0;
}

static void whole_life(void *finished) {
    start_plain();
    PyRun_SimpleString("import threading; assert threading.current_thread() is threading.main_thread()");
    Py_Finalize();
    PyThread_release_lock(finished);
}

static int background(int argc, char **argv) {
    (void)argc, (void)argv;
    PyThread_type_lock finished = PyThread_allocate_lock();
    expect(finished != NULL, "a lock");
    PyThread_acquire_lock(finished, 1);
    expect(PyThread_start_new_thread(whole_life, finished) != PYTHREAD_INVALID_THREAD_ID, "a thread starts");
    PyThread_acquire_lock(finished, 1);
    PyThread_free_lock(finished);
    return 0;
}

static int start_twice(int argc, char **argv) {
    (void)argc, (void)argv;
    start_plain();
    Py_Initialize();
    Py_Finalize();
    return Py_IsInitialized();
}

/* Py_Main and Py_RunMain. */

static int main_after_start(int argc, char **argv) {
    (void)argc, (void)argv;
    wchar_t *words[] = {L"PYTHON", L"-c",
                        L"import sys; print(f'Py_Main() after Py_Initialize: sys.argv={sys.argv}')", L"arg2"};
    start_plain();
    return Py_Main(COUNT(words), words);
}

static void configure_main(PyConfig *config) {
    wchar_t *words[] = {L"python3", L"-c", L"import sys; print(f'Py_RunMain(): sys.argv={sys.argv}')", L"arg2"};
    PyConfig_InitPythonConfig(config);
    check(PyConfig_SetArgv(config, COUNT(words), words));
}

static int main_once(int argc, char **argv) {
    (void)argc, (void)argv;
    PyConfig config;
    configure_main(&config);
    start(&config);
    return Py_RunMain();
}

static int main_often(int argc, char **argv) {
    for (int loop = 0; loop < 5; loop++) {
        int code = main_once(argc, argv);
        if (code) return code;
    }
    return 0;
}

/* Runs what a configuration says, and tells what that answered. */
static int tell_code(PyConfig *config) {
    start(config);
    printf("ok! Py_RunMain() returned %d\n", Py_RunMain());
    return 0;
}

static int main_code(int argc, char **argv) {
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    expect(argc == 1, "one argument");
    check(PyConfig_SetBytesString(&config, &config.run_command, argv[0]));
    return tell_code(&config);
}

static int main_script(int argc, char **argv) {
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    expect(argc == 1, "one argument");
    check(PyConfig_SetBytesString(&config, &config.run_filename, argv[0]));
    return tell_code(&config);
}

static int main_module(int argc, char **argv) {
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    expect(argc == 1, "one argument");
    check(PyConfig_SetBytesString(&config, &config.run_module, argv[0]));
    return tell_code(&config);
}

static int main_prompt(int argc, char **argv) {
    (void)argc, (void)argv;
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.interactive = 1;
    return tell_code(&config);
}

/* Strings that C code keeps in static memory, over several lives of Python. */

_Py_IDENTIFIER(__main__);
_Py_IDENTIFIER(embed_identifier);

static int identifiers(int argc, char **argv) {
    (void)argc, (void)argv;
    for (int loop = 0; loop < LOOPS; loop++) {
        start_plain();
        PyObject *known = _PyUnicode_FromId(&PyId___main__), *own = _PyUnicode_FromId(&PyId_embed_identifier);
        expect(known && own && known != own, "two strings");
        expect(_PyUnicode_FromId(&PyId_embed_identifier) == own, "the same string again");
        expect(PyUnicode_CompareWithASCIIString(own, "embed_identifier") == 0, "the string's text");
        expect(PyUnicode_CHECK_INTERNED(own), "the string is interned");
        Py_Finalize();
    }
    return 0;
}

/* A frozen program. Its code is compiled first, in a life of Python of its own. */

static const char frozen_source[] =
    "import sys, _testinternalcapi\n"
    "print('Frozen Hello World')\n"
    "print('sys.argv', sys.argv)\n"
    "config = _testinternalcapi.get_configs()['config']\n"
    "for name in 'program_name', 'executable', 'use_environment', 'configure_c_stdio', 'buffered_stdio':\n"
    "    print(f'config {name}: {config[name]}')\n";

static int frozen_program(int argc, char **argv) {
    (void)argc, (void)argv;
    PyConfig config;
    _PyConfig_InitCompatConfig(&config);
    set_text(&config, &config.program_name, L"./argv0");
    start(&config);
    PyObject *code = Py_CompileString(frozen_source, "frozen.py", Py_file_input);
    PyObject *bytes = code ? PyMarshal_WriteObjectToString(code, Py_MARSHAL_VERSION) : NULL;
    expect(bytes != NULL, "the program is compiled");
    int size = (int)PyBytes_GET_SIZE(bytes);
    unsigned char *copy = malloc((size_t)size);
    expect(copy != NULL, "memory");
    memcpy(copy, PyBytes_AS_STRING(bytes), (size_t)size);
    Py_DECREF(bytes);
    Py_DECREF(code);
    Py_Finalize();

    struct _frozen modules[] = {{"__main__", copy, size, 0}, {NULL, NULL, 0, 0}};
    char *words[] = {"./argv0", "-E", "arg1", "arg2"};
    PyImport_FrozenModules = modules;
    int result = Py_FrozenMain(COUNT(words), words);
    free(copy);
    return result;
}

const Command lifecycle_commands[] = {
    {"test_repeated_init_exec", repeat_code},
    {"test_repeated_simple_init", repeat_simple},
    {"test_repeated_init_and_subinterpreters", interpreters},
    {"test_repeated_init_and_inittab", repeat_linked},
    {"test_inittab_submodule_multiphase", linked_multi},
    {"test_inittab_submodule_singlephase", linked_single},
    {"test_forced_io_encoding", forced_streams},
    {"test_pre_initialization_api", decode_early},
    {"test_pre_initialization_sys_options", options_early},
    {"test_bpo20891", foreign_thread},
    {"test_init_in_background_thread", background},
    {"test_initialize_twice", start_twice},
    {"test_initialize_pymain", main_after_start},
    {"test_run_main", main_once},
    {"test_run_main_loop", main_often},
    {"test_init_run_main_code_exitcode", main_code},
    {"test_init_run_main_script_exitcode", main_script},
    {"test_init_run_main_module_exitcode", main_module},
    {"test_init_run_main_interactive_exitcode", main_prompt},
    {"test_unicode_id_init", identifiers},
    {"test_frozenmain", frozen_program},
    {NULL, NULL},
};

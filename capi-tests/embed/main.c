/* A program that embeds Python in many ways: `embed COMMAND [ARGUMENT…]`.
 *
 * The names of the commands are those that CPython's test_embed gives its own program, so that its tests can run
 * with this one; `cargo xtask conformance run test_embed` builds it where they look for it. The code is ours. */
#include "embed.h"

void check(PyStatus status) {
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

void expect(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "does not hold: %s\n", what);
    if (Py_IsInitialized() && PyErr_Occurred()) PyErr_Print();
    fflush(stdout);
    exit(1);
}

void set_text(PyConfig *config, wchar_t **place, const wchar_t *text) {
    check(PyConfig_SetString(config, place, text));
}

void append(PyWideStringList *list, const wchar_t *text) {
    check(PyWideStringList_Append(list, text));
}

void start(PyConfig *config) {
    if (!config->program_name) set_text(config, &config->program_name, L"./_testembed");
    PyStatus status = Py_InitializeFromConfig(config);
    PyConfig_Clear(config);
    check(status);
}

void start_plain(void) {
    PyConfig config;
    _PyConfig_InitCompatConfig(&config);
    start(&config);
}

int report(void) {
    int failed = PyRun_SimpleString("import json, _testinternalcapi\n"
                                    "print(json.dumps(_testinternalcapi.get_configs()))\n");
    return Py_FinalizeEx() < 0 || failed;
}

int main(int argc, char **argv) {
    const Command *parts[] = {lifecycle_commands, config_commands, option_commands, audit_commands};
    for (Py_ssize_t part = 0; part < COUNT(parts); part++) {
        for (const Command *command = parts[part]; command->name; command++) {
            if (argc > 1 && strcmp(command->name, argv[1]) == 0) return command->run(argc - 2, argv + 2);
            if (argc == 1) puts(command->name);
        }
    }
    if (argc > 1) fprintf(stderr, "no such command: %s\n", argv[1]);
    return argc > 1 ? 2 : 0;
}

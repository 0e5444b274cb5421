/* Scripts in files: what one prints, and what is told of one that fails while its output waits to be written. */
#include <Python.h>

#include <stdio.h>

static void run(const char *text) {
    FILE *script = tmpfile();
    if (!script || fputs(text, script) < 0) return;
    rewind(script);
    int status = PyRun_SimpleFileExFlags(script, "script.py", 1, NULL);
    PySys_WriteStdout("%d %s\n", status, PyErr_Occurred() ? "an exception is set" : "no exception");
}

int main(void) {
    Py_Initialize();
    run("print(__name__, __file__)\n");
    run("print('written')\n1 / 0\n");
    run("print('__file__' in globals())\ndef broken(:\n");
    run("import sys\nprint(sys.exception(), sys.last_type.__name__)\n");
    return Py_FinalizeEx() < 0;
}

/* Starts and ends the interpreter 200 times in one process. Each life imports the extension modules `single` (all at once) and
   `multi` (in phases) from their files, below the folder in the first argument, and uses them. The second hundred takes no
   memory. */
#include <Python.h>
#include <stdio.h>

#include "../lives.h"

static const char *const program =
    "import sys\n"
    "sys.path.insert(0, folder)\n"
    "import json, single, multi\n"
    "class Counter(single.Counter): pass\n"
    "class Point(multi.Point): pass\n"
    "cycle = [Counter(3, note='n').add(2), multi.Point(1, 2) + Point(3, 4), json.loads('{\"a\": [1.5, null]}')]\n"
    "cycle.append(cycle)\n"
    "try: multi.fail()\n"
    "except multi.Error as error: failure = error\n"
    "del sys.modules['multi']\n"
    "import multi as again\n"
    "again.kept, single.kept = cycle, [single, multi, again]\n"
    "assert again is not multi and again.made() == 0 and multi.made() == 3, (again.made(), multi.made())\n"
    "assert single.__file__.startswith(folder) and multi.__file__.startswith(folder)\n";

static int live(const char *folder)
{
    Py_InitializeEx(0);
    PyObject *globals = PyModule_GetDict(PyImport_AddModule("__main__"));
    PyObject *text = PyUnicode_DecodeFSDefault(folder);
    int failed = !text || PyDict_SetItemString(globals, "folder", text) < 0 || PyRun_SimpleString(program) < 0;
    Py_XDECREF(text);
    return Py_FinalizeEx() < 0 || failed ? -1 : 0;
}

int main(int argc, char **argv)
{
    long halfway = 0;
    for (int round = 1; round <= 200; round++) {
        if (argc != 2 || live(argv[1]) < 0) {
            printf("round %d failed\n", round);
            return 1;
        }
        if (round == 100) {
            halfway = resident();
        }
    }
    if (has_grown(halfway)) {
        return 1;
    }
    puts("200 lives");
    return 0;
}

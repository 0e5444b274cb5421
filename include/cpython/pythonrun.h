/* Running source text, with all options. start is Py_file_input or one of its kin; with
 * closeit, the file is closed at the end. */
#ifndef Py_CPYTHON_PYTHONRUN_H
#define Py_CPYTHON_PYTHONRUN_H

#ifdef __cplusplus
extern "C" {
#endif

PyAPI_FUNC(int) PyRun_SimpleStringFlags(const char *command, PyCompilerFlags *flags);
PyAPI_FUNC(int) PyRun_AnyFileExFlags(
    FILE *fp, const char *filename, int closeit, PyCompilerFlags *flags);
PyAPI_FUNC(int) PyRun_SimpleFileExFlags(
    FILE *fp, const char *filename, int closeit, PyCompilerFlags *flags);
PyAPI_FUNC(int) PyRun_InteractiveOneFlags(
    FILE *fp, const char *filename, PyCompilerFlags *flags);
PyAPI_FUNC(int) PyRun_InteractiveOneObject(
    FILE *fp, PyObject *filename, PyCompilerFlags *flags);
PyAPI_FUNC(int) PyRun_InteractiveLoopFlags(
    FILE *fp, const char *filename, PyCompilerFlags *flags);
PyAPI_FUNC(PyObject *) PyRun_StringFlags(
    const char *str, int start, PyObject *globals, PyObject *locals,
    PyCompilerFlags *flags);
PyAPI_FUNC(PyObject *) PyRun_FileExFlags(
    FILE *fp, const char *filename, int start, PyObject *globals, PyObject *locals,
    int closeit, PyCompilerFlags *flags);

PyAPI_FUNC(PyObject *) Py_CompileStringExFlags(
    const char *str, const char *filename, int start, PyCompilerFlags *flags, int optimize);
PyAPI_FUNC(PyObject *) Py_CompileStringObject(
    const char *str, PyObject *filename, int start, PyCompilerFlags *flags, int optimize);

/* The same with fewer options: functions for the linker, macros for the compiler. */
PyAPI_FUNC(PyObject *) PyRun_String(
    const char *str, int start, PyObject *globals, PyObject *locals);
PyAPI_FUNC(int) PyRun_AnyFile(FILE *fp, const char *filename);
PyAPI_FUNC(int) PyRun_AnyFileEx(FILE *fp, const char *filename, int closeit);
PyAPI_FUNC(int) PyRun_AnyFileFlags(FILE *fp, const char *filename, PyCompilerFlags *flags);
PyAPI_FUNC(int) PyRun_SimpleString(const char *command);
PyAPI_FUNC(int) PyRun_SimpleFile(FILE *fp, const char *filename);
PyAPI_FUNC(int) PyRun_SimpleFileEx(FILE *fp, const char *filename, int closeit);
PyAPI_FUNC(int) PyRun_InteractiveOne(FILE *fp, const char *filename);
PyAPI_FUNC(int) PyRun_InteractiveLoop(FILE *fp, const char *filename);
PyAPI_FUNC(PyObject *) PyRun_File(
    FILE *fp, const char *filename, int start, PyObject *globals, PyObject *locals);
PyAPI_FUNC(PyObject *) PyRun_FileEx(
    FILE *fp, const char *filename, int start, PyObject *globals, PyObject *locals,
    int closeit);
PyAPI_FUNC(PyObject *) PyRun_FileFlags(
    FILE *fp, const char *filename, int start, PyObject *globals, PyObject *locals,
    PyCompilerFlags *flags);
PyAPI_FUNC(PyObject *) Py_CompileStringFlags(
    const char *str, const char *filename, int start, PyCompilerFlags *flags);

#define Py_CompileString(str, p, s) Py_CompileStringExFlags((str), (p), (s), NULL, -1)
#define Py_CompileStringFlags(str, p, s, f) Py_CompileStringExFlags((str), (p), (s), (f), -1)
#define PyRun_String(str, s, g, l) PyRun_StringFlags((str), (s), (g), (l), NULL)
#define PyRun_AnyFile(fp, name) PyRun_AnyFileExFlags((fp), (name), 0, NULL)
#define PyRun_AnyFileEx(fp, name, closeit) PyRun_AnyFileExFlags((fp), (name), (closeit), NULL)
#define PyRun_AnyFileFlags(fp, name, flags) PyRun_AnyFileExFlags((fp), (name), 0, (flags))
#define PyRun_SimpleString(s) PyRun_SimpleStringFlags((s), NULL)
#define PyRun_SimpleFile(f, p) PyRun_SimpleFileExFlags((f), (p), 0, NULL)
#define PyRun_SimpleFileEx(f, p, c) PyRun_SimpleFileExFlags((f), (p), (c), NULL)
#define PyRun_InteractiveOne(f, p) PyRun_InteractiveOneFlags((f), (p), NULL)
#define PyRun_InteractiveLoop(f, p) PyRun_InteractiveLoopFlags((f), (p), NULL)
#define PyRun_File(fp, p, s, g, l) PyRun_FileExFlags((fp), (p), (s), (g), (l), 0, NULL)
#define PyRun_FileEx(fp, p, s, g, l, c) PyRun_FileExFlags((fp), (p), (s), (g), (l), (c), NULL)
#define PyRun_FileFlags(fp, p, s, g, l, flags) \
    PyRun_FileExFlags((fp), (p), (s), (g), (l), 0, (flags))

/* A line from the terminal; allocated with PyMem_Malloc. */
PyAPI_FUNC(char *) PyOS_Readline(FILE *in, FILE *out, const char *prompt);
extern Py_IMPORTED_SYMBOL char *(*PyOS_ReadlineFunctionPointer)(FILE *, FILE *, const char *);

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_PYTHONRUN_H */

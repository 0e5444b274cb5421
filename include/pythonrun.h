/* Running source text, and showing exceptions. */
#ifndef Py_PYTHONRUN_H
#define Py_PYTHONRUN_H

#ifdef __cplusplus
extern "C" {
#endif

PyAPI_FUNC(PyObject *) Py_CompileString(const char *str, const char *filename, int start);

/* Print the exception that is set and clear it; the first also sets sys.last_exc. */
PyAPI_FUNC(void) PyErr_Print(void);
PyAPI_FUNC(void) PyErr_PrintEx(int set_sys_last_vars);
PyAPI_FUNC(void) PyErr_Display(PyObject *unused, PyObject *value, PyObject *tb);
#if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030c0000
PyAPI_FUNC(void) PyErr_DisplayException(PyObject *exc);
#endif

/* Called while the prompt waits for input. */
extern Py_IMPORTED_SYMBOL int (*PyOS_InputHook)(void);

#ifndef Py_LIMITED_API
#  include "cpython/pythonrun.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_PYTHONRUN_H */

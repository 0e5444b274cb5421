/* The entries of the C API that take `...` or a `va_list`.
 *
 * Stable Rust cannot define such functions, so they enter here; that is all that happens here. Each wraps its
 * arguments in a `krait_args`, calls its Rust half (`src/variadic/`), which draws the arguments one by one through
 * the `krait_next_*` functions below, and answers what that answers.
 *
 * A function `PyX` is called `krait_c_PyX` in this file: a shared library made by cargo exports what Rust defines,
 * so `src/variadic/forward.rs` defines `PyX` as a jump to it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Nobody else calls these, nor what they call: without a detour through tables that say where a name is. */
#ifdef __GNUC__
#pragma GCC visibility push(hidden)
#endif

typedef struct _object PyObject;

/* `va_list` may be an array type, which cannot be passed on by address from a parameter: a struct can. */
typedef struct {
    va_list list;
} krait_args;

int krait_next_int(krait_args *args) { return va_arg(args->list, int); }
unsigned int krait_next_unsigned(krait_args *args) { return va_arg(args->list, unsigned int); }
long krait_next_long(krait_args *args) { return va_arg(args->list, long); }
long long krait_next_long_long(krait_args *args) { return va_arg(args->list, long long); }
double krait_next_double(krait_args *args) { return va_arg(args->list, double); }
void *krait_next_pointer(krait_args *args) { return va_arg(args->list, void *); }

/* Runs CALL with ARGS standing for what follows LAST. */
#define WITH_ARGS(TYPE, LAST, CALL)                                                                                   \
    krait_args args;                                                                                                  \
    va_start(args.list, LAST);                                                                                        \
    TYPE result = CALL;                                                                                               \
    va_end(args.list);                                                                                                \
    return result

/* The same from a caller's list, which stays where it is. */
#define WITH_COPY(TYPE, LIST, CALL)                                                                                   \
    krait_args args;                                                                                                  \
    va_copy(args.list, LIST);                                                                                         \
    TYPE result = CALL;                                                                                               \
    va_end(args.list);                                                                                                \
    return result

/* Argument parsing. */
int krait_va_parse(PyObject *, const char *, krait_args *);
int krait_va_parse_tuple(PyObject *, const char *, krait_args *);
int krait_va_parse_keywords(PyObject *, PyObject *, const char *, char *const *, krait_args *);
int krait_va_parse_stack(PyObject *const *, ptrdiff_t, const char *, krait_args *);
int krait_va_parse_stack_keywords(PyObject *const *, ptrdiff_t, PyObject *, void *, krait_args *);
int krait_va_parse_fast(PyObject *, PyObject *, void *, krait_args *);
int krait_va_unpack_tuple(PyObject *, const char *, ptrdiff_t, ptrdiff_t, krait_args *);

int krait_c_PyArg_Parse(PyObject *value, const char *format, ...) {
    WITH_ARGS(int, format, krait_va_parse(value, format, &args));
}

int krait_c_PyArg_ParseTuple(PyObject *tuple, const char *format, ...) {
    WITH_ARGS(int, format, krait_va_parse_tuple(tuple, format, &args));
}

int krait_c_PyArg_VaParse(PyObject *tuple, const char *format, va_list list) {
    WITH_COPY(int, list, krait_va_parse_tuple(tuple, format, &args));
}

int krait_c_PyArg_ParseTupleAndKeywords(PyObject *tuple, PyObject *dict, const char *format, char *const *names, ...) {
    WITH_ARGS(int, names, krait_va_parse_keywords(tuple, dict, format, names, &args));
}

int krait_c_PyArg_VaParseTupleAndKeywords(PyObject *tuple, PyObject *dict, const char *format, char *const *names,
                                          va_list list) {
    WITH_COPY(int, list, krait_va_parse_keywords(tuple, dict, format, names, &args));
}

int krait_c__PyArg_ParseStack(PyObject *const *values, ptrdiff_t count, const char *format, ...) {
    WITH_ARGS(int, format, krait_va_parse_stack(values, count, format, &args));
}

int krait_c__PyArg_ParseStackAndKeywords(PyObject *const *values, ptrdiff_t count, PyObject *names, void *parser,
                                         ...) {
    WITH_ARGS(int, parser, krait_va_parse_stack_keywords(values, count, names, parser, &args));
}

int krait_c__PyArg_ParseTupleAndKeywordsFast(PyObject *tuple, PyObject *dict, void *parser, ...) {
    WITH_ARGS(int, parser, krait_va_parse_fast(tuple, dict, parser, &args));
}

int krait_c_PyArg_UnpackTuple(PyObject *tuple, const char *name, ptrdiff_t min, ptrdiff_t max, ...) {
    WITH_ARGS(int, max, krait_va_unpack_tuple(tuple, name, min, max, &args));
}

/* Building values. */
PyObject *krait_va_build(const char *, krait_args *);
PyObject *krait_va_pack(ptrdiff_t, krait_args *);

PyObject *krait_c_Py_BuildValue(const char *format, ...) {
    WITH_ARGS(PyObject *, format, krait_va_build(format, &args));
}

PyObject *krait_c_Py_VaBuildValue(const char *format, va_list list) {
    WITH_COPY(PyObject *, list, krait_va_build(format, &args));
}

PyObject *krait_c_PyTuple_Pack(ptrdiff_t count, ...) {
    WITH_ARGS(PyObject *, count, krait_va_pack(count, &args));
}

/* Calls. */
PyObject *krait_va_call_function(PyObject *, const char *, krait_args *);
PyObject *krait_va_call_method(PyObject *, const char *, const char *, krait_args *);
PyObject *krait_va_call_method_object(PyObject *, PyObject *, const char *, krait_args *);
PyObject *krait_va_call_function_objects(PyObject *, krait_args *);
PyObject *krait_va_call_method_objects(PyObject *, PyObject *, krait_args *);
PyObject *krait_va_eval_call_function(PyObject *, const char *, krait_args *);
PyObject *krait_va_eval_call_method(PyObject *, const char *, const char *, krait_args *);

PyObject *krait_c_PyObject_CallFunction(PyObject *callable, const char *format, ...) {
    WITH_ARGS(PyObject *, format, krait_va_call_function(callable, format, &args));
}

PyObject *krait_c_PyObject_CallMethod(PyObject *receiver, const char *name, const char *format, ...) {
    WITH_ARGS(PyObject *, format, krait_va_call_method(receiver, name, format, &args));
}

PyObject *krait_c__PyObject_CallMethod(PyObject *receiver, PyObject *name, const char *format, ...) {
    WITH_ARGS(PyObject *, format, krait_va_call_method_object(receiver, name, format, &args));
}

/* A `_Py_Identifier` begins with its text. */
PyObject *krait_c__PyObject_CallMethodId(PyObject *receiver, const char *const *identifier, const char *format, ...) {
    WITH_ARGS(PyObject *, format, krait_va_call_method(receiver, *identifier, format, &args));
}

PyObject *krait_c_PyObject_CallFunctionObjArgs(PyObject *callable, ...) {
    WITH_ARGS(PyObject *, callable, krait_va_call_function_objects(callable, &args));
}

PyObject *krait_c_PyObject_CallMethodObjArgs(PyObject *receiver, PyObject *name, ...) {
    WITH_ARGS(PyObject *, name, krait_va_call_method_objects(receiver, name, &args));
}

PyObject *krait_c_PyEval_CallFunction(PyObject *callable, const char *format, ...) {
    WITH_ARGS(PyObject *, format, krait_va_eval_call_function(callable, format, &args));
}

PyObject *krait_c_PyEval_CallMethod(PyObject *receiver, const char *name, const char *format, ...) {
    WITH_ARGS(PyObject *, format, krait_va_eval_call_method(receiver, name, format, &args));
}

/* Exceptions, warnings and audit events. */
PyObject *krait_va_error(PyObject *, const char *, krait_args *);
PyObject *krait_va_error_from_cause(PyObject *, const char *, krait_args *);
void krait_va_error_note(const char *, krait_args *);
void krait_va_unraisable(const char *, krait_args *);
int krait_va_warn(PyObject *, ptrdiff_t, const char *, krait_args *);
int krait_va_resource_warning(PyObject *, ptrdiff_t, const char *, krait_args *);
int krait_va_warn_explicit(PyObject *, const char *, int, const char *, PyObject *, const char *, krait_args *);
int krait_va_audit(const char *, const char *, krait_args *);
void krait_va_not_shareable(const char *, krait_args *);

PyObject *krait_c_PyErr_Format(PyObject *class, const char *format, ...) {
    WITH_ARGS(PyObject *, format, krait_va_error(class, format, &args));
}

PyObject *krait_c_PyErr_FormatV(PyObject *class, const char *format, va_list list) {
    WITH_COPY(PyObject *, list, krait_va_error(class, format, &args));
}

PyObject *krait_c__PyErr_Format(void *state, PyObject *class, const char *format, ...) {
    (void)state;
    WITH_ARGS(PyObject *, format, krait_va_error(class, format, &args));
}

PyObject *krait_c__PyErr_FormatV(void *state, PyObject *class, const char *format, va_list list) {
    (void)state;
    WITH_COPY(PyObject *, list, krait_va_error(class, format, &args));
}

PyObject *krait_c__PyErr_FormatFromCause(PyObject *class, const char *format, ...) {
    WITH_ARGS(PyObject *, format, krait_va_error_from_cause(class, format, &args));
}

void krait_c__PyErr_FormatNote(const char *format, ...) {
    krait_args args;
    va_start(args.list, format);
    krait_va_error_note(format, &args);
    va_end(args.list);
}

void krait_c_PyErr_FormatUnraisable(const char *format, ...) {
    krait_args args;
    va_start(args.list, format);
    krait_va_unraisable(format, &args);
    va_end(args.list);
}

int krait_c_PyErr_WarnFormat(PyObject *category, ptrdiff_t level, const char *format, ...) {
    WITH_ARGS(int, format, krait_va_warn(category, level, format, &args));
}

int krait_c_PyErr_ResourceWarning(PyObject *source, ptrdiff_t level, const char *format, ...) {
    WITH_ARGS(int, format, krait_va_resource_warning(source, level, format, &args));
}

int krait_c_PyErr_WarnExplicitFormat(PyObject *category, const char *file, int line, const char *module,
                                     PyObject *registry, const char *format, ...) {
    WITH_ARGS(int, format, krait_va_warn_explicit(category, file, line, module, registry, format, &args));
}

int krait_c_PySys_Audit(const char *event, const char *format, ...) {
    WITH_ARGS(int, format, krait_va_audit(event, format, &args));
}

void krait_c__PyXIData_FormatNotShareableError(void *state, const char *format, ...) {
    (void)state;
    krait_args args;
    va_start(args.list, format);
    krait_va_not_shareable(format, &args);
    va_end(args.list);
}

/* Text. */
PyObject *krait_va_text(const char *, krait_args *);
PyObject *krait_va_bytes(const char *, krait_args *);
int krait_va_write_text(void *, const char *, krait_args *);
void krait_va_print_text(int, const char *, krait_args *);
void krait_va_print_plain(int, const char *, int);

PyObject *krait_c_PyUnicode_FromFormat(const char *format, ...) {
    WITH_ARGS(PyObject *, format, krait_va_text(format, &args));
}

PyObject *krait_c_PyUnicode_FromFormatV(const char *format, va_list list) {
    WITH_COPY(PyObject *, list, krait_va_text(format, &args));
}

PyObject *krait_c_PyBytes_FromFormat(const char *format, ...) {
    WITH_ARGS(PyObject *, format, krait_va_bytes(format, &args));
}

PyObject *krait_c_PyBytes_FromFormatV(const char *format, va_list list) {
    WITH_COPY(PyObject *, list, krait_va_bytes(format, &args));
}

int krait_c_PyUnicodeWriter_Format(void *writer, const char *format, ...) {
    WITH_ARGS(int, format, krait_va_write_text(writer, format, &args));
}

void krait_c_PySys_FormatStdout(const char *format, ...) {
    krait_args args;
    va_start(args.list, format);
    krait_va_print_text(1, format, &args);
    va_end(args.list);
}

void krait_c_PySys_FormatStderr(const char *format, ...) {
    krait_args args;
    va_start(args.list, format);
    krait_va_print_text(2, format, &args);
    va_end(args.list);
}

/* The formats of C's own `printf` are left to C. */
int krait_c_PyOS_vsnprintf(char *text, size_t size, const char *format, va_list list) {
    /* A size that `int` cannot count is taken for a negative number. */
    if (size > 0x7fffffff - 1) {
        text[size - 1] = '\0';
        return -666;
    }
    int length = vsnprintf(text, size, format, list);
    if (size > 0) text[size - 1] = '\0';
    return length;
}

int krait_c_PyOS_snprintf(char *text, size_t size, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int length = krait_c_PyOS_vsnprintf(text, size, format, list);
    va_end(list);
    return length;
}

/* What is longer than this is cut off. */
enum { PRINTED = 1000 };

static void print(int stream, const char *format, va_list list) {
    char text[PRINTED + 1];
    krait_va_print_plain(stream, text, vsnprintf(text, sizeof text, format, list) > PRINTED);
}

void krait_c_PySys_WriteStdout(const char *format, ...) {
    va_list list;
    va_start(list, format);
    print(1, format, list);
    va_end(list);
}

void krait_c_PySys_WriteStderr(const char *format, ...) {
    va_list list;
    va_start(list, format);
    print(2, format, list);
    va_end(list);
}

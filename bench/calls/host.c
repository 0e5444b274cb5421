/* Measures calls across the border between C and Python, each case by itself.

   calls                 CPU time: lines of a name and nanoseconds a call
   calls --asked         the same for the cases whose names come on the standard input, a line each: `cargo xtask bench --calls`
                         asks two of these programs in turn
   calls --count         for `cargo xtask bench --calls --callgrind`: runs each case 1000 and 2000 times in `counted`, where
                         the tool cuts; prints the names in the order of the cuts
   calls --list          the names
   further arguments     only cases whose names contain one of them

   Each case runs in its own namespace, with everything that it uses made before. */
#include "calls.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MOST_CASES 600
/* A case in Python repeats its statement so often in the loop, so that the loop itself does not count. */
#define UNROLLED 10

typedef struct {
    const char *name;
    const char *setup;
    const char *statement; /* NULL for a case in C */
    measured code;
} Case;

static Case cases[MOST_CASES];
static int count_of_cases;

static void add(Case new_case)
{
    if (count_of_cases == MOST_CASES) {
        fprintf(stderr, "calls: raise MOST_CASES\n");
        abort();
    }
    cases[count_of_cases++] = new_case;
}

void add_case(const char *name, const char *setup, measured code)
{
    add((Case){name, setup, NULL, code});
}

void add_python_case(const char *name, const char *setup, const char *statement)
{
    add((Case){name, setup, statement, NULL});
}

void wrong(void)
{
    if (PyErr_Occurred()) {
        PyErr_Print();
    }
    fprintf(stderr, "calls: a call failed\n");
    exit(1);
}

static PyObject *checked(PyObject *result)
{
    if (result == NULL) {
        wrong();
    }
    return result;
}

static PyObject *namespace_of(void)
{
    PyObject *names = checked(PyDict_New());
    PyObject *module = checked(PyImport_ImportModule("border"));
    good(PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins()));
    good(PyDict_SetItemString(names, "border", module));
    Py_DECREF(module);
    return names;
}

/* A case made ready: what `run` needs. */
typedef struct {
    const Case *of;
    PyObject *names;
    PyObject *objects; /* the tuple (a, b, c), or the function in Python that loops */
} Ready;

static void make_objects(Ready *ready)
{
    PyObject *tuple = checked(PyRun_String(ready->of->setup, Py_eval_input, ready->names, ready->names));
    PyObject *three = checked(PyTuple_New(3));
    for (Py_ssize_t at = 0; at < 3; at++) {
        PyObject *item = at < PyTuple_Size(tuple) ? PyTuple_GetItem(tuple, at) : Py_None;
        good(PyTuple_SetItem(three, at, Py_NewRef(item)));
    }
    Py_DECREF(tuple);
    ready->objects = three;
}

/* The statement sees what the setup named f, o, k and v as its own local variables. */
static void make_loop(Ready *ready)
{
    char source[4000] = "f = o = k = v = None\n";
    size_t end = strlen(source);
#define APPEND(...) (end += (size_t)snprintf(source + end, sizeof source - end, __VA_ARGS__))
    APPEND("%s\n", ready->of->setup);
    APPEND("def loop(times, f, o, k, v):\n    for _ in range(times):\n");
    for (int at = 0; at < UNROLLED; at++) {
        APPEND("        %s\n", ready->of->statement);
    }
    APPEND("run = lambda times: loop(times, f, o, k, v)\n");
    if (end >= sizeof source) {
        fprintf(stderr, "calls: %s is too long\n", ready->of->name);
        exit(1);
    }
    Py_DECREF(checked(PyRun_String(source, Py_file_input, ready->names, ready->names)));
    ready->objects = Py_NewRef(checked(PyDict_GetItemString(ready->names, "run")));
}

static Ready prepare(const Case *of)
{
    Ready ready = {of, namespace_of(), NULL};
    if (of->statement) {
        make_loop(&ready);
    } else {
        make_objects(&ready);
    }
    return ready;
}

static void finish(Ready *ready)
{
    Py_CLEAR(ready->objects);
    PyDict_Clear(ready->names);
    Py_CLEAR(ready->names);
}

/* So many calls; a case in Python rounds up to a whole turn of its loop. */
static void run(const Ready *ready, long times)
{
    if (ready->of->statement) {
        PyObject *turns = checked(PyLong_FromLong((times + UNROLLED - 1) / UNROLLED));
        drop(PyObject_CallOneArg(ready->objects, turns));
        Py_DECREF(turns);
    } else {
        PyObject *const objects = ready->objects;
        ready->of->code(times, PyTuple_GET_ITEM(objects, 0), PyTuple_GET_ITEM(objects, 1),
                        PyTuple_GET_ITEM(objects, 2));
    }
    if (PyErr_Occurred()) {
        wrong();
    }
}

/* Where callgrind cuts: a function of its own, whatever the compiler thinks of it. */
__attribute__((noinline)) void counted(const Ready *ready, long times)
{
    run(ready, times);
    __asm__ volatile("" ::: "memory");
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Nanoseconds a call: the best of some short rounds, as whatever else the machine does only adds. */
static double timed(const Ready *ready)
{
    /* Short: a process is one of hundreds that are asked, as where its memory lies counts for more than how long it runs. */
    const double enough = 4e-5;
    double best = 0;
    long times = 100;
    run(ready, times);
    for (int rounds = 0; rounds < 8;) {
        double start = seconds();
        run(ready, times);
        double taken = seconds() - start;
        if (taken < enough) {
            times *= 2;
            continue;
        }
        double each = taken / (double)times * 1e9;
        best = rounds++ == 0 || each < best ? each : best;
    }
    return best;
}

static int wanted(const char *name, int argc, char **argv)
{
    int asked = 0;
    for (int at = 1; at < argc; at++) {
        if (argv[at][0] != '-') {
            asked = 1;
            if (strstr(name, argv[at])) {
                return 1;
            }
        }
    }
    return !asked;
}

static int has_option(const char *option, int argc, char **argv)
{
    for (int at = 1; at < argc; at++) {
        if (strcmp(argv[at], option) == 0) {
            return 1;
        }
    }
    return 0;
}

static void report_time(const Case *of)
{
    Ready ready = prepare(of);
    printf("%s\t%.3f\n", of->name, timed(&ready));
    fflush(stdout);
    finish(&ready);
}

static void answer(void)
{
    char name[200];
    while (fgets(name, sizeof name, stdin)) {
        name[strcspn(name, "\n")] = '\0';
        for (int at = 0; at < count_of_cases; at++) {
            if (strcmp(cases[at].name, name) == 0) {
                report_time(&cases[at]);
            }
        }
    }
}

int main(int argc, char **argv)
{
    int counting = has_option("--count", argc, argv), listing = has_option("--list", argc, argv);
    if (PyImport_AppendInittab("border", border_init) < 0) {
        return 1;
    }
    Py_InitializeEx(0);
    if (has_option("--asked", argc, argv)) {
        answer();
        return Py_FinalizeEx() < 0;
    }
    for (int at = 0; at < count_of_cases; at++) {
        const Case *of = &cases[at];
        if (!wanted(of->name, argc, argv)) {
            continue;
        }
        if (listing) {
            printf("%s\n", of->name);
            continue;
        }
        if (!counting) {
            report_time(of);
            continue;
        }
        Ready ready = prepare(of);
        /* Long enough for every instruction to have found its final form. */
        run(&ready, 3000);
        counted(&ready, 1000);
        counted(&ready, 2000);
        printf("%s\n", of->name);
        fflush(stdout);
        finish(&ready);
    }
    return Py_FinalizeEx() < 0;
}

/* What a program that embeds Python pays: the first Py_Initialize with its Py_FinalizeEx, and interpreters with a GIL of their own.

   Prints lines of a name and a number: CPU milliseconds, or KiB of resident memory. */
#include <Python.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define INTERPRETERS 10

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double resident_kib(void)
{
    long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &all, &resident) != 2) {
        fprintf(stderr, "embedding: no /proc/self/statm\n");
        exit(1);
    }
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

int main(void)
{
    PyInterpreterConfig config = {
        .allow_threads = 1,
        .check_multi_interp_extensions = 1,
        .gil = PyInterpreterConfig_OWN_GIL,
    };
    PyThreadState *states[INTERPRETERS];
    double start = milliseconds();
    Py_Initialize();
    double initialized = milliseconds();
    PyThreadState *main_state = PyThreadState_Get();
    double before = resident_kib(), begun = milliseconds();
    for (int at = 0; at < INTERPRETERS; at++) {
        PyStatus status = Py_NewInterpreterFromConfig(&states[at], &config);
        if (PyStatus_Exception(status)) {
            fprintf(stderr, "embedding: %s\n", status.err_msg);
            return 1;
        }
    }
    double created = milliseconds(), after = resident_kib();
    for (int at = 0; at < INTERPRETERS; at++) {
        PyThreadState_Swap(states[at]);
        Py_EndInterpreter(states[at]);
    }
    double ended = milliseconds();
    PyThreadState_Swap(main_state);
    double finalizing = milliseconds();
    if (Py_FinalizeEx() < 0) {
        return 1;
    }
    printf("Py_Initialize, ms\t%f\n", initialized - start);
    printf("Py_FinalizeEx, ms\t%f\n", milliseconds() - finalizing);
    printf("a sub-interpreter: creating, ms\t%f\n", (created - begun) / INTERPRETERS);
    printf("a sub-interpreter: ending, ms\t%f\n", (ended - created) / INTERPRETERS);
    printf("a sub-interpreter: memory, KiB\t%f\n", (after - before) / INTERPRETERS);
    return 0;
}

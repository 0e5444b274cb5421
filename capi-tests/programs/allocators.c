/* Allocators of the program's own: below a whole run of the interpreter, and around the usual ones for a while.
 *
 * Each block of the program's has a mark before it, so that one that came from elsewhere is noticed when it is
 * reallocated or freed. What is printed is the same under CPython.
 */
/* args: below */
/* args: around */
#include <Python.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name;
    uint64_t mark;
    long given, taken, foreign;
} Arena;

typedef struct {
    uint64_t mark;
    uint64_t unused;
} Header;

static Arena arenas[3] = {
    {"raw", 0x1111111111111111u, 0, 0, 0},
    {"mem", 0x2222222222222222u, 0, 0, 0},
    {"obj", 0x3333333333333333u, 0, 0, 0},
};

static void *give(Arena *arena, Header *header)
{
    if (header == NULL)
        return NULL;
    header->mark = arena->mark;
    arena->given++;
    return header + 1;
}

static void *own_malloc(void *ctx, size_t size)
{
    return give((Arena *)ctx, (Header *)malloc(size + sizeof(Header)));
}

static void *own_calloc(void *ctx, size_t count, size_t size)
{
    return give((Arena *)ctx, (Header *)calloc(1, count * size + sizeof(Header)));
}

static int is_own(Arena *arena, void *block)
{
    if (((Header *)block - 1)->mark == arena->mark)
        return 1;
    arena->foreign++;
    return 0;
}

static void own_free(void *ctx, void *block)
{
    if (block == NULL || !is_own((Arena *)ctx, block))
        return;
    ((Arena *)ctx)->taken++;
    ((Header *)block - 1)->mark = 0;
    free((Header *)block - 1);
}

static void *own_realloc(void *ctx, void *block, size_t size)
{
    if (block == NULL)
        return own_malloc(ctx, size);
    if (!is_own((Arena *)ctx, block))
        return NULL;
    Header *moved = (Header *)realloc((Header *)block - 1, size + sizeof(Header));
    return moved == NULL ? NULL : moved + 1;
}

static const PyMemAllocatorDomain domains[3] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};

/* Around the usual allocator: counts, and fails when it is told to. */

static PyMemAllocatorEx usual;
static long requests, failing;

static void *around_malloc(void *ctx, size_t size)
{
    (void)ctx;
    requests++;
    return failing ? NULL : usual.malloc(usual.ctx, size);
}

static void *around_calloc(void *ctx, size_t count, size_t size)
{
    (void)ctx;
    requests++;
    return failing ? NULL : usual.calloc(usual.ctx, count, size);
}

static void *around_realloc(void *ctx, void *block, size_t size)
{
    (void)ctx;
    requests++;
    return failing ? NULL : usual.realloc(usual.ctx, block, size);
}

static void around_free(void *ctx, void *block)
{
    (void)ctx;
    usual.free(usual.ctx, block);
}

static const char *SCRIPT =
    "import json, re\n"
    "words = {f'key{i}': [i, str(i) * 300, (i, {i})] for i in range(2000)}\n"
    "words = json.loads(json.dumps({k: v[:2] for k, v in words.items()}))\n"
    "class C:\n"
    "    pass\n"
    "c = C(); c.me = c; c.big = bytearray(100_000); c.big += b'x' * 100_000\n"
    "del c\n"
    "import gc; gc.collect()\n"
    "assert re.sub('k', 'K', 'key') == 'Key' and len(words) == 2000\n";

static void below(void)
{
    for (int i = 0; i < 3; i++) {
        PyMemAllocatorEx own = {&arenas[i], own_malloc, own_calloc, own_realloc, own_free};
        PyMem_SetAllocator(domains[i], &own);
    }
    Py_Initialize();
    printf("run: %d\n", PyRun_SimpleString(SCRIPT));

    /* Blocks that cross between the interpreter and C, both ways. */
    PyObject *text = PyUnicode_FromString("h\xc3\xa9llo");
    wchar_t *wide = PyUnicode_AsWideCharString(text, NULL);
    Py_UCS4 *points = PyUnicode_AsUCS4Copy(text);
    wchar_t *decoded = Py_DecodeLocale("locale", NULL);
    char *encoded = NULL;
    PyObject *args = PyTuple_Pack(1, text);
    PyArg_ParseTuple(args, "es", "utf-8", &encoded);
    printf("%ls %d %ls %s\n", wide, (int)points[1], decoded, encoded);
    PyMem_Free(wide);
    PyMem_Free(points);
    PyMem_RawFree(decoded);
    PyMem_Free(encoded);
    Py_DECREF(args);
    Py_DECREF(text);
    PyObject *list = PyList_New(0);
    for (int i = 0; i < 1000; i++) {
        PyObject *item = PyLong_FromLong(i * 1000L);
        PyList_Append(list, item);
        Py_DECREF(item);
    }
    Py_DECREF(list);

    PyThreadState *first = PyThreadState_Get(), *second = Py_NewInterpreter();
    printf("in another interpreter: %d\n", PyRun_SimpleString(SCRIPT));
    Py_EndInterpreter(second);
    PyThreadState_Swap(first);
    printf("end: %d\n", Py_FinalizeEx());
    for (int i = 0; i < 3; i++)
        printf("%s: used %s, foreign blocks %ld\n", arenas[i].name, arenas[i].given > 0 ? "yes" : "no", arenas[i].foreign);
    printf("objects: %s\n", arenas[2].given > 10000 ? "many" : "few");
}

static void around(void)
{
    Py_Initialize();
    PyMemAllocatorEx wrapper = {NULL, around_malloc, around_calloc, around_realloc, around_free}, found;
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &usual);
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &wrapper);
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &found);
    printf("in place: %d\n", found.malloc == around_malloc);
    printf("run: %d\n", PyRun_SimpleString(SCRIPT));
    printf("requests: %s\n", requests > 10000 ? "many" : "few");
    failing = 1;
    PyObject *none = PyUnicode_FromStringAndSize(NULL, 1000);
    failing = 0;
    printf("failing: %s, MemoryError: %d\n", none == NULL ? "no object" : "an object", PyErr_ExceptionMatches(PyExc_MemoryError));
    PyErr_Clear();
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &usual);
    long before = requests;
    printf("run: %d\n", PyRun_SimpleString(SCRIPT));
    printf("requests since: %ld\n", requests - before);
    printf("end: %d\n", Py_FinalizeEx());
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc > 1 && strcmp(argv[1], "around") == 0)
        around();
    else
        below();
    return 0;
}

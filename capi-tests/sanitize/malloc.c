/* Linked into each program that runs under a memory checker: gives every object a block of its own from the C library, so that
   the checker sees where each begins, ends, and dies. */
#include <Python.h>

#include <stdlib.h>

static void *allocate(void *Py_UNUSED(context), size_t size)
{
    return malloc(size ? size : 1);
}

static void *allocate_zeroed(void *Py_UNUSED(context), size_t count, size_t size)
{
    return count && size ? calloc(count, size) : calloc(1, 1);
}

static void *resize(void *Py_UNUSED(context), void *block, size_t size)
{
    return realloc(block, size ? size : 1);
}

static void release(void *Py_UNUSED(context), void *block)
{
    free(block);
}

__attribute__((constructor)) static void use_malloc(void)
{
    PyMemAllocatorEx allocator = {NULL, allocate, allocate_zeroed, resize, release};
    PyMem_SetAllocator(PYMEM_DOMAIN_MEM, &allocator);
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &allocator);
}

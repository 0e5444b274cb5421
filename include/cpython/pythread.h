/* What is inside a key of thread-local storage. */
#ifndef Py_CPYTHON_PYTHREAD_H
#define Py_CPYTHON_PYTHREAD_H

#ifdef __cplusplus
extern "C" {
#endif

#include <pthread.h>

#define PYTHREAD_INVALID_THREAD_ID 18446744073709551615UL

#define NATIVE_TSS_KEY_T pthread_key_t

struct _Py_tss_t {
    int _is_initialized;
    NATIVE_TSS_KEY_T _key;
};

#define Py_tss_NEEDS_INIT { 0, 0 }

PyAPI_DATA(const long long) PY_TIMEOUT_MAX;

#ifdef __cplusplus
}
#endif

#endif /* Py_CPYTHON_PYTHREAD_H */

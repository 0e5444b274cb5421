/* Which Python this is. */
#ifndef _Py_PATCHLEVEL_H
#define _Py_PATCHLEVEL_H

#ifdef __cplusplus
extern "C" {
#endif

#define PY_RELEASE_LEVEL_ALPHA 10
#define PY_RELEASE_LEVEL_BETA  11
#define PY_RELEASE_LEVEL_GAMMA 12
#define PY_RELEASE_LEVEL_FINAL 15

#define PY_MAJOR_VERSION 3
#define PY_MINOR_VERSION 14
#define PY_MICRO_VERSION 8
#define PY_RELEASE_LEVEL PY_RELEASE_LEVEL_FINAL
#define PY_RELEASE_SERIAL 0

#define PY_VERSION "3.14.8"

/* A version in one number: a byte each for the first three, then a nibble each. */
#define _Py_PACK_FULL_VERSION(X, Y, Z, LEVEL, SERIAL) \
    ((((X) & 0xff) << 24) | (((Y) & 0xff) << 16) | (((Z) & 0xff) << 8) \
     | (((LEVEL) & 0xf) << 4) | ((SERIAL) & 0xf))

#define PY_VERSION_HEX \
    _Py_PACK_FULL_VERSION(PY_MAJOR_VERSION, PY_MINOR_VERSION, PY_MICRO_VERSION, \
                          PY_RELEASE_LEVEL, PY_RELEASE_SERIAL)

/* The version of Krait itself is in sys._krait; this only says that it is Krait. */
#define PY_KRAIT 1

#ifdef __cplusplus
}
#endif

#endif /* _Py_PATCHLEVEL_H */

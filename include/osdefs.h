/* Separators of paths. */
#ifndef Py_OSDEFS_H
#define Py_OSDEFS_H

#ifdef __cplusplus
extern "C" {
#endif

#define MAXPATHLEN PATH_MAX
#define SEP L'/'
#define DELIM L':'

#ifdef __cplusplus
}
#endif

#endif /* Py_OSDEFS_H */

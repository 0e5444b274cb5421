/* Critical sections: per-object locks of builds without a GIL. */
#ifndef Py_CRITICAL_SECTION_H
#define Py_CRITICAL_SECTION_H

#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_LIMITED_API
#  include "cpython/critical_section.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_CRITICAL_SECTION_H */

/* sys.monitoring for C code. */
#ifndef Py_MONITORING_H
#define Py_MONITORING_H

#ifdef __cplusplus
extern "C" {
#endif

#ifndef Py_LIMITED_API
#  include "cpython/monitoring.h"
#endif

#ifdef __cplusplus
}
#endif

#endif /* Py_MONITORING_H */

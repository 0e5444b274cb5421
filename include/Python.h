/* The one header that extensions and hosts include: the whole C API of Python 3.14.
 *
 * Define Py_LIMITED_API first (as 0x03XX0000, the oldest release to run on) to see only the
 * stable ABI. A program that calls functions with "#" formats need not define
 * PY_SSIZE_T_CLEAN any more; lengths are always Py_ssize_t. */
#ifndef Py_PYTHON_H
#define Py_PYTHON_H

#include "patchlevel.h"
#include "pyconfig.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <wchar.h>

/* Platform and compiler. */
#include "pyport.h"
#include "pymacro.h"
#include "pymath.h"
#include "pymem.h"

/* Objects. */
#include "pytypedefs.h"
#include "pybuffer.h"
#include "pystats.h"
#include "pyatomic.h"
#include "lock.h"
#include "critical_section.h"
#include "object.h"
#include "refcount.h"
#include "objimpl.h"
#include "typeslots.h"
#include "pyhash.h"
#ifndef Py_LIMITED_API
#  include "cpython/pydebug.h"
#endif

/* Built-in types. */
#include "bytearrayobject.h"
#include "bytesobject.h"
#include "unicodeobject.h"
#include "pyerrors.h"
#include "longobject.h"
#ifndef Py_LIMITED_API
#  include "cpython/longintrepr.h"
#endif
#include "boolobject.h"
#include "floatobject.h"
#include "complexobject.h"
#include "rangeobject.h"
#include "memoryobject.h"
#include "tupleobject.h"
#include "listobject.h"
#include "dictobject.h"
#ifndef Py_LIMITED_API
#  include "cpython/odictobject.h"
#endif
#include "enumobject.h"
#include "setobject.h"
#include "methodobject.h"
#include "moduleobject.h"
#include "monitoring.h"
#ifndef Py_LIMITED_API
#  include "cpython/funcobject.h"
#  include "cpython/classobject.h"
#endif
#include "fileobject.h"
#include "pycapsule.h"
#ifndef Py_LIMITED_API
#  include "cpython/code.h"
#endif
#include "pyframe.h"
#include "traceback.h"
#include "sliceobject.h"
#ifndef Py_LIMITED_API
#  include "cpython/cellobject.h"
#endif
#include "iterobject.h"
#ifndef Py_LIMITED_API
#  include "cpython/initconfig.h"
#endif
#include "pystate.h"
#ifndef Py_LIMITED_API
#  include "cpython/genobject.h"
#endif
#include "descrobject.h"
#include "genericaliasobject.h"
#include "warnings.h"
#include "weakrefobject.h"
#include "structseq.h"
#ifndef Py_LIMITED_API
#  include "cpython/picklebufobject.h"
#endif

/* Running code. */
#include "codecs.h"
#include "pythread.h"
#ifndef Py_LIMITED_API
#  include "cpython/context.h"
#  include "cpython/pytime.h"
#endif
#include "modsupport.h"
#include "compile.h"
#include "pythonrun.h"
#include "pylifecycle.h"
#include "ceval.h"
#include "sysmodule.h"
#include "audit.h"
#include "osmodule.h"
#include "intrcheck.h"
#include "import.h"
#include "abstract.h"
#include "bltinmodule.h"
#ifndef Py_LIMITED_API
#  include "cpython/pyctype.h"
#endif
#include "pystrtod.h"
#include "pystrcmp.h"
#include "fileutils.h"
#ifndef Py_LIMITED_API
#  include "cpython/pyfpe.h"
#  include "cpython/tracemalloc.h"
#endif

#endif /* Py_PYTHON_H */

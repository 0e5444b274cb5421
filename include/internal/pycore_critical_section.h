/* Critical sections: the public ones are all there is with a GIL. */
#ifndef Py_INTERNAL_PYCORE_CRITICAL_SECTION_H
#define Py_INTERNAL_PYCORE_CRITICAL_SECTION_H

#endif /* Py_INTERNAL_PYCORE_CRITICAL_SECTION_H */

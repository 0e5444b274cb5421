/* What universal binaries of macOS need to know; nothing elsewhere. */
#ifndef PY_MACCONFIG_H
#define PY_MACCONFIG_H

#endif /* PY_MACCONFIG_H */

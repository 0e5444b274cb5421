//! What C sees: `repr(C)` structs, flags and constants of CPython 3.14. No behaviour.

//! The exported C functions: each a thin entry into `objects` or `eval`.

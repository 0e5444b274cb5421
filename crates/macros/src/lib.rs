//! Attribute macros that declare types, methods, modules and C API functions.

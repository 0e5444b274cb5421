//! Source text to tokens to AST, or a syntax error. Knows no objects.

#![forbid(unsafe_code)]

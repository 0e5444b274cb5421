//! The embedded standard library: compiled at build time, looked up at run time.

//! Functions that only the reference's internal headers declare, or none: a file per subject.
//!
//! Extension modules of CPython's own library use many of them, wheels few. What means nothing outside of CPython's own
//! machinery is in `absent`.

mod absent;
mod bytes_writer;
mod containers;
mod crossing;
mod crossing_bytes;
mod crossing_errors;
mod errors;
mod evaluation;
mod files;
mod hashtable;
mod init_modules;
mod interpreters;
mod locks;
mod numbers;
mod objects;
mod odds;
mod parking;
mod tables;
mod text;
mod time;
mod unicode_writer;

pub use tables::fill_hash_secret;

//! Compression: `zlib` and its relatives, over crates that do the work.
//!
//! `output` collects what comes out; `feed` is the protocol that the decompressors of several
//! modules share.

pub mod bz2;
pub mod feed;
pub mod output;
pub mod zlib;

//! The safe Rust API for host programs.

//! Memory, reference counts, the cyclic collector, errors and every built-in type.

//! Frames, the evaluation loop, calls, generators, builtins, sys and import.

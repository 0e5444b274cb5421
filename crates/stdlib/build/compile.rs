//! The door to `krait-compiler`: one source in, the marshalled code object out.

use krait_compiler::{Bump, CompileOptions, compile_source, marshal};

/// Compiles a module as the reference would for a `.pyc` with `optimize=0`, without its header.
/// Warnings are for who wrote the module, not for who builds us.
pub fn compile(source: &[u8], filename: &str) -> Result<Vec<u8>, String> {
    let options = CompileOptions { filename: filename.into(), ..CompileOptions::default() };
    let arena = Bump::new();
    match compile_source(&arena, source, &options) {
        Ok(compiled) => Ok(marshal::dump(&compiled.code)),
        Err(error) => Err(error.to_string()),
    }
}

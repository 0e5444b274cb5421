//! Finding interpreters: ours, built if need be, and the reference.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Args;

type Error = Box<dyn std::error::Error>;

/// The workspace's folder.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Scratch space that `cargo clean` removes.
pub fn scratch(name: &str) -> PathBuf {
    target_dir().join(name)
}

fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The interpreter that `--binary PATH` names, or our command, built with `--profile NAME`
/// (`release` unless given).
pub fn ours(args: &mut Args) -> Result<PathBuf, Error> {
    let profile = args.option("--profile")?;
    locate(args.option("--binary")?, profile)
}

/// [`ours`] with the two options' values.
pub fn locate(binary: Option<String>, profile: Option<String>) -> Result<PathBuf, Error> {
    let profile = profile.unwrap_or_else(|| "release".to_owned());
    if let Some(path) = binary {
        return Ok(std::fs::canonicalize(&path).map_err(|error| format!("{path}: {error}"))?);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--package", "krait-cli", "--profile", &profile])
        .current_dir(root())
        .status()?;
    if !built.success() {
        return Err("the krait command does not build".into());
    }
    let folder = if profile == "dev" { "debug" } else { profile.as_str() };
    Ok(target_dir().join(folder).join("krait"))
}

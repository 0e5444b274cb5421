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

/// Which interpreter the options ask for: `--binary PATH`, or our command as `--profile NAME`
/// (`release` unless given) builds it.
pub struct Choice {
    binary: Option<String>,
    profile: String,
}

impl Choice {
    pub fn from_args(args: &mut Args) -> Result<Choice, Error> {
        let profile = args.option("--profile")?.unwrap_or_else(|| "release".to_owned());
        Ok(Choice { binary: args.option("--binary")?, profile })
    }

    /// Its path; builds it if need be.
    pub fn path(&self) -> Result<PathBuf, Error> {
        match &self.binary {
            Some(path) => {
                Ok(std::fs::canonicalize(path).map_err(|error| format!("{path}: {error}"))?)
            }
            None => build(&self.profile),
        }
    }
}

fn build(profile: &str) -> Result<PathBuf, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--package", "krait-cli", "--profile", profile])
        .current_dir(root())
        .status()?;
    if !built.success() {
        return Err("the krait command does not build".into());
    }
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(target_dir().join(folder).join("krait"))
}

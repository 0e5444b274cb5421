//! Finding interpreters: ours, built if need be, and the reference.

use std::io;
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
            None => {
                self.build("krait-cli")?;
                Ok(target_dir().join(self.folder()).join("krait"))
            }
        }
    }

    /// Whether it is our command.
    pub fn is_ours(&self) -> bool {
        self.binary.is_none()
    }

    /// Builds the libraries that C programs link.
    pub fn build_library(&self) -> Result<(), Error> {
        self.build("krait-library")
    }

    /// Our shared library as C programs ask for it, beside them in `work`: that at `given`, or one that is built.
    pub fn library(&self, given: Option<String>, work: &Path) -> Result<PathBuf, Error> {
        let library = match given {
            Some(path) => {
                std::fs::canonicalize(&path).map_err(|error| format!("{path}: {error}"))?
            }
            None => {
                self.build_library()?;
                target_dir().join(self.folder()).join("libkrait.so")
            }
        };
        let link = work.join("libpython3.14.so.1.0");
        crate::files::link(&library, &link)?;
        Ok(link)
    }

    /// The folder below `target` where cargo puts what it builds.
    pub fn folder(&self) -> &str {
        if self.profile == "dev" { "debug" } else { &self.profile }
    }

    fn build(&self, package: &str) -> Result<(), Error> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--package", package, "--profile", &self.profile])
            .current_dir(root())
            .status()?;
        if built.success() { Ok(()) } else { Err(format!("{package} does not build").into()) }
    }
}

/// Has our command write its library's sources to a folder.
pub fn unpack_library(binary: &Path, library: &Path) -> io::Result<()> {
    let program = "import sys; \
        next(finder for finder in sys.meta_path if hasattr(finder, 'unpack')).unpack(sys.argv[1])";
    let status = Command::new(binary).args(["-I", "-c", program]).arg(library).status()?;
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other("the library's sources cannot be unpacked")),
    }
}

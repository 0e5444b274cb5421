//! C programs that are compiled and run against Krait, or against the reference: what several tests need.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// The shared library in the profile of the tests, which it is built for: cargo gives tests only libraries that Rust links.
pub fn library() -> &'static Path {
    static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
        let test = std::env::current_exe().expect("a test knows its own path");
        let folder = test.ancestors().nth(2).expect("a test lies in target/PROFILE/deps");
        let profile = folder.file_name().expect("that of the profile").to_string_lossy();
        let profile = if profile == "debug" { "dev" } else { &profile };
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "krait-library", "--profile", profile])
            .arg("--target-dir")
            .arg(folder.with_file_name(""))
            .current_dir(root())
            .status();
        assert!(built.is_ok_and(|status| status.success()), "the library does not build");
        folder.join("libkrait.so")
    });
    &LIBRARY
}

/// A folder with the library under the name that programs ask for.
pub fn library_folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    link_library(&folder);
    folder
}

/// Gives the library in `folder` the name that programs ask for.
pub fn link_library(folder: &Path) -> PathBuf {
    let link = folder.join("libpython3.14.so.1.0");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(library(), &link).expect("a symbolic link");
    link
}

/// What a program is linked against, and how it is run.
pub struct Python {
    pub include: Vec<PathBuf>,
    pub library: PathBuf,
    pub runner: Vec<PathBuf>,
    pub home: Option<PathBuf>,
}

impl Python {
    pub fn krait() -> Python {
        Python {
            include: vec![root().join("include")],
            library: library_folder().join("libpython3.14.so.1.0"),
            runner: Vec::new(),
            home: None,
        }
    }

    pub fn reference() -> Option<Python> {
        let folder = match std::env::var_os("KRAIT_REFERENCE") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(std::env::var_os("HOME")?).join(".cache/krait-reference"),
        };
        let usr = folder.join("root/usr");
        let include = vec![usr.join("include"), usr.join("include/python3.14")];
        let library = usr.join("lib/x86_64-linux-gnu/libpython3.14.so.1.0");
        let runner = vec![folder.join("with-glibc")];
        library.exists().then_some(Python { include, library, runner, home: Some(usr) })
    }

    pub fn compile(&self, source: &Path, language: &str, program: &Path) {
        let compiler = if language == "c" { "cc" } else { "c++" };
        let mut command = Command::new(compiler);
        command.args(["-Wall", "-Wextra", "-x", language]);
        for folder in &self.include {
            command.arg("-I").arg(folder);
        }
        command.arg(source).args(["-x", "none"]).arg(&self.library).arg("-o").arg(program);
        command.args(["-Wl,--allow-shlib-undefined", "-pthread"]);
        let status = command.status().expect("the compiler starts");
        assert!(status.success(), "{} does not compile as {language}", source.display());
    }

    pub fn run(&self, program: &Path, arguments: &[String]) -> Output {
        let mut command = match self.runner.first() {
            Some(runner) => {
                let mut command = Command::new(runner);
                command.arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C.UTF-8");
        if let Some(home) = &self.home {
            command.env("PYTHONHOME", home).env("TEST_HOME", home);
        } else {
            let folder = self.library.parent().expect("a library is in a folder");
            command.env("LD_LIBRARY_PATH", folder);
        }
        command.output().expect("the program starts")
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

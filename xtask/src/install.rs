//! `cargo xtask install --prefix DIR`: lays Krait out as a CPython is installed, so that whatever builds against
//! Python or looks for one finds it there: pkg-config, CMake, setuptools, Cython, pybind11, PyO3.
//!
//! ```text
//! bin/python3.14            the command; python3, python and krait are links to it
//!     python3.14-config     flags for C builds
//! include/python3.14        the headers
//! lib/libpython3.14.so.1.0  the shared library; libpython3.14.so and libkrait.so are links to it
//!     libpython3.so         for programs that keep to the stable ABI: it only refers to the former
//!     libkrait.a            the static library, also as libpython3.14.a
//!     pkgconfig             python-3.14.pc, python-3.14-embed.pc
//!     python3.14            the library's sources, for people, tools and tracebacks: what runs is the embedded library
//!                           Makefile, variables as JSON and build-details.json (`install/build_files.py`)
//! share/python-wheels       with `--wheels DIR`, pip's wheel from there: `ensurepip` and `venv` install it
//! ```
//!
//! What runs and what pkg-config finds does not name the folder, so that it can be moved; the files that tell of the
//! build do, and are written anew by another `install`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use crate::Outcome;
use crate::args::Args;
use crate::files::{self, link};
use crate::interpreter::{self, Choice};

type Error = Box<dyn std::error::Error>;

const CONFIG: &str = include_str!("../install/python-config.sh");
const EXTENSION: &str = include_str!("../install/python.pc");
const EMBED: &str = include_str!("../install/python-embed.pc");
const BUILD_FILES: &str = include_str!("../install/build_files.py");

pub fn run(mut args: Args) -> Outcome {
    const USAGE: &str = "usage: cargo xtask install --prefix DIR [--profile NAME] [--wheels DIR]";
    let Some(prefix) = args.option("--prefix")? else { return Err(USAGE.into()) };
    let wheels = args.option("--wheels")?;
    let choice = Choice::from_args(&mut args)?;
    if !choice.is_ours() || !args.rest()?.is_empty() {
        return Err(USAGE.into());
    }
    let prefix = Path::new(&prefix);
    install(&choice, prefix)?;
    if let Some(wheels) = wheels {
        bundle_pip(prefix, Path::new(&wheels))?;
    }
    let prefix = prefix.display();
    eprintln!("installed in {prefix}");
    Ok(true)
}

/// Builds what is missing and lays it out in `prefix`; what lies there already is replaced.
pub fn install(choice: &Choice, prefix: &Path) -> Result<(), Error> {
    let command = choice.path()?;
    choice.build_library()?;
    let built = command.parent().unwrap_or(Path::new(""));
    programs(prefix, &command)?;
    libraries(prefix, built)?;
    files::copy_tree(&interpreter::root().join("include"), &prefix.join("include/python3.14"))?;
    let library = prefix.join("lib/python3.14");
    for folder in ["site-packages", "lib-dynload"] {
        fs::create_dir_all(library.join(folder))?;
    }
    let python = prefix.join("bin/python3.14");
    interpreter::unpack_library(&python, &library)?;
    describe_build(prefix, &python)?;
    link("../../libkrait.a".as_ref(), &library.join(BUILD_FOLDER).join("libpython3.14.a"))?;
    Ok(())
}

/// The folder of the Makefile, in the library's.
const BUILD_FOLDER: &str = "config-3.14-x86_64-linux-gnu";

/// Has an installed interpreter write the files that tell of its build.
pub fn describe_build(prefix: &Path, python: &Path) -> io::Result<()> {
    let library = prefix.join("lib/python3.14");
    fs::create_dir_all(library.join(BUILD_FOLDER))?;
    if !Command::new(python).args(["-I", "-S", "-c", BUILD_FILES]).status()?.success() {
        return Err(io::Error::other("the files that tell of the build cannot be written"));
    }
    // Debian's name of it.
    let alias = library.join("build-details..x86_64-linux-gnu.json");
    link("build-details.json".as_ref(), &alias)
}

fn programs(prefix: &Path, command: &Path) -> io::Result<()> {
    let bin = prefix.join("bin");
    fs::create_dir_all(&bin)?;
    replace(command, &bin.join("python3.14"))?;
    for name in ["python3", "python", "krait"] {
        link("python3.14".as_ref(), &bin.join(name))?;
    }
    let config = bin.join("python3.14-config");
    fs::write(&config, CONFIG)?;
    fs::set_permissions(&config, fs::Permissions::from_mode(0o755))?;
    link("python3.14-config".as_ref(), &bin.join("python3-config"))
}

fn libraries(prefix: &Path, built: &Path) -> Result<(), Error> {
    let lib = prefix.join("lib");
    fs::create_dir_all(&lib)?;
    replace(&built.join("libkrait.so"), &lib.join("libpython3.14.so.1.0"))?;
    replace(&built.join("libkrait.a"), &lib.join("libkrait.a"))?;
    for name in ["libpython3.14.so", "libkrait.so"] {
        link("libpython3.14.so.1.0".as_ref(), &lib.join(name))?;
    }
    link("libkrait.a".as_ref(), &lib.join("libpython3.14.a"))?;
    describe_libraries(&lib)?;
    let linked = Command::new("cc")
        .args([
            "-shared",
            "-nostdlib",
            "-Wl,-soname,libpython3.so",
            "-Wl,--no-as-needed",
            "-x",
            "c",
            "/dev/null",
        ])
        .args(["-x", "none", "-o"])
        .arg(lib.join("libpython3.so"))
        .arg(lib.join("libpython3.14.so.1.0"))
        .status()?;
    if linked.success() { Ok(()) } else { Err("libpython3.so cannot be linked".into()) }
}

/// What `pkg-config` reads.
pub fn describe_libraries(lib: &Path) -> io::Result<()> {
    let pkgconfig = lib.join("pkgconfig");
    fs::create_dir_all(&pkgconfig)?;
    for (text, name, alias) in [
        (EXTENSION, "python-3.14.pc", "python3.pc"),
        (EMBED, "python-3.14-embed.pc", "python3-embed.pc"),
    ] {
        fs::write(pkgconfig.join(name), text)?;
        link(name.as_ref(), &pkgconfig.join(alias))?;
    }
    Ok(())
}

/// Copies pip's wheels to where `ensurepip` looks, so that `venv` can install it without a network.
pub fn bundle_pip(prefix: &Path, wheels: &Path) -> Result<(), Error> {
    let bundle = prefix.join("share/python-wheels");
    fs::create_dir_all(&bundle)?;
    let mut found = false;
    for wheel in fs::read_dir(wheels)? {
        let name = wheel?.file_name();
        let shown = name.to_string_lossy();
        if shown.starts_with("pip-") && shown.ends_with(".whl") {
            replace(&wheels.join(&name), &bundle.join(&name))?;
            found = true;
        }
    }
    if found { Ok(()) } else { Err(format!("no pip-*.whl in {}", wheels.display()).into()) }
}

/// A copy under another name first: a process that runs the old file keeps it.
fn replace(from: &Path, to: &Path) -> io::Result<()> {
    let new = to.with_extension("new");
    fs::copy(from, &new)?;
    fs::rename(new, to)
}

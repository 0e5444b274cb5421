//! The modules of `examples/extensions`: each is built as its language builds it, and used by `use.py`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Bench, Checked, Error, Verdict, succeed};
use crate::{files, interpreter};

pub fn c(bench: &Bench) -> Checked {
    with_setuptools(bench, "c", &[])
}

pub fn cpp(bench: &Bench) -> Checked {
    with_setuptools(bench, "cpp", &["pybind11"])
}

pub fn cython(bench: &Bench) -> Checked {
    with_setuptools(bench, "cython", &["cython"])
}

/// pip has setuptools build a wheel of a copy, and installs it.
fn with_setuptools(bench: &Bench, name: &str, tools: &[&str]) -> Checked {
    let needed: Vec<&str> = ["pip", "setuptools"].iter().chain(tools).copied().collect();
    if let Some(why) = bench.tools.lack(&needed) {
        return Ok(Verdict::Skipped(why));
    }
    let copy = copied(bench, name)?;
    bench.pip(|pip| pip.arg("--no-build-isolation").arg(&copy))?;
    used(bench, &format!("tally_{name}"), None)
}

pub fn nanobind(bench: &Bench) -> Checked {
    if let Some(why) = bench.tools.lack(&["pip", "nanobind", "cmake", "ninja"]) {
        return Ok(Verdict::Skipped(why));
    }
    let build = bench.work.join("nanobind");
    let mut configure = bench.command("cmake".as_ref());
    configure.arg("-S").arg(example("nanobind")).arg("-B").arg(&build).arg("-GNinja");
    configure.arg(format!("-DPython_EXECUTABLE={}", bench.env.join("bin/python").display()));
    succeed(&mut configure)?;
    succeed(bench.command("cmake".as_ref()).arg("--build").arg(&build))?;
    used(bench, "tally_nanobind", Some(&build))
}

pub fn rust(bench: &Bench) -> Checked {
    with_cargo(bench, &[], "tally_rust.cpython-314-x86_64-linux-gnu.so")
}

/// For the stable ABI.
pub fn rust_abi3(bench: &Bench) -> Checked {
    with_cargo(bench, &["--features=abi3"], "tally_rust.abi3.so")
}

fn with_cargo(bench: &Bench, features: &[&str], module: &str) -> Checked {
    let cargo = || {
        let mut cargo =
            bench.command(&std::env::var_os("CARGO").map_or("cargo".into(), PathBuf::from));
        cargo.current_dir(example("rust"));
        cargo
    };
    if succeed(cargo().args(["fetch", "--quiet", "--locked"])).is_err() {
        return Ok(Verdict::Skipped("PyO3 could not be fetched".to_owned()));
    }
    let target = interpreter::scratch("extensions").join("rust");
    let mut build = cargo();
    build.args(["build", "--quiet", "--locked", "--offline"]).args(features);
    build.arg("--target-dir").arg(&target);
    build.env("PYO3_PYTHON", bench.prefix.join("bin/python3.14"));
    build.env("PYO3_BUILD_EXTENSION_MODULE", "1");
    succeed(&mut build)?;
    let folder = bench.work.join(module.replace('.', "-"));
    fs::create_dir_all(&folder)?;
    fs::copy(target.join("debug/libtally_rust.so"), folder.join(module))?;
    used(bench, "tally_rust", Some(&folder))
}

/// Has `use.py` use the module.
fn used(bench: &Bench, module: &str, folder: Option<&Path>) -> Checked {
    let script = interpreter::root().join("examples/extensions/use.py");
    let use_it = |command: &mut Command| {
        if let Some(folder) = folder {
            command.env("PYTHONPATH", folder);
        }
        succeed(command.arg(&script).arg(module))
    };
    let said = use_it(&mut bench.python())?;
    Ok(Verdict::Good(said.trim().to_owned()))
}

fn example(name: &str) -> PathBuf {
    interpreter::root().join("examples/extensions").join(name)
}

fn copied(bench: &Bench, name: &str) -> Result<PathBuf, Error> {
    let copy = bench.work.join(name);
    files::copy_tree(&example(name), &copy)?;
    Ok(copy)
}

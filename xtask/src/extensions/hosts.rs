//! Programs that embed Krait, built as three ways of finding it say: `examples/embed.c`.

use std::path::Path;
use std::process::Command;

use super::{Bench, Checked, Error, Verdict, succeed};
use crate::interpreter;

/// What `examples/embed.c` prints when it is given no script.
const SAYS: &str = "42 so far\n";

pub fn pkg_config(bench: &Bench) -> Checked {
    if Command::new("pkg-config").arg("--version").output().is_err() {
        return Ok(Verdict::Skipped("no pkg-config on this machine".to_owned()));
    }
    let ask = |arguments: &[&str]| {
        succeed(bench.command("pkg-config".as_ref()).args(arguments))
            .map(|flags| flags.trim().to_owned())
    };
    ask(&["--exists", "python-3.14", "python3", "python3-embed"])?;
    let extension = ask(&["--libs", "python-3.14"])?;
    if !extension.is_empty() {
        return Err(format!("modules are not linked with the library: {extension}").into());
    }
    let flags = ask(&["--cflags", "--libs", "python-3.14-embed"])?;
    build(bench, "pkg-config", &flags)
}

pub fn config_script(bench: &Bench) -> Checked {
    let mut script = bench.command(&bench.prefix.join("bin/python3.14-config"));
    let flags = succeed(script.args(["--cflags", "--ldflags", "--embed"]))?;
    build(bench, "config", &flags.replace('\n', " "))
}

/// Compiles the program with the flags and runs it.
fn build(bench: &Bench, name: &str, flags: &str) -> Checked {
    let program = bench.work.join(format!("embed-{name}"));
    let mut compiler = bench.command("cc".as_ref());
    compiler.arg(interpreter::root().join("examples/embed.c")).args(flags.split_whitespace());
    compiler.arg(format!("-Wl,-rpath,{}", bench.prefix.join("lib").display()));
    succeed(compiler.arg("-o").arg(&program))?;
    speaks(bench, &program)?;
    Ok(Verdict::Good(format!("embed.c with {}", flags.trim())))
}

fn speaks(bench: &Bench, program: &Path) -> Result<(), Error> {
    let said = succeed(&mut bench.command(program))?;
    if said == SAYS { Ok(()) } else { Err(format!("embed.c says {said:?}").into()) }
}

/// The program, and the module in C, by `examples/CMakeLists.txt`.
pub fn cmake(bench: &Bench) -> Checked {
    let ours = Command::new("cmake").arg("--version").output().is_ok();
    if let Some(why) = bench.tools.lack(&["pip", "cmake", "ninja"]).filter(|_| !ours) {
        return Ok(Verdict::Skipped(why));
    }
    let build = bench.work.join("cmake");
    let mut configure = bench.command("cmake".as_ref());
    configure.arg("-S").arg(interpreter::root().join("examples")).arg("-B").arg(&build);
    configure.arg(format!("-DPython3_ROOT_DIR={}", bench.prefix.display()));
    // In a virtual environment CMake would look there first.
    configure.arg("-DPython3_FIND_VIRTUALENV=STANDARD");
    let said = succeed(&mut configure)?;
    succeed(bench.command("cmake".as_ref()).arg("--build").arg(&build))?;
    speaks(bench, &build.join("embed"))?;
    let mut user = bench.command(&bench.prefix.join("bin/python3.14"));
    user.arg(interpreter::root().join("examples/extensions/use.py")).arg("tally_c");
    succeed(user.env("PYTHONPATH", &build))?;
    let found = said.lines().find(|line| line.contains("Found Python3")).unwrap_or_default();
    Ok(Verdict::Good(found.trim_start_matches("-- ").to_owned()))
}

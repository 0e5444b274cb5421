//! The build tools: wheels that the machine's pip fetches, for which it alone knows from where.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

type Error = Box<dyn std::error::Error>;

/// As pip spells them in file names.
const NAMES: &[&str] = &["pip", "setuptools", "pybind11", "cython", "nanobind", "cmake", "ninja"];

pub struct Tools {
    folder: PathBuf,
    found: BTreeSet<String>,
}

impl Tools {
    /// Those in a folder of wheels.
    pub fn in_folder(folder: &Path) -> io::Result<Tools> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(folder)? {
            let file = entry?.file_name().to_string_lossy().to_lowercase();
            let name = file.split('-').next().unwrap_or_default();
            if file.ends_with(".whl") && NAMES.contains(&name) {
                found.insert(name.to_owned());
            }
        }
        Ok(Tools { folder: folder.to_path_buf(), found })
    }

    /// Those that pip finds, unless all are in the folder already.
    pub fn fetch(folder: &Path) -> Result<Tools, Error> {
        fs::create_dir_all(folder)?;
        let mut tools = Tools::in_folder(folder)?;
        let wanted: Vec<&str> = NAMES.iter().copied().filter(|name| !tools.has(name)).collect();
        if wanted.is_empty() {
            return Ok(tools);
        }
        let Some(pip) = machine_pip() else {
            eprintln!("this machine has no pip that could fetch {}", wanted.join(", "));
            return Ok(tools);
        };
        // All at once is quicker, but all or nothing.
        if !download(&pip, folder, &wanted)? {
            for name in wanted {
                if !download(&pip, folder, &[name])? {
                    eprintln!("pip cannot fetch {name}");
                }
            }
        }
        tools = Tools::in_folder(folder)?;
        Ok(tools)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn has(&self, name: &str) -> bool {
        self.found.contains(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.found.iter().map(String::as_str)
    }

    /// Why something cannot be built, if one of these is missing.
    pub fn lack(&self, names: &[&str]) -> Option<String> {
        let missing: Vec<&str> = names.iter().copied().filter(|name| !self.has(name)).collect();
        if missing.is_empty() {
            return None;
        }
        Some(format!("no wheel of {} could be fetched", missing.join(", ")))
    }
}

fn machine_pip() -> Option<Vec<&'static str>> {
    let known: [&[&str]; 3] = [&["pip"], &["pip3"], &["python3", "-m", "pip"]];
    let works = |words: &&&[&str]| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    known.iter().find(works).map(|words| words.to_vec())
}

/// Wheels for CPython 3.14 on this platform, whatever Python runs the machine's pip.
fn download(pip: &[&str], folder: &Path, names: &[&str]) -> io::Result<bool> {
    let mut command = Command::new(pip[0]);
    command.args(&pip[1..]).args(["download", "--quiet", "--no-deps", "--only-binary=:all:"]);
    command.args(["--implementation=cp", "--python-version=3.14"]);
    command.args(["--abi=cp314", "--abi=abi3", "--abi=none"]);
    command.args(["--platform=manylinux2014_x86_64", "--platform=manylinux_2_28_x86_64"]);
    command.arg("--dest").arg(folder).args(names);
    Ok(command.status()?.success())
}

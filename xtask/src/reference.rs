//! `cargo xtask reference [DIR]`: installs the reference CPython 3.14 into a folder of its own:
//! interpreter, standard library, regression tests, C headers and shared library.
//!
//! They are Debian's packages, fetched from the mirror that this machine already uses, and unpacked
//! without installing anything. Afterwards the folder holds
//!
//! ```text
//! python3.14          the interpreter; it brings its own C library
//! with-glibc CMD …    runs CMD under that C library, to load the reference's compiled modules
//! root/               the unpacked packages
//! ```

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::args::Args;

type Error = Box<dyn std::error::Error>;

/// The first Debian release with Python 3.14.
const SUITE: &str = "forky";

const PACKAGES: &[&str] = &[
    "python3.14",
    "python3.14-minimal",
    "libpython3.14",
    "libpython3.14-dev",
    "libpython3.14-minimal",
    "libpython3.14-stdlib",
    "libpython3.14-testsuite",
    "libc6",
    "libgcc-s1",
    "libbz2-1.0",
    "libdb5.3t64",
    "libexpat1",
    "libffi8",
    "liblzma5",
    "libncursesw6",
    "libreadline8t64",
    "libsqlite3-0",
    "libssl3t64",
    "libtinfo6",
    "libuuid1",
    "libzstd1",
    "media-types",
    "netbase",
    "zlib1g",
];

pub fn run(args: Args) -> Outcome {
    let mut rest = args.rest()?;
    let dir = match rest.pop() {
        Some(dir) if rest.is_empty() => PathBuf::from(dir),
        None => default_dir()?,
        Some(_) => return Err("at most one folder".into()),
    };
    if !works(&dir) {
        install(&dir)?;
    }
    println!("{}", dir.display());
    Ok(true)
}

/// `$KRAIT_REFERENCE`, else a folder in the user's cache.
pub fn default_dir() -> Result<PathBuf, Error> {
    if let Some(dir) = std::env::var_os("KRAIT_REFERENCE") {
        return Ok(dir.into());
    }
    let home = std::env::var_os("HOME").ok_or("neither KRAIT_REFERENCE nor HOME is set")?;
    Ok(Path::new(&home).join(".cache/krait-reference"))
}

/// The installed reference, or the advice to install it.
pub fn installed() -> Result<PathBuf, Error> {
    let dir = default_dir()?;
    if works(&dir) {
        return Ok(dir);
    }
    Err("the reference is not installed: run `cargo xtask reference` first".into())
}

/// The reference's own library folder, with its tests.
pub fn library(dir: &Path) -> PathBuf {
    dir.join("root/usr/lib/python3.14")
}

fn works(dir: &Path) -> bool {
    let check = "import sys; sys.exit(sys.version_info[:2] != (3, 14))";
    Command::new(dir.join("python3.14"))
        .args(["-I", "-c", check])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn install(dir: &Path) -> Result<(), Error> {
    fs::create_dir_all(dir)?;
    let dir = fs::canonicalize(dir)?;
    let root = dir.join("root");
    let work = dir.join("work");
    for folder in ["lists/partial", "cache/archives/partial", "debs", "tools"] {
        fs::create_dir_all(work.join(folder))?;
    }
    fs::create_dir_all(&root)?;

    let apt = Apt::new(&work)?;
    eprintln!("reading the package list of {SUITE}");
    apt.run(&["update"])?;
    eprintln!("fetching {} packages", PACKAGES.len());
    let wanted: Vec<String> = PACKAGES.iter().map(|name| format!("{name}/{SUITE}")).collect();
    apt.download(wanted.iter().map(String::as_str))?;
    unpack(&work.join("debs"), &root)?;

    let patchelf = fetch_patchelf(&work)?;
    bind_to_own_c_library(&patchelf, &root)?;
    let link = dir.join("python3.14");
    let _ = fs::remove_file(&link);
    symlink("root/usr/bin/python3.14", &link)?;
    write_launcher(&dir)?;
    fs::remove_dir_all(&work)?;
    if !works(&dir) {
        return Err("the unpacked interpreter does not start".into());
    }
    Ok(())
}

/// `apt-get` over lists and caches of its own, so that nothing of the system's changes.
struct Apt {
    work: PathBuf,
}

impl Apt {
    fn new(work: &Path) -> Result<Apt, Error> {
        let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
        let line = format!("deb [signed-by={keyring}] {} {SUITE} main\n", mirror()?);
        fs::write(work.join("sources.list"), line)?;
        Ok(Apt { work: work.to_path_buf() })
    }

    fn command(&self) -> Command {
        let path = |name: &str| self.work.join(name).display().to_string();
        let mut command = Command::new("apt-get");
        command
            .arg("-qq")
            .args(["-o", &format!("Dir::Etc::sourcelist={}", path("sources.list"))])
            .args(["-o", "Dir::Etc::sourceparts=/dev/null"])
            .args(["-o", &format!("Dir::State::lists={}", path("lists"))])
            .args(["-o", &format!("Dir::Cache={}", path("cache"))])
            .args(["-o", "APT::Sandbox::User=root"])
            .current_dir(self.work.join("debs"))
            // Our standard output is the folder's name and nothing else.
            .stdout(Stdio::from(std::io::stderr()));
        command
    }

    fn run(&self, args: &[&str]) -> Result<(), Error> {
        succeed(self.command().args(args))
    }

    fn download<'a>(&self, packages: impl Iterator<Item = &'a str>) -> Result<(), Error> {
        succeed(self.command().arg("download").args(packages))
    }
}

/// The Debian mirror in this machine's configuration.
fn mirror() -> Result<String, Error> {
    let targets = || -> Result<String, Error> {
        let output = Command::new("apt-get")
            .args(["indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"])
            .stderr(Stdio::null())
            .output()?;
        Ok(String::from_utf8(output.stdout)?)
    };
    let mut listed = targets()?;
    if listed.trim().is_empty() {
        succeed(
            Command::new("apt-get").args(["-qq", "update"]).stdout(Stdio::from(std::io::stderr())),
        )?;
        listed = targets()?;
    }
    let uri_of = |line: &str| line.split_whitespace().next().map(str::to_owned);
    let debian = |line: &&str| {
        let uri = line.split_whitespace().next().unwrap_or("");
        uri.trim_end_matches('/').ends_with("debian")
    };
    let base =
        |line: &&str| !["security", "updates", "backports"].iter().any(|part| line.contains(part));
    let candidates: Vec<&str> = listed.lines().filter(debian).collect();
    candidates
        .iter()
        .copied()
        .find(base)
        .or(candidates.first().copied())
        .and_then(uri_of)
        .ok_or_else(|| "this machine has no Debian mirror configured: give an installed reference in KRAIT_REFERENCE".into())
}

fn unpack(debs: &Path, into: &Path) -> Result<(), Error> {
    let mut packages: Vec<PathBuf> = fs::read_dir(debs)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    packages.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    packages.sort();
    for package in packages {
        succeed(Command::new("dpkg-deb").arg("-x").arg(&package).arg(into))?;
    }
    Ok(())
}

/// `patchelf` from the system's own release, unpacked beside the packages.
fn fetch_patchelf(work: &Path) -> Result<PathBuf, Error> {
    let tools = work.join("tools");
    let mut fetch = Command::new("apt-get");
    fetch
        .args(["-qq", "-o", "APT::Sandbox::User=root", "download", "patchelf"])
        .current_dir(&tools)
        .stdout(Stdio::from(std::io::stderr()));
    succeed(&mut fetch)?;
    unpack(&tools, &tools)?;
    Ok(tools.join("usr/bin/patchelf"))
}

/// Makes the interpreter start with the C library it was built for, in subprocesses too.
fn bind_to_own_c_library(patchelf: &Path, root: &Path) -> Result<(), Error> {
    succeed(
        Command::new(patchelf)
            .arg("--set-interpreter")
            .arg(root.join("usr/lib64/ld-linux-x86-64.so.2"))
            .arg("--force-rpath")
            .arg("--set-rpath")
            .arg(root.join("usr/lib/x86_64-linux-gnu"))
            .arg(root.join("usr/bin/python3.14")),
    )
}

fn write_launcher(dir: &Path) -> Result<(), Error> {
    let root = dir.join("root/usr");
    let script = format!(
        "#!/bin/sh\n\
         # Runs a command under the reference's C library.\n\
         libraries='{root}/lib/x86_64-linux-gnu'\n\
         program=$(command -v \"$1\") || exit 127\n\
         shift\n\
         exec '{root}/lib64/ld-linux-x86-64.so.2' \\\n    \
             --library-path \"${{LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}}$libraries\" \\\n    \
             --argv0 \"$program\" \"$program\" \"$@\"\n",
        root = root.display()
    );
    let path = dir.join("with-glibc");
    fs::write(&path, script)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn succeed(command: &mut Command) -> Result<(), Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("cannot run {program}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{program} failed: {status}").into()) }
}

//! Where Krait is installed, if it is: what `sys.prefix` and its kin say, and which folders belong on `sys.path`.
//!
//! The library is inside, so nothing has to be found. An installation is recognised by its sources: with `bin/python3.14` or
//! `lib/libpython3.14.so.1.0` goes `lib/python3.14/os.py`. `PYTHONHOME` names one outright; a virtual environment's
//! `pyvenv.cfg` tells whose it is. The same job as CPython's `Modules/getpath.py`, which looks in all the folders above too.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use krait_objects::platform;
use krait_objects::prelude::*;

use crate::config::{self, Config};

/// The library's folder below a prefix.
const LIBRARY: &str = "lib/python3.14";

#[derive(Default)]
pub struct Installation {
    /// `sys.base_prefix`; `None` if everything is inside.
    pub prefix: Option<PathBuf>,
    /// The folder of the virtual environment that the program belongs to.
    pub environment: Option<PathBuf>,
    /// `sys._base_executable`: the program that the environment was made with.
    pub base_executable: PathBuf,
}

impl Installation {
    /// The interpreter's, looked for once.
    pub fn of(th: &Thread) -> &Installation {
        #[derive(Default)]
        struct Found(OnceCell<Installation>);
        th.interp().state::<Found>().0.get_or_init(|| Installation::find(&config::of(th)))
    }

    fn find(config: &Config) -> Installation {
        let executable = Path::new(&config.executable);
        let mut found = Installation { base_executable: executable.into(), ..Default::default() };
        let mut bin = None;
        for folder in executable.ancestors().skip(1).take(2) {
            if let Ok(text) = std::fs::read_to_string(folder.join("pyvenv.cfg")) {
                bin = home(&text);
                found.environment = Some(folder.to_owned());
                break;
            }
        }
        let real = std::fs::canonicalize(executable).ok();
        if let (Some(bin), Some(name)) = (&bin, executable.file_name()) {
            let linked = real.clone().filter(|real| real != executable);
            found.base_executable = linked.unwrap_or_else(|| bin.join(name));
        }
        found.prefix = config.home.clone().or_else(|| {
            let bin = bin.or_else(|| Some(real?.parent()?.to_owned()));
            with_library(bin).or_else(|| with_library(platform::own_library()?.parent()))
        });
        found
    }

    /// The folder with the library's sources; `None` if they are inside.
    pub fn library(&self) -> Option<PathBuf> {
        Some(self.prefix.as_ref()?.join(LIBRARY))
    }

    /// What goes on `sys.path` for the library.
    pub fn search_path(&self) -> Vec<PathBuf> {
        let Some(prefix) = &self.prefix else { return Vec::new() };
        let below = |path: &str| prefix.join(path);
        vec![below("lib/python314.zip"), below(LIBRARY), below("lib/python3.14/lib-dynload")]
    }
}

/// The prefix that a folder of programs or libraries belongs to, if it has the library's sources.
fn with_library(folder: Option<impl AsRef<Path>>) -> Option<PathBuf> {
    let prefix = folder?.as_ref().parent()?.to_owned();
    prefix.join(LIBRARY).join("os.py").is_file().then_some(prefix)
}

/// The folder of the program that an environment was made with.
fn home(settings: &str) -> Option<PathBuf> {
    settings.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        key.trim().eq_ignore_ascii_case("home").then(|| value.trim().into())
    })
}

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

pub struct Installation {
    /// `sys.base_prefix`; `None` if everything is inside.
    pub prefix: Option<PathBuf>,
    /// The folder of the virtual environment that the program belongs to.
    pub environment: Option<PathBuf>,
    /// `sys._base_executable`: the program that the environment was made with.
    pub base_executable: PathBuf,
    /// The folder below the prefix with all that belongs to Python.
    lib: String,
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
        let mut folders = executable.ancestors().skip(1).take(2);
        let environment = folders.find_map(|folder| {
            let settings = std::fs::read_to_string(folder.join("pyvenv.cfg")).ok()?;
            Some((folder.to_owned(), home(&settings)))
        });
        let (environment, bin) = environment.unzip();
        let mut found = Installation {
            prefix: config.home.clone(),
            environment,
            base_executable: executable.into(),
            lib: config.platlibdir.clone().unwrap_or_else(|| "lib".into()),
        };
        if found.prefix.is_some() {
            // `PYTHONHOME` is stronger than what the environment says of its own.
            return found;
        }
        let real = std::fs::canonicalize(executable).ok();
        let own_bin = real.as_deref().and_then(Path::parent).map(Path::to_owned);
        let bin = bin.flatten();
        if let (Some(bin), Some(name)) = (&bin, executable.file_name()) {
            let linked = real.filter(|real| real != executable);
            found.base_executable = linked.unwrap_or_else(|| bin.join(name));
        }
        let bin = bin.or(own_bin);
        let search = |found: &Installation| {
            found
                .with_library(bin.as_ref())
                .or_else(|| found.with_library(platform::own_library()?.parent()))
        };
        found.prefix = search(&found);
        // Where there is no folder of that name, the usual one may be.
        if found.prefix.is_none() && config.platlibdir.is_some() {
            found.lib = "lib".into();
            found.prefix = search(&found);
        }
        found
    }

    /// The folder with the library's sources; `None` if they are inside.
    pub fn library(&self) -> Option<PathBuf> {
        Some(self.library_below(self.prefix.as_ref()?))
    }

    fn library_below(&self, prefix: &Path) -> PathBuf {
        prefix.join(&self.lib).join("python3.14")
    }

    /// The prefix that a folder of programs or libraries belongs to, if it has the library's sources.
    fn with_library(&self, folder: Option<impl AsRef<Path>>) -> Option<PathBuf> {
        let prefix = folder?.as_ref().parent()?.to_owned();
        self.library_below(&prefix).join("os.py").is_file().then_some(prefix)
    }

    /// What goes on `sys.path` for the library.
    pub fn search_path(&self) -> Vec<PathBuf> {
        let Some(prefix) = &self.prefix else { return Vec::new() };
        let library = self.library_below(prefix);
        let modules = library.join("lib-dynload");
        vec![prefix.join(&self.lib).join("python314.zip"), library, modules]
    }
}

/// The folder of the program that an environment was made with.
fn home(settings: &str) -> Option<PathBuf> {
    settings.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        key.trim().eq_ignore_ascii_case("home").then(|| value.trim().into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the reference's `sys` says of a program in a virtual environment, with and without PYTHONHOME.
    #[test]
    fn environments_name_their_base() -> std::io::Result<()> {
        let folder =
            std::env::temp_dir().join(format!("krait-installation-{}", std::process::id()));
        let (base, environment) = (folder.join("base"), folder.join("environment"));
        std::fs::create_dir_all(base.join("bin"))?;
        std::fs::create_dir_all(base.join("lib/python3.14"))?;
        std::fs::create_dir_all(environment.join("bin"))?;
        std::fs::write(base.join("bin/python"), "")?;
        std::fs::write(base.join("lib/python3.14").join("os.py"), "")?;
        let settings = format!("version = 3.14.8\nHome = {}\n", base.join("bin").display());
        std::fs::write(environment.join("pyvenv.cfg"), settings)?;
        let own = environment.join("bin/python");
        std::os::unix::fs::symlink(base.join("bin/python"), &own)?;

        let mut config = Config { executable: own.display().to_string(), ..Config::isolated(&[]) };
        let found = Installation::find(&config);
        assert_eq!(found.prefix.as_deref(), Some(&*base));
        assert_eq!(found.environment.as_deref(), Some(&*environment));
        assert_eq!(found.base_executable, std::fs::canonicalize(base.join("bin/python"))?);

        config.home = Some(folder.join("elsewhere"));
        let found = Installation::find(&config);
        assert_eq!(found.prefix, config.home);
        assert_eq!(found.environment.as_deref(), Some(&*environment));
        assert_eq!(found.base_executable, own);
        std::fs::remove_dir_all(folder)
    }
}

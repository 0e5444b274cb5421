//! `posix`: the system's calls, which `os` shows.
//!
//! `path` converts arguments and calls the system; `files` works on descriptors, `tree` on names, `stat` on
//! what is known of files, `scandir` on directories, `process` on processes, `system` on the machine. The same
//! job as CPython's `Modules/posixmodule.c`.

mod constants;
mod copying;
mod events;
mod extended;
mod files;
mod owners;
pub mod path;
pub mod process;
mod scandir;
mod scheduling;
mod spawn;
mod stat;
mod system;
mod terminals;
mod tree;
mod waiting;

use krait_objects::prelude::*;

/// Access to the operating system's functions that the C standard and POSIX define.
///
/// The os module presents them in a form that is the same on all systems.
#[pymodule(name = "posix")]
pub struct Posix;

fn add_names(
    module: Borrowed<'_, Module>,
    th: &Thread,
    name: &str,
    names: &[(&str, i64)],
) -> PyResult<()> {
    let dict = Dict::new(th)?;
    for (name, value) in names {
        let value = Int::from_i64(th, *value)?;
        dict.set_str(th, Str::interned(th, name)?.borrow(), value.object())?;
    }
    module.add(th, name, dict.object())
}

#[pyfunctions(parts(
    files, tree, stat, scandir, process, system, owners, scheduling, extended, events, copying,
    terminals, spawn, waiting
))]
impl Posix {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (name, value) in constants::CONSTANTS {
            module.add(th, name, Int::from_i64(th, *value)?.object())?;
        }
        add_names(module, th, "sysconf_names", constants::SYSCONF)?;
        add_names(module, th, "confstr_names", constants::CONFSTR)?;
        add_names(module, th, "pathconf_names", constants::PATHCONF)?;
        let have: PyResult<Vec<Owned>> = constants::HAVE_FUNCTIONS
            .iter()
            .map(|name| Str::interned(th, name).map(Owned::into_object))
            .collect();
        module.add(th, "_have_functions", List::from_vec(th, have?)?.object())?;
        module.add(th, "environ", system::environment(th)?.object())?;
        module.add(th, "error", Borrowed::from_ref(exc::OS_ERROR).object())?;
        scandir::prepare(th)?;
        module.add(th, "DirEntry", scandir::entry_type().object())?;
        module.add(th, "stat_result", stat::stat_result_type(th)?.object())?;
        module.add(th, "statvfs_result", stat::statvfs_result_type(th)?.object())?;
        module.add(th, "times_result", process::times_type(th)?.object())?;
        module.add(th, "sched_param", scheduling::make_sched_param_type(th)?.object())?;
        module.add(th, "waitid_result", waiting::waitid_type(th)?.object())?;
        module.add(th, "uname_result", system::uname_type(th)?.object())?;
        module.add(th, "terminal_size", system::terminal_type(th)?.object())
    }
}

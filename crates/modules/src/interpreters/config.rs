//! What an interpreter is allowed, as Python names it: `new_config`, `get_config`, and the argument of `create`.
//!
//! The same job as CPython's `Python/interpconfig.c`.

use krait_eval::subs::Settings;
use krait_objects::namespace::Namespace;
use krait_objects::prelude::*;

/// How an interpreter comes to its lock.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lock {
    Default,
    Shared,
    Own,
}

const LOCKS: [(&str, Lock); 3] =
    [("default", Lock::Default), ("shared", Lock::Shared), ("own", Lock::Own)];

const SWITCHES: [&str; 6] = [
    "use_main_obmalloc",
    "allow_fork",
    "allow_exec",
    "allow_threads",
    "allow_daemon_threads",
    "check_multi_interp_extensions",
];

/// Settings by name: the switches in the order of `SWITCHES`.
#[derive(Clone, Copy)]
pub struct Config {
    switches: [bool; SWITCHES.len()],
    lock: Lock,
}

impl Config {
    pub fn of(settings: &Settings) -> Config {
        Config {
            switches: [
                settings.use_main_obmalloc,
                settings.allow_fork,
                settings.allow_exec,
                settings.allow_threads,
                settings.allow_daemon_threads,
                settings.check_multi_interp_extensions,
            ],
            lock: if settings.own_gil { Lock::Own } else { Lock::Shared },
        }
    }

    pub fn settings(&self) -> Settings {
        let [obmalloc, fork, exec, threads, daemons, check] = self.switches;
        Settings {
            use_main_obmalloc: obmalloc,
            allow_fork: fork,
            allow_exec: exec,
            allow_threads: threads,
            allow_daemon_threads: daemons,
            check_multi_interp_extensions: check,
            own_gil: self.lock == Lock::Own,
        }
    }

    /// The lock, as C numbers it.
    pub fn lock_number(&self) -> i32 {
        match self.lock {
            Lock::Default => 0,
            Lock::Shared => 1,
            Lock::Own => 2,
        }
    }

    /// The same with another lock, if there is one of that number.
    pub fn with_lock_number(self, number: i32) -> Option<Config> {
        let lock = [Lock::Default, Lock::Shared, Lock::Own]
            .into_iter()
            .nth(usize::try_from(number).ok()?)?;
        Some(Config { lock, ..self })
    }

    /// One of the configurations that have a name.
    pub fn named(th: &Thread, name: &str) -> PyResult<Config> {
        match name {
            "" | "default" | "isolated" => Ok(Config::of(&Settings::ISOLATED)),
            "legacy" => Ok(Config::of(&Settings::LEGACY)),
            "empty" => Ok(Config { switches: [false; SWITCHES.len()], lock: Lock::Default }),
            _ => Err(raise!(th, VALUE_ERROR, "unsupported config name '{name}'")),
        }
    }

    /// Takes over what a dictionary has. ValueError for other names, and for missing ones if all are needed.
    pub fn update(&mut self, th: &Thread, dict: Borrowed<'_, Dict>, all: bool) -> PyResult<()> {
        let rest = dict.copy(th)?;
        for (name, place) in SWITCHES.iter().zip(&mut self.switches) {
            if let Some(value) = take(th, &rest, name, all)? {
                if !value.object().is_exact::<krait_objects::int::Bool>() {
                    return Err(raise!(th, TYPE_ERROR, "invalid config type: {name}"));
                }
                *place = object::is_true(th, value.borrow())?;
            }
        }
        if let Some(value) = take(th, &rest, "gil", all)? {
            let Some(name) = value.object().downcast::<Str>() else {
                return Err(th.raise(exc::TYPE_ERROR, "invalid config type: gil"));
            };
            let name = name.to_string_lossy();
            let known = LOCKS.iter().find(|(known, _)| *known == name);
            let Some(&(_, lock)) = known else {
                return Err(raise!(
                    th,
                    VALUE_ERROR,
                    "unsupported interpreter config .gil value '{name}'"
                ));
            };
            self.lock = lock;
        }
        if rest.is_empty() {
            return Ok(());
        }
        let (count, shown) = (rest.len(), object::repr(th, rest.object())?);
        let plural = if count == 1 { "" } else { "s" };
        Err(raise!(th, VALUE_ERROR, "config dict has {count} extra item{plural} ({})", &*shown))
    }

    /// The argument of `create`: nothing, a name, or an object with the settings as its attributes.
    pub fn from_argument(th: &Thread, argument: Option<Borrowed<'_>>) -> PyResult<Config> {
        let Some(argument) = argument.filter(|argument| !argument.is_none()) else {
            return Config::named(th, "");
        };
        if let Some(name) = argument.downcast::<Str>() {
            return Config::named(th, name.get().as_utf8(th)?);
        }
        let dict = object::get_attr_opt(th, argument, id::__dict__)?;
        let Some(dict) = dict.and_then(|dict| dict.downcast::<Dict>().ok()) else {
            let shown = object::repr(th, argument)?;
            return Err(raise!(th, TYPE_ERROR, "bad config {}", &*shown));
        };
        let mut config = Config::named(th, "empty")?;
        config.update(th, dict.borrow(), true)?;
        Ok(config)
    }

    pub fn to_namespace(self, th: &Thread) -> PyResult<Owned<Namespace>> {
        let dict = Dict::new(th)?;
        for (name, value) in SWITCHES.iter().zip(self.switches) {
            dict.set_str(th, Str::interned(th, name)?.borrow(), bool_object(value).object())?;
        }
        let lock = LOCKS.iter().find(|(_, lock)| *lock == self.lock).map_or("", |(name, _)| name);
        let key = Str::interned(th, "gil")?;
        dict.set_str(th, key.borrow(), Str::interned(th, lock)?.object())?;
        Namespace::new(th, Some(dict.borrow()))
    }
}

/// Takes a setting out of the dictionary.
fn take(th: &Thread, dict: &Dict, name: &str, needed: bool) -> PyResult<Option<Owned>> {
    let found = dict.pop(th, Str::interned(th, name)?.object())?;
    if found.is_none() && needed {
        return Err(raise!(th, VALUE_ERROR, "missing config key: {name}"));
    }
    Ok(found)
}

//! A command line, taken apart option by option.

use std::collections::VecDeque;
use std::str::FromStr;

type Error = Box<dyn std::error::Error>;

pub struct Args {
    words: VecDeque<String>,
}

impl Args {
    pub fn from_env() -> Args {
        Args { words: std::env::args().skip(1).collect() }
    }

    /// Takes the first word that is no option.
    pub fn positional(&mut self) -> Option<String> {
        let at = self.words.iter().position(|word| !word.starts_with('-'))?;
        self.words.remove(at)
    }

    /// Takes `name` if it is there.
    pub fn flag(&mut self, name: &str) -> bool {
        let Some(at) = self.words.iter().position(|word| word == name) else { return false };
        self.words.remove(at);
        true
    }

    /// Takes `name VALUE` or `name=VALUE`.
    pub fn option(&mut self, name: &str) -> Result<Option<String>, Error> {
        let found = self.words.iter().position(|word| {
            word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        });
        let Some(at) = found else { return Ok(None) };
        let word = self.words.remove(at).unwrap_or_default();
        if let Some((_, value)) = word.split_once('=') {
            return Ok(Some(value.to_owned()));
        }
        match self.words.remove(at) {
            Some(value) => Ok(Some(value)),
            None => Err(format!("{name} needs a value").into()),
        }
    }

    /// Like [`option`](Self::option), parsed; `default` if it is absent.
    pub fn parsed<T: FromStr>(&mut self, name: &str, default: T) -> Result<T, Error> {
        match self.option(name)? {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| format!("{name} {text}: not a number").into()),
        }
    }

    /// A comma-separated [`option`](Self::option).
    pub fn list(&mut self, name: &str) -> Result<Vec<String>, Error> {
        let text = self.option(name)?.unwrap_or_default();
        Ok(text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    /// What is left must be positional arguments.
    pub fn rest(self) -> Result<Vec<String>, Error> {
        if let Some(option) = self.words.iter().find(|word| word.starts_with('-')) {
            return Err(format!("unknown option {option} (try --help)").into());
        }
        Ok(self.words.into())
    }
}

//! The interpreters that are compared.

use std::process::Command;

use crate::args::Args;
use crate::interpreter::Choice;
use crate::reference;

type Error = Box<dyn std::error::Error>;

pub struct Subject {
    pub name: String,
    words: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Subject {
    /// Those on the command line, or the reference and ours.
    pub fn all(mut args: Args) -> Result<Vec<Subject>, Error> {
        let choice = Choice::from_args(&mut args)?;
        let given: Vec<Subject> =
            args.rest()?.iter().map(|text| Subject::parse(text)).collect::<Result<_, _>>()?;
        if !given.is_empty() {
            return Ok(given);
        }
        let reference = reference::installed()?.join("python3.14");
        let ours = choice.path()?;
        let plain = |name: &str, path: std::path::PathBuf| Subject {
            name: name.to_owned(),
            words: vec![path.display().to_string()],
            environment: Vec::new(),
        };
        Ok(vec![plain("reference", reference), plain("krait", ours)])
    }

    /// `name=[VAR=value …] command [argument …]`, separated by spaces.
    fn parse(text: &str) -> Result<Subject, Error> {
        let error = || format!("not NAME=COMMAND: {text}");
        let (name, rest) = text.split_once('=').ok_or_else(error)?;
        let mut words: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
        let is_setting = |word: &String| {
            word.split_once('=').is_some_and(|(key, _)| {
                !key.is_empty()
                    && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            })
        };
        let count = words.iter().take_while(|word| is_setting(word)).count();
        let environment = words
            .drain(..count)
            .filter_map(|word| word.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())))
            .collect();
        if name.is_empty() || words.is_empty() {
            return Err(error().into());
        }
        Ok(Subject { name: name.to_owned(), words, environment })
    }

    /// The interpreter's command line, with an environment that no user setting disturbs.
    pub fn command(&self) -> Command {
        self.under(&[])
    }

    /// The same with words before it: a tool that runs it.
    pub fn under(&self, tool: &[&str]) -> Command {
        let mut words = tool.iter().copied().chain(self.words.iter().map(String::as_str));
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        for (key, _) in std::env::vars_os() {
            let name = key.to_string_lossy();
            if ["PYTHON", "RUSTPYTHON", "PYPY", "LD_"].iter().any(|start| name.starts_with(start)) {
                command.env_remove(&key);
            }
        }
        command.env("PYTHONHASHSEED", "0").envs(self.environment.iter().cloned());
        command
    }
}

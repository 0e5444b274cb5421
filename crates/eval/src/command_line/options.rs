//! The command line's options, read into a `Config`.
//!
//! The same job as CPython's `Python/getopt.c` and the option part of `Python/initconfig.c`.

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::config::Config;

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    Command(OsString),
    Module(String),
    /// A file, folder or zip archive; `-` is standard input.
    File(OsString),
    Stdin,
    /// Print and leave.
    Version,
    LongVersion,
    Help,
    HelpVariables,
    HelpOptions,
    HelpAll,
}

/// The command line, understood.
pub struct Options {
    pub config: Config,
    pub run: Run,
    pub skip_first_line: bool,
}

/// Reads `args`, the program's name first. An error is what goes before the usage line.
pub fn parse(mut config: Config, args: &[OsString]) -> Result<Options, String> {
    let texts: Vec<Cow<'_, str>> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    if config.program_name.is_empty() {
        config.program_name = texts.first().map_or("krait", |name| name).to_owned();
    }
    config.orig_argv = args.to_vec();
    let mut reader = Reader { args, texts: &texts, at: 1, rest: "" };
    let mut options = Options { config, run: Run::Stdin, skip_first_line: false };
    let mut version = 0;
    while let Some(option) = reader.option() {
        match option {
            Found::Long(name) => {
                if let Some(run) = long(name, &mut options.config, &mut reader)? {
                    options.run = run;
                    return Ok(options);
                }
                if name == "version" {
                    version += 1;
                }
            }
            Found::Short('c') => {
                options.run = Run::Command(reader.command()?);
                return Ok(finish(options, &reader, "-c"));
            }
            Found::Short('m') => {
                options.run = Run::Module(reader.value('m')?.to_owned());
                return Ok(finish(options, &reader, "-m"));
            }
            Found::Short('V') => version += 1,
            Found::Short('h' | '?') => {
                options.run = Run::Help;
                return Ok(options);
            }
            Found::Short('x') => options.skip_first_line = true,
            Found::Short(letter) => short(letter, &mut options.config, &mut reader)?,
        }
    }
    if version > 0 {
        options.run = if version == 1 { Run::Version } else { Run::LongVersion };
        return Ok(options);
    }
    if let Some(file) = args.get(reader.at) {
        options.run = if *file == "-" { Run::Stdin } else { Run::File(file.clone()) };
        options.config.argv = args[reader.at..].to_vec();
    } else {
        options.config.argv = vec![OsString::new()];
    }
    Ok(options)
}

/// After `-c` and `-m` the rest are the program's arguments.
fn finish(mut options: Options, reader: &Reader<'_>, name: &str) -> Options {
    options.config.argv =
        std::iter::once(name.into()).chain(reader.args[reader.at..].iter().cloned()).collect();
    options
}

fn short(letter: char, config: &mut Config, reader: &mut Reader<'_>) -> Result<(), String> {
    match letter {
        'b' => config.bytes_warning += 1,
        'B' => config.write_bytecode = false,
        'd' => config.parser_debug += 1,
        'E' => config.use_environment = false,
        'i' => {
            config.inspect = true;
            config.interactive = true;
        }
        'I' => {
            config.isolated = true;
            config.use_environment = false;
            config.safe_path = true;
            config.user_site_directory = false;
        }
        'O' => config.optimization_level += 1,
        'P' => config.safe_path = true,
        'q' => config.quiet = true,
        'R' => config.ignore_hash_seed = true,
        's' => config.user_site_directory = false,
        'S' => config.site_import = false,
        'u' => config.buffered_stdio = false,
        'v' => config.verbose += 1,
        'W' => config.warnoptions.push(reader.value('W')?.to_owned()),
        'X' => implementation_option(reader.value('X')?, config),
        letter => return Err(format!("Unknown option: -{letter}")),
    }
    Ok(())
}

/// What else it sets, `Config::read_environment` finds among the options.
fn implementation_option(option: &str, config: &mut Config) {
    match option.split_once('=').unwrap_or((option, "")).0 {
        "dev" => config.dev_mode = true,
        "disable-remote-debug" => config.remote_debug = false,
        "no_debug_ranges" => config.code_debug_ranges = false,
        "warn_default_encoding" => config.warn_default_encoding = true,
        _ => {}
    }
    config.xoptions.push(option.to_owned());
}

fn long(name: &str, config: &mut Config, reader: &mut Reader<'_>) -> Result<Option<Run>, String> {
    match name {
        "help" => return Ok(Some(Run::Help)),
        "help-env" => return Ok(Some(Run::HelpVariables)),
        "help-xoptions" => return Ok(Some(Run::HelpOptions)),
        "help-all" => return Ok(Some(Run::HelpAll)),
        "version" => {}
        "check-hash-based-pycs" => {
            let value = reader
                .next_argument()
                .ok_or("Argument expected for the --check-hash-based-pycs option")?;
            if !["always", "never", "default"].contains(&value) {
                return Err(
                    "--check-hash-based-pycs must be one of 'default', 'always', or 'never'".into(),
                );
            }
            config.check_hash_pycs_mode = value.to_owned();
        }
        name => return Err(format!("Unknown option: --{name}")),
    }
    Ok(None)
}

enum Found<'a> {
    Short(char),
    Long(&'a str),
}

/// Walks over options: several letters may share a dash, a value may follow its letter directly.
struct Reader<'a> {
    args: &'a [OsString],
    /// As text, in which options are looked for.
    texts: &'a [Cow<'a, str>],
    at: usize,
    /// The letters of the current argument that are not read yet.
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn option(&mut self) -> Option<Found<'a>> {
        if self.rest.is_empty() {
            let argument: &str = self.texts.get(self.at)?;
            if argument == "-" || !argument.starts_with('-') {
                return None;
            }
            self.at += 1;
            match argument.strip_prefix("--") {
                Some("") => return None,
                Some(name) => return Some(Found::Long(name)),
                None => self.rest = &argument[1..],
            }
        }
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(Found::Short(letter))
    }

    fn value(&mut self, letter: char) -> Result<&'a str, String> {
        if !self.rest.is_empty() {
            return Ok(std::mem::take(&mut self.rest));
        }
        self.next_argument().ok_or_else(|| format!("Argument expected for the -{letter} option"))
    }

    /// The value of `-c`, with a newline behind it.
    fn command(&mut self) -> Result<OsString, String> {
        let attached = self.rest.len();
        let value = self.value('c')?;
        let given = self.args[self.at - 1].as_bytes();
        // Text that stands for bytes that are none is longer than they are: then the text counts.
        let command = match attached {
            0 => given,
            len if given.ends_with(value.as_bytes()) => &given[given.len() - len..],
            _ => value.as_bytes(),
        };
        Ok(OsString::from_vec([command, b"\n"].concat()))
    }

    fn next_argument(&mut self) -> Option<&'a str> {
        let argument = self.texts.get(self.at)?;
        self.at += 1;
        Some(argument)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Options, String> {
        let args: Vec<OsString> =
            std::iter::once("krait").chain(args.iter().copied()).map(OsString::from).collect();
        parse(Config::python(&[]), &args)
    }

    #[test]
    fn letters_share_a_dash_and_a_value_may_follow() {
        let options = read(&["-IBScpass", "x"])
            .ok()
            .filter(|options| options.run == Run::Command("pass\n".into()));
        let config =
            options.map(|options| options.config).unwrap_or_else(|| panic!("not understood"));
        assert!(config.isolated && !config.write_bytecode && !config.site_import);
        assert_eq!(config.argv, ["-c", "x"]);
    }

    #[test]
    fn a_missing_value_and_an_unknown_option_are_named() {
        assert_eq!(read(&["-c"]).err().as_deref(), Some("Argument expected for the -c option"));
        assert_eq!(read(&["--zzz"]).err().as_deref(), Some("Unknown option: --zzz"));
    }
}

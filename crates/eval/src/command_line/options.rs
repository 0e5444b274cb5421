//! The command line's options, read into a `Config`.
//!
//! The same job as CPython's `Python/getopt.c` and the option part of `Python/initconfig.c`.

use crate::config::Config;

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    Command(String),
    Module(String),
    /// A file, folder or zip archive; `-` is standard input.
    File(String),
    Stdin,
    /// Print and leave.
    Version,
    LongVersion,
    Help,
}

/// The command line, understood.
pub struct Options {
    pub config: Config,
    pub run: Run,
    pub skip_first_line: bool,
}

/// Reads `args`, the program's name first. An error is what goes before the usage line.
pub fn parse(mut config: Config, args: &[String]) -> Result<Options, String> {
    if config.program_name.is_empty() {
        config.program_name = args.first().cloned().unwrap_or_else(|| "krait".into());
    }
    config.orig_argv = args.to_vec();
    let mut reader = Reader { args, at: 1, rest: "" };
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
                let mut command = reader.value('c')?.to_owned();
                command.push('\n');
                options.run = Run::Command(command);
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
        options.run = if file == "-" { Run::Stdin } else { Run::File(file.clone()) };
        options.config.argv = args[reader.at..].to_vec();
    } else {
        options.config.argv = vec![String::new()];
    }
    Ok(options)
}

/// After `-c` and `-m` the rest are the program's arguments.
fn finish(mut options: Options, reader: &Reader<'_>, name: &str) -> Options {
    options.config.argv =
        std::iter::once(name.to_owned()).chain(reader.args[reader.at..].iter().cloned()).collect();
    options
}

fn short(letter: char, config: &mut Config, reader: &mut Reader<'_>) -> Result<(), String> {
    match letter {
        'b' => config.bytes_warning += 1,
        'B' => config.write_bytecode = false,
        'd' => config.parser_debug = true,
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
        // Hashes are random unless PYTHONHASHSEED says otherwise.
        'R' => {}
        's' => config.user_site_directory = false,
        'S' => config.site_import = false,
        'u' => config.buffered_stdio = false,
        'v' => config.verbose += 1,
        'W' => config.warnoptions.push(reader.value('W')?.to_owned()),
        'X' => implementation_option(reader.value('X')?, config)?,
        letter => return Err(format!("Unknown option: -{letter}")),
    }
    Ok(())
}

fn implementation_option(option: &str, config: &mut Config) -> Result<(), String> {
    match option.split_once('=').unwrap_or((option, "")) {
        ("dev", _) => config.dev_mode = true,
        ("utf8", value) => config.utf8_mode = value != "0",
        ("warn_default_encoding", _) => config.warn_default_encoding = true,
        ("int_max_str_digits", value) => {
            config.int_max_str_digits =
                value.parse().ok().filter(|&digits| digits == 0 || digits >= 640).ok_or(
                    "-X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited.",
                )?;
        }
        ("pycache_prefix", value) => {
            config.pycache_prefix = Some(value.to_owned()).filter(|value| !value.is_empty())
        }
        _ => {}
    }
    config.xoptions.push(option.to_owned());
    Ok(())
}

fn long(name: &str, config: &mut Config, reader: &mut Reader<'_>) -> Result<Option<Run>, String> {
    match name {
        "help" | "help-env" | "help-xoptions" | "help-all" => return Ok(Some(Run::Help)),
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
    args: &'a [String],
    at: usize,
    /// The letters of the current argument that are not read yet.
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn option(&mut self) -> Option<Found<'a>> {
        if self.rest.is_empty() {
            let argument = self.args.get(self.at)?.as_str();
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

    fn next_argument(&mut self) -> Option<&'a str> {
        let argument = self.args.get(self.at)?;
        self.at += 1;
        Some(argument)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Options, String> {
        let args: Vec<String> =
            std::iter::once("krait").chain(args.iter().copied()).map(str::to_owned).collect();
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

//! How the table of commands becomes a command line, and a command line one of the commands.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches, FromArgMatches, Subcommand};

use super::table::{Action, COMMANDS};

/// A row of the table.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// What it takes after the serial: what each is called, and an example.
    pub(super) words: &'static [[&'static str; 2]],
    pub(super) options: &'static [Opt],
    pub(super) action: Action,
}

/// An option of a command.
#[derive(Debug)]
pub(super) struct Opt {
    name: &'static str,
    /// What its value is called; empty: it has none.
    value: &'static str,
    help: &'static str,
    example: &'static str,
    need: Need,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Required,
    Optional,
    /// The example is what counts when nothing is given.
    Preset,
}

impl Opt {
    pub(super) const fn required(
        name: &'static str,
        value: &'static str,
        help: &'static str,
        example: &'static str,
    ) -> Opt {
        Opt {
            name,
            value,
            help,
            example,
            need: Need::Required,
        }
    }

    pub(super) const fn optional(
        name: &'static str,
        value: &'static str,
        help: &'static str,
        example: &'static str,
    ) -> Opt {
        Opt {
            name,
            value,
            help,
            example,
            need: Need::Optional,
        }
    }

    pub(super) const fn preset(
        name: &'static str,
        value: &'static str,
        help: &'static str,
        preset: &'static str,
    ) -> Opt {
        Opt {
            name,
            value,
            help,
            example: preset,
            need: Need::Preset,
        }
    }

    pub(super) const fn flag(name: &'static str, help: &'static str) -> Opt {
        Opt {
            name,
            value: "",
            help,
            example: "",
            need: Need::Optional,
        }
    }

    fn argument(&self) -> Arg {
        let argument = Arg::new(self.name).long(self.name).help(self.help);
        if self.value.is_empty() {
            return argument.action(ArgAction::SetTrue);
        }
        let argument = argument.value_name(self.value).allow_hyphen_values(true);
        match self.need {
            Need::Required => argument.required(true),
            Need::Optional => argument,
            Need::Preset => argument.default_value(self.example),
        }
    }
}

/// A command as it was given.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) name: &'static str,
    pub(super) action: Action,
    /// The serial, when it stood before the other words.
    pub(super) serial: Option<String>,
    /// The other words, as many as the command takes.
    pub(super) words: Vec<String>,
    options: BTreeMap<&'static str, String>,
    flags: Vec<&'static str>,
}

impl Given {
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    /// An option that the table calls required, or has a preset for.
    pub(super) fn needed(&self, name: &str) -> &str {
        self.option(name)
            .expect("the command line was read with this option required")
    }

    /// The first of the words.
    pub(super) fn word(&self) -> &str {
        self.words
            .first()
            .expect("the command line was read with this many words")
    }

    fn read(entry: &'static Entry, matches: &ArgMatches) -> Given {
        let mut words: Vec<String> = Vec::new();
        if entry.longest() > 0 {
            words.extend(matches.get_many::<String>("words").into_iter().flatten().cloned());
        }
        let has_serial = words.len() > entry.words.len();
        let serial = has_serial.then(|| words.remove(0));
        let valued = entry.options.iter().filter(|option| !option.value.is_empty());
        let options = valued.filter_map(|option| Some((option.name, matches.get_one::<String>(option.name)?.clone())));
        let flags = entry.options.iter().filter(|option| option.value.is_empty());
        Given {
            name: entry.name,
            action: entry.action,
            serial,
            words,
            options: options.collect(),
            flags: flags
                .map(|flag| flag.name)
                .filter(|name| matches.get_flag(name))
                .collect(),
        }
    }
}

impl Entry {
    /// How many words there may be, the serial with them.
    fn longest(&self) -> usize {
        self.words.len() + usize::from(self.action.is_about_a_meter())
    }

    fn command(&'static self) -> clap::Command {
        let mut command = clap::Command::new(self.name)
            .about(self.about)
            .after_help(self.example());
        if self.longest() > 0 {
            // clap has no optional word before required ones, so they are one list, told apart by their count.
            let serial = self.action.is_about_a_meter().then(|| "[SERIAL]".to_owned());
            let others = self.words.iter().map(|[name, _]| format!("<{name}>"));
            let shown: Vec<String> = serial.into_iter().chain(others).collect();
            let shown = shown.join(" ");
            command = command.override_usage(format!("emop {} [OPTIONS] {shown}", self.name));
            let words = Arg::new("words").num_args(self.words.len()..=self.longest());
            let words = words.required(!self.words.is_empty()).hide(true);
            command = command.arg(words);
        }
        command.args(self.options.iter().map(Opt::argument))
    }

    fn example(&self) -> String {
        let mut example = format!("Example:\n  emop {}", self.name);
        if self.action.is_about_a_meter() {
            example.push_str(" EML2137580761");
        }
        for [_, word] in self.words {
            example.push_str(&format!(" {word}"));
        }
        let shown = |option: &&Opt| option.need != Need::Preset && !option.example.is_empty();
        for option in self.options.iter().filter(shown) {
            example.push_str(&format!(" --{} {}", option.name, option.example));
        }
        example
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Given, clap::Error> {
        let missing = || clap::Error::new(clap::error::ErrorKind::MissingSubcommand);
        let (name, matches) = matches.subcommand().ok_or_else(missing)?;
        let entry = COMMANDS.iter().find(|entry| entry.name == name).ok_or_else(missing)?;
        Ok(Given::read(entry, matches))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Given::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for Given {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        command
            .subcommands(COMMANDS.iter().map(Entry::command))
            .subcommand_required(true)
            .arg_required_else_help(true)
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        Given::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        COMMANDS.iter().any(|entry| entry.name == name)
    }
}

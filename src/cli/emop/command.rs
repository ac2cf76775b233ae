//! How a command line becomes one of the commands.

use std::collections::BTreeMap;

use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches, Subcommand};

use super::action::Action;
use super::entry::Entry;
use super::table::COMMANDS;

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
    /// Options that somebody gave, and no preset.
    given: Vec<&'static str>,
    flags: Vec<&'static str>,
}

impl Given {
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// What somebody gave for an option that has a preset.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.option(name).filter(|_| self.given.contains(&name))
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
        let given = valued
            .clone()
            .map(|option| option.name)
            .filter(|name| matches.value_source(name) == Some(ValueSource::CommandLine));
        let given = given.collect();
        let options = valued.filter_map(|option| Some((option.name, matches.get_one::<String>(option.name)?.clone())));
        let flags = entry.options.iter().filter(|option| option.value.is_empty());
        Given {
            name: entry.name,
            action: entry.action,
            serial,
            words,
            options: options.collect(),
            given,
            flags: flags
                .map(|flag| flag.name)
                .filter(|name| matches.get_flag(name))
                .collect(),
        }
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

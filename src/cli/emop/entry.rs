//! A row of the table of commands, and how it becomes a command line.

use clap::{Arg, ArgAction};

use super::action::Action;

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
    pub(super) name: &'static str,
    /// What its value is called; empty: it has none.
    pub(super) value: &'static str,
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

impl Entry {
    /// How many words there may be, the serial with them.
    pub(super) fn longest(&self) -> usize {
        self.words.len() + usize::from(self.action.is_about_a_meter())
    }

    /// How clap reads it.
    pub(super) fn command(&'static self) -> clap::Command {
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

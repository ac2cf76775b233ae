//! The commands that the cloud may give (UPLINK §2.6): built in, on the allow-list, never a shell.

use std::fmt::Write;
use std::sync::Arc;

use jiff::Timestamp;

use super::shell_words::words;
use crate::domain::units::count;
use crate::uplink::host::Host;
use crate::uplink::names::{COMMANDS, DROP};
use crate::uplink::status::UplinkShown;
use crate::uplink::world::World;

/// What carries commands out.
pub struct Commands {
    device: String,
    allowed: Vec<String>,
    world: World,
    queue: Queue,
    host: Arc<dyn Host>,
}

/// What waits to be sent, as commands see it.
pub struct Queue {
    /// The uplink in numbers.
    pub shown: Arc<dyn Fn() -> UplinkShown + Send + Sync>,
    /// Throws away the values that wait; about how many entries hold them.
    pub drop: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Commands {
    /// Commands for the box that the cloud knows as `device`.
    #[must_use]
    pub fn new((device, allowed): (String, Vec<String>), world: World, queue: Queue, host: Arc<dyn Host>) -> Commands {
        Commands {
            device,
            allowed,
            world,
            queue,
            host,
        }
    }

    /// What the cloud calls the box.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Runs a command line; what it says, or why not.
    pub async fn run(&self, line: &str) -> Result<String, String> {
        let words = words(line).ok_or("a quote is not closed")?;
        let Some((name, arguments)) = words.split_first() else {
            return Err("there is no command in it".to_owned());
        };
        // Of its own, so that whoever allows to look at the queue does not allow to empty it.
        let drops = DROP.split(' ').eq(words.iter().map(String::as_str));
        let (name, arguments) = if drops {
            (DROP, &[][..])
        } else {
            (name.as_str(), arguments)
        };
        let known = COMMANDS.iter().find(|(known, _, _)| *known == name);
        let allowed = known.filter(|(known, _, _)| self.allowed.iter().any(|allowed| allowed == known));
        let Some((name, takes, _)) = allowed else {
            return Err(format!("`{name}` is not on the allow-list; `help` shows what is"));
        };
        if arguments.len() != takes.split_whitespace().count() {
            return Err(wanted(name, takes));
        }
        tracing::info!(target: "gatelodge::audit", command = name, "the cloud gave a command");
        if let ("read", [serial]) = (*name, arguments) {
            self.read(serial).await?;
            return self.answer("meter", arguments).map_err(|error| error.to_string());
        }
        if let ("log", [_, level]) = (*name, arguments) {
            return self.host.log_level(level).map(|()| format!("lines of level {level}"));
        }
        if *name == DROP {
            let waited = (self.queue.drop)();
            return Ok(format!("up to {waited} entries with values are thrown away"));
        }
        if *name == "ack" {
            return self.acknowledge(&arguments[0]);
        }
        self.answer(name, arguments).map_err(|error| error.to_string())
    }

    async fn read(&self, serial: &str) -> Result<(), String> {
        let known = || format!("there is no meter {serial}");
        self.host.read(&serial.parse().map_err(|_| known())?).await
    }

    fn acknowledge(&self, rule: &str) -> Result<String, String> {
        let standing = self.world.alarms().standing().map_err(|error| error.to_string())?;
        let count = standing
            .iter()
            .filter(|alarm| alarm.rule == rule || alarm.kind == rule)
            .count();
        if count == 0 {
            return Err(format!("no alarm of `{rule}` stands; `rules` shows which do"));
        }
        self.world.facts().alarms.acknowledge(rule);
        Ok(format!("{count} seen"))
    }

    fn rules(&self) -> Result<String, crate::store::ReadError> {
        let standing = self.world.alarms().standing()?;
        let mut text = String::new();
        for rule in self.world.facts().alarms.in_words() {
            let _ = writeln!(text, "{rule}");
        }
        for alarm in standing {
            let seen = if alarm.acknowledged { ", seen" } else { "" };
            let (severity, since) = (alarm.severity.name(), alarm.since);
            let _ = writeln!(
                text,
                "{} of {}: {severity} since {since:.0}{seen}: {}",
                alarm.rule, alarm.source, alarm.text
            );
        }
        Ok(text)
    }

    fn answer(&self, name: &str, arguments: &[String]) -> Result<String, crate::store::ReadError> {
        let mut text = String::new();
        match name {
            "help" => {
                for (name, takes, does) in COMMANDS
                    .iter()
                    .filter(|(name, _, _)| self.allowed.iter().any(|a| a == name))
                {
                    let _ = writeln!(text, "{name} {takes}: {does}");
                }
            }
            "rules" => text = self.rules()?,
            "version" => text.push_str(env!("CARGO_PKG_VERSION")),
            "uptime" => {
                let since = Timestamp::now().duration_since(self.world.facts().started);
                let _ = write!(text, "{} s", since.as_secs().max(0));
            }
            "status" | "queue" => {
                let shown = (self.queue.shown)();
                let _ = write!(
                    text,
                    "waiting: {}, about {} bytes, the oldest for {} s; messages: {} taken, {} dropped; entries lost: {}",
                    count(shown.backlog_rows, "entry", "entries"),
                    shown.backlog_bytes,
                    shown.oldest_s,
                    shown.published,
                    shown.dropped,
                    shown.lost
                );
                if name == "status" {
                    let _ = write!(text, "; {} sessions since the start", shown.sessions);
                }
            }
            "meters" => {
                for meter in self.world.meters()? {
                    let _ = writeln!(text, "{} {:?} {}", meter.serial, meter.state.health, meter.name());
                }
            }
            "meter" => {
                let serial = arguments.first().and_then(|serial| serial.parse().ok());
                let meter = serial.map(|serial| self.world.meter(&serial)).transpose()?.flatten();
                match meter {
                    None => text.push_str("there is no such meter"),
                    Some(meter) => {
                        let _ = writeln!(text, "{} {:?} {}", meter.serial, meter.state.health, meter.name());
                        for (name, value) in crate::uplink::fields::fields(&known(&meter.state)) {
                            let _ = writeln!(text, "{name} {value}");
                        }
                    }
                }
            }
            "spaces" => {
                for space in self.world.spaces()? {
                    let (current, maximum) = (space.occupancy.current, space.occupancy.maximum);
                    let _ = writeln!(
                        text,
                        "{} {current}/{maximum} {}",
                        space.id,
                        space.name.unwrap_or_default()
                    );
                }
            }
            _ => {}
        }
        Ok(text.trim_end().to_owned())
    }
}

/// Why a command line cannot be carried out, whatever is allowed; of a name that is none, the allow-list tells.
pub(super) fn misuse(line: &str) -> Option<String> {
    let Some(words) = words(line) else {
        return Some("a quote is not closed".to_owned());
    };
    let (name, arguments) = words.split_first()?;
    let (name, takes, _) = COMMANDS.iter().find(|(known, _, _)| known == name)?;
    let right =
        arguments.len() == takes.split_whitespace().count() || DROP.split(' ').eq(words.iter().map(String::as_str));
    (!right).then(|| wanted(name, takes))
}

fn wanted(name: &str, takes: &str) -> String {
    format!("write it as: {name} {takes}").trim_end().to_owned()
}

fn known(state: &crate::domain::MeterState) -> std::collections::BTreeMap<crate::domain::Quantity, serde_json::Value> {
    state.present(Timestamp::now())
}

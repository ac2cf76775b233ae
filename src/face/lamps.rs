//! Lamps: how the box is, in words. Whoever runs it sees one verdict in the bar; others, what of it concerns them and is
//! not well.

use super::{SignedIn, alarm_words};
use crate::accounts::Act;
use crate::domain::{Alarm, Severity, Source};
use crate::texts::{Said, Texts};

/// One lamp, as somebody sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lamp {
    /// Of what.
    pub name: Said,
    /// Its colour.
    pub light: Light,
    /// The same in words, since not everybody sees colours.
    pub words: Said,
}

/// How a part of the box is, before it is known who looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartLit {
    /// Its name, as the configuration has it.
    pub name: String,
    pub light: Light,
    pub words: PartWords,
}

/// What is said of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartWords {
    /// By the name of a text, for everybody whom it concerns.
    Text(&'static str),
    /// As whoever runs the box finds it in commands and logs.
    English(String),
}

impl PartLit {
    fn seen(&self, t: Texts) -> Lamp {
        Lamp {
            name: match self.name.as_str() {
                "store" => t.say("lamp-store"),
                "occupancy" => t.say("lamp-occupancy"),
                "meters" => t.say("lamp-meters"),
                other => t.in_english(other),
            },
            light: self.light,
            words: match &self.words {
                PartWords::Text(name) => t.say(name),
                PartWords::English(words) => t.in_english(words),
            },
        }
    }
}

/// Whom a lamp concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Everybody who is signed in.
    Everybody,
    /// Who sees spaces.
    Spaces,
    /// Who sees any meter.
    Meters,
    /// Who sees how the box is.
    Box,
}

/// The colour of a lamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// All is well.
    Good,
    /// It works, but somebody should look.
    Warn,
    /// It does not work.
    Bad,
    /// It is not wanted, and does nothing.
    Off,
}

/// How the box is, before it is known who looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lamps {
    /// Its parts, and whom each concerns.
    pub parts: Vec<(Concern, PartLit)>,
    /// The alarms that stand, the worst first.
    pub alarms: Vec<Alarm>,
    /// The worst of all, and how many things want somebody.
    pub verdict: Option<(Light, usize)>,
}

impl Lamps {
    /// Whether a part of this name is open.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.parts.iter().any(|(_, lamp)| lamp.name == name)
    }

    /// The verdict, for whoever may know how the box is.
    #[must_use]
    pub fn verdict_for(&self, person: &SignedIn) -> Option<(Light, usize)> {
        self.verdict.filter(|_| person.must(Act::ManageBox).is_ok())
    }

    /// What is not well of what concerns one person; whoever sees the verdict needs no more.
    #[must_use]
    pub fn wanting(&self, person: &SignedIn) -> Vec<Lamp> {
        if person.must(Act::ManageBox).is_ok() {
            return Vec::new();
        }
        let mut lamps = self.seen_by(person);
        lamps.retain(|lamp| matches!(lamp.light, Light::Warn | Light::Bad));
        lamps
    }

    /// What one person may know of it.
    #[must_use]
    pub fn seen_by(&self, person: &SignedIn) -> Vec<Lamp> {
        let may = |act| person.must(act).is_ok();
        let concerns = |concern: &Concern| match concern {
            Concern::Everybody => true,
            Concern::Spaces => may(Act::ReadSpaces),
            Concern::Meters => person.sees_meters(),
            Concern::Box => may(Act::ReadBox),
        };
        let parts = self.parts.iter().filter(|(concern, _)| concerns(concern));
        let t = Texts::of(person.language);
        let mut lamps: Vec<Lamp> = parts.map(|(_, part)| part.seen(t)).collect();
        let told = |source: &Source| match source {
            Source::Appliance => may(Act::ReadBox),
            Source::Space(space) => person.sees_space(*space),
            Source::Meter(_) => may(Act::ReadMeters),
        };
        lamps.extend(told_in_words(t, self.alarms.iter().filter(|alarm| told(&alarm.source))));
        // What stands since before they came would tell of whoever lived there then.
        let own =
            |alarm: &Alarm| matches!(&alarm.source, Source::Meter(meter) if person.sees_since(meter, alarm.since));
        let theirs: Vec<&Alarm> = self
            .alarms
            .iter()
            .filter(|alarm| own(alarm) && !told(&alarm.source))
            .collect();
        lamps.extend(of_their_own(t, &theirs));
        lamps
    }
}

/// The worst of these, and how many there are.
fn told_in_words<'a>(t: Texts, alarms: impl Iterator<Item = &'a Alarm>) -> Option<Lamp> {
    let alarms: Vec<&Alarm> = alarms.collect();
    let worst = alarms.first()?;
    let words = alarm_words(t, worst);
    let words = t.say2("alarms-stand", ("count", alarms.len()), ("words", words.text()));
    Some(lamp(t, worst, words))
}

/// What somebody is told of their own meter. The text of an alarm is written for whoever runs the box: it can name
/// other meters, and the way to this one.
fn of_their_own(t: Texts, alarms: &[&Alarm]) -> Option<Lamp> {
    let worst = alarms.first()?;
    Some(lamp(t, worst, t.say1("lamp-own", "count", alarms.len())))
}

fn lamp(t: Texts, worst: &Alarm, words: Said) -> Lamp {
    Lamp {
        name: t.say("lamp-alarm"),
        light: if worst.severity >= Severity::Major {
            Light::Bad
        } else {
            Light::Warn
        },
        words,
    }
}

impl Light {
    /// The lamp's class in the style sheet.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Light::Good => "good",
            Light::Off => "off",
            Light::Warn => "warn",
            Light::Bad => "bad",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Link, Role};
    use crate::domain::SpaceId;
    use crate::texts::{Language, named};

    #[test]
    fn everybody_is_told_what_concerns_them_and_nothing_else() {
        let part = |name: &str| PartLit {
            name: name.to_owned(),
            light: Light::Good,
            words: PartWords::Text(named("lamp-works")),
        };
        let at = |second| jiff::Timestamp::from_second(second).unwrap();
        let alarm = |source: Source, text: &str| Alarm {
            source,
            kind: "k".into(),
            rule: "r".into(),
            severity: Severity::Major,
            text: text.into(),
            since: at(10),
            values: None,
            acknowledged: false,
        };
        let lamps = Lamps {
            parts: vec![
                (Concern::Everybody, part("store")),
                (Concern::Spaces, part("occupancy")),
                (Concern::Meters, part("meters")),
                (Concern::Box, part("uplink")),
            ],
            alarms: vec![
                alarm(Source::Meter("EML1".parse().unwrap()), "Flat 1: detail of EML2"),
                alarm(Source::Meter("EML9".parse().unwrap()), "Flat 9: 0.4 GBP are left"),
                alarm(Source::Space(SpaceId::from_random([1; 16])), "Hall is full"),
                alarm(Source::Appliance, "the disk"),
            ],
            verdict: Some((Light::Bad, 4)),
        };
        let seen_at = |role, (meters, since, until): (&[&str], i64, i64), now| {
            let links = meters.iter().map(|meter| Link {
                meter: meter.parse().unwrap(),
                since: at(since),
                until: Some(at(until)),
            });
            let person = SignedIn::for_tests(role, links.collect(), at(now));
            let lamps = lamps.seen_by(&person).into_iter();
            lamps
                .map(|lamp| format!("{} {}", lamp.name.text(), lamp.words.text()))
                .collect::<Vec<_>>()
                .join("; ")
        };
        let seen = |role, meters: &[&str]| seen_at(role, (meters, 5, 20), 15);
        let all = "store works; occupancy works; meters works; uplink works; alarm 4 alarms stand, the worst: Flat 1: \
                   detail of EML2";
        for (role, meters, words) in [
            (Role::Admin, &[][..], all),
            (Role::Installer, &["EML1"], all),
            (
                Role::Viewer,
                &[],
                "store works; occupancy works; uplink works; alarm 2 alarms stand, the worst: Hall is full",
            ),
            (Role::Doorman, &[], "store works; occupancy works; alarm Hall is full"),
            (
                Role::Resident,
                &["EML1"],
                "store works; meters works; alarm something is to be looked at: see Meters",
            ),
            (Role::Resident, &["EML2"], "store works; meters works"),
            (Role::Resident, &[], "store works"),
        ] {
            assert_eq!(seen(role, meters), words, "{role:?} {meters:?}");
        }
        let mut welsh = SignedIn::for_tests(Role::Viewer, Vec::new(), at(15));
        welsh.language = Language::Welsh;
        let seen = lamps.seen_by(&welsh);
        assert_eq!(seen[0].name.text(), "storfa");
        assert_eq!(seen[0].words.text(), "yn gweithio");
        assert_eq!(
            seen[2].name.to_string(),
            "<span lang=\"en\">uplink</span>",
            "a name of the configuration"
        );
        let of = |byte: u8| SignedIn::for_tests_of(vec![SpaceId::from_random([byte; 16])]);
        assert!(
            lamps
                .seen_by(&of(1))
                .iter()
                .any(|lamp| lamp.words.text() == "Hall is full")
        );
        assert!(
            lamps.seen_by(&of(2)).iter().all(|lamp| lamp.name.text() != "alarm"),
            "of another space"
        );
        for (times, words) in [
            ((11, 20), "store works; meters works"),
            ((5, 12), "store works"),
            ((16, 20), "store works"),
        ] {
            let one = seen_at(Role::Resident, (&["EML1"], times.0, times.1), 15);
            assert_eq!(one, words, "the alarm stands since 10, theirs at 15: {times:?}");
        }
    }
}

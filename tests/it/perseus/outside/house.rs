//! A box with two people, two applications and meters of every kind, and all that can happen to it: each is done to the box
//! and written down in the test's own record.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::fixture::{Consented, OTHER, SAVER, SCHEME, SOURCE};
use super::kinds::{self, KINDS};
use super::meters::Said;
use super::record::Record;
use super::seen::Seen;
use crate::book::chance::Chance;

pub const PEOPLE: [&str; 2] = ["resident", "partner"];
pub const APPLICATIONS: [&str; 2] = [SAVER, OTHER];
/// Around both changes of clocks of 2025, and long before.
const DAYS: [&str; 8] = [
    "2025-01-01",
    "2025-03-29",
    "2025-03-30",
    "2025-03-31",
    "2025-04-01",
    "2025-10-25",
    "2025-10-26",
    "2025-10-27",
];

/// Something that can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    MetersNamed,
    MovedOut,
    AwayAndBack,
    Allowed,
    AllowedAndNotRedeemed,
    CodeTwice,
    Refreshed,
    GivenBack,
    Stopped,
    CertificateRenewed,
    CertificateRevoked,
    KeptOut,
    LetInAgain,
    Narrowed,
    Widened,
    Removed,
    Killed,
    Restored,
}

/// What happens in a run, each so often; in which order is left to chance.
pub const HAPPENINGS: &[(Happening, usize)] = &[
    (Happening::MetersNamed, 9),
    (Happening::MovedOut, 2),
    (Happening::AwayAndBack, 2),
    (Happening::Allowed, 9),
    (Happening::AllowedAndNotRedeemed, 2),
    (Happening::CodeTwice, 1),
    (Happening::Refreshed, 4),
    (Happening::GivenBack, 1),
    (Happening::Stopped, 1),
    (Happening::CertificateRenewed, 2),
    (Happening::CertificateRevoked, 1),
    (Happening::KeptOut, 1),
    (Happening::LetInAgain, 1),
    (Happening::Narrowed, 1),
    (Happening::Widened, 1),
    (Happening::Removed, 1),
    (Happening::Killed, 1),
    (Happening::Restored, 1),
];

pub struct House {
    pub consented: Consented,
    pub said: Said,
    pub record: Record,
    text: String,
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

/// Midnight of a day in London.
fn midnight(day: &str) -> i64 {
    let day: Date = day.parse().unwrap();
    let london = TimeZone::get("Europe/London").unwrap();
    day.to_zoned(london).unwrap().timestamp().as_second()
}

impl House {
    pub fn begin(chance: &mut Chance) -> House {
        let sections = "[site]\ntimezone = \"Europe/London\"\n[limits.mtls]\nper_client = \"off\"\n".to_owned();
        let mut consented = Consented::start_with("", &(sections + &kinds::sections()));
        consented.person(PEOPLE[1], &[]);
        let began = now();
        // By a chance of its own: how many readings there are is another number every half-hour.
        let said = Said::by(&mut Chance::new(chance.next()), began);
        consented.running.stop();
        said.write(&consented.running.dir.join("data"));
        consented.running.run();
        let mut record = Record {
            certificates: vec![("saver".to_owned(), 0), ("other".to_owned(), 1)],
            ..Record::default()
        };
        record.named(0, &[(0, None)], began);
        let text = std::fs::read_to_string(consented.running.config_file()).unwrap();
        House {
            consented,
            said,
            record,
            text,
        }
    }

    /// Lets something happen; what cannot is left out.
    pub fn happens(&mut self, what: Happening, chance: &mut Chance, seen: &mut Seen) {
        match what {
            Happening::MetersNamed => self.name_meters(chance),
            Happening::MovedOut => self.move_out(chance.place(2), DAYS[chance.place(DAYS.len())], seen),
            Happening::AwayAndBack => self.go_away_and_come_back(chance, seen),
            Happening::Allowed => drop(self.allow((chance.place(2), chance.place(2)), chance, seen)),
            Happening::AllowedAndNotRedeemed => drop(self.consent((chance.place(2), chance.place(2)), chance, seen)),
            Happening::CodeTwice => self.come_twice(chance, seen),
            Happening::Refreshed => self.refresh(chance, seen),
            Happening::GivenBack => self.give_back(chance, seen),
            Happening::Stopped => self.stop(chance, seen),
            Happening::CertificateRenewed => self.renew_certificate(chance.place(2)),
            Happening::CertificateRevoked => self.revoke_certificate(chance.place(2)),
            Happening::KeptOut => self.configure(|record| record.disabled = Some(1)),
            Happening::LetInAgain => self.configure(|record| record.disabled = None),
            Happening::Narrowed => self.configure(|record| record.narrowed = true),
            Happening::Widened => self.configure(|record| record.narrowed = false),
            Happening::Removed => {
                let grant = self.standing(chance, seen);
                self.remove(self.record.leaves[grant.leave].person);
            }
            Happening::Killed => {
                self.consented.running.kill();
                self.consented.running.run();
            }
            Happening::Restored => self.restore(chance, seen),
        }
    }

    fn name_meters(&mut self, chance: &mut Chance) {
        let person = chance.place(2);
        let mut wanted = Vec::new();
        let mut words = Vec::new();
        for (place, kind) in KINDS.iter().enumerate() {
            if chance.below(5) < 2 {
                continue;
            }
            // Mostly from a day on, for whoever has it from now on shows nothing of before.
            let kept = self.record.theirs(person).contains(&place) && chance.one_in(2);
            let dated = !kept && !chance.one_in(8);
            let day = dated.then(|| *chance.of(&DAYS));
            wanted.push((place, day.map(midnight)));
            words.push(day.map_or(kind.serial.to_owned(), |day| format!("{}@{day}", kind.serial)));
        }
        self.name((person, &words), &wanted);
    }

    fn name(&mut self, (person, words): (usize, &[String]), wanted: &[(usize, Option<i64>)]) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let asked = [&["user", "meters", PEOPLE[person]], &words[..]].concat();
        self.consented.running.json(&asked);
        self.record.named(person, wanted, now());
    }

    fn move_out(&mut self, person: usize, day: &str, seen: &mut Seen) {
        let asked = ["user", "move-out", PEOPLE[person], "--at", day];
        let left = self.consented.running.command(&asked);
        let could = self.record.moved_out(person, midnight(day));
        assert_eq!(left.status.success(), could, "{left:?}");
        if could && !self.record.people[person].links.is_empty() {
            seen.saw("somebody moved out");
        }
    }

    /// Every meter is somebody's from a day on.
    fn name_all(&mut self, person: usize, day: &str) {
        let words: Vec<String> = KINDS.iter().map(|kind| format!("{}@{day}", kind.serial)).collect();
        let wanted: Vec<_> = (0..KINDS.len()).map(|meter| (meter, Some(midnight(day)))).collect();
        self.name((person, &words), &wanted);
    }

    /// Somebody allows an application what is theirs since long ago.
    pub fn allow_all(&mut self, chance: &mut Chance, seen: &mut Seen) -> usize {
        let person = chance.place(2);
        self.name_all(person, DAYS[0]);
        let application = if self.record.disabled == Some(1) {
            0
        } else {
            chance.place(2)
        };
        self.allow((person, application), chance, seen);
        person
    }

    /// Somebody allows something, leaves, and is back from a later day on; what was allowed stands.
    fn go_away_and_come_back(&mut self, chance: &mut Chance, seen: &mut Seen) {
        let person = self.allow_all(chance, seen);
        let left = 1 + chance.place(DAYS.len() - 2);
        self.move_out(person, DAYS[left], seen);
        self.name_all(person, DAYS[left + 1 + chance.place(DAYS.len() - left - 1)]);
    }

    fn renew_certificate(&mut self, application: usize) {
        let name = format!("{}-{}", ["saver", "other"][application], self.record.certificates.len());
        let role = format!("{SCHEME}/role/carbon-accounting-provider");
        self.consented.certificate(&name, APPLICATIONS[application], &[&role]);
        self.record.certificates.push((name, application));
    }

    /// The one that is shown now, so that there is a newer one.
    fn revoke_certificate(&mut self, application: usize) {
        let name = self.certificate(application);
        self.consented
            .running
            .json(&["pki", "revoke", &name, "--hierarchy", "client"]);
        self.record.revoked.insert(name);
        self.renew_certificate(application);
    }

    fn configure(&mut self, change: impl FnOnce(&mut Record)) {
        change(&mut self.record);
        let mut text = self.text.clone();
        if self.record.disabled.is_some() {
            let client = format!("client_id = \"{OTHER}\"");
            text = text.replacen(&client, &format!("disabled = true\n{client}"), 1);
        }
        if self.record.narrowed {
            let source = format!("id = \"{SOURCE}\",");
            text = text.replacen(&source, &format!("{source} measures = [\"import\"],"), 1);
        }
        std::fs::write(self.consented.running.config_file(), text).unwrap();
        self.consented.running.json(&["config", "reload"]);
    }

    /// Whoever is added again by that name is somebody else.
    fn remove(&mut self, person: usize) {
        let serial = KINDS[0].serial;
        self.consented.running.json(&["user", "remove", PEOPLE[person]]);
        self.consented
            .person(PEOPLE[person], &[&format!("{serial}@2025-01-01")]);
        let one = &mut self.record.people[person];
        (one.links, one.life) = (Vec::new(), one.life + 1);
        self.record.named(person, &[(0, Some(midnight("2025-01-01")))], now());
    }

    /// A backup comes back at once; what was taken back between stays taken back.
    fn restore(&mut self, chance: &mut Chance, seen: &mut Seen) {
        let path = |name: &str| self.consented.running.dir.join(name).to_str().unwrap().to_owned();
        let (backup, secret) = (path("backup"), path("passphrase"));
        std::fs::write(&secret, "a passphrase that is long enough for anybody").unwrap();
        let asked = |what: &'static str| [what, &backup, "--passphrase-file", &secret].map(str::to_owned);
        let run = |asked: [String; 4], house: &House| {
            let done = house.consented.running.command(&asked.each_ref().map(String::as_str));
            assert!(done.status.success(), "{done:?}");
        };
        // There is something to take back; people and their meters come back as the backup has them.
        self.standing(chance, seen);
        run(asked("backup"), self);
        self.stop(chance, seen);
        self.consented.running.stop();
        run(asked("restore"), self);
        std::fs::remove_file(&backup).unwrap();
        self.consented.running.run();
        self.record.epoch += 1;
    }
}

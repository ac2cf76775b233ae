//! The verdict: whether the box does its job, over its parts, alarms, connection, backups, clock and certificates. One
//! for all who ask: `status`, the pages and `/readyz`. Pure.

use jiff::{SignedDuration, Timestamp};

use super::backup::KeysIn;
use super::finding::{Finding, Grade, Verdict};
use super::status::{CertificateShown, PROVENANCE, RevocationListShown, Status, StoreShown};
use crate::domain::units::count;
use crate::domain::{Severity, Source};

/// What the verdict rests on beside the status.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside {
    /// The disk has no room for changes.
    pub disk_full: bool,
    /// The clock stands wrong.
    pub clock_wrong: bool,
}

/// A connection may be made anew for so long before that is worth a word.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// Top-ups that are named, each with what to do; `prepay list` has the others.
const TO_SETTLE: usize = 5;

impl Verdict {
    /// What `status` says of the box at `now`.
    #[must_use]
    pub fn of(status: &Status, beside: Beside, now: Timestamp) -> Verdict {
        let mut found = Findings::default();
        found.parts(status);
        found.store(&status.store, beside);
        if let Some(why) = &status.not_in_force {
            let words = format!("the file is not what is in force: {why}");
            let next = "gatelodge check-config, then gatelodge config reload";
            found.add("configuration", Grade::Attention, words, Some(next));
        }
        if status.relay.is_some_and(|relay| relay.draining) {
            let next = "gatelodge relay drain --undo";
            found.add(
                "relay",
                Grade::Attention,
                "it takes nobody new: it is drained",
                Some(next),
            );
        }
        for (target, outcome) in &status.webhooks_failing {
            let words = format!("{target} did not take what it was told: {outcome}");
            found.add("webhooks", Grade::Attention, words, Some("gatelodge webhook list"));
        }
        if beside.clock_wrong {
            let next = "set it, or let the box reach a time server";
            found.add("clock", Grade::Trouble, "it stands wrong", Some(next));
        }
        found.uplink(status, now);
        found.meters(status);
        for shown in &status.certificates {
            found.certificate(shown, now);
        }
        for (door, why) in &status.trust_not_in_force {
            let words =
                format!("its new trust in clients is not in force, and what was revoked in it does not count: {why}");
            let next = "mend the file: it is read again at once";
            found.add(&format!("door-{door}"), Grade::Attention, words, Some(next));
        }
        for shown in &status.revocation_lists {
            found.revocation_list(shown, now);
        }
        if status.meters_aside > 0 {
            let words = format!(
                "{} are in the book, and their room is closed",
                count(status.meters_aside, "meter", "meters")
            );
            let next = "put /etc/gatelodge back where the box was restored; else open the room with a section [meters]";
            found.add("meters", Grade::Attention, words, Some(next));
        }
        found.alarms(status);
        let mut findings = found.0;
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.grade));
        Verdict {
            grade: findings.first().map_or(Grade::Well, |finding| finding.grade),
            findings,
        }
    }
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, part: &str, grade: Grade, words: impl Into<String>, next_step: Option<&str>) {
        self.0.push(Finding {
            part: part.to_owned(),
            grade,
            words: words.into(),
            next_step: next_step.map(str::to_owned),
        });
    }

    fn parts(&mut self, status: &Status) {
        for (name, shown) in status.rooms.iter().chain(&status.services) {
            let (grade, words) = match shown.state.as_str() {
                "retrying" if name.starts_with("door-") => (Grade::Trouble, "is shut, and tried again"),
                "retrying" => (Grade::Attention, "broke, and is started again"),
                "failed" => (Grade::Trouble, "failed"),
                "hindered" => (Grade::Trouble, "cannot do its job"),
                _ => continue,
            };
            let reason = shown.reason.as_deref().unwrap_or_default();
            self.add(name, grade, format!("{words}: {reason}"), shown.next_step.as_deref());
        }
    }

    fn store(&mut self, store: &StoreShown, beside: Beside) {
        if store.salvage.is_some() {
            let next = "restore a backup; `gatelodge verify` says what was lost";
            self.add(
                "store",
                Grade::Trouble,
                "was damaged; what could be read is served",
                Some(next),
            );
        }
        if beside.disk_full {
            let words = "the disk is full, nothing new is taken";
            self.add(
                "store",
                Grade::Trouble,
                words,
                Some("make room, or give the box a larger disk"),
            );
        }
        if let Some(trouble) = &store.backup_trouble {
            let next =
                "see that the folder is there and the service may write to it: gatelodge quickstart --backup-to FOLDER";
            self.add("backup", Grade::Trouble, trouble.clone(), Some(next));
        }
        match (store.last_backup, store.last_backup_keys) {
            (None, _) => {
                let next = "gatelodge backup FILE, or a section [backup]";
                self.add("backup", Grade::Attention, "the box was never backed up", Some(next));
            }
            (Some(_), Some(KeysIn::LeftOut)) => {
                let words = "the last backup is without keys: what is restored from it has new authorities";
                self.add(
                    "backup",
                    Grade::Attention,
                    words,
                    Some("backup.key_file, or --passphrase-file"),
                );
            }
            (Some(_), Some(KeysIn::Sealed) | None) => {}
        }
    }

    fn uplink(&mut self, status: &Status, now: Timestamp) {
        let Some(uplink) = &status.uplink else { return };
        let next = Some("gatelodge uplink test");
        let began = status.started.unwrap_or(now);
        if uplink.connected_since.is_none() && now.duration_since(began) > PATIENCE {
            let why = uplink.last_error.as_ref().map(|fault| format!(": {}", fault.what));
            let words = format!("not connected to {}{}", uplink.url, why.unwrap_or_default());
            self.add("uplink", Grade::Trouble, words, next);
        }
        if uplink.lost > 0 {
            let words = format!(
                "lost before they could be sent: {}",
                count(uplink.lost, "entry", "entries")
            );
            self.add("uplink", Grade::Attention, words, next);
        }
        if uplink.aside > 0 {
            let words = format!(
                "set aside, as they cost a session each time: {}",
                count(uplink.aside, "message", "messages")
            );
            self.add("uplink", Grade::Attention, words, Some("gatelodge uplink status"));
        }
    }

    fn meters(&mut self, status: &Status) {
        let Some(meters) = &status.meters else { return };
        let next = Some("gatelodge meter list");
        if meters.another > 0 {
            let words = format!("another meter answers on {}", count(meters.another, "line", "lines"));
            self.add("meters", Grade::Trouble, words, next);
        }
        if meters.unwritten > 0 {
            let words = format!(
                "the book does not take what {} said",
                count(meters.unwritten, "meter", "meters")
            );
            self.add("meters", Grade::Trouble, words, next);
        }
        for topup in meters.to_settle.iter().take(TO_SETTLE) {
            let words = format!(
                "whether meter {} took a code given at {:.0} is not known, and only a person can say so",
                topup.meter, topup.made
            );
            let next = format!(
                "look at the meter, then gatelodge prepay settle {} --taken|--not-taken --why TEXT",
                topup.id
            );
            self.add("meters", Grade::Attention, words, Some(&next));
        }
        if let Some(lost) = meters.codes_unknown_before {
            let words = format!(
                "codes given before {} are not known again: the key that knew them was lost",
                lost.strftime("%Y-%m-%d")
            );
            let next = "ask whoever gives one again whether it was taken; keep keys/seal.key in backups";
            self.add("meters", Grade::Attention, words, Some(next));
        }
        if meters.unhealthy > 0 {
            let words = format!(
                "no answer from {} of {}",
                meters.unhealthy,
                count(meters.polled, "meter", "meters")
            );
            self.add("meters", Grade::Attention, words, next);
        }
    }

    fn certificate(&mut self, shown: &CertificateShown, now: Timestamp) {
        let of = match shown.door.as_str() {
            PROVENANCE => "that which signs records of consented data".to_owned(),
            door => format!("that of the {door} door"),
        };
        let next = Some("gatelodge cert list");
        if shown.not_after.is_some_and(|ends| ends <= now) {
            self.add("certificate", Grade::Trouble, format!("{of} has ended"), next);
        } else if shown.alarm {
            self.add(
                "certificate",
                Grade::Trouble,
                format!("{of} ends soon and is not renewed"),
                next,
            );
        } else if let Some(error) = &shown.last_error {
            self.add("certificate", Grade::Attention, format!("{of}: {error}"), next);
        }
    }

    /// Without a list that counts a door cannot tell who was revoked, so it believes nobody.
    fn revocation_list(&mut self, shown: &RevocationListShown, now: Timestamp) {
        let (file, next_update, stale_at) = (shown.file.display(), shown.next_update, shown.stale_at);
        let (grade, words) = if now >= stale_at {
            let words = format!(
                "lets nobody in by a certificate since {stale_at:.0}: its revocation list {file} ran out on \
                 {next_update:.0}"
            );
            (Grade::Trouble, words)
        } else if now >= shown.missed_at {
            let runs = if now >= next_update { "ran" } else { "runs" };
            let words = format!(
                "its revocation list {file} {runs} out on {next_update:.0}, and there is no new one: nobody is let in by \
                 a certificate from {stale_at:.0} on"
            );
            (Grade::Attention, words)
        } else {
            return;
        };
        let next = "put the newest list of the authority there, as a timer should; it is read at once (one of our own: \
                    gatelodge pki crl)";
        self.add(&format!("door-{}", shown.door), grade, words, Some(next));
    }

    fn alarms(&mut self, status: &Status) {
        for alarm in &status.alarms {
            // What is found here by itself is not said twice.
            if alarm.source == Source::Appliance && alarm.rule == "backup_failed" {
                continue;
            }
            let grade = match alarm.severity {
                Severity::Critical | Severity::Major if !alarm.acknowledged => Grade::Trouble,
                Severity::Critical | Severity::Major | Severity::Minor | Severity::Warning => Grade::Attention,
            };
            self.add("alarm", grade, alarm.text.clone(), None);
        }
    }
}

#[cfg(test)]
mod tests;

//! The first file of an archive: what the others are, for whoever opens it years later (PRIV §1.1).

use crate::accounts::{Subject, TakeError, Taking};

/// What each kind of file is, in the order in which people look for them.
const FILES: &[(&str, &str)] = &[
    (
        "account.json",
        "your account: name, role, which meters were yours when, where you are signed in",
    ),
    (
        "audit.ndjson",
        "what was written down of who did what, as far as it names you; a line of JSON each",
    ),
    (
        "meters/SERIAL/half-hours-REGISTER.csv",
        "the energy of each half-hour of your time by one register of the meter: when it began and ended, the energy, what the \
         register showed at its end, the unit, whether the meter said so itself, and when the box knew",
    ),
    (
        "meters/SERIAL/readings-REGISTER.csv",
        "what the registers showed, each moment that is kept; half-hours are worked out from these",
    ),
    (
        "meters/SERIAL/balances.csv",
        "what was paid in at the meter, each time that it was read, in pounds",
    ),
    (
        "meters/SERIAL/payments.csv",
        "when the meter's own log says that something was paid in",
    ),
    ("meters/SERIAL/tariffs.json", "the tariffs that the meter has had"),
    (
        "meters/SERIAL/top-ups.ndjson",
        "codes that the box sent to the meter, and what became of them; never the codes",
    ),
    (
        "top-ups-given.ndjson",
        "codes that you gave to meters that were not yours then",
    ),
    (
        "meters/SERIAL/events.csv",
        "what the meter's own log says: power cuts, covers opened, payments",
    ),
    (
        "meters/SERIAL/jobs.ndjson",
        "what the box did with the meter by itself, as far as that is kept",
    ),
    (
        "meters/SERIAL/alarms.ndjson",
        "what is wrong with the meter now, while it is yours",
    ),
    (
        "meters/SERIAL/now.json",
        "the latest that the meter said, while it is yours",
    ),
    (
        "sharing/permissions.json",
        "which application you allowed to see what, what became of that, and when it fetched",
    ),
    (
        "sharing/words/HASH.txt",
        "the words that you agreed to, named by their SHA-256",
    ),
    (
        "sharing/records.ndjson",
        "what stands behind each signed record that went out of your data: which stretch, how many half-hours, never the \
         half-hours themselves",
    ),
];

/// Writes it.
///
/// # Errors
///
/// When the archive cannot be written, or is to stop.
pub(super) fn write(of: &Subject, into: &mut dyn Taking) -> Result<(), TakeError> {
    into.begin("README.txt")?.write_all(text(of).as_bytes())?;
    into.step()
}

fn text(of: &Subject) -> String {
    let mut text = format!(
        "What this box holds of {}, as of {}.\r\n\r\nMoments are UTC, as in 2026-03-01T14:30:00Z. Tables are CSV (RFC 4180), the \
         rest is JSON.\r\nFiles of which there is nothing are left out.\r\n\r\n",
        of.name, of.now
    );
    for (name, what) in FILES {
        text += &format!("{name}\r\n    {what}\r\n");
    }
    text += "\r\nNot in here: your password, of which the box keeps a hash alone; top-up codes, which it keeps sealed until they are sent; half-hours in which somebody else \
             moved in or out;\r\nand the log of the book, backups and books that were put aside, which repeat what is here for as \
             long as they last.\r\n";
    text
}

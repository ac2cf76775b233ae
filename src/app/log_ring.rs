//! The newest lines of the log, in memory, for whoever asks from afar: what was logged, and nothing that was not.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::panic_file::PanicFile;
use crate::uplink::{LogKind, LogLine, LogQuery};

/// Lines and bytes that are kept, of each kind.
const LINES: usize = 10_000;
const BYTES: usize = 1 << 20;
/// A line is cut after so many bytes.
const LINE: usize = 2_000;
/// Where lines are that the cloud does not ask for: behind its kinds.
const REST: usize = LogKind::ALL.len();
/// The target of lines about panics.
const PANIC: &str = "gatelodge::panic";

/// The newest lines; clones share them.
#[derive(Clone, Default)]
pub(super) struct LogRing {
    kinds: Arc<[Mutex<Ring>; REST + 1]>,
    /// Where panics are kept beyond the process, once that is known.
    panics: Arc<OnceLock<PanicFile>>,
}

#[derive(Default)]
struct Ring {
    lines: VecDeque<LogLine>,
    bytes: usize,
}

/// The kind that a line of this target belongs to.
fn kind(target: &str) -> Option<LogKind> {
    let targets = [
        ("gatelodge::uplink", LogKind::Uplink),
        ("gatelodge::meter", LogKind::Meters),
        ("gatelodge::audit", LogKind::Audit),
        (PANIC, LogKind::Panic),
    ];
    let found = targets.into_iter().find(|(known, _)| {
        target
            .strip_prefix(known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    });
    found.map(|(_, kind)| kind)
}

impl LogRing {
    /// Lines as they are wanted, oldest first.
    pub(super) fn lines(&self, wanted: &LogQuery) -> Vec<LogLine> {
        let ring = self.kinds[wanted.kind as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let fits = |line: &&LogLine| {
            wanted.from.is_none_or(|from| line.at >= from)
                && wanted.to.is_none_or(|to| line.at <= to)
                && line.text.contains(&wanted.with)
        };
        let mut lines: Vec<LogLine> = ring
            .lines
            .iter()
            .rev()
            .filter(fits)
            .take(wanted.most)
            .cloned()
            .collect();
        lines.reverse();
        lines
    }

    /// Every line but the audit's, the newest first.
    pub(super) fn newest(&self) -> Vec<LogLine> {
        let rings = self
            .kinds
            .iter()
            .enumerate()
            .filter(|(place, _)| *place != LogKind::Audit as usize);
        let mut lines: Vec<LogLine> = rings
            .flat_map(|(_, ring)| {
                let ring = ring.lock().unwrap_or_else(PoisonError::into_inner);
                ring.lines.iter().cloned().collect::<Vec<_>>()
            })
            .collect();
        // Lines of one moment stay in the order in which they were written.
        lines.sort_by_key(|line| line.at);
        lines.reverse();
        lines
    }

    fn add(&self, place: usize, line: LogLine) {
        let mut ring = self.kinds[place].lock().unwrap_or_else(PoisonError::into_inner);
        ring.bytes += line.text.len();
        ring.lines.push_back(line);
        while ring.lines.len() > LINES || ring.bytes > BYTES {
            let Some(gone) = ring.lines.pop_front() else { break };
            ring.bytes -= gone.text.len();
        }
    }

    /// Has every panic written as a line too, beside what is said of it on standard error.
    pub(super) fn hear_panics(&self) {
        let ring = self.clone();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let said = panic.payload_as_str().unwrap_or("something that is no text");
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            ring.panicked(LogLine {
                at: Timestamp::now(),
                text: cut(format!("ERROR {place}: {said}")),
            });
            before(panic);
        }));
    }

    /// Panics of runs before this one are lines, too, and those of this one outlive it.
    pub(super) fn keep_panics(&self, file: PathBuf) {
        let (file, lines) = PanicFile::open(file);
        for line in lines {
            self.add(LogKind::Panic as usize, line);
        }
        // A second box in one process (tests) leaves the first its file.
        let _ = self.panics.set(file);
    }

    fn panicked(&self, line: LogLine) {
        if let Some(file) = self.panics.get() {
            file.add(&line);
        }
        self.add(LogKind::Panic as usize, line);
    }
}

impl<S: Subscriber> Layer<S> for LogRing {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let place = kind(metadata.target()).map_or(REST, |kind| kind as usize);
        let mut words = Words::default();
        event.record(&mut words);
        let text = cut(format!(
            "{} {}: {}{}",
            metadata.level(),
            metadata.target(),
            words.message,
            words.fields
        ));
        self.add(
            place,
            LogLine {
                at: Timestamp::now(),
                text,
            },
        );
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LINE));
    // A line is one line, whatever is in it.
    text.replace(['\n', '\r'], " ")
}

#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
        debug_assert!(written.is_ok(), "a String takes all that is written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    fn wanted(kind: LogKind) -> LogQuery {
        LogQuery {
            kind,
            from: None,
            to: None,
            with: String::new(),
            most: usize::MAX,
        }
    }

    #[test]
    fn a_panic_is_still_a_line_in_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("panics.log");
        let line = |text: &str| LogLine {
            at: "2026-02-10T12:00:00.25Z".parse().unwrap(),
            text: text.into(),
        };
        let first = LogRing::default();
        first.keep_panics(file.clone());
        first.panicked(line("ERROR src/a.rs:1:2: it broke"));
        std::fs::write(
            &file,
            [std::fs::read(&file).unwrap(), b"no line of ours\n\xff\n".to_vec()].concat(),
        )
        .unwrap();
        let second = LogRing::default();
        second.keep_panics(file.clone());
        second.panicked(line("ERROR src/b.rs:3:4: and again"));
        let expected = [
            line("ERROR src/a.rs:1:2: it broke"),
            line("ERROR src/b.rs:3:4: and again"),
        ];
        assert_eq!(second.lines(&wanted(LogKind::Panic)), expected);
        for number in 0..2_000 {
            second.panicked(line(&format!("ERROR {number:0500}")));
        }
        assert!(std::fs::metadata(&file).unwrap().len() <= super::super::panic_file::MOST + 600);
        let third = LogRing::default();
        third.keep_panics(file.clone());
        let lines = third.lines(&wanted(LogKind::Panic));
        assert!(lines.len() > 50 && std::fs::metadata(&file).unwrap().len() <= super::super::panic_file::MOST / 2);
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn lines_are_had_by_kind_time_text_and_number_and_the_oldest_go() {
        let ring = LogRing::default();
        let subscriber = tracing_subscriber::registry().with(ring.clone());
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..LINES + 5 {
                tracing::info!(target: "gatelodge::uplink::room", number, "connected\nagain");
            }
            tracing::info!(target: "gatelodge::uplinks", "another room");
            tracing::warn!(target: "gatelodge::meter", "silent");
        });
        let lines = ring.lines(&wanted(LogKind::Uplink));
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[0].text, "INFO gatelodge::uplink::room: connected again number=5");
        assert_eq!(ring.lines(&wanted(LogKind::Meters)).len(), 1);
        let last = LogQuery {
            most: 2,
            with: "number=1000".into(),
            ..wanted(LogKind::Uplink)
        };
        let texts: Vec<String> = ring.lines(&last).into_iter().map(|line| line.text).collect();
        assert!(texts.len() == 2 && texts[1].ends_with("number=10004"), "{texts:?}");
        let newest = ring.newest();
        assert_eq!(newest.len(), LINES + 2, "those that the cloud does not ask for, too");
        assert!(newest[0].text.contains("silent") && newest[1].text.contains("another room"));
        let later = LogQuery {
            from: Some(Timestamp::now()),
            ..wanted(LogKind::Uplink)
        };
        assert_eq!(ring.lines(&later), []);
    }
}

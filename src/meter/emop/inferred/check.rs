//! Whether the constants that a configuration gives can be meant, as far as that is known without a meter.

use super::{Inferred, InferredError};
use crate::domain::Faults;
use crate::meter::emop::catalogue::Catalogue;
use crate::meter::emop::frame::DATA_LIMIT;

impl Inferred {
    /// What is wrong with them, each under its key.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        let mut add = |key: &str, error: InferredError| {
            faults.add(key, error.to_string(), "leave it out for what is usual");
        };
        for (key, error) in self.errors() {
            add(key, error);
        }
        for error in Catalogue::with(self).1 {
            let key = match &error {
                InferredError::ObjectTaken { name, .. } => format!("objects.{name}"),
                _ => "objects".to_owned(),
            };
            add(&key, error);
        }
        faults
    }

    /// Checks what can be checked without a meter: the first error. Object numbers are checked by the catalogue.
    pub fn check(&self) -> Result<(), InferredError> {
        let first = self.errors().into_iter().next();
        first.map_or(Ok(()), |(_, error)| Err(error))
    }

    fn errors(&self) -> Vec<(&'static str, InferredError)> {
        let mut found = Vec::new();
        let (events, intervals) = (self.event_log_format, self.intervals_format);
        let is_certain = |format: u8| [1, 3, 4].contains(&format);
        if is_certain(events) || events == intervals {
            found.push(("event_log_format", InferredError::FormatTaken(events)));
        }
        if is_certain(intervals) {
            found.push(("intervals_format", InferredError::FormatTaken(intervals)));
        }
        if self.sunday > 6 {
            found.push(("sunday", InferredError::Sunday(self.sunday)));
        }
        let beyond = self.places().into_iter().filter(|(_, place)| *place > DATA_LIMIT);
        found.extend(beyond.map(|(key, place)| (key, InferredError::Beyond(place))));
        let event = &self.event;
        let fits = |place: usize, bytes: usize| place.saturating_add(bytes) <= event.size;
        // An event whose parts lie beyond every reply is told already.
        let is_told = found.iter().any(|(key, _)| key.starts_with("event."));
        let is_whole = fits(event.timestamp, 4) && fits(event.id, 1) && fits(event.set, 1);
        if !is_told && !is_whole {
            let error = InferredError::EventTooSmall {
                size: event.size,
                timestamp: event.timestamp,
                id: event.id,
                set: event.set,
            };
            found.push(("event", error));
        }
        let bits = self.intervals.status_bits.len();
        if bits > 16 {
            found.push(("intervals.status_bits", InferredError::StatusBits(bits)));
        }
        found
    }

    /// Places in replies, each with its key.
    fn places(&self) -> [(&'static str, usize); 11] {
        let (event, block) = (&self.event, &self.intervals);
        [
            ("event.header", event.header),
            ("event.size", event.size),
            ("event.timestamp", event.timestamp),
            ("event.id", event.id),
            ("event.set", event.set),
            ("meter_type.offset", self.meter_type.offset),
            ("intervals.wrapper", block.wrapper),
            ("intervals.start", block.start),
            ("intervals.minutes", block.minutes),
            ("intervals.channels", block.channels),
            ("intervals.channel_ids", block.channel_ids),
        ]
    }
}

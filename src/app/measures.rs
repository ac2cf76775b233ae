//! Moments and sizes as the pages of the box show them.

use jiff::Timestamp;

use crate::face::Face;
use crate::texts::{Said, Texts};

/// A moment: how far away it is, and exactly.
pub(super) struct Moment {
    pub(super) words: Said,
    pub(super) exact: String,
}

impl Moment {
    /// `at`, as seen from `now`.
    pub(super) fn of((face, t): (&Face, Texts), at: Timestamp, now: Timestamp) -> Moment {
        let seconds = at.duration_since(now).as_secs();
        Moment {
            words: match seconds {
                ..=0 => t.ago(-seconds),
                _ => t.ahead(seconds),
            },
            exact: face.date(at),
        }
    }
}

/// Bytes in the unit that says something.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        ..1_048_576 => format!("{} KiB", bytes.div_ceil(1_024)),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_say_them() {
        assert_eq!([size(1), size(3 << 20), size(5 << 30)], ["1 KiB", "3.0 MiB", "5.0 GiB"]);
    }
}

//! What a page of use goes over: a day, a week from its Monday on, a month or a year, as calendars here have them. Pure.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::texts::{Texts, named};

/// How much is shown at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Day,
    Week,
    Month,
    Year,
}

impl Kind {
    pub(super) const ALL: [Kind; 4] = [Kind::Day, Kind::Week, Kind::Month, Kind::Year];

    /// As addresses have it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Kind::Day => "day",
            Kind::Week => "week",
            Kind::Month => "month",
            Kind::Year => "year",
        }
    }

    /// The name of its text.
    pub(super) fn text(self) -> &'static str {
        match self {
            Kind::Day => named("meter-day"),
            Kind::Week => named("meter-week"),
            Kind::Month => named("meter-month"),
            Kind::Year => named("meter-year"),
        }
    }

    /// The kind that an address asks for; nothing asked is a day, and `None` is none of them.
    pub(super) fn asked(text: Option<&str>) -> Option<Kind> {
        match text {
            None | Some("") => Some(Kind::Day),
            Some(text) => Kind::ALL.into_iter().find(|kind| kind.key() == text),
        }
    }
}

/// Days in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) kind: Kind,
    pub(super) first: Date,
    /// The day after the last.
    pub(super) end: Date,
}

impl Stretch {
    /// The day, week, month or year that a day lies in. `None`: the calendar ends there.
    pub(super) fn of(kind: Kind, day: Date) -> Option<Stretch> {
        let first = match kind {
            Kind::Day => day,
            Kind::Week => day
                .checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
                .ok()?,
            Kind::Month => day.first_of_month(),
            Kind::Year => day.first_of_year(),
        };
        let end = match kind {
            Kind::Day => first.checked_add(1.day()),
            Kind::Week => first.checked_add(7.days()),
            Kind::Month => first.checked_add(1.month()),
            Kind::Year => first.checked_add(1.year()),
        };
        Some(Stretch {
            kind,
            first,
            end: end.ok()?,
        })
    }

    /// Its last day.
    pub(super) fn last(&self) -> Date {
        self.end.yesterday().unwrap_or(self.first)
    }

    /// A day of the stretch before.
    pub(super) fn before(&self) -> Option<Date> {
        self.first.yesterday().ok()
    }

    /// As people read it: `Sat 28 Nov 2026`, `23 Nov – 29 Nov 2026`, `Nov 2026`, `2026`.
    pub(super) fn name(&self, t: Texts) -> String {
        let year = self.last().year();
        match self.kind {
            Kind::Day => format!("{} {year}", t.day(self.first)),
            Kind::Week => format!(
                "{} – {} {year}",
                t.day_of_month(self.first),
                t.day_of_month(self.last())
            ),
            Kind::Month => format!("{} {year}", month(t, self.first)),
            Kind::Year => year.to_string(),
        }
    }
}

/// A month's short name.
pub(super) fn month(t: Texts, day: Date) -> String {
    t.say(&format!("month-{}", day.month())).text().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;

    #[test]
    fn stretches_are_those_of_the_calendar() {
        let day: Date = "2026-11-29".parse().unwrap();
        let t = Texts::of(Language::English);
        for (kind, first, last, name) in [
            (Kind::Day, "2026-11-29", "2026-11-29", "Sun 29 Nov 2026"),
            (Kind::Week, "2026-11-23", "2026-11-29", "23 Nov – 29 Nov 2026"),
            (Kind::Month, "2026-11-01", "2026-11-30", "Nov 2026"),
            (Kind::Year, "2026-01-01", "2026-12-31", "2026"),
        ] {
            let stretch = Stretch::of(kind, day).unwrap();
            assert_eq!(
                (stretch.first.to_string(), stretch.last().to_string()),
                (first.into(), last.into())
            );
            assert_eq!(stretch.name(t), name);
            assert_eq!(Kind::asked(Some(kind.key())), Some(kind));
            assert!(stretch.before().is_some_and(|before| before < stretch.first));
        }
        assert_eq!(
            (Kind::asked(None), Kind::asked(Some("decade"))),
            (Some(Kind::Day), None)
        );
        assert_eq!(Stretch::of(Kind::Year, Date::MAX), None, "the calendar ends");
    }
}

//! A balance over time as a picture: it falls as energy is used, and each rise is a top-up. SVG made here, so that it needs
//! no script. Pure.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::face::Frame;
use crate::meter::emop::Money;
use crate::meter::emop::money::UNITS_PER_POUND;

/// Reads that stand closer than this are one point, unless the balance rose there.
const CLOSEST: f64 = 1.0;

/// Balances as they were read, oldest first.
pub(super) struct SawTooth<'p> {
    pub(super) balances: &'p [(Timestamp, Money)],
    /// Whose days stand below.
    pub(super) timezone: &'p TimeZone,
}

impl SawTooth<'_> {
    /// The picture; `None`: there are no two reads.
    pub(super) fn svg(&self) -> Option<String> {
        let [(from, _), .., (to, _)] = self.balances else {
            return None;
        };
        let amounts = || self.balances.iter().map(|(_, amount)| amount.0);
        let (low, high) = (amounts().min().unwrap_or(0).min(0), amounts().max().unwrap_or(0).max(0));
        let (low, high) = (-round(-low), round(high));
        let scale = Scale {
            frame: Frame {
                from: *from,
                to: *to,
                top: (high - low).max(1) as f64,
                timezone: self.timezone,
            },
            low,
        };
        let mut inside = String::new();
        // Beside each other's names there is no room for more.
        let levels = if low < 0 { [low, 0, high] } else { [0, high / 2, high] };
        for level in levels {
            let name = format!("£{}", Money(level));
            scale
                .frame
                .level(&mut inside, (scale.height(level), &name.replace("£-", "-£")), "axis");
        }
        let _ = write!(inside, "<path class=\"line\" d=\"{}\"/>", self.path(&scale));
        for (at, before, after) in self.rises() {
            let _ = write!(
                inside,
                "<circle class=\"topup\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"><title>{}: {} more</title></circle>",
                scale.frame.x(at),
                scale.y(after.0),
                self.moment(at),
                pounds(after.0 - before.0)
            );
        }
        Some(
            scale
                .frame
                .told_svg("saw", ("Your balance over this time", &self.told()), &inside),
        )
    }

    fn moment(&self, at: Timestamp) -> String {
        at.to_zoned(self.timezone.clone()).strftime("%-d %b %H:%M").to_string()
    }

    /// What the picture shows, for whoever does not see it.
    fn told(&self) -> String {
        let [(from, first), .., (to, last)] = self.balances else {
            return String::new();
        };
        let lowest = self
            .balances
            .iter()
            .map(|(_, amount)| amount.0)
            .min()
            .unwrap_or(first.0);
        let rises: Vec<i64> = self.rises().map(|(_, before, after)| after.0 - before.0).collect();
        let rose = match rises.len() {
            0 => "It never rose".to_owned(),
            1 => format!("It rose once, by {}", pounds(rises[0])),
            many => format!("It rose {many} times, by {} in all", pounds(rises.iter().sum())),
        };
        format!(
            "{} on {}, {} on {}. {rose}. The lowest was {}.",
            pounds(first.0),
            self.moment(*from),
            pounds(last.0),
            self.moment(*to),
            pounds(lowest)
        )
    }

    /// When the balance rose, from what to what.
    fn rises(&self) -> impl Iterator<Item = (Timestamp, Money, Money)> {
        let pairs = self
            .balances
            .windows(2)
            .filter_map(|pair| Some((pair.first()?, pair.get(1)?)));
        let rises = pairs.filter(|((_, before), (_, after))| after > before);
        rises.map(|((_, before), (at, after))| (*at, *before, *after))
    }

    fn path(&self, scale: &Scale<'_>) -> String {
        let mut path = String::new();
        let mut drawn = f64::NEG_INFINITY;
        for (place, (at, amount)) in self.balances.iter().enumerate() {
            let before = place.checked_sub(1).map(|before| self.balances[before].1);
            let next = self.balances.get(place + 1).map(|(_, next)| *next);
            let (x, y) = (scale.frame.x(*at), scale.y(amount.0));
            let rises = before.is_some_and(|before| *amount > before);
            // A rise, what is before one, and both ends are always drawn.
            let is_edge = rises || next.is_none_or(|next| next > *amount);
            if !is_edge && x - drawn < CLOSEST {
                continue;
            }
            let _ = match before {
                None => write!(path, "M{x:.1} {y:.1}"),
                Some(_) if rises => write!(path, "H{x:.1}V{y:.1}"),
                Some(_) => write!(path, "L{x:.1} {y:.1}"),
            };
            drawn = x;
        }
        path
    }
}

/// A frame whose lower edge may be below zero.
struct Scale<'p> {
    frame: Frame<'p>,
    low: i64,
}

impl Scale<'_> {
    fn height(&self, units: i64) -> f64 {
        (units - self.low) as f64
    }

    fn y(&self, units: i64) -> f64 {
        self.frame.y(self.height(units))
    }
}

fn pounds(units: i64) -> String {
    Money(units).exact_pounds()
}

/// A round number of pounds that is no smaller: 1, 2 or 5 with zeros behind.
fn round(units: i64) -> i64 {
    let pounds = units.max(0).unsigned_abs().div_ceil(UNITS_PER_POUND.unsigned_abs());
    let step = 10u64.pow(pounds.max(1).ilog10());
    let rounds = [1, 2, 5, 10].into_iter().map(|times| times * step);
    let round = rounds.into_iter().find(|round| *round >= pounds).unwrap_or(pounds);
    if units <= 0 {
        0
    } else {
        round.cast_signed() * UNITS_PER_POUND
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn svg(reads: &[(i64, i64)]) -> Option<String> {
        let begins: Timestamp = "2026-03-03T00:00:00Z".parse().unwrap();
        let at = |hour: i64| Timestamp::from_second(begins.as_second() + 3_600 * hour).unwrap();
        let balances: Vec<_> = reads.iter().map(|(hour, units)| (at(*hour), Money(*units))).collect();
        let timezone = &TimeZone::UTC;
        SawTooth {
            balances: &balances,
            timezone,
        }
        .svg()
    }

    /// Points of the line, of which a rise goes straight up.
    fn points(svg: &str) -> usize {
        let line = svg.split("class=\"line\" d=\"").nth(1).unwrap();
        let line = line.split('"').next().unwrap();
        line.matches(['M', 'L', 'V']).count()
    }

    #[test]
    fn it_falls_and_rises_with_top_ups_and_says_so_in_words() {
        let drawn = svg(&[
            (0, 1_500_000),
            (24, 1_000_000),
            (36, 3_000_000),
            (96, 2_500_000),
            (97, 4_500_000),
        ])
        .unwrap();
        assert_eq!(
            (points(&drawn), drawn.matches("class=\"topup\"").count()),
            (5, 2),
            "{drawn}"
        );
        for words in [
            "<title>Your balance over this time</title>",
            "<desc>£15.00 on 3 Mar 00:00, £45.00 on 7 Mar 01:00. It rose 2 times, by £40.00 in all. The lowest was £10.00.</desc>",
            "<title>4 Mar 12:00: £20.00 more</title>",
            ">£50<",
            ">£25<",
            ">£0<",
            ">4 Mar<",
        ] {
            assert!(drawn.contains(words), "{words}: {drawn}");
        }
        // Before the first rise the line goes on level to where it was seen, then straight up.
        assert!(drawn.contains('H') && drawn.contains('V'));
        let owed = svg(&[(0, 50_000), (2, -150_000)]).unwrap();
        assert!(
            owed.contains(">-£2<") && owed.contains(">£1<") && owed.contains("The lowest was -£1.50"),
            "{owed}"
        );
        assert!(svg(&[(0, 7)]).is_none() && svg(&[]).is_none());
    }

    #[test]
    fn a_year_of_hourly_reads_is_a_small_picture_with_every_top_up() {
        let year = |hour: i64| (hour, 3_000_000 - (hour % 168) * 15_000);
        let reads: Vec<_> = (0..365 * 24).map(year).collect();
        let drawn = svg(&reads).unwrap();
        assert_eq!(drawn.matches("class=\"topup\"").count(), 52);
        assert!(points(&drawn) < 1_000 && drawn.len() < 32_000, "{} bytes", drawn.len());
    }

    proptest! {
        #[test]
        fn whatever_was_read_stands_within_the_picture(
            reads in proptest::collection::btree_map(0i64..9_000, i64::from(i32::MIN)..i64::from(i32::MAX), 2..60),
        ) {
            let reads: Vec<_> = reads.into_iter().collect();
            let drawn = svg(&reads).unwrap();
            let rises = reads.windows(2).filter(|pair| pair[1].1 > pair[0].1).count();
            prop_assert_eq!(drawn.matches("class=\"topup\"").count(), rises);
            prop_assert!(!drawn.contains("NaN") && drawn.ends_with("</svg>"));
            for part in drawn.split("cy=\"").skip(1) {
                let y: f64 = part.split('"').next().unwrap().parse().unwrap();
                prop_assert!((12.0..=212.0).contains(&y), "{}", y);
            }
        }
    }
}

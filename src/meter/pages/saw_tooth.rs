//! A balance over time as a picture: it falls as energy is used, and each rise is a top-up. SVG made here, so that it needs
//! no script. Pure.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::face::plot::{Canvas, Place, Plain, Plot, Scale, Sheet, Size, Times, levels};
use crate::meter::emop::Money;
use crate::meter::emop::money::UNITS_PER_POUND;
use crate::texts::{Texts, named};

/// Reads that stand closer than this are one point, unless the balance rose there.
const CLOSEST: f64 = 2.0;

/// Balances as they were read, oldest first.
pub(super) struct SawTooth<'p> {
    pub(super) balances: &'p [(Timestamp, Money)],
    /// Whose days stand below.
    pub(super) timezone: &'p TimeZone,
    /// What it is told in.
    pub(super) t: Texts,
}

impl SawTooth<'_> {
    /// The picture, with a name that no other of the page has; `None`: there are no two reads.
    pub(super) fn svg(&self, id: &str) -> Option<String> {
        if self.balances.len() < 2 {
            return None;
        }
        let title = self.t.say(named("plot-balance"));
        let sheet = Sheet {
            id,
            title: title.text(),
            told: &self.told(),
            t: self.t,
            timezone: self.timezone,
        };
        Some(sheet.drawn(self))
    }

    fn moment(&self, at: Timestamp) -> String {
        let here = at.to_zoned(self.timezone.clone());
        format!("{} {}", self.t.day_of_month(here.date()), here.strftime("%H:%M"))
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
        let places = [
            ("first", pounds(first.0).into()),
            ("from", self.moment(*from).into()),
            ("last", pounds(last.0).into()),
            ("to", self.moment(*to).into()),
            ("count", rises.len().into()),
            ("sum", pounds(rises.iter().sum()).into()),
            ("lowest", pounds(lowest).into()),
        ];
        self.t.say_with(named("plot-balance-told"), &places).text().to_owned()
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

    fn path(&self, times: &Times, scale: &Scale) -> String {
        let mut path = String::new();
        let mut drawn = f64::NEG_INFINITY;
        for (place, (at, amount)) in self.balances.iter().enumerate() {
            let before = place.checked_sub(1).map(|before| self.balances[before].1);
            let next = self.balances.get(place + 1).map(|(_, next)| *next);
            let (x, y) = (times.at(*at), scale.at(in_pounds(*amount)));
            let rises = before.is_some_and(|before| *amount > before);
            // A rise, what is before one, and both ends are always drawn.
            let is_edge = rises || next.is_none_or(|next| next > *amount);
            if !is_edge && x - drawn < CLOSEST {
                continue;
            }
            let _ = match before {
                None => write!(path, "M{} {}", Place(x), Place(y)),
                Some(_) if rises => write!(path, "H{}V{}", Place(x), Place(y)),
                Some(_) => write!(path, "L{} {}", Place(x), Place(y)),
            };
            drawn = x;
        }
        path
    }
}

impl Plot for SawTooth<'_> {
    fn class(&self) -> &'static str {
        "saw"
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let [(from, _), .., (to, _)] = self.balances else {
            return;
        };
        let amounts = || self.balances.iter().map(|(_, amount)| in_pounds(*amount));
        let (low, high) = (amounts().fold(0.0, f64::min), amounts().fold(0.0, f64::max));
        let most = if canvas.size == Size::Wide { 5 } else { 4 };
        let scale = canvas.levels(&levels(low, high, most), "£");
        let times = canvas.times(*from, *to);
        canvas.add(&format!("<path class=\"line\" d=\"{}\"/>", self.path(&times, &scale)));
        for (at, before, after) in self.rises() {
            let more = self.t.say2(
                named("plot-balance-more"),
                ("when", self.moment(at)),
                ("amount", pounds(after.0 - before.0)),
            );
            // The dot stands inside, though its middle is at the edge.
            let x = times.at(at).min(canvas.area.right - 3.0);
            canvas.add(&format!(
                "<circle class=\"topup\" cx=\"{}\" cy=\"{}\" r=\"4\"><title>{}</title></circle>",
                Place(x),
                Place(scale.at(in_pounds(after))),
                Plain(more.text())
            ));
        }
    }

    /// When, and the balance.
    fn rows(&self, _sheet: &Sheet<'_>) -> Vec<Vec<String>> {
        let rows = self.balances.iter();
        rows.map(|(at, amount)| vec![self.moment(*at), pounds(amount.0)])
            .collect()
    }
}

fn in_pounds(amount: Money) -> f64 {
    amount.0 as f64 / UNITS_PER_POUND as f64
}

fn pounds(units: i64) -> String {
    Money(units).exact_pounds()
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
            t: Texts::of(crate::texts::Language::English),
        }
        .svg("balance-0")
    }

    /// The narrow picture alone.
    fn narrow(html: &str) -> &str {
        &html[html.find(" on-phones\"").unwrap()..]
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
        let drawn = narrow(&drawn);
        assert_eq!(
            (points(drawn), drawn.matches("class=\"topup\"").count()),
            (5, 2),
            "{drawn}"
        );
        for words in [
            "aria-label=\"Your balance over this time\"",
            "<desc>£15.00 on 3 Mar 00:00, £45.00 on 7 Mar 01:00. It rose 2 times, by £40.00 in all. The lowest was £10.00.</desc>",
            "<title>4 Mar 12:00: £20.00 more</title>",
            ">60<",
            ">20<",
            ">£<",
            ">4 Mar<",
        ] {
            assert!(drawn.contains(words), "{words}: {drawn}");
        }
        // Before the first rise the line goes on level to where it was seen, then straight up.
        assert!(drawn.contains('H') && drawn.contains('V'));
        let owed = svg(&[(0, 50_000), (2, -150_000)]).unwrap();
        assert!(
            owed.contains(">-1.5<") && owed.contains(">0.5<") && owed.contains("The lowest was -£1.50"),
            "{owed}"
        );
        assert!(svg(&[(0, 7)]).is_none() && svg(&[]).is_none());
    }

    #[test]
    fn a_year_of_hourly_reads_is_a_small_picture_with_every_top_up() {
        let year = |hour: i64| (hour, 3_000_000 - (hour % 168) * 15_000);
        let reads: Vec<_> = (0..365 * 24).map(year).collect();
        let drawn = svg(&reads).unwrap();
        assert_eq!(narrow(&drawn).matches("class=\"topup\"").count(), 52);
        assert!(points(&drawn) < 500 && drawn.len() < 24_000, "{} bytes", drawn.len());
    }

    proptest! {
        #[test]
        fn whatever_was_read_stands_within_the_picture(
            reads in proptest::collection::btree_map(0i64..9_000, i64::from(i32::MIN)..i64::from(i32::MAX), 2..60),
        ) {
            let reads: Vec<_> = reads.into_iter().collect();
            let drawn = svg(&reads).unwrap();
            let rises = reads.windows(2).filter(|pair| pair[1].1 > pair[0].1).count();
            prop_assert_eq!(narrow(&drawn).matches("class=\"topup\"").count(), rises);
            prop_assert!(!drawn.contains("NaN") && drawn.ends_with("</div>"));
            for part in drawn.split("cy=\"").skip(1) {
                let y: f64 = part.split('"').next().unwrap().parse().unwrap();
                prop_assert!((26.0..=232.0).contains(&y), "{}", y);
            }
        }
    }
}

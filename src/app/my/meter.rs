//! One meter of a resident, in words: amounts as people pay them, days as they live them.

use crate::domain::MeterId;
use crate::face::Face;
use crate::meter::emop::Money;
use crate::meter::explain::{Price, to_the_penny};
use crate::meter::pages::{Cost, DayUse, MonthSoFar, OwnMeter, OwnNow};
use crate::texts::{Said, Texts};

/// Units of the meter's money in a tenth of a penny, and in a pound.
const TENTH: i64 = 100;
const POUND: i64 = 100_000;

/// A meter as its card shows it.
pub(super) struct OwnShown {
    pub(super) serial: MeterId,
    pub(super) name: String,
    pub(super) now: OwnNow,
    pub(super) today: Option<DayShown>,
    pub(super) yesterday: Option<DayShown>,
    pub(super) price: Option<Said>,
    pub(super) month: Option<MonthShown>,
    pub(super) plots: Option<[String; 2]>,
    pub(super) tops_up: bool,
    pub(super) has_money: bool,
    /// What the registers show, with the exact moment.
    pub(super) registers: Vec<(String, String)>,
    pub(super) cut: Option<String>,
}

/// What a day came to.
pub(super) struct DayShown {
    pub(super) energy: String,
    pub(super) cost: Option<String>,
    /// Half-hours that are due and not here.
    pub(super) missing: usize,
}

/// What the month came to, with what a plain bar is drawn from where its whole is known.
pub(super) struct MonthShown {
    pub(super) words: Said,
    /// So much of so much.
    pub(super) bar: Option<(i64, i64)>,
}

impl OwnShown {
    pub(super) fn of(one: OwnMeter, (face, t): (&Face, Texts)) -> OwnShown {
        let day = |used: &DayUse| DayShown {
            energy: format!("{:.2} kWh", used.watt_hours as f64 / 1_000.0),
            cost: used.cost.map(|cost| amount(t, cost)),
            missing: used.missing,
        };
        let registers = one.registers.into_iter();
        OwnShown {
            today: one.days.today.as_ref().map(day),
            yesterday: one.days.yesterday.as_ref().map(day),
            price: one.price.map(|price| in_pence(t, price)),
            month: one.days.month.as_ref().map(|month| in_words(t, month)),
            plots: one.days.plots,
            tops_up: one.tops_up,
            has_money: one.has_money,
            registers: registers.map(|(words, at)| (words, face.date_in(t, at))).collect(),
            cut: one.cut.map(|at| face.date_in(t, at)),
            serial: one.serial,
            name: one.name,
            now: one.now,
        }
    }
}

/// An amount to the penny, said to be about that where it is.
fn amount(t: Texts, cost: Cost) -> String {
    let pounds = to_the_penny(cost.amount).pounds();
    match cost.is_about {
        true => t.say1("my-about", "amount", pounds).text().to_owned(),
        false => pounds,
    }
}

fn in_pence(t: Texts, price: Price) -> Said {
    let short = |amount: Money| {
        let tenths = (amount.0 + TENTH / 2).div_euclid(TENTH);
        match tenths % 10 {
            0 => (tenths / 10).to_string(),
            tenth => format!("{}.{tenth}", tenths / 10),
        }
    };
    t.say2("my-price", ("rate", short(price.a_kwh)), ("day", short(price.a_day)))
}

fn in_words(t: Texts, month: &MonthSoFar) -> MonthShown {
    let cost = amount(t, month.cost);
    let cost = cost.as_str();
    let words = match (month.since, month.about) {
        (Some(since), _) => t.say2("my-month-since", ("day", t.day(since)), ("cost", cost)),
        (None, Some(about)) => {
            let pounds = (about.0 + POUND / 2).div_euclid(POUND);
            t.say2("my-month-of", ("cost", cost), ("all", format!("£{pounds}")))
        }
        (None, None) => t.say1("my-month", "cost", cost),
    };
    MonthShown {
        words,
        bar: month
            .about
            .filter(|about| about.0 > 0)
            .map(|about| (month.cost.amount.0, about.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;

    #[test]
    fn prices_are_numbers_and_months_say_what_is_known_of_them() {
        let t = Texts::of(Language::English);
        let price = |a_kwh, a_day| {
            let price = Price {
                a_kwh: Money(a_kwh),
                a_day: Money(a_day),
            };
            in_pence(t, price).text().to_owned()
        };
        assert_eq!(price(23_812, 51_000), "23.8 p a kWh + 51 p a day");
        assert_eq!(price(23_990, 0), "24 p a kWh + 0 p a day");
        let month = |is_about, since: Option<&str>, about: Option<i64>| {
            let cost = Cost {
                amount: Money(4_119_600),
                is_about,
            };
            let month = MonthSoFar {
                cost,
                since: since.map(|day| day.parse().unwrap()),
                about: about.map(Money),
            };
            let shown = in_words(t, &month);
            (shown.words.text().to_owned(), shown.bar.is_some())
        };
        let told = |words: &str, bar| (words.to_owned(), bar);
        assert_eq!(
            month(false, None, Some(6_270_000)),
            told("This month £41.20 of about £63", true)
        );
        assert_eq!(month(true, None, None), told("This month about £41.20", false));
        assert_eq!(
            month(false, Some("2026-11-12"), None),
            told("Since Thu 12 Nov £41.20", false)
        );
    }
}

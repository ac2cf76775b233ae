//! Words for whoever pays: what a line is and what a difference can be made of, amounts in pounds and pence. Pure.

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::amount::Exact;
use super::statement::{Cause, What};
use crate::domain::Element;

/// An amount with its sign: `£12.50`, `-£0.05953`.
pub(super) fn pounds(amount: Exact) -> String {
    in_pounds(&amount.to_string())
}

/// The same of an amount that is written down, which may be finer than what a meter counts in.
pub(super) fn in_pounds(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let (whole, parts) = text.split_once('.').unwrap_or((text, ""));
    format!("{sign}£{whole}.{parts:0<2}")
}

/// What a line is.
pub(super) fn of_line(what: &What) -> String {
    match what {
        What::Energy {
            element: Element::A,
            rate,
        } => format!("energy at {}p a kWh", rate.pence()),
        What::Energy {
            element: Element::B,
            rate,
        } => format!("energy on the second circuit at {}p a kWh", rate.pence()),
        What::StandingCharge => "standing charge for a day".to_owned(),
        What::Debt => "debt paid back for a day".to_owned(),
        What::Topup { id } => format!("top-up {id}"),
        What::Step {
            ids,
            foreign,
            doubted,
            perhaps_more,
        } => {
            let mut parts: Vec<String> = ids.iter().map(|id| format!("top-up {id}")).collect();
            match (foreign, doubted.as_slice()) {
                (0, []) => {}
                (0, doubted) => parts.push(format!("perhaps {}", in_doubt(doubted))),
                (1, []) => parts.push("a top-up from elsewhere".to_owned()),
                (1, doubted) => parts.push(format!("a payment that may be {}", in_doubt(doubted))),
                (many, []) => parts.push(format!("{many} top-ups from elsewhere")),
                (many, doubted) => parts.push(format!("{many} payments, among them perhaps {}", in_doubt(doubted))),
            }
            if *perhaps_more {
                parts.push("perhaps another payment".to_owned());
            }
            format!("{}, worth what the balance rose by", parts.join(" and "))
        }
        What::NotComputed { half_hours, why } => left_out(*half_hours, why),
        What::NotFetched => "half-hours that are not fetched from the meter yet".to_owned(),
        What::Rise { by, doubted } if doubted.is_empty() => {
            format!("the balance rose by {}, and no top-up is known", pounds((*by).into()))
        }
        What::Rise { by, doubted } => rose_in_doubt(&pounds((*by).into()), doubted),
    }
}

/// The balance rose at the moment of top-ups of which nobody knows whether they were taken.
fn rose_in_doubt(by: &str, doubted: &[String]) -> String {
    let verb = if doubted.len() == 1 { "is" } else { "are" };
    let ids: Vec<String> = doubted.iter().map(|id| format!("top-up {id}")).collect();
    format!(
        "the balance rose by {by}; {} of that moment {verb} in doubt",
        ids.join(" and ")
    )
}

fn in_doubt(doubted: &[String]) -> String {
    let verb = if doubted.len() == 1 { "is" } else { "are" };
    let ids: Vec<String> = doubted.iter().map(|id| format!("top-up {id}")).collect();
    format!("{}, which {verb} in doubt", ids.join(" and "))
}

/// A time whose half-hours are not fetched, by the clock of the house.
pub(super) fn not_fetched(span: &Range<Timestamp>, place: &TimeZone) -> String {
    let [from, to] = [span.start, span.end].map(|at| at.to_zoned(place.clone()));
    let day = if from.date() == to.date() {
        "%H:%M"
    } else {
        "%-d %b %H:%M"
    };
    format!("{}–{} is not fetched yet", from.strftime(day), to.strftime(day))
}

/// What was left out, and why.
pub(super) fn left_out(half_hours: usize, why: &str) -> String {
    match half_hours {
        0 => format!("left out: {why}"),
        1 => format!("a half-hour is left out: {why}"),
        many => format!("{many} half-hours are left out: {why}"),
    }
}

/// What a difference can be made of, `times` over and `amount` in all.
pub(super) fn of_cause(cause: &Cause, times: usize, amount: Option<Exact>) -> String {
    let amount = amount.map(pounds);
    let at_most = |all: &str| {
        amount
            .as_ref()
            .map_or_else(String::new, |most| format!(": up to {most}{all}"))
    };
    match cause {
        Cause::Rounding => "the meter shows whole thousandths of a penny: up to £0.00001 at each end".to_owned(),
        Cause::Cut { .. } if times == 1 => format!(
            "a balance was read in the middle of a half-hour, and all of that half-hour is counted after it{}",
            at_most("")
        ),
        Cause::Cut { .. } => format!(
            "{times} balances were read in the middle of a half-hour, and all of that half-hour is counted after it{}",
            at_most(" in all")
        ),
        Cause::NotComputed(why) => left_out(0, why),
        Cause::NotFetched => "not fetched yet".to_owned(),
        Cause::Rise { doubted, .. } if !doubted.is_empty() => rose_in_doubt(&amount.unwrap_or_default(), doubted),
        Cause::Rise { .. } => {
            let by = amount.unwrap_or_default();
            let times = if times == 1 {
                String::new()
            } else {
                format!(" in {times} steps")
            };
            format!(
                "the balance rose by {by}{times}, and no top-up is known: the meter's own list of payments was not read \
                 since, or somebody set the balance"
            )
        }
        Cause::Step => "a top-up of unknown worth is taken for what the balance rose by".to_owned(),
        Cause::Debt => {
            "debt is taken to be paid back once a day, at the meter's midnight; the meter does not say what \
                        is still owed"
                .to_owned()
        }
        Cause::EmergencyCredit => "how much of a balance below zero is emergency credit is not known".to_owned(),
        Cause::StandingCharge => "the standing charge is taken to fall at the meter's midnight".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::emop::Money;

    #[test]
    fn a_top_up_in_doubt_is_named_where_the_balance_rose() {
        let doubted = vec!["92b4".to_owned()];
        let by = Money(1_400_000);
        let rise = What::Rise {
            by,
            doubted: doubted.clone(),
        };
        let told = "the balance rose by £14.00; top-up 92b4 of that moment is in doubt";
        assert_eq!(of_line(&rise), told);
        let cause = Cause::Rise {
            at: Timestamp::UNIX_EPOCH,
            by,
            doubted: doubted.clone(),
        };
        assert_eq!(of_cause(&cause, 1, Some(by.into())), told);
        let step = |ids: &[&str], foreign, doubted: &[String], perhaps_more| {
            of_line(&What::Step {
                ids: ids.iter().map(|id| (*id).to_owned()).collect(),
                foreign,
                doubted: doubted.to_vec(),
                perhaps_more,
            })
        };
        assert_eq!(
            step(&["2133"], 0, &[], true),
            "top-up 2133 and perhaps another payment, worth what the balance rose by"
        );
        assert_eq!(
            step(&[], 1, &doubted, false),
            "a payment that may be top-up 92b4, which is in doubt, worth what the balance rose by"
        );
    }

    #[test]
    fn what_is_not_fetched_is_told_by_the_clock_of_the_house() {
        let place = TimeZone::get("Europe/London").unwrap();
        let told = |from: &str, to: &str| not_fetched(&(from.parse().unwrap()..to.parse().unwrap()), &place);
        assert_eq!(
            told("2026-07-30T17:00:00Z", "2026-07-30T17:30:00Z"),
            "18:00–18:30 is not fetched yet"
        );
        assert_eq!(
            told("2026-11-30T23:30:00Z", "2026-12-01T00:30:00Z"),
            "30 Nov 23:30–1 Dec 00:30 is not fetched yet"
        );
    }

    #[test]
    fn amounts_are_written_as_on_a_bill() {
        for (units, written) in [
            (1_250_000, "£12.50"),
            (-5_953, "-£0.05953"),
            (300_000, "£3.00"),
            (1, "£0.00001"),
        ] {
            assert_eq!(pounds(Exact::from(Money(units))), written);
        }
    }
}

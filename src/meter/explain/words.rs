//! Words for whoever pays: what a line is and what a difference can be made of, amounts in pounds and pence. Pure.

use super::amount::Exact;
use super::statement::{Cause, What};
use crate::domain::Element;
use crate::meter::emop::Money;

/// An amount with its sign: `£12.50`, `-£0.05953`.
pub(super) fn pounds(amount: Exact) -> String {
    in_pounds(&amount.to_string())
}

/// The same of an amount that is written down, which may be finer than [`Money`] is.
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
        What::Step { ids, foreign } => {
            let mut parts: Vec<String> = ids.iter().map(|id| format!("top-up {id}")).collect();
            match foreign {
                0 => {}
                1 => parts.push("a top-up from elsewhere".to_owned()),
                many => parts.push(format!("{many} top-ups from elsewhere")),
            }
            format!("{}, worth what the balance rose by", parts.join(" and "))
        }
        What::NotComputed { half_hours, why } => left_out(*half_hours, why),
        What::Rise { by } => format!("the balance rose by {}, and no top-up is known", pounds((*by).into())),
    }
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

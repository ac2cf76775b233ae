//! What a meter charges and will charge, as its page shows it (EMOP §22.1).

use jiff::civil::{DateTime, Time};

use super::PageState;
use super::health::Aged;
use super::seen::Seen;
use crate::meter::emop::Money;
use crate::meter::tariffs::{AmountShown, TariffError, TariffShown, TariffsShown};
use crate::texts::{Texts, named};

/// Both tariffs.
pub(super) struct TariffsPart {
    pub(super) tariffs: Vec<TariffPart>,
    /// Since when, and for how much, as far as the box has seen it in their time.
    pub(super) history: Vec<(String, String)>,
    /// What is charged, in a line each: now, and from when on something else.
    pub(super) plain: Vec<String>,
    /// What the box leaves alone, for whoever runs the box.
    pub(super) note: Option<String>,
    /// How far the newest writing is, for whoever runs the box.
    pub(super) write: Option<String>,
    /// Said where energy is paid for beforehand.
    pub(super) warns: bool,
}

/// One of them.
pub(super) struct TariffPart {
    /// The name of its text.
    pub(super) name: &'static str,
    pub(super) age: Aged,
    /// Whether it is the one to come, and there is none.
    pub(super) is_none: bool,
    /// Names of texts, and what is said of them.
    pub(super) rows: Vec<(&'static str, String)>,
}

impl TariffsPart {
    /// `None`: nothing of them is known, and nothing was written.
    pub(super) fn of(
        state: &PageState,
        seen: &Seen,
        (t, prepays): (Texts, bool),
    ) -> Result<Option<TariffsPart>, TariffError> {
        let shown: TariffsShown = state.room.tariffs(&seen.shown.meter.serial)?;
        let sees_all = seen.sees_all;
        let (in_force, to_come) = (named("meter-tariff-in-force"), named("meter-tariff-to-come"));
        let which = [(in_force, &shown.active), (to_come, &shown.future)];
        let at = state.room.now();
        let tariffs = which.into_iter().filter_map(|(name, tariff)| {
            let tariff = tariff.as_ref()?;
            let is_none = name == to_come && tariff.begins.is_none();
            Some(TariffPart {
                name,
                age: Aged::of(state, t, tariff.at, at),
                is_none,
                rows: if is_none { Vec::new() } else { rows(tariff, sees_all) },
            })
        });
        let now = state.room.now().to_zoned(state.face.timezone().clone()).datetime();
        let plain = [
            shown
                .active
                .as_ref()
                .and_then(|tariff| plain((t, t.say("meter-tariff-now").text()), tariff)),
            shown
                .future
                .as_ref()
                .and_then(|tariff| plain((t, &from(t, tariff, now)?), tariff)),
        ];
        let plain = plain.into_iter().flatten().collect();
        let write = shown.write.filter(|_| sees_all);
        let write = write.map(|write| format!("{} ({} from {})", write.words, write.unit_rate.words, write.begins));
        let words = |amount: &Option<AmountShown>| {
            amount
                .as_ref()
                .map_or_else(|| "–".to_owned(), |amount| amount.words.clone())
        };
        let history = shown.history.iter().filter(|had| seen.sight.holds(had.since));
        let history = history.map(|had| {
            let (rate, standing) = (words(&had.tariff.unit_rate), words(&had.tariff.standing_charge));
            (state.face.date_in(t, had.since), format!("{rate}, {standing}"))
        });
        let part = TariffsPart {
            history: history.collect(),
            tariffs: tariffs.collect(),
            plain,
            note: Some(shown.note).filter(|_| sees_all),
            write,
            warns: prepays,
        };
        Ok(Some(part).filter(|part| !part.tariffs.is_empty() || part.write.is_some()))
    }
}

/// What a tariff charges, in one line: `Now: 23.812p/kWh, 51.082p a day`.
fn plain((t, when): (Texts, &str), tariff: &TariffShown) -> Option<String> {
    let places = [
        ("when", when.into()),
        ("rate", pence(tariff.unit_rate.as_ref()?)?.into()),
        ("day", pence(tariff.standing_charge.as_ref()?)?.into()),
    ];
    Some(t.say_with("meter-tariff-plain", &places).text().to_owned())
}

/// From when on a tariff is to come that has not begun.
fn from(t: Texts, tariff: &TariffShown, now: DateTime) -> Option<String> {
    let begins: DateTime = tariff.begins.as_ref()?.parse().ok()?;
    let mut date = t.day_of_month(begins.date());
    if begins.year() != now.year() {
        date = format!("{date} {}", begins.year());
    }
    if begins.time() != Time::midnight() {
        date = format!("{date} {}", begins.strftime("%H:%M"));
    }
    (begins > now).then(|| t.say1("meter-tariff-from", "date", date).text().to_owned())
}

/// An amount in pence, with no zeros beyond need.
fn pence(amount: &AmountShown) -> Option<String> {
    let Money(units) = amount.gbp.parse().ok()?;
    let (sign, units) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
    let parts = format!("{}.{:03}", units / 1_000, units % 1_000);
    Some(format!("{sign}{}p", parts.trim_end_matches('0').trim_end_matches('.')))
}

fn rows(tariff: &TariffShown, sees_all: bool) -> Vec<(&'static str, String)> {
    let amounts = [
        (named("meter-tariff-rate"), &tariff.unit_rate),
        (named("meter-tariff-rate-b"), &tariff.unit_rate_element_b),
        (named("meter-tariff-standing"), &tariff.standing_charge),
        (named("meter-tariff-emergency"), &tariff.emergency_credit),
        (named("meter-tariff-offered"), &tariff.ecredit_availability),
        (named("meter-tariff-debt"), &tariff.debt_recovery_rate),
    ];
    let amounts = amounts
        .into_iter()
        .filter_map(|(name, amount)| Some((name, amount.as_ref()?.words.clone())));
    let begins = tariff.begins.iter().map(|begins| {
        let begins = begins.replace('T', " ");
        (named("meter-tariff-begins"), begins)
    });
    // Masks and numbers of the meter's own are for whoever runs the box.
    let raw = tariff.raw.as_object().filter(|_| sees_all).into_iter().flatten();
    let raw = raw.filter_map(|(key, value)| {
        let name = match key.as_str() {
            "threshold_mask" => named("meter-tariff-mask"),
            "threshold_values" => named("meter-tariff-thresholds"),
            "block_rate" => named("meter-tariff-block"),
            "element_b_tou_rate" => named("meter-tariff-tou-b"),
            _ => return None,
        };
        let shown = match value.as_object() {
            // In the order of their names, which are numbered.
            Some(parts) => parts.values().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            None => value.to_string(),
        };
        Some((name, shown))
    });
    amounts.chain(begins).chain(raw).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tariff(begins: Option<&str>) -> TariffShown {
        let amount = |gbp: &str| json!({ "gbp": gbp, "words": "" });
        serde_json::from_value(json!({
            "unit_rate": amount("0.25"), "unit_rate_element_b": null, "standing_charge": amount("0.55"),
            "emergency_credit": null, "ecredit_availability": null, "debt_recovery_rate": null, "begins": begins,
            "raw": { "threshold_mask": { "rate1": 0 } }, "at": "2026-11-30T00:00:00Z", "quality": "measured",
        }))
        .unwrap()
    }

    #[test]
    fn a_tariff_is_told_plainly_and_what_only_the_box_needs_is_left_out() {
        let t = Texts::of(crate::texts::Language::English);
        let now = DateTime::constant(2026, 11, 30, 12, 0, 0, 0);
        let to_come = |begins| {
            let tariff = tariff(Some(begins));
            from(t, &tariff, now).and_then(|when| plain((t, &when), &tariff))
        };
        assert_eq!(
            to_come("2026-12-01T00:00:00").as_deref(),
            Some("From 1 Dec: 25p/kWh, 55p a day")
        );
        assert_eq!(
            to_come("2027-01-01T06:30:00").as_deref(),
            Some("From 1 Jan 2027 06:30: 25p/kWh, 55p a day")
        );
        assert_eq!(to_come("2026-11-30T00:00:00"), None, "it has begun");
        let has_raw = |sees_all| {
            let rows = rows(&tariff(None), sees_all);
            rows.iter().any(|(name, _)| *name == named("meter-tariff-mask"))
        };
        assert!(has_raw(true) && !has_raw(false));
    }
}

//! What a meter charges and will charge, as its page shows it (EMOP §22.1).

use jiff::civil::{DateTime, Time};

use super::PageState;
use super::seen::Seen;
use crate::meter::emop::Money;
use crate::meter::tariffs::{AmountShown, CUTS_ITSELF, TariffError, TariffShown, TariffsShown};

/// The tariff that begins later; without a moment there is none.
const TO_COME: &str = "To come";

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
    pub(super) warning: Option<&'static str>,
}

/// One of them.
pub(super) struct TariffPart {
    pub(super) name: &'static str,
    pub(super) at: String,
    pub(super) rows: Vec<(&'static str, String)>,
}

impl TariffsPart {
    /// `None`: nothing of them is known, and nothing was written.
    pub(super) fn of(
        state: &PageState,
        seen: &Seen,
        (sees_all, prepays): (bool, bool),
    ) -> Result<Option<TariffsPart>, TariffError> {
        let shown: TariffsShown = state.room.tariffs(&seen.shown.meter.serial)?;
        let which = [("In force", &shown.active), (TO_COME, &shown.future)];
        let tariffs = which.into_iter().filter_map(|(name, tariff)| {
            let tariff = tariff.as_ref()?;
            Some(TariffPart {
                name,
                at: state.face.time(tariff.at),
                rows: match name == TO_COME && tariff.begins.is_none() {
                    true => vec![("Tariff", "none".to_owned())],
                    false => rows(tariff, sees_all),
                },
            })
        });
        let now = state.room.now().to_zoned(state.face.timezone().clone()).datetime();
        let plain = [
            shown.active.as_ref().and_then(|tariff| plain("Now", tariff)),
            shown
                .future
                .as_ref()
                .and_then(|tariff| plain(&from(tariff, now)?, tariff)),
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
            (state.face.date(had.since), format!("{rate}, {standing}"))
        });
        let part = TariffsPart {
            history: history.collect(),
            tariffs: tariffs.collect(),
            plain,
            note: Some(shown.note).filter(|_| sees_all),
            write,
            warning: prepays.then_some(CUTS_ITSELF),
        };
        Ok(Some(part).filter(|part| !part.tariffs.is_empty() || part.write.is_some()))
    }
}

/// What a tariff charges, in one line: `Now: 23.812p/kWh, 51.082p a day`.
fn plain(when: &str, tariff: &TariffShown) -> Option<String> {
    let (rate, day) = (
        pence(tariff.unit_rate.as_ref()?)?,
        pence(tariff.standing_charge.as_ref()?)?,
    );
    Some(format!("{when}: {rate}/kWh, {day} a day"))
}

/// From when on a tariff is to come that has not begun.
fn from(tariff: &TariffShown, now: DateTime) -> Option<String> {
    let begins: DateTime = tariff.begins.as_ref()?.parse().ok()?;
    let form = match (begins.year() == now.year(), begins.time() == Time::midnight()) {
        (true, true) => "From %-d %b",
        (true, false) => "From %-d %b %H:%M",
        (false, true) => "From %-d %b %Y",
        (false, false) => "From %-d %b %Y %H:%M",
    };
    (begins > now).then(|| begins.strftime(form).to_string())
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
        ("Price", &tariff.unit_rate),
        ("Price, element B", &tariff.unit_rate_element_b),
        ("Standing charge", &tariff.standing_charge),
        ("Emergency credit", &tariff.emergency_credit),
        ("Offered from a balance of", &tariff.ecredit_availability),
        ("Debt paid back", &tariff.debt_recovery_rate),
    ];
    let amounts = amounts
        .into_iter()
        .filter_map(|(name, amount)| Some((name, amount.as_ref()?.words.clone())));
    let begins = tariff.begins.iter().map(|begins| {
        let begins = begins.replace('T', " ");
        ("Begins, by the meter's own clock", begins)
    });
    // Masks and numbers of the meter's own are for whoever runs the box.
    let raw = tariff.raw.as_object().filter(|_| sees_all).into_iter().flatten();
    let raw = raw.filter_map(|(key, value)| {
        let name = match key.as_str() {
            "threshold_mask" => "Thresholds are for, as the meter has it",
            "threshold_values" => "Thresholds, as the meter has them",
            "block_rate" => "Block in force, as the meter has it",
            "element_b_tou_rate" => "Rate of element B, as the meter has it",
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
        let now = DateTime::constant(2026, 11, 30, 12, 0, 0, 0);
        let to_come = |begins| {
            let tariff = tariff(Some(begins));
            from(&tariff, now).and_then(|when| plain(&when, &tariff))
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
            rows.iter().any(|(name, _)| name.contains("as the meter has it"))
        };
        assert!(has_raw(true) && !has_raw(false));
    }
}

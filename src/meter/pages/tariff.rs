//! What a meter charges and will charge, as its page shows it (EMOP §22.1).

use super::PageState;
use super::seen::Seen;
use crate::meter::tariffs::{AmountShown, CUTS_ITSELF, TariffError, TariffShown, TariffsShown};

/// The tariff that begins later; without a moment there is none.
const TO_COME: &str = "To come";

/// Both tariffs.
pub(super) struct TariffsPart {
    pub(super) tariffs: Vec<TariffPart>,
    /// Since when, and for how much, as far as the box has seen it in their time.
    pub(super) history: Vec<(String, String)>,
    /// What the box leaves alone.
    pub(super) note: String,
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
                    false => rows(tariff),
                },
            })
        });
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
            note: shown.note,
            write,
            warning: prepays.then_some(CUTS_ITSELF),
        };
        Ok(Some(part).filter(|part| !part.tariffs.is_empty() || part.write.is_some()))
    }
}

fn rows(tariff: &TariffShown) -> Vec<(&'static str, String)> {
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
    let raw = tariff.raw.as_object().into_iter().flatten();
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

//! The tariff of a simulated meter: what its objects hold, and when the one to come begins (EMOP §4.6, §4.7).

use super::meter::SimulatedMeter;
use super::objects;
use super::own_time::OwnTime;
use crate::meter::emop::{MeterTime, Money, ObjectId};

const MOMENT: &str = "tariff_future_activation_datetime";

impl SimulatedMeter {
    /// What an object holds, written or as it was made.
    fn held(&self, name: &str) -> Vec<u8> {
        let Some(object) = self.dialect.catalogue().named(name) else {
            return Vec::new();
        };
        let written = self.written.get(&object.id).cloned();
        written
            .or_else(|| objects::payload(self, object, MeterTime(0)))
            .unwrap_or_default()
    }

    fn id(&self, name: &str) -> Option<ObjectId> {
        self.dialect.catalogue().named(name).map(|object| object.id)
    }

    /// An amount of the tariff in force.
    pub(super) fn amount(&self, name: &str) -> Money {
        let held = self.held(name);
        let bytes = held.first_chunk().copied().unwrap_or_default();
        Money(u32::from_le_bytes(bytes).into())
    }

    /// Whether a flag is on.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.held(name).first() == Some(&1)
    }

    /// A number of one byte.
    pub(super) fn number(&self, name: &str) -> u8 {
        self.held(name).first().copied().unwrap_or(0)
    }

    /// By which hour its days begin.
    pub(super) fn own_time(&self) -> OwnTime {
        if self.flag("daylight_savings_correction_flag") {
            OwnTime::British
        } else {
            OwnTime::Utc
        }
    }

    /// When the tariff to come begins, if there is one.
    pub(super) fn activation(&self) -> Option<MeterTime> {
        let written = self.written.get(&self.id(MOMENT)?)?;
        let shown = MeterTime(u32::from_le_bytes(*written.first_chunk()?));
        Some(self.own_time().activation(shown))
    }

    /// The tariff to come begins: what was written of it is in force. With an empty mask element A is charged by rate 1
    /// of block 8; so it is here with any mask.
    pub(super) fn activate_tariff(&mut self) {
        let pairs: Vec<(ObjectId, ObjectId)> = self
            .dialect
            .catalogue()
            .objects()
            .filter(|object| object.name != MOMENT)
            .filter_map(|object| Some((object.id, object.name.strip_prefix("tariff_future_")?)))
            .filter_map(|(future, rest)| Some((future, self.id(&format!("tariff_active_{rest}"))?)))
            .collect();
        for (future, active) in pairs {
            if let Some(payload) = self.written.get(&future).cloned() {
                self.written.insert(active, payload);
            }
        }
        for (rate, price) in [
            ("tariff_future_block_8_rate_1", "tariff_active_price"),
            ("tariff_future_element_b_tou_rate_1", "tariff_active_element_b_price"),
        ] {
            let payload = self.id(rate).and_then(|rate| self.written.get(&rate).cloned());
            if let (Some(payload), Some(price)) = (payload, self.id(price)) {
                self.written.insert(price, payload);
            }
        }
    }
}

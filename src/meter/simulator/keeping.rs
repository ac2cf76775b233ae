//! How a simulated meter keeps its account: use, days, and the load that is cut at zero (EMOP §17.1).
//!
//! Time is gone through from one thing that happens to the next, so that it does not matter how often the meter is
//! asked.

use jiff::Timestamp;

use super::meter::SimulatedMeter;
use crate::meter::emop::event_log::MeterEvent;
use crate::meter::emop::{MeterTime, Money};

/// `EVENT_POWER_UP` and `EVENT_POWER_DN`, which stand here for a load that is connected and cut.
const CONNECTED: u8 = 33;
const CUT: u8 = 34;

impl SimulatedMeter {
    /// Brings the account up to date.
    pub(super) fn settle(&mut self, now: Timestamp) {
        if self.setup.three_phase.is_some() {
            return;
        }
        let until = self.clock(now);
        match self.supply.settled {
            Some(settled) if settled <= until => {
                let mut at = settled;
                loop {
                    self.press_if_due(at);
                    if at >= until {
                        break;
                    }
                    at = self.step(at, until);
                }
            }
            Some(_) => self.supply.clock_set(until),
            None => self.weigh(until),
        }
        self.supply.settled = Some(until);
    }

    /// Goes to the next moment at which something happens, at most to `until`.
    fn step(&mut self, at: MeterTime, until: MeterTime) -> MeterTime {
        let midnight = self.own_time().midnight_after(at);
        let activation = self.activation();
        let moments = [midnight, activation, self.press_due()];
        let next = moments.into_iter().flatten().filter(|moment| *moment > at).min();
        let next = next.map_or(until, |next| next.min(until));
        let reached = self.first_level(at, next);
        self.account.charge_use(self.cost(at, reached));
        if Some(reached) == activation {
            self.activate_tariff();
        }
        if Some(reached) == midnight && self.is_prepaid() {
            self.account.charge_day(self.amount("tariff_active_standing_charge"));
            let spared = self.supply.emergency && self.flag("prepay_no_debt_recovery_when_emergency_credit_flag");
            if !spared {
                let a_day = self.amount("tariff_active_prepayment_debt_recovery_rate");
                self.account.recover_debt(a_day);
            }
        }
        self.weigh(reached);
        reached
    }

    /// The first moment in (at, until] at which the balance has fallen to a level that means something.
    fn first_level(&self, at: MeterTime, until: MeterTime) -> MeterTime {
        if self.supply.is_off() || !self.is_prepaid() {
            return until;
        }
        let levels = [Some(self.limit()), self.is_emergency_open().then(|| self.offer())];
        let above = levels.into_iter().flatten().map(|level| self.account.above(level));
        let Some(left) = above.filter(|left| *left > 0).min() else {
            return until;
        };
        if self.cost(at, until) < left {
            return until;
        }
        let (mut before, mut after) = (at.0, until.0);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if self.cost(at, MeterTime(middle)) < left {
                before = middle;
            } else {
                after = middle;
            }
        }
        MeterTime(after)
    }

    /// What use costs between two moments, in thousandths of the meter's unit.
    fn cost(&self, from: MeterTime, until: MeterTime) -> i128 {
        if self.supply.is_off() || !self.is_prepaid() {
            return 0;
        }
        let (before, after) = (self.slot(from), self.slot(until));
        let charged = |before: u32, after: u32, price: &str| {
            i128::from(after.wrapping_sub(before)) * i128::from(self.amount(price).0)
        };
        charged(before.import_a, after.import_a, "tariff_active_price")
            + charged(before.import_b, after.import_b, "tariff_active_element_b_price")
    }

    /// Cuts the load, connects it, or begins to wait for the button, as the balance says.
    pub(super) fn weigh(&mut self, at: MeterTime) {
        if self.supply.emergency && !self.account.is_at_most(self.offer()) {
            self.supply.emergency = false;
        }
        if self.supply.is_off() {
            if self.may_connect() && !self.needs_button() {
                self.connect(at);
            }
        } else if !self.may_connect() {
            self.supply.cut(at);
            self.note(CUT, at);
        }
        let helps = (self.supply.is_off() && self.may_connect()) || self.is_emergency_offered();
        self.supply.waits_since = helps.then(|| self.supply.waits_since.unwrap_or(at));
    }

    fn connect(&mut self, at: MeterTime) {
        self.supply.connect(at);
        self.note(CONNECTED, at);
    }

    fn press_due(&self) -> Option<MeterTime> {
        let after = u32::try_from(self.setup.button_after?.as_secs()).unwrap_or(u32::MAX);
        Some(MeterTime(self.supply.waits_since?.0.saturating_add(after)))
    }

    /// Somebody presses the button, if it is time.
    fn press_if_due(&mut self, at: MeterTime) {
        if self.press_due().is_none_or(|due| due > at) {
            return;
        }
        self.supply.emergency |= self.is_emergency_offered();
        if self.supply.is_off() && self.may_connect() {
            self.connect(at);
        }
        self.weigh(at);
    }

    /// Whether energy is paid for beforehand at present.
    fn is_prepaid(&self) -> bool {
        self.setup.three_phase.is_none() && self.flag("prepay_enabled_flag")
    }

    fn may_connect(&self) -> bool {
        !self.is_prepaid() || !self.account.is_at_most(self.limit())
    }

    /// Whether the load switch waits for the button (EMOP §4.5).
    fn needs_button(&self) -> bool {
        let names = &self.dialect.inferred().load_switch;
        let free = if self.is_prepaid() {
            names.no_button_prepay_mode
        } else {
            names.no_button_credit_mode
        };
        ![free, names.never_button_required].contains(&self.number("load_switch"))
    }

    /// At which balance the load is cut.
    fn limit(&self) -> Money {
        if self.supply.emergency {
            Money(-self.emergency_credit().0)
        } else {
            Money(0)
        }
    }

    fn emergency_credit(&self) -> Money {
        self.amount("tariff_active_prepayment_emergency_credit")
    }

    /// From which balance on the emergency credit can be had.
    fn offer(&self) -> Money {
        self.amount("tariff_active_prepayment_ecredit_availability")
    }

    fn is_emergency_open(&self) -> bool {
        !self.supply.emergency && self.emergency_credit() > Money(0)
    }

    fn is_emergency_offered(&self) -> bool {
        let used_up = Money(-self.emergency_credit().0);
        self.is_prepaid()
            && self.is_emergency_open()
            && self.account.is_at_most(self.offer())
            && !self.account.is_at_most(used_up)
    }

    /// An event in the log; its counter rises with each of its kind (EMOP §7).
    pub(super) fn note(&mut self, id: u8, at: MeterTime) {
        let before = self.events.iter().filter(|event| event.id == id).count();
        let set = before as u8;
        self.events.push(MeterEvent { at, id, set });
    }
}

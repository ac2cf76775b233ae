//! The load switch of a simulated meter: when its load was cut, and who waits for whom (EMOP §17.1).

use crate::meter::emop::MeterTime;

/// The load was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) from: MeterTime,
    /// `None`: it still is.
    until: Option<MeterTime>,
}

impl Cut {
    /// Its end, or `at` when it goes on beyond.
    pub(super) fn end(&self, at: MeterTime) -> MeterTime {
        self.until.map_or(at, |until| until.min(at))
    }
}

/// The load switch, and how far the account was kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Supply {
    /// Until when everything was charged; `None` before the meter was told the time.
    pub(super) settled: Option<MeterTime>,
    /// Whether the emergency credit was taken.
    pub(super) emergency: bool,
    /// Since when a press of the button would do something.
    pub(super) waits_since: Option<MeterTime>,
    cuts: Vec<Cut>,
}

impl Supply {
    /// Connected, and charged until this moment.
    pub(super) fn since(settled: Option<MeterTime>) -> Supply {
        Supply {
            settled,
            ..Supply::default()
        }
    }

    /// Whether the load is cut.
    pub(super) fn is_off(&self) -> bool {
        self.cuts.last().is_some_and(|cut| cut.until.is_none())
    }

    /// Every cut that began before a moment.
    pub(super) fn cuts_before(&self, at: MeterTime) -> impl Iterator<Item = &Cut> {
        self.cuts.iter().filter(move |cut| cut.from < at)
    }

    pub(super) fn cut(&mut self, at: MeterTime) {
        self.cuts.push(Cut { from: at, until: None });
    }

    pub(super) fn connect(&mut self, at: MeterTime) {
        if let Some(cut) = self.cuts.last_mut() {
            cut.until.get_or_insert(at);
        }
    }

    /// The clock was set to `at`: what it shows passed without use, and nothing has happened yet of what is later.
    pub(super) fn clock_set(&mut self, at: MeterTime) {
        let is_off = self.is_off();
        self.settled = Some(at);
        self.waits_since = self.waits_since.map(|since| since.min(at));
        self.cuts.retain(|cut| cut.from < at);
        for cut in &mut self.cuts {
            cut.until = Some(cut.end(at));
        }
        if is_off {
            self.cut(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_leaves_no_cut_in_the_future_and_the_load_as_it_was() {
        let mut supply = Supply::default();
        for (off, on) in [(10, 20), (30, 40)] {
            supply.cut(MeterTime(off));
            supply.connect(MeterTime(on));
        }
        supply.clock_set(MeterTime(15));
        assert!(!supply.is_off());
        let ends: Vec<_> = supply
            .cuts_before(MeterTime(99))
            .map(|cut| cut.end(MeterTime(99)))
            .collect();
        assert_eq!(ends, [MeterTime(15)]);
        supply.cut(MeterTime(50));
        supply.clock_set(MeterTime(45));
        assert!(supply.is_off());
        assert_eq!(supply.cuts_before(MeterTime(46)).count(), 2);
    }
}

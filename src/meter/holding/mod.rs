//! What meters say of somebody: theirs to have, and erased with them, as far as it is their own time (PRIV §1, §2).
//!
//! It needs no room to be open: rows of a meter that was taken out of the configuration are somebody's all the same.

mod take;

use std::ops::Range;

use async_trait::async_trait;
use jiff::Timestamp;

use super::jobs::of_meter;
use super::topup::givers;
use crate::accounts::{Done, Erasing, Fate, Held, Holder, Subject, TakeError, Taking};
use crate::domain::units::{self, Span};
use crate::domain::{MeterId, Register};
use crate::store::meters::{Meters, MetersWriter};
use crate::store::readings::{Erased, ReadingsWriter, mark_erased_on};
use crate::store::{Page, ReadError, RowError, Store};

/// What the meter room holds of people.
pub struct MeterHolding {
    store: Store,
    meters: Meters,
    writer: MetersWriter,
    readings: ReadingsWriter,
    /// How long money is kept (`retention.money`); zero: for ever.
    money: Span,
}

impl MeterHolding {
    /// Of this book; what was paid stays for `money`.
    #[must_use]
    pub fn new(store: Store, money: Span) -> MeterHolding {
        MeterHolding {
            meters: Meters::new(store.clone()),
            writer: MetersWriter::new(store.clone()),
            readings: ReadingsWriter::new(store.clone()),
            store,
            money,
        }
    }

    fn money_stays(&self) -> String {
        let kept = if self.money.is_zero() {
            "for as long as this book".to_owned()
        } else {
            format!("for {}", in_words(self.money))
        };
        format!(
            "{kept} at most, as accounts have to: one balance a day and those around a payment; who paid in is not named any more"
        )
    }
}

/// A span of days as people say it.
fn in_words(span: Span) -> String {
    let days = span.0.as_secs() / 86_400;
    match days / 365 {
        years if years >= 2 && days % 365 <= years.div_ceil(4) => format!("{years} years"),
        _ => units::count(days, "day", "days"),
    }
}

fn erased(meter: &MeterId, span: &Range<Timestamp>) -> Erased {
    Erased {
        meter: meter.clone(),
        from: span.start,
        until: span.end,
    }
}

/// Days of some stretches, as people count them.
fn days(spans: &[(MeterId, Range<Timestamp>)], meter: &MeterId) -> u64 {
    let of = spans.iter().filter(|(known, _)| known == meter);
    let seconds: i64 = of.map(|(_, span)| span.end.duration_since(span.start).as_secs()).sum();
    u64::try_from(seconds / 86_400).unwrap_or_default()
}

#[async_trait]
impl Holder for MeterHolding {
    fn held(&self, of: &Subject) -> Result<Vec<Held>, ReadError> {
        let (mut held, alone) = (Vec::new(), of.alone());
        let goes = |what: String| Held { what, fate: Fate::Goes };
        let stays = |what: String, how_long: String| Held {
            what,
            fate: Fate::Stays(how_long),
        };
        for (meter, sight) in of.meters() {
            let own = days(&alone, &meter);
            held.push(goes(format!(
                "Half-hours of meter {meter} of your own time ({}), and what its own log and reports of the box's jobs say of that time",
                units::count(own, "day", "days")
            )));
            if of.shared.iter().any(|link| link.meter == meter) {
                held.push(stays(
                    format!("Half-hours of meter {meter} of the time in which it was somebody else's too"),
                    "as long as they are theirs".to_owned(),
                ));
            }
            held.push(stays(
                format!("Balances and top-ups of meter {meter} of your time"),
                self.money_stays(),
            ));
            held.push(stays(
                format!("The registers of meter {meter} at the beginning and the end of your time, and its tariffs"),
                "as long as half-hours are kept: they bound the time before and after yours".to_owned(),
            ));
            if sight.ended(of.now).is_none() {
                held.push(stays(
                    format!("The latest that meter {meter} said"),
                    "until the next reading takes its place".to_owned(),
                ));
            }
        }
        Ok(held)
    }

    fn steps(&self, of: &Subject) -> Result<u32, ReadError> {
        let of_one = Register::ALL.len() + 1;
        Ok(u32::try_from(of.meters().len() * of_one).unwrap_or(u32::MAX))
    }

    fn take(&self, of: &Subject, into: &mut dyn Taking) -> Result<(), TakeError> {
        let all = of.meters();
        all.iter()
            .try_for_each(|one| take::meter((&self.store, &self.meters), of, one, into))?;
        let elsewhere = givers::elsewhere(&self.store, &all, &of.name)?;
        take::lines("top-ups-given.ndjson", &elsewhere, into)
    }

    fn begin_on(&self, page: &mut Page, erasing: &Erasing) -> Result<(), RowError> {
        let mut spans = erasing.spans.iter();
        spans.try_for_each(|(meter, span)| mark_erased_on(page, &erased(meter, span)))
    }

    async fn erase(&self, erasing: &Erasing, done: Done) -> Result<(), String> {
        for (meter, span) in &erasing.spans {
            let (erased, done) = (erased(meter, span), done.clone());
            let rows = self.readings.erase(&erased, move |some, of| done(some, of)).await;
            rows.map_err(|error| error.to_string())?;
            let events = self.writer.forget_events(meter.clone(), span.clone()).await;
            events.map_err(|error| error.to_string())?;
            let money = self.writer.thin_money_within(meter.clone(), span.clone()).await;
            money.map_err(|error| error.to_string())?;
            let lines = of_meter::forget(&self.store, meter, span).await;
            lines.map_err(|error| error.to_string())?;
        }
        if !erasing.name.is_empty() {
            let disowned = givers::disown(&self.store, &erasing.name).await;
            disowned.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    async fn let_go(&self, spans: &[(MeterId, Range<Timestamp>)]) -> Result<(), String> {
        let time = self.store.time();
        if self.money.is_zero() || !time.is_settled() {
            return Ok(());
        }
        let over = time.now.saturating_sub(self.money.0).unwrap_or(Timestamp::MIN);
        for (meter, span) in spans {
            let over = span.start..span.end.min(over);
            let forgotten = self.writer.forget_money_within(meter.clone(), over).await;
            forgotten.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_years_are_said_as_years() {
        let span = |days: u64| Span::seconds(days * 86_400);
        for (days, words) in [
            (2_192, "6 years"),
            (730, "2 years"),
            (400, "400 days"),
            (1, "1 day"),
            (800, "800 days"),
        ] {
            assert_eq!(in_words(span(days)), words);
        }
    }
}

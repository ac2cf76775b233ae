//! What meters say of somebody: theirs to have, and erased with them, as far as it is their own time (PRIV §1, §2).
//!
//! It needs no room to be open: rows of a meter that was taken out of the configuration are somebody's all the same.

mod take;

use std::ops::Range;

use async_trait::async_trait;
use jiff::Timestamp;

use super::jobs::of_meter;
use super::topup::givers;
use crate::accounts::{Done, Erasing, Held, Holder, Subject, TakeError, Taking};
use crate::domain::units::Span;
use crate::domain::{MeterId, Register};
use crate::store::meters::{Meters, MetersWriter};
use crate::store::readings::{Erased, ReadingsWriter, mark_erased_on};
use crate::store::{Page, ReadError, RowError, Store};
use crate::texts::{Said, Texts, named};

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

    fn money_stays(&self, t: Texts) -> Said {
        let kept = if self.money.is_zero() {
            t.say("held-for-book")
        } else {
            in_words(t, self.money)
        };
        t.say1("held-money-why", "long", kept.text())
    }
}

/// A span of days as people say it.
fn in_words(t: Texts, span: Span) -> Said {
    let days = span.0.as_secs() / 86_400;
    match days / 365 {
        years if years >= 2 && days % 365 <= years.div_ceil(4) => t.say1("held-for-years", "count", years),
        _ => t.say1("held-for-days", "count", days),
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
    fn held(&self, of: &Subject, t: Texts) -> Result<Vec<Held>, ReadError> {
        let (mut held, alone) = (Vec::new(), of.alone());
        for (meter, sight) in of.meters() {
            let (own, meter_name) = (days(&alone, &meter), meter.to_string());
            let of_meter = |name: &str| t.say1(name, "meter", &meter_name);
            held.push(Held::goes(&t.say2(
                "held-half-hours",
                ("meter", &meter_name),
                ("count", own),
            )));
            if of.shared.iter().any(|link| link.meter == meter) {
                held.push(Held::stays(&of_meter(named("held-shared")), &t.say("held-shared-why")));
            }
            held.push(Held::stays(&of_meter(named("held-money")), &self.money_stays(t)));
            held.push(Held::stays(
                &of_meter(named("held-registers")),
                &t.say("held-registers-why"),
            ));
            if sight.ended(of.now).is_none() {
                held.push(Held::stays(&of_meter(named("held-latest")), &t.say("held-latest-why")));
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
    use crate::texts::Language;

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
            let said = in_words(Texts::of(Language::English), span(days));
            assert_eq!(said.text(), format!("for {words}"));
        }
    }
}

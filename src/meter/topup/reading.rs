//! The reads of money: what a meter counts before a code is sent, and in each round of proof (EMOP §21.2).

use super::evidence::{Before, Finding, LogMark, Reply, Round, fresh, has_payment};
use crate::domain::Quantity;
use crate::meter::driver::{Findings, SyncError};
use crate::meter::emop::event_log::PAGES;
use crate::meter::emop::{Money, Value};
use crate::meter::identity::{self, Verdict};
use crate::meter::reads::{self, Asking, ReadError};
use crate::meter::room::Meters;
use crate::meter::served::Questions;

/// What was read before a code is sent.
pub(super) enum Ahead {
    /// It is the right meter, and this is what it counts.
    Counts(Before),
    /// Another meter answers, with this serial.
    Another(String),
}

impl Meters {
    /// Serial, balance, count, newest payment and newest page of the log, one after the other.
    pub(super) async fn read_ahead(&self, meter: &Questions<'_>) -> Result<Ahead, SyncError> {
        if let Some(says) = another(meter).await? {
            return Ok(Ahead::Another(says));
        }
        Ok(Ahead::Counts(Before {
            balance: self.balance(meter).await?,
            count: count(meter).await?,
            detail: detail(meter).await?,
            log: log_page(meter, 0).await?,
        }))
    }

    /// The same once more; what is proved by the count alone needs no further reads.
    pub(super) async fn read_round(
        &self,
        meter: &Questions<'_>,
        before: Option<&Before>,
        reply: Option<Reply>,
    ) -> Result<Round, SyncError> {
        if let Some(says) = another(meter).await? {
            let another = Some(says);
            return Ok(Round {
                another,
                ..Round::default()
            });
        }
        let mut round = Round {
            count: count(meter).await?,
            ..Round::default()
        };
        round.balance = self.balance(meter).await?;
        if matches!(round.finding(before, reply, None), Finding::Taken(_)) {
            return Ok(round);
        }
        round.detail = detail(meter).await?;
        if let Some(known) = before.and_then(|before| before.log.as_deref()) {
            round.paid = was_paid(meter, known).await?;
        }
        Ok(round)
    }

    /// The balance, which is shown as soon as it is known.
    async fn balance(&self, meter: &Questions<'_>) -> Result<Option<Money>, SyncError> {
        let Some(Value::Money(balance)) = answered(reads::known(meter, "prepay_balance").await)?.flatten() else {
            return Ok(None);
        };
        let found = Findings::one(Quantity::Balance, balance.to_string());
        let news = meter.served.found(found, self.store.now(), &self.config.polling);
        self.notes.add(&meter.served.meter.serial, news);
        Ok(Some(balance))
    }
}

/// The serial that answers when it is another meter's; that a meter says none proves nothing.
async fn another(meter: &Questions<'_>) -> Result<Option<String>, SyncError> {
    let served = meter.served;
    let asked = identity::ask(meter, &served.meter.serial, served.hardware()).await?;
    Ok(match asked.verdict {
        Verdict::Another(says) => Some(says),
        Verdict::Same | Verdict::Unknown => None,
    })
}

async fn count(meter: &Questions<'_>) -> Result<Option<u16>, SyncError> {
    let read = answered(reads::known(meter, "monetary_info_transaction_count").await)?.flatten();
    Ok(match read {
        Some(Value::Number(count)) => u16::try_from(count).ok(),
        _ => None,
    })
}

async fn detail(meter: &Questions<'_>) -> Result<Option<String>, SyncError> {
    let object = meter.dialect().catalogue().named("monetary_info_transaction_details");
    let object = object.expect("names in this program are names of the catalogue");
    let read = reads::payload(meter, crate::meter::emop::dialect::Request::Read(object.id)).await;
    let payload = answered(read)?.filter(|payload| !payload.is_empty());
    Ok(payload.map(|payload| data_encoding::HEXLOWER.encode(&payload)))
}

async fn log_page(meter: &Questions<'_>, page: u8) -> Result<Option<Vec<LogMark>>, SyncError> {
    let events = answered(reads::event_page(meter, page).await)?;
    Ok(events.map(|events| events.iter().map(LogMark::from).collect()))
}

/// Whether the log has a payment that it did not have before; pages are turned to an entry that was there.
async fn was_paid(meter: &Questions<'_>, known: &[LogMark]) -> Result<Option<bool>, SyncError> {
    for page in 0..PAGES {
        let Some(marks) = log_page(meter, page).await? else {
            return Ok(None);
        };
        let (new, met) = fresh(&marks, known);
        if has_payment(new) {
            return Ok(Some(true));
        }
        if met || marks.is_empty() {
            break;
        }
    }
    Ok(Some(false))
}

/// What was read; `None`: the meter answered, but not with that.
fn answered<T>(read: Result<T, SyncError>) -> Result<Option<T>, SyncError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(ReadError::Asked(error)) if Questions::is_refusal(&error) => Ok(None),
        Err(ReadError::Payload { .. } | ReadError::Blank { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

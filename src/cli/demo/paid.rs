//! What a box would have read of the demonstration's prepaying meter since it was paid for: its balances and its tariff, so
//! that its balance can be explained at once. Nothing is made up: the same simulated meter is asked at these moments.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::meters;
use crate::cli::CliError;
use crate::domain::{MeterId, MeterState};
use crate::meter::emop::dialect::Request;
use crate::meter::emop::tariff::Which;
use crate::meter::emop::{Ack, Dialect, Value};
use crate::meter::simulator::SimulatedMeter;
use crate::store::Store;
use crate::store::meter_money::{MoneySeen, Terms, TermsRead};
use crate::store::meters::{Meters, MetersWriter, Note};

/// So often its balance is read.
const EVERY: SignedDuration = SignedDuration::from_mins(30);
/// Balances that are written down in one change: a change has an end.
const AT_ONCE: usize = 48;

/// Writes down what would have been read of the meter until `now`, unless something of it was read before.
pub(super) async fn remember(store: &Store, now: Timestamp) -> Result<(), CliError> {
    let Some((meter, paid)) = meters::prepaying(now)? else {
        return Ok(());
    };
    let known = Meters::new(store.clone()).first_balance(&meter);
    if known.map_err(CliError::failed)?.is_some() {
        return Ok(());
    }
    let mut reader = Reader::new(paid.meter, paid.dialect);
    let terms = reader.terms(paid.at);
    let moments = std::iter::successors(Some(paid.at), |at| at.checked_add(EVERY).ok());
    let balances = moments
        .take_while(|at| *at < now)
        .filter_map(|at| Some((at, reader.balance(at)?)));
    let balances: Vec<(Timestamp, i64)> = balances.collect();
    let writer = MetersWriter::new(store.clone());
    let mut first = Some(terms);
    for part in balances.chunks(AT_ONCE) {
        let money = MoneySeen {
            balances: part.to_vec(),
            terms: first.take(),
        };
        let note = note(&meter, money);
        writer.note(vec![note]).await.map_err(CliError::failed)?;
    }
    Ok(())
}

fn note(meter: &MeterId, money: MoneySeen) -> Note {
    Note {
        meter: meter.clone(),
        state: MeterState::default(),
        news: Vec::new(),
        money,
    }
}

/// Asks the meter at moments that have passed.
struct Reader {
    meter: SimulatedMeter,
    dialect: Dialect,
}

impl Reader {
    fn new(meter: SimulatedMeter, dialect: Dialect) -> Reader {
        Reader { meter, dialect }
    }

    fn read(&mut self, name: &str, at: Timestamp) -> Option<Value> {
        let object = self.dialect.catalogue().named(name)?.id;
        let asked = self.dialect.data_field(&Request::Read(object)).ok()?;
        let (ack, reply) = self.meter.answer(&asked, at);
        // An answer repeats what was asked for before it tells it.
        let payload = reply.get(5..).filter(|_| ack == Ack::Accepted)?;
        self.dialect.value(object, payload).ok()
    }

    fn balance(&mut self, at: Timestamp) -> Option<i64> {
        match self.read("prepay_balance", at)? {
            Value::Money(balance) => Some(balance.0),
            _ => None,
        }
    }

    fn flag(&mut self, name: &str, at: Timestamp) -> Option<bool> {
        match self.read(name, at)? {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    fn terms(&mut self, at: Timestamp) -> TermsRead {
        let objects = Which::Active.objects(self.dialect.catalogue());
        let names: Vec<String> = objects.map(|object| object.name.to_string()).collect();
        let values = names.into_iter().filter_map(|name| Some((self.read(&name, at)?, name)));
        let values: HashMap<String, Value> = values.map(|(value, name)| (name, value)).collect();
        TermsRead {
            at,
            seen: at,
            plan: None,
            terms: Terms {
                tariff: Which::Active.shown(|name| values.get(name).cloned()),
                daylight: self.flag("daylight_savings_correction_flag", at),
                prepay: self.flag("prepay_enabled_flag", at),
            },
        }
    }
}

//! What is computed beside a simulated meter that charges exactly (EMOP §17.1), over a week in which clocks change.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::amount::Exact;
use super::facts::{Balance, Facts, HalfHourUsed, Topup, Used, tariffs};
use super::statement::{Cause, Statement, What};
use super::sum::statement;
use crate::meter::emop::dialect::{InferredWrites, Request};
use crate::meter::emop::tariff::{FutureTariff, Which};
use crate::meter::emop::{Ack, Dialect, Inferred, MeterTime, Money};
use crate::meter::simulator::{Faults, Setup, Shape, SimulatedMeter, Tariff};
use crate::store::meter_money::{Terms, TermsSeen};

/// A meter and all that a box would have read of it.
struct Read {
    meter: SimulatedMeter,
    dialect: Dialect,
    facts: Facts,
    seen: Vec<TermsSeen>,
    /// Registers at the half-hour that is under way.
    registers: Option<[u32; 2]>,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Read {
    fn new(setup: Setup) -> Read {
        let dialect = Dialect::new(Inferred::default(), InferredWrites::Allowed).unwrap();
        Read {
            meter: SimulatedMeter::new(setup, dialect.clone(), &Faults::default()),
            dialect,
            facts: Facts::default(),
            seen: Vec::new(),
            registers: None,
        }
    }

    fn ask(&mut self, request: &Request, now: Timestamp) -> Vec<u8> {
        let data = self.dialect.data_field(request).unwrap();
        let (ack, reply) = self.meter.answer(&data, now);
        assert_eq!(ack, Ack::Accepted, "{request:?}");
        reply.get(5..).unwrap_or_default().to_vec()
    }

    fn read(&mut self, name: &str, now: Timestamp) -> Vec<u8> {
        let object = self.dialect.catalogue().named(name).unwrap().id;
        self.ask(&Request::Read(object), now)
    }

    fn write(&mut self, name: &str, payload: &[u8], now: Timestamp) {
        let object = self.dialect.catalogue().named(name).unwrap().id;
        self.ask(&Request::Write(object, payload.to_vec()), now);
    }

    fn balance(&mut self, now: Timestamp) -> Money {
        let bytes = self.read("prepay_balance", now);
        let amount = Money(i32::from_le_bytes(bytes[..4].try_into().unwrap()).into());
        self.facts.balances.push(Balance { at: now, amount });
        amount
    }

    fn tariff(&mut self, now: Timestamp, planned: bool) {
        let names: Vec<(String, _)> = Which::Active
            .objects(self.dialect.catalogue())
            .map(|object| (object.name.to_string(), object.id))
            .collect();
        let read: std::collections::HashMap<String, _> = names
            .into_iter()
            .map(|(name, object)| {
                let payload = self.ask(&Request::Read(object), now);
                (name, self.dialect.value(object, &payload).unwrap())
            })
            .collect();
        let terms = Terms {
            tariff: Which::Active.shown(|name| read.get(name).cloned()),
            daylight: Some(self.read("daylight_savings_correction_flag", now)[0] == 1),
            prepay: Some(true),
        };
        self.seen.push(TermsSeen {
            since: now,
            seen: now,
            planned,
            terms,
        });
        self.facts.tariffs = tariffs(&self.seen);
    }

    fn half_hour(&mut self, now: Timestamp) {
        let mut register = |name| {
            let bytes = self.read(name, now);
            u32::from_le_bytes(bytes[..4].try_into().unwrap())
        };
        let registers = ["read_element_a", "read_element_b"].map(&mut register);
        if let Some(before) = self.registers.replace(registers) {
            let used = Used {
                a: (registers[0] - before[0]).into(),
                b: (registers[1] - before[1]).into(),
            };
            self.facts.half_hours.push(HalfHourUsed {
                from: now - SignedDuration::from_mins(30),
                used: Ok(used),
            });
        }
    }

    /// Lets time go by: registers at each half-hour, a balance so many minutes after each.
    fn until(&mut self, from: Timestamp, to: Timestamp, offset: i64) {
        let mut now = from;
        while now <= to {
            self.half_hour(now);
            if offset < 30 {
                self.balance(now + SignedDuration::from_mins(offset));
            }
            now += SignedDuration::from_mins(30);
        }
    }

    fn explain(&self, from: &str, to: &str) -> Statement {
        let london = TimeZone::get("Europe/London").unwrap();
        statement(&self.facts, &(at(from)..at(to)), &london).unwrap()
    }
}

/// A flat with two elements, odd prices, and a debt.
fn setup() -> Setup {
    let mut setup = Setup::new("EML2137580826");
    (setup.prepay, setup.twin) = (true, true);
    setup.shape = Shape::Constant(733);
    setup.balance = Money(9_999_999);
    setup.debt = Money(500_000);
    setup.tariff = Tariff {
        unit_rate: Money(23_817),
        standing_charge: Money(51_083),
        debt_recovery_rate: Money(33_331),
        ..Tariff::default()
    };
    setup
}

fn count(statement: &Statement, what: impl Fn(&What) -> bool) -> usize {
    statement.lines.iter().filter(|line| what(&line.what)).count()
}

#[test]
fn a_week_with_use_days_debt_and_a_top_up_comes_to_what_the_meter_shows() {
    let mut read = Read::new(setup());
    let begins = at("2026-03-26T00:00:00Z");
    read.write("daylight_savings_correction_flag", &[1], begins);
    read.tariff(begins, false);
    read.until(begins, at("2026-03-28T10:00:00Z"), 0);
    // A code through the box, proved a moment later.
    let made = at("2026-03-28T10:05:00Z");
    let before = read.balance(made);
    read.write("prepay_token_send", b"10000000000000001250", made);
    let after = read.balance(made + SignedDuration::from_secs(1));
    assert!(after.0 - before.0 >= 1_249_000);
    read.facts.topups.push(Topup {
        id: "ours".into(),
        sent: made,
        looked: made + SignedDuration::from_secs(2),
        in_doubt: false,
        one_of_many: false,
        worth: Some(Money(1_250_000)),
        before: Some(before),
        after: Some(after),
    });
    read.facts.payments.push(made);
    read.until(at("2026-03-28T10:30:00Z"), at("2026-04-02T00:00:00Z"), 0);
    // Midnight to midnight in London, over the change of clocks.
    let whole = read.explain("2026-03-26T00:00:00Z", "2026-04-01T23:00:00Z");
    assert!(
        whole.is_explained() && whole.difference().abs() < Exact(1_000),
        "{}",
        whole.difference()
    );
    assert_eq!(count(&whole, |what| *what == What::StandingCharge), 7);
    assert_eq!(count(&whole, |what| *what == What::Debt), 7);
    assert_eq!(count(&whole, |what| matches!(what, What::Topup { .. })), 1);
    assert_eq!(count(&whole, |what| matches!(what, What::Energy { .. })), 14);
    // Each day by itself, and each pair of reads.
    for day in ["2026-03-27T00:00:00Z", "2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z"] {
        let next = at(day) + SignedDuration::from_hours(24);
        let one = read.explain(day, &next.to_string());
        assert!(
            one.is_explained() && one.difference().abs() < Exact(1_000),
            "{day}: {}",
            one.difference()
        );
    }
    // Its worth is not known: the step of the balance is all that there is, and it is right but for a second's use.
    read.facts.topups[0].worth = None;
    let stepped = read.explain("2026-03-26T00:00:00Z", "2026-04-01T23:00:00Z");
    let step = stepped
        .lines
        .iter()
        .find(|line| matches!(line.what, What::Step { .. }))
        .unwrap();
    assert!((1_245_000..=1_250_000).contains(&step.amount.unwrap().0), "{step:?}");
    assert!(
        stepped.is_explained(),
        "{} of {:?}",
        stepped.difference(),
        stepped.bounds
    );
}

#[test]
fn reads_within_half_hours_and_a_code_from_elsewhere_leave_a_difference_within_what_is_named() {
    let mut read = Read::new(setup());
    let begins = at("2026-02-10T00:00:00Z");
    read.tariff(begins, false);
    read.until(begins, at("2026-02-11T10:00:00Z"), 17);
    let keyed_in = at("2026-02-11T10:20:00Z");
    read.write("prepay_token_send", b"10000000000000002000", keyed_in);
    read.facts.payments.push(keyed_in);
    read.until(at("2026-02-11T10:30:00Z"), at("2026-02-14T00:00:00Z"), 17);
    let whole = read.explain("2026-02-10T06:00:00Z", "2026-02-13T12:00:00Z");
    assert!(whole.is_explained(), "{} of {:?}", whole.difference(), whole.bounds);
    assert_eq!(count(&whole, |what| matches!(what, What::Step { foreign: 1, .. })), 1);
    let (least, most) = whole.bounds.unwrap();
    // Four ends of a half-hour, 0.37 kWh and 0.1 kWh at 0.238.
    assert!(most < Exact::from(Money(4 * 12_000)) && least > Exact::from(Money(-4 * 12_000)));
}

#[test]
fn a_tariff_that_begins_at_its_moment_is_charged_from_there_and_what_was_owed_ends() {
    let mut read = Read::new(setup());
    let begins = at("2026-02-10T00:00:00Z");
    read.tariff(begins, false);
    let future = FutureTariff {
        unit_rate: Money(31_007),
        standing_charge: Money(48_001),
        emergency_credit: Money(0),
        ecredit_availability: Money(0),
        debt_recovery_rate: Money(33_331),
        activation: MeterTime::of(at("2026-02-12T00:00:00Z")).unwrap(),
    };
    for write in future.writes(read.dialect.catalogue()).unwrap() {
        let written = Request::Write(write.object, write.payload.clone());
        read.ask(&written, begins);
    }
    read.until(begins, at("2026-02-12T00:00:00Z"), 0);
    read.tariff(at("2026-02-12T00:00:00Z"), true);
    read.until(at("2026-02-12T00:30:00Z"), at("2026-02-14T00:00:00Z"), 0);
    let whole = read.explain("2026-02-10T00:00:00Z", "2026-02-14T00:00:00Z");
    assert!(
        whole.is_explained() && whole.difference().abs() < Exact(1_000),
        "{}",
        whole.difference()
    );
    assert_eq!(
        count(&whole, |what| matches!(
            what,
            What::Energy {
                rate: Money(31_007),
                ..
            }
        )),
        4
    );
    // 15 days at 33,331 are all of the debt, and a bit of the sixteenth: nobody is told how much was owed, so that what
    // is charged too much is the difference, by name.
    read.until(at("2026-02-14T00:30:00Z"), at("2026-02-28T00:00:00Z"), 0);
    let after = read.explain("2026-02-24T00:00:00Z", "2026-02-28T00:00:00Z");
    assert!(!after.is_explained());
    assert!(after.causes.contains(&Cause::Debt));
    let days = [1, 2, 3, 4].map(|days| 33_331 * days);
    let near = |days: &i64| (after.difference() - Exact::from(Money(*days))).abs() < Exact::from(Money(33_331));
    assert!(days.iter().any(near), "{}", after.difference());
}

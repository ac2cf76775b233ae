//! What changes something in a meter (EMOP §13, core writes, prepay; EMOP §5.5, §5.6).

use jiff::Timestamp;

use super::command::Given;
use super::manner::Manner;
use super::outcome::Outcome;
use super::place::{self, CallError, There};
use crate::cli::CliError;
use crate::cli::print;
use crate::domain::TopupState;
use crate::meter::arguments::{self, ArgumentError, Negative};
use crate::meter::emop::catalogue::Object;
use crate::meter::emop::dialect::Request;
use crate::meter::emop::setting::Setting;
use crate::meter::emop::tariff::{FutureTariff, TariffWrite};
use crate::meter::emop::token::repeated;
use crate::meter::emop::{MeterTime, Money, Token, Value};
use crate::meter::given_moment::GivenMoment;
use crate::meter::own_time::OwnTime;
use crate::meter::reads::{self, Asking};
use crate::meter::tariffs::{Absent, FrameShown, NewTariff, TariffWriteShown, WriteState};
use crate::meter::topup::TopupShown;

/// What a write puts into which object, judged before any meter hears of it.
pub(super) struct WriteRequest {
    object: &'static str,
    value: Value,
}

impl WriteRequest {
    pub(super) fn switch(object: &'static str, word: &str) -> Result<WriteRequest, CliError> {
        let value = Value::Flag(arguments::switch(word).map_err(CliError::usage)?);
        Ok(WriteRequest { object, value })
    }

    pub(super) fn backlight(meter: There<'_>, word: &str) -> Result<WriteRequest, CliError> {
        let setting = Setting::backlight_named(word, &meter.dialect().inferred().backlight);
        let value = Value::Setting(setting.map_err(CliError::usage)?);
        Ok(WriteRequest {
            object: "backlight",
            value,
        })
    }

    pub(super) fn load_switch(meter: There<'_>, word: &str) -> Result<WriteRequest, CliError> {
        let setting = Setting::load_switch_named(word, &meter.dialect().inferred().load_switch);
        let value = Value::Setting(setting.map_err(CliError::usage)?);
        Ok(WriteRequest {
            object: "load_switch",
            value,
        })
    }

    /// Writes it.
    pub(super) async fn write(&self, meter: There<'_>, manner: &Manner) -> Result<Outcome, CliError> {
        let object = named(meter, self.object);
        let payload = self.value.encode(object.kind).map_err(CliError::usage)?;
        manner.write(meter, object.id, &payload).await
    }

    /// Writes it when the balance allows (EMOP §5.5): switching prepayment on needs ten pounds, switching it off nothing.
    pub(super) async fn write_prepay(&self, meter: There<'_>, manner: &Manner) -> Result<Outcome, CliError> {
        if self.value == Value::Flag(true) && !manner.is_dry() {
            // What is refused without the meter is refused before the meter is asked.
            let object = named(meter, self.object);
            let payload = self.value.encode(object.kind).map_err(CliError::usage)?;
            manner.plan(meter, object.id, &payload).await?;
            arguments::may_start_prepay(balance(meter).await?).map_err(CliError::refused)?;
        }
        self.write(meter, manner).await
    }
}

fn named<'a>(meter: There<'a>, name: &str) -> &'a Object {
    let object = meter.place.dialect().catalogue().named(name);
    object.expect("names in this program are names of the catalogue")
}

async fn balance(meter: There<'_>) -> Result<Money, CliError> {
    match reads::value(&meter, "prepay_balance").await? {
        Value::Money(balance) => Ok(balance),
        other => unreachable!("the balance is an amount, not {other:?}"),
    }
}

/// Sends a token once. A running box keeps it as a top-up, and proves what became of it; a mediator elsewhere keeps
/// nothing, so that the balance before and after is all there is (EMOP §5.5).
pub(super) async fn send_token(meter: There<'_>, token: &Token) -> Result<Outcome, CliError> {
    match meter.place.top_up(meter.serial, token).await? {
        Some(topup) => topped_up(meter, &topup),
        None => {
            print::note(format_args!(
                "through a mediator the code is not kept as a top-up: whether it counted is told by the balance alone"
            ));
            send_without_box(meter, token).await
        }
    }
}

/// What became of a top-up, in the words of the original.
fn topped_up(meter: There<'_>, topup: &TopupShown) -> Result<Outcome, CliError> {
    let amount = |amount: &Option<String>| amount.clone().unwrap_or_else(|| "?".to_owned());
    let (before, after) = (amount(&topup.balance_before), amount(&topup.balance_after));
    let show = format!("`gatelodge prepay show {}` says more", topup.id);
    match topup.state {
        TopupState::Taken => {
            print::note(format_args!("{}: balance increased: {before} -> {after}", meter.serial));
            Ok(Outcome::Nothing)
        }
        TopupState::Refused => {
            let unchanged = format!("Balance did not increase: {before} -> {after}");
            Err(CliError::failed(unchanged).hint("was this token used before?"))
        }
        TopupState::Waiting | TopupState::NotSent => {
            let why = topup.trouble.as_deref().unwrap_or("it was not reached yet");
            Err(CliError::from(CallError::NoConnection(why.to_owned())).hint(format_args!("the box tries on; {show}")))
        }
        TopupState::Sending | TopupState::InDoubt | TopupState::Cancelled => {
            Err(CliError::failed(&topup.words).hint(show))
        }
    }
}

async fn send_without_box(meter: There<'_>, token: &Token) -> Result<Outcome, CliError> {
    let before = balance(meter).await?;
    let object = named(meter, "prepay_token_send").id;
    let sent = meter.ask(Request::Write(object, token.digits().to_vec())).await;
    let after = match (&sent, balance(meter).await) {
        (_, Ok(after)) => after,
        (Ok(_), Err(error)) => {
            return Err(error.hint("the token was sent; `emop prepay_balance` shows whether it counted"));
        }
        (Err(_), Err(error)) => {
            return Err(error.hint("the token may be spent: read the balance before it is sent again"));
        }
    };
    if after > before {
        print::note(format_args!("{}: balance increased: {before} -> {after}", meter.serial));
        return Ok(Outcome::Nothing);
    }
    let unchanged = format!("Balance did not increase: {before} -> {after}");
    match sent {
        Ok(_) => Err(CliError::failed(unchanged).hint("was this token used before?")),
        Err(error) => Err(CliError::from(error).hint(unchanged)),
    }
}

/// A tariff to come, as options give it.
pub(super) struct TariffRequest {
    tariff: FutureTariff,
    /// When it begins, as it was given.
    begins: GivenMoment,
    /// The same for the box, which judges it by what it knows of the meter.
    new: NewTariff,
    /// Options that nobody gave, with what they count as then.
    presets: Vec<String>,
    dry_run: bool,
}

/// What may be left away.
const PRESET: [&str; 3] = ["emergency-credit", "ecredit-availability", "debt-recovery-rate"];

impl TariffRequest {
    pub(super) fn of(given: &Given) -> Result<TariffRequest, CliError> {
        let rate =
            |name: &str| arguments::rate(given.needed(name), Negative::Refused).map_err(|error| said(name, error));
        let amount = |name: &str| arguments::amount(given.needed(name)).map_err(|error| said(name, error));
        let begins = given.needed("from-ts").parse::<GivenMoment>();
        let begins = begins.map_err(|error| said("from-ts", error.into()))?;
        let shown = begins.by(OwnTime::Utc).map_err(|error| said("from-ts", error.into()))?;
        let typed = |name: &str| given.given(name).map(str::to_owned);
        Ok(TariffRequest {
            tariff: FutureTariff {
                unit_rate: rate("unit-rate")?,
                standing_charge: rate("standing-charge")?,
                emergency_credit: amount("emergency-credit")?,
                ecredit_availability: amount("ecredit-availability")?,
                debt_recovery_rate: amount("debt-recovery-rate")?,
                activation: MeterTime::shown(shown)
                    .map_err(|error| CliError::usage(format_args!("--from-ts: {error}")))?,
            },
            begins,
            new: NewTariff {
                unit_rate: given.needed("unit-rate").to_owned(),
                standing_charge: given.needed("standing-charge").to_owned(),
                emergency_credit: typed("emergency-credit"),
                ecredit_availability: typed("ecredit-availability"),
                debt_recovery_rate: typed("debt-recovery-rate"),
                from: given.needed("from-ts").to_owned(),
                why: given.option("why").unwrap_or("emop tariffs_future_write").to_owned(),
                absent: Absent::Usual,
            },
            presets: PRESET
                .into_iter()
                .filter(|name| given.given(name).is_none())
                .map(|name| format!("--{name} {}", given.needed(name)))
                .collect(),
            dry_run: given.has("dry-run"),
        })
    }

    /// Refuses a moment that is past by any clock that a meter may keep: its own may be an hour ahead of UTC. A box knows
    /// better, and is stricter.
    fn must_be_to_come(&self) -> Result<(), CliError> {
        if self.tariff.activation.moment() > Timestamp::now() {
            return Ok(());
        }
        Err(CliError::refused(format_args!(
            "--from-ts {}: that moment has passed",
            repeated(&self.new.from)
        ))
        .hint("a tariff begins at a moment to come, by the meter's own clock; nothing was sent"))
    }

    /// Refuses a moment that meters show differently: without a box nobody knows which clock a meter keeps.
    fn must_be_by_any_clock(&self) -> Result<(), CliError> {
        match self.begins.by_any_clock() {
            Some(_) => Ok(()),
            None => Err(CliError::refused(format_args!(
                "--from-ts {}: meters with summer time and meters without show another hour then",
                repeated(&self.new.from)
            ))
            .hint("through a mediator give the moment without an offset, as the meter's own clock shows it, once")),
        }
    }

    /// Writes a tariff's eleven objects in their order, and reads each back: as one operation of the box, or request by
    /// request through a mediator.
    pub(super) async fn carry_out(&self, meter: There<'_>) -> Result<Outcome, CliError> {
        let writes = self
            .tariff
            .writes(meter.dialect().catalogue())
            .map_err(CliError::usage)?;
        self.must_be_to_come()?;
        if !self.presets.is_empty() {
            print::note(format_args!(
                "{}: {} as usual for this command; `gatelodge meter tariff write` keeps what is in force",
                meter.serial,
                self.presets.join(", ")
            ));
        }
        if self.dry_run {
            let frames = match meter.place.plan_tariff(meter.serial, &self.new).await? {
                Some(frames) => frames,
                None => {
                    self.must_be_by_any_clock()?;
                    print::note(format_args!("{}", place::ONLY_OURS));
                    writes
                        .iter()
                        .map(|write| FrameShown::of_tariff(write, meter.dialect()))
                        .collect()
                }
            };
            return Ok(Outcome::Frames(frames));
        }
        match meter.place.write_tariff(meter.serial, &self.new).await? {
            Some(write) => tariff_written(meter, &write),
            None => {
                self.must_be_by_any_clock()?;
                write_tariff(meter, &writes).await
            }
        }
    }
}

fn said(option: &str, error: ArgumentError) -> CliError {
    CliError::usage(format_args!("--{option}: {error}"))
}

/// What became of a tariff that the box wrote.
fn tariff_written(meter: There<'_>, write: &TariffWriteShown) -> Result<Outcome, CliError> {
    for one in &write.differs {
        print::note(format_args!(
            "{}: {} holds {}, not {}",
            meter.serial, one.object, one.held, one.wanted
        ));
    }
    match write.state {
        WriteState::Done => {
            print::note(format_args!("{}: {}", meter.serial, write.words));
            Ok(Outcome::Told(serde_json::json!(write)))
        }
        _ => {
            let why = write
                .trouble
                .as_ref()
                .map_or_else(String::new, |why| format!(": {why}"));
            Err(CliError::failed(format_args!("{}{why}", write.words))
                .hint("`emop tariffs_future_read` shows what it holds; write the tariff again"))
        }
    }
}

/// The same without a box.
async fn write_tariff(meter: There<'_>, writes: &[TariffWrite]) -> Result<Outcome, CliError> {
    for (place, write) in (1..).zip(writes) {
        let asked = meter.ask(Request::Write(write.object, write.payload.clone())).await;
        asked.map_err(|error| {
            let hint = "the moment of activation is written last, so what is written so far does not begin";
            CliError::from(error).hint(format_args!("at {} ({place} of {}); {hint}", write.name, writes.len()))
        })?;
    }
    let mut differing = Vec::new();
    for write in writes {
        if !is_held(meter, write).await? {
            differing.push(write.name);
        }
    }
    if differing.is_empty() {
        print::note(format_args!(
            "{}: the meter holds all {} objects",
            meter.serial,
            writes.len()
        ));
        return Ok(Outcome::Nothing);
    }
    Err(CliError::failed(format_args!(
        "the meter holds something else in {}",
        differing.join(", ")
    ))
    .hint("`emop tariffs_future_read` shows what it holds; write the tariff again"))
}

async fn is_held(meter: There<'_>, write: &TariffWrite) -> Result<bool, CliError> {
    let held = reads::payload(&meter, Request::Read(write.object)).await?;
    Ok(held.get(..write.payload.len()) == Some(&write.payload))
}

//! From a command as it was given to what is done at each meter: arguments are judged once, before anybody is asked.

use data_encoding::HEXLOWER_PERMISSIVE;

use super::action::Action;
use super::command::Given;
use super::manner::Manner;
use super::outcome::Outcome;
use super::place::There;
use super::{intervals, reading, registry, writing};
use crate::cli::CliError;
use crate::cli::reach::secret_from;
use crate::meter::arguments;
use crate::meter::emop::{MeterTime, ObjectId, ProfileLog, Token};

/// What is done at each meter.
pub(super) enum Work {
    /// What the table says, with nothing more.
    Plain(Action),
    /// The clock is set.
    Clock(Manner),
    /// A setting by its name, which the meter's dialect knows.
    Setting(Action, String, Manner),
    /// A value that is written.
    Write(writing::WriteRequest, Manner),
    /// The same, if the balance allows.
    WritePrepay(writing::WriteRequest, Manner),
    /// Half hours.
    Profile(ProfileLog, MeterTime),
    /// Events.
    Events(u8),
    /// Intervals.
    Intervals(intervals::IntervalsRequest),
    /// An object by its number.
    Read(ObjectId),
    /// An object by its number, and what goes in.
    WriteBytes(ObjectId, Vec<u8>, Manner),
    /// A top-up.
    Token(Token),
    /// A tariff to come.
    Tariff(writing::TariffRequest),
}

impl Work {
    /// Judges what was given, for so many meters.
    pub(super) fn of(given: &Given, meters: usize) -> Result<Work, CliError> {
        Ok(match given.action {
            Action::ClockWrite => Work::Clock(Manner::of(given)?),
            Action::BacklightWrite | Action::LoadSwitchWrite => {
                Work::Setting(given.action, given.word().to_owned(), Manner::of(given)?)
            }
            Action::FlagWrite(object) => {
                let request = writing::WriteRequest::switch(object, given.word())?;
                Work::Write(request, Manner::of(given)?)
            }
            Action::PrepayWrite => {
                let request = writing::WriteRequest::switch("prepay_enabled_flag", given.word())?;
                Work::WritePrepay(request, Manner::of(given)?)
            }
            Action::ProfileLog(log) => {
                let from = arguments::moment(given.needed("timestamp")).map_err(CliError::usage)?;
                Work::Profile(log, MeterTime::of(from).map_err(CliError::usage)?)
            }
            Action::EventLog => Work::Events(arguments::event_page(given.word()).map_err(CliError::usage)?),
            Action::Intervals => {
                let request = intervals::IntervalsRequest::of(given)?;
                if request.has_file() && meters > 1 {
                    return Err(CliError::usage("one file cannot hold the intervals of several meters"));
                }
                Work::Intervals(request)
            }
            Action::ObjectRead => Work::Read(object(given.word())?),
            Action::ObjectWrite => {
                let (object, bytes) = (object(given.word())?, bytes(&given.words[1])?);
                Work::WriteBytes(object, bytes, Manner::of(given)?.raw())
            }
            Action::TokenSend if meters > 1 => {
                return Err(CliError::usage("a token is for one meter"));
            }
            Action::TokenSend => Work::Token(token(given.word())?),
            Action::TariffWrite => Work::Tariff(writing::TariffRequest::of(given)?),
            plain => Work::Plain(plain),
        })
    }

    /// Does it at one meter.
    pub(super) async fn carry_out(&self, meter: There<'_>) -> Result<Outcome, CliError> {
        match self {
            Work::Plain(action) => plain(*action, meter).await,
            Work::Clock(manner) => manner.set_clock(meter).await,
            Work::Setting(Action::BacklightWrite, word, manner) => {
                let request = writing::WriteRequest::backlight(meter, word)?;
                request.write(meter, manner).await
            }
            Work::Setting(_, word, manner) => {
                let request = writing::WriteRequest::load_switch(meter, word)?;
                request.write(meter, manner).await
            }
            Work::Write(request, manner) => request.write(meter, manner).await,
            Work::WritePrepay(request, manner) => request.write_prepay(meter, manner).await,
            Work::Profile(log, from) => reading::profile(meter, *log, *from).await,
            Work::Events(page) => reading::events(meter, *page).await,
            Work::Intervals(request) => request.carry_out(meter).await,
            Work::Read(object) => reading::bytes(meter, *object).await,
            Work::WriteBytes(object, bytes, manner) => manner.write(meter, *object, bytes).await,
            Work::Token(token) => writing::send_token(meter, token).await,
            Work::Tariff(tariff) => tariff.carry_out(meter).await,
        }
    }
}

async fn plain(action: Action, meter: There<'_>) -> Result<Outcome, CliError> {
    match action {
        Action::Info => registry::info(meter).await,
        Action::ClockDrift => registry::clock_drift(meter).await,
        Action::SerialToName => registry::name(meter).await,
        Action::Value(object) => reading::value(meter, object).await,
        Action::Kilo(object) => reading::fraction(meter, object, 1_000).await,
        Action::Fraction(object) => reading::fraction(meter, object, 1).await,
        Action::Hardware => reading::hardware(meter).await,
        Action::Backlight => reading::backlight(meter).await,
        Action::Read => reading::registers(meter).await,
        Action::Element(object) => reading::element(meter, object).await,
        Action::Totals => reading::totals(meter).await,
        Action::Voltages => reading::voltages(meter).await,
        Action::Bytes(name) => {
            let object = meter.place.dialect().catalogue().named(name);
            reading::bytes(meter, object.expect("names in the table are names of the catalogue").id).await
        }
        Action::TariffRead(which) => reading::tariff(meter, which).await,
        other => unreachable!("{other:?} is not done to a meter, or takes arguments"),
    }
}

fn object(text: &str) -> Result<ObjectId, CliError> {
    text.parse().map_err(CliError::usage)
}

fn bytes(text: &str) -> Result<Vec<u8>, CliError> {
    HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .map_err(|error| CliError::usage(format_args!("`{text}` is not hex: {error}")))
}

/// A token, from standard input when it is `-`; no message repeats it.
fn token(text: &str) -> Result<Token, CliError> {
    let read = match text {
        "-" => secret_from(std::path::Path::new("-"))?.reveal().parse(),
        text => text.parse(),
    };
    read.map_err(CliError::usage)
}

//! `simulate …`: peers that are not there (EMOP §17).

mod faults;
mod prepay;

use std::net::SocketAddr;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;
use tokio::task::JoinSet;

use faults::Wrong;
use prepay::Prepay;

use super::serve::runtime;
use super::{CliError, print};
use crate::meter::arguments;
use crate::meter::emop::dialect::InferredWrites;
use crate::meter::emop::identity::MeterType;
use crate::meter::emop::{Dialect, Inferred, MeterTime};
use crate::meter::simulator::{Now, PtyMeter, Setup, Shape, SimulatedMeter, SimulatorError, Station, TcpMeter};

#[derive(Subcommand)]
pub(super) enum Command {
    /// A meter that answers EMOP, with the faults of real lines
    #[command(
        after_help = "Examples:\n  gatelodge simulate meter --listen 127.0.0.1:8080 --serial EML2137580761\n  gatelodge \
                      simulate meter --listen 127.0.0.1:0 --serial EML1 --count 50 --drop-rate 0.2 --slow 1s\n  \
                      gatelodge simulate meter --pty --serial EML2137580761 --echo\n  gatelodge simulate meter \
                      --listen 127.0.0.1:0 --serial EML1 --prepay --balance 2.50 --power 3000 --button-after 1m\n  \
                      gatelodge simulate meter --listen 127.0.0.1:0 --serial EML1 --prepay --reply-lost-after-rate \
                      0.5 --seed 7\n\nA token is worth its last four digits in pence, once; one that begins with \
                      404 is another meter's. At zero the load is cut until a payment and a press of the button."
    )]
    Meter(Box<Meter>),
}

/// Where simulated meters are, and what is wrong with them.
#[derive(Args)]
pub(super) struct Meter {
    /// Where to listen; port 0 takes any, and the line that is printed names it
    #[arg(long, value_name = "ADDR", required_unless_present = "pty")]
    listen: Option<SocketAddr>,
    /// A pseudo-terminal instead of a port; the line that is printed names it
    #[arg(long, conflicts_with = "listen")]
    pty: bool,
    /// Its serial, at most 16 letters and digits
    #[arg(long, value_name = "S", value_parser = serial)]
    serial: String,
    /// So many meters, on ports one after the other, their serials counted up
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=5000))]
    count: u16,
    /// With an element B
    #[arg(long, conflicts_with = "three_phase")]
    twin: bool,
    /// A three phase meter: `ax` carries the whole current, `cx` sits behind current transformers
    #[arg(long, value_name = "ax|cx", value_parser = three_phase)]
    three_phase: Option<MeterType>,
    /// A household's day, instead of the same energy each half hour
    #[arg(long)]
    household: bool,
    /// Freeze its time at this moment (ISO 8601; without an offset UTC)
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    now: Option<Timestamp>,
    /// The first half hour on record
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    log_start: Option<Timestamp>,
    /// The same power always, in W, instead of the same energy each half hour; 0: nobody uses anything
    #[arg(long, value_name = "W", conflicts_with = "household", value_parser = clap::value_parser!(u32).range(..=i64::from(Shape::MOST)))]
    power: Option<u32>,
    #[command(flatten)]
    prepay: Prepay,
    #[command(flatten)]
    faults: Wrong,
}

fn three_phase(text: &str) -> Result<MeterType, String> {
    match text {
        "ax" => Ok(MeterType::AxWholeCurrent),
        "cx" => Ok(MeterType::CxCtOperated),
        _ => Err("ax or cx".to_owned()),
    }
}

fn serial(text: &str) -> Result<String, String> {
    let formed = (1..=16).contains(&text.len()) && crate::meter::smip::name::is_serial(text);
    if formed {
        Ok(text.to_owned())
    } else {
        Err("a serial has 1 to 16 letters and digits".to_owned())
    }
}

impl Command {
    pub(super) fn run(self) -> Result<(), CliError> {
        let Command::Meter(meter) = self;
        runtime()?.block_on(meter.run())
    }
}

impl Meter {
    async fn run(&self) -> Result<(), CliError> {
        let serials: Result<Vec<_>, _> = (0..self.count).map(|index| counted_up(&self.serial, index)).collect();
        let stations = serials
            .map_err(CliError::usage)?
            .into_iter()
            .map(|serial| Ok((self.station(&serial)?, serial)));
        let stations = stations.collect::<Result<Vec<_>, CliError>>()?;
        let mut meters = JoinSet::new();
        if let Some(listen) = self.listen {
            for (address, (station, serial)) in ports(listen, self.count)?.zip(stations) {
                let meter = TcpMeter::listen(address, station).await.map_err(cannot)?;
                let (host, port) = (meter.address().ip(), meter.address().port());
                print::json(&json!({ "serial": serial, "address": meter.address(), "host": host, "port": port }));
                meters.spawn(meter.run());
            }
        } else {
            for (station, serial) in stations {
                let meter = PtyMeter::open(station).map_err(cannot)?;
                print::json(&json!({ "serial": serial, "path": meter.path() }));
                meters.spawn(meter.run());
            }
        }
        tokio::select! {
            ended = meters.join_next() => match ended {
                Some(Ok(Err(error))) => Err(cannot(error)),
                Some(Ok(Ok(()))) => Err(CliError::failed("a simulated meter's line was cut")),
                Some(Err(error)) => Err(CliError::failed(error)),
                None => Ok(()),
            },
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    }

    fn station(&self, serial: &str) -> Result<Station, CliError> {
        let dialect = Dialect::new(Inferred::default(), InferredWrites::Allowed).map_err(CliError::failed)?;
        let log_start = self.log_start.map(MeterTime::of).transpose().map_err(CliError::usage)?;
        let mut setup = Setup::new(serial);
        setup.twin = self.twin;
        setup.three_phase = self.three_phase;
        if self.household {
            setup.shape = Shape::of_household(serial);
        }
        if let Some(watts) = self.power {
            setup.shape = Shape::Constant(watts);
        }
        self.prepay.fill(&mut setup);
        setup.log_start = log_start.unwrap_or(setup.log_start);
        let faults = self.faults.faults();
        let now = self.now.map_or(Now::Running, Now::Frozen);
        Ok(Station::new(SimulatedMeter::new(setup, dialect, &faults), faults, now))
    }
}

/// The addresses of so many meters: ports one after the other, or any.
fn ports(first: SocketAddr, count: u16) -> Result<impl Iterator<Item = SocketAddr>, CliError> {
    let step = u16::from(first.port() > 0);
    if first.port().checked_add((count - 1) * step).is_none() {
        return Err(CliError::usage(format_args!(
            "there are no {count} ports from {first} on"
        )));
    }
    Ok((0..count).map(move |index| SocketAddr::new(first.ip(), first.port() + index * step)))
}

fn cannot(error: SimulatorError) -> CliError {
    let why = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
    CliError::failed(format_args!("{error}{why}"))
}

/// The serial so many after this one: its last digits counted up, their number kept.
fn counted_up(serial: &str, by: u16) -> Result<String, String> {
    if by == 0 {
        return Ok(serial.to_owned());
    }
    let digits = serial.bytes().rev().take_while(u8::is_ascii_digit).count().min(18);
    let (head, number) = serial.split_at(serial.len() - digits);
    let counted = number
        .parse::<u64>()
        .ok()
        .map(|number| format!("{:0digits$}", number + u64::from(by)));
    let counted = counted.filter(|counted| counted.len() == digits);
    let counted = counted.ok_or_else(|| format!("{serial} does not end in a number that can be counted up by {by}"))?;
    Ok(format!("{head}{counted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_are_counted_up_and_keep_their_length() {
        assert_eq!(counted_up("EML0099", 1).as_deref(), Ok("EML0100"));
        assert_eq!(counted_up("EMLx", 0).as_deref(), Ok("EMLx"));
        assert!(counted_up("EMLx", 1).is_err());
        assert!(counted_up("EML99", 1).is_err());
    }
}

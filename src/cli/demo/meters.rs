//! The demonstration's meters: simulated ones in this process, with two months behind them, and a certificate a role
//! for programs that ask the mediator.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::levers::Levers;
use crate::cli::CliError;
use crate::domain::{Counts, MeterId};
use crate::meter::emop::dialect::InferredWrites;
use crate::meter::emop::identity::MeterType;
use crate::meter::emop::{Dialect, Inferred, MeterTime, Money};
use crate::meter::simulator::{Faults, Now, Setup, Shape, SimulatedMeter, Station, TcpMeter};
use crate::pki::{Hierarchy, Overwrite, Pki, Request, Role, Usage};

/// How far back their memory goes.
pub(super) const MEMORY: SignedDuration = SignedDuration::from_hours(60 * 24);

/// So long ago a resident paid, and how much.
const PAID_AGO: SignedDuration = SignedDuration::from_hours(3 * 24);
const PAID: Money = Money(2_500_000);

/// A meter of the demonstration.
struct Kind {
    serial: &'static str,
    name: &'static str,
    /// What partners call its data.
    source: Option<(&'static str, &'static str)>,
    twin: bool,
    three_phase: bool,
    /// Whether its energy is paid for beforehand: its balance falls with every watt-hour.
    prepay: bool,
    feeder: &'static str,
    counts: Counts,
    /// Whether it answers: one does not, since some hours.
    answers: bool,
}

/// Somebody's, of one phase, that answers.
const FLAT: Kind = Kind {
    serial: "",
    name: "",
    source: None,
    twin: false,
    three_phase: false,
    prepay: false,
    feeder: "North",
    counts: Counts::Unit,
    answers: true,
};

/// So long ago the one that does not answer was heard last.
const SILENT_FOR: SignedDuration = SignedDuration::from_hours(3);

/// The demo's data source, as applications know it.
pub(super) const SOURCE: &str = "S018011012261305588165";

const KINDS: [Kind; 7] = [
    Kind {
        serial: "EML2137580826",
        name: "Flat 1",
        source: Some((SOURCE, "SW8")),
        prepay: true,
        ..FLAT
    },
    Kind {
        serial: "EML2244826911",
        name: "Flat 2",
        twin: true,
        ..FLAT
    },
    Kind {
        serial: "EML2311500417",
        name: "Stairs and lift",
        three_phase: true,
        feeder: "Common parts",
        counts: Counts::Common,
        ..FLAT
    },
    Kind {
        serial: "EML2137580911",
        name: "Flat 3",
        ..FLAT
    },
    Kind {
        serial: "EML2137581044",
        name: "Flat 4",
        feeder: "South",
        ..FLAT
    },
    Kind {
        serial: "EML2137581173",
        name: "Flat 5",
        feeder: "South",
        ..FLAT
    },
    Kind {
        serial: "EML2137581260",
        name: "Flat 9",
        feeder: "South",
        answers: false,
        ..FLAT
    },
];

/// The one that `demo break meter` silences.
const BROKEN: &str = "EML2137580911";

/// Simulated meters that listen, but do not answer yet.
pub(super) struct Simulated {
    /// What the configuration says of them.
    pub(super) sections: String,
    meters: Vec<TcpMeter>,
}

impl Simulated {
    /// Binds their ports, from `first` on; 0: any.
    pub(super) async fn listen(first: u16, levers: &Levers, now: Timestamp) -> Result<Simulated, CliError> {
        let mut simulated = Simulated {
            sections: String::from(
                "[meters]\nrequest_gap = \"10ms\"\nattempts = 2\nretry_pause = \"1s\"\nbackfill = \"60d\"\n\n[meters.polling]\nreads = \"20s\"\npower = \"10s\"\nvoltage = \"20s\"\nprepay_balance = \"10s\"\n",
            ),
            meters: Vec::new(),
        };
        for (number, kind) in (0..).zip(&KINDS) {
            let port = if first == 0 { 0 } else { first.saturating_add(number) };
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let meter = TcpMeter::listen(address, kind.station(now)?)
                .await
                .map_err(CliError::failed)?;
            let _ = write!(
                simulated.sections,
                "\n[[meter]]\nserial = \"{}\"\nlink = \"tcp://{}\"\nname = \"{}\"\nesco = \"demo\"\nfeeder = \"{}\"\ncounts = \"{}\"\n",
                kind.serial,
                meter.address(),
                kind.name,
                kind.feeder,
                kind.counts.name()
            );
            if !kind.answers {
                // It cannot be asked what it is.
                simulated.sections.push_str("hardware = \"B1.w\"\n");
            }
            if let Some((id, outcode)) = kind.source {
                let _ = writeln!(
                    simulated.sections,
                    "datasource = {{ id = \"{id}\", outcode = \"{outcode}\" }}"
                );
            }
            simulated.meters.push(match kind.serial {
                _ if !kind.answers => meter.silenced_by(Arc::new(AtomicBool::new(true))),
                BROKEN => meter.silenced_by(Arc::clone(&levers.silence)),
                _ => meter,
            });
        }
        Ok(simulated)
    }

    /// Lets them answer for as long as the runtime lives.
    pub(super) fn start(&mut self, on: &tokio::runtime::Handle) {
        for meter in self.meters.drain(..) {
            on.spawn(async move {
                if let Err(error) = meter.run().await {
                    tracing::warn!(%error, "a simulated meter stopped");
                }
            });
        }
    }
}

/// The serials of the demo's meters that answer.
pub(super) fn serials() -> Vec<MeterId> {
    let answering = KINDS.iter().filter(|kind| kind.answers);
    answering.map(|kind| serial(kind.serial)).collect()
}

/// The meter that can be silenced.
pub(super) fn broken() -> MeterId {
    serial(BROKEN)
}

fn serial(text: &str) -> MeterId {
    text.parse().expect("they are letters and digits")
}

/// A meter, and until when it was heard.
pub(super) struct Remembered {
    pub(super) serial: MeterId,
    pub(super) meter: SimulatedMeter,
    pub(super) until: Timestamp,
}

/// All meters.
pub(super) fn remembered(now: Timestamp) -> Result<Vec<Remembered>, CliError> {
    let known = KINDS.iter().map(|kind| {
        let until = match kind.answers {
            true => now,
            false => now.saturating_sub(SILENT_FOR).map_err(CliError::failed)?,
        };
        Ok(Remembered {
            serial: serial(kind.serial),
            meter: SimulatedMeter::new(kind.setup(now)?, dialect()?, &Faults::default()),
            until,
        })
    });
    known.collect()
}

/// A meter that is paid for beforehand, as it was when somebody paid.
pub(super) struct Paid {
    pub(super) meter: SimulatedMeter,
    pub(super) dialect: Dialect,
    pub(super) at: Timestamp,
}

/// The demo's prepaying meter, if it has one.
pub(super) fn prepaying(now: Timestamp) -> Result<Option<(MeterId, Paid)>, CliError> {
    let Some(kind) = KINDS.iter().find(|kind| kind.prepay) else {
        return Ok(None);
    };
    let serial = kind.serial.parse().map_err(CliError::failed)?;
    let dialect = dialect()?;
    let paid = Paid {
        meter: SimulatedMeter::new(kind.setup(now)?, dialect.clone(), &Faults::default()),
        dialect,
        at: ago(now, PAID_AGO)?.moment(),
    };
    Ok(Some((serial, paid)))
}

/// What a meter's clock showed so long before `now`: whole seconds.
fn ago(now: Timestamp, length: SignedDuration) -> Result<MeterTime, CliError> {
    let moment = now.saturating_sub(length).map_err(CliError::failed)?;
    MeterTime::of(moment).map_err(CliError::failed)
}

fn dialect() -> Result<Dialect, CliError> {
    Dialect::new(Inferred::default(), InferredWrites::Allowed).map_err(CliError::failed)
}

impl Kind {
    fn station(&self, now: Timestamp) -> Result<Station, CliError> {
        let faults = Faults::default();
        let meter = SimulatedMeter::new(self.setup(now)?, dialect()?, &faults);
        Ok(Station::new(meter, faults, Now::Running))
    }

    /// What it is like at `now`: the same whenever it is asked with the same `now`.
    fn setup(&self, now: Timestamp) -> Result<Setup, CliError> {
        let mut setup = Setup::new(self.serial);
        setup.twin = self.twin;
        setup.three_phase = self.three_phase.then_some(MeterType::AxWholeCurrent);
        setup.shape = Shape::of_household(self.serial);
        setup.balance = Money(1_843_000);
        setup.log_start = ago(now, MEMORY)?;
        if self.prepay {
            setup.prepay = true;
            setup.balance = PAID;
            setup.balance_at = Some(ago(now, PAID_AGO)?);
        }
        Ok(setup)
    }
}

/// What a program shows the mediator.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Shown {
    certificate_file: PathBuf,
    key_file: PathBuf,
}

/// What programs need to ask the mediator.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Grpc {
    ca_file: PathBuf,
    #[serde(flatten)]
    roles: BTreeMap<&'static str, Shown>,
}

/// A certificate a role.
pub(super) async fn certificates(pki: &Pki, dir: &Path, now: Timestamp) -> Result<Grpc, CliError> {
    let mut roles = BTreeMap::new();
    for role in [Role::Internal, Role::Partner, Role::Readonly] {
        let request = Request {
            usage: Some(Usage::Client),
            role: Some(role),
            overwrite: Overwrite::Yes,
            ..Request::new(Hierarchy::Grpc, format!("demo-{}", role.name()))
        };
        let issued = pki.issue(request, Some(dir.join("grpc")), now).await;
        let issued = issued.map_err(CliError::failed)?;
        let shown = Shown {
            // With its issuer: servers that know the root alone want it.
            certificate_file: issued.chain,
            key_file: issued.key,
        };
        roles.insert(role.name(), shown);
    }
    Ok(Grpc {
        ca_file: pki.files(Hierarchy::Grpc).root_certificate,
        roles,
    })
}

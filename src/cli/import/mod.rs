//! `import …`: moving in from the systems that the box replaces (MOVE §1).

mod authority;
mod ca;
mod certbot;
mod mediators;
mod micronets;
mod redis;
mod report;
mod sending;
mod smip;
mod source;
mod what;

use std::process::ExitCode;

use clap::Subcommand;

use super::{CliError, Common};
use what::What;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Meters of the mediators' registry, exported as CSV
    ///
    /// PATH is the table `meter_registry` as CSV, with a heading: serial, ip_address (or host, or link), and, where
    /// they are there, port, esco, name, feeder, hardware, mode. Or it is a folder with that as meter_registry.csv, and
    /// the suppliers' codes as escos.csv. Each meter is added as `meter add` does. Running it again adds what is
    /// missing.
    #[command(
        after_help = "Examples:\n  gatelodge import mediators ./meter_registry.csv --dry-run\n  gatelodge import mediators ./meter_registry.csv"
    )]
    Mediators(What),
    /// Spaces of the old people counter, out of a dump of its Redis
    ///
    /// PATH is an RDB file: `redis-cli SAVE` writes dump.rdb, `redis-cli --rdb FILE` fetches one. Spaces keep their
    /// ids, counts and dates, are used through the old addresses as before, and stay until they are deleted. What is
    /// here already is not set back.
    #[command(
        after_help = "Examples:\n  gatelodge import redis ./dump.rdb --dry-run\n  gatelodge import redis ./dump.rdb"
    )]
    Redis(What),
    /// Half-hour files (SMIP CSV) of meters that the box knows
    ///
    /// PATH is a folder, in which files lie as profile-download writes them (`<serial>[-A|-B]-<YYYYMMDD>.csv`), or one
    /// such file. Readings fill what the book has not; where it has another value, that stays and is told.
    #[command(
        after_help = "Examples:\n  gatelodge import smip ./days --dry-run\n  gatelodge import smip ./days --json | jq .refused"
    )]
    Smip(What),
    /// An authority of `openssl ca` or of `certs`, and what it issued
    ///
    /// PATH is a folder of `openssl ca` (cacert.pem, index.txt, newcerts, private/cakey.pem) or one environment of
    /// `certs` (ca/ca.cert, clients). From then on the hierarchy believes its certificates; what it revoked stays
    /// revoked. With its key the hierarchy signs with it, and a door shows a certificate that old clients verify.
    #[command(
        after_help = "Examples:\n  gatelodge import ca ~/.simt/certs/prod --dry-run\n  gatelodge import ca ./demoCA --hierarchy relay --passphrase-file ./passphrase"
    )]
    Ca(ca::Ca),
    /// The root of Micronets gateways, and their certificates
    ///
    /// PATH is the folder of what gen-root-cert and gen-leaf-cert made (*.cert.pem, *.key.pem, *.pkeycert.pem). From
    /// then on the relay believes gateways of that root; with its key the relay shows a certificate that they verify.
    #[command(
        after_help = "Examples:\n  gatelodge import micronets ./lib --dry-run\n  gatelodge import micronets ./lib --root micronets-ws-root.cert.pem"
    )]
    Micronets(micronets::Micronets),
    /// Certificates that certbot had issued
    ///
    /// The https door shows one from then on, until the box renews it itself.
    /// The box must order by ACME for the same names (`[https] certificate = "acme"`, `acme.domains`).
    #[command(
        after_help = "Examples:\n  gatelodge import certbot /etc/letsencrypt --dry-run\n  gatelodge import certbot /etc/letsencrypt --name lodge.example.org"
    )]
    Certbot(certbot::Certbot),
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        match self {
            Command::Ca(ca) => ca.run(common),
            Command::Certbot(certbot) => certbot.run(common),
            Command::Micronets(micronets) => micronets.run(common),
            Command::Redis(what) => redis::run(common, &what),
            Command::Smip(what) => smip::run(common, &what),
            Command::Mediators(what) => mediators::run(common, &what),
        }
    }
}

//! The command line: one file a group of commands.

mod accounts;
mod backup;
mod cert;
mod certs;
mod config;
mod consents;
mod demo;
mod doctor;
mod elsewhere;
mod emop;
mod exit;
mod explain;
mod export;
mod import;
mod jobs;
mod kiosks;
mod man_config;
mod mediators;
mod meters;
mod misread;
mod move_out;
mod owner;
mod pki;
mod prepay;
mod print;
mod privacy;
mod provenance;
mod quickstart;
mod reach;
mod relay;
mod replicas;
mod resolve;
mod serve;
mod shell;
mod simulate;
mod spaces;
mod status;
mod steps;
mod support;
mod tariffs;
mod tokens;
mod uplink;
mod version;
mod webhooks;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use exit::CliError;

/// One box for a building: it reads meters, counts people, lets gateways meet, and tells the cloud.
#[derive(Parser)]
#[command(name = "gatelodge", version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Examples:\n  gatelodge demo                     everything on 127.0.0.1, without configuration\n  gatelodge check-config             is the configuration right?\n  gatelodge status                   how is the box?\n\nExit codes: 0 it worked; 1 it did not, or nobody knows yet; 2 the command line or a value on it is wrong; \
                  3 the configuration is wrong; 4 nobody answers; 5 refused"
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Common {
    /// The configuration file [default: /etc/gatelodge/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The admin socket of the running box [default: as configured]
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Print data as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Run the box in the foreground
    #[command(after_help = "Example:\n  gatelodge serve --config /etc/gatelodge/config.toml")]
    Serve,
    /// Run everything on 127.0.0.1 without configuration
    #[command(
        after_help = "Examples:\n  gatelodge demo\n  gatelodge demo --once          walk the main job end to end, then exit\n  \
                      gatelodge demo break meter     break something of the demo that runs, to see what the pages say\n  \
                      gatelodge demo mend            mend it"
    )]
    Demo(demo::Demo),
    /// From an installed box to one that does its job: at most six questions, or flags
    #[command(
        after_help = "It can be left and taken up again: each step is done, waits or is wrong, with the next move. What it is \
                      told stands in conf.d/10-quickstart.toml beside the configuration, which is not edited.\n\n\
                      Examples:\n  sudo gatelodge quickstart\n  sudo gatelodge quickstart --name \"Elm Court\" --hostname \
                      10.0.0.5 --meters meters.txt --admin anna --backup-to /mnt/usb"
    )]
    Quickstart(Box<quickstart::Quickstart>),
    /// Say whether the configuration is right
    #[command(
        alias = "validate",
        after_help = "Example:\n  gatelodge check-config --config ./config.toml"
    )]
    CheckConfig,
    /// Show the configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Say how the running box is
    #[command(after_help = "Example:\n  gatelodge status --json | jq .state")]
    Status,
    /// Prove here and now what the box promises, step by step
    #[command(
        after_help = "It asks every meter, walks to the broker, writes to the disk, and reads a backup that it makes to its end.\n\n\
                      Examples:\n  gatelodge doctor\n  gatelodge doctor --quick --json | jq '.[].steps[] | select(.verdict == \"bad\")'"
    )]
    Doctor(doctor::Doctor),
    /// Write what a supporter needs into one file, without people and secrets
    #[command(
        after_help = "What is in it is shown before it is written.\n\nExamples:\n  sudo gatelodge support-bundle bundle.zip\n  \
                      sudo gatelodge support-bundle bundle.zip --show | less"
    )]
    SupportBundle(support::SupportBundle),
    /// List, create, show, set and delete spaces
    #[command(subcommand)]
    Space(spaces::Command),
    /// Screens that show a space to whoever stands before them
    #[command(subcommand)]
    Kiosk(kiosks::Command),
    /// The registry of meters: add, list, show, remove
    #[command(subcommand)]
    Meter(meters::Command),
    /// Ask meters and tell them, through a mediator or the running box
    #[command(
        after_help = "Examples:\n  emop list\n  emop -s EML2137580761 prepay_balance\n  emop --mediator lodge:50051 --ca ca.pem --cert me.pem --key me.key read EML2137580761"
    )]
    Emop(Box<emop::Emop>),
    /// Write days of half hours from meters into files
    #[command(
        alias = "profile_download",
        after_help = "Examples:\n  gatelodge profile-download --serial EML2137580761 --date 2026-02-10 --output ./days\n  gatelodge profile-download --groups groups.properties"
    )]
    ProfileDownload(Box<emop::Download>),
    /// Say whether two folders of half-hour files are the same
    #[command(
        alias = "replicas_compare",
        after_help = "Example:\n  gatelodge replicas-compare ./here /mnt/there 2026-01-01 2026-01-31"
    )]
    ReplicasCompare(replicas::Compare),
    /// Say which days are missing in a folder of half-hour files
    #[command(
        aliases = ["replicas_check", "replica_check_missing", "replica-check-missing"],
        after_help = "Example:\n  gatelodge replicas-check ./days 2026-01-01 2026-01-31"
    )]
    ReplicasCheck(replicas::Check),
    /// Say which half-hour files of 2025 are not whole
    #[command(
        alias = "replicas-files-missing-records-2025",
        after_help = "Example:\n  gatelodge replicas-records ./days"
    )]
    ReplicasRecords(replicas::Records),
    /// Top-up codes: send one, and see what became of it
    #[command(subcommand)]
    Prepay(prepay::Command),
    /// Consented data: whom people allowed what, and stopping it
    #[command(subcommand)]
    Consent(consents::Command),
    /// Records of where data came from: verify one
    #[command(subcommand)]
    Provenance(provenance::Command),
    /// What the box does with meters by itself: list, show, run now
    #[command(subcommand)]
    Job(jobs::Command),
    /// What is done with meters: served, polled, read now
    #[command(subcommand)]
    Mediators(mediators::Mediators),
    /// Add, list, invite and remove people
    #[command(subcommand)]
    User(accounts::UserCommand),
    /// Create, list and revoke API tokens
    #[command(subcommand)]
    Token(tokens::TokenCommand),
    /// What the doors show: list, renew, test
    #[command(subcommand)]
    Cert(cert::Command),
    /// The box's own certificates
    #[command(subcommand)]
    Pki(pki::Command),
    /// The relay: who is there, and peers with an HTTP side
    #[command(subcommand)]
    Relay(relay::Command),
    /// An authority for mediators in a folder of its own
    #[command(after_help = "Example:\n  certs init prod && certs server prod && certs client prod sync --ou internal")]
    Certs(certs::Certs),
    /// The road to the cloud: try it out, say how it is
    #[command(subcommand)]
    Uplink(uplink::Command),
    /// Who is told when spaces get full and alarms begin: what was sent, and once more
    #[command(subcommand)]
    Webhook(webhooks::Command),
    /// Write a consistent backup of the running box to a file
    #[command(after_help = "Example:\n  gatelodge backup /mnt/usb/lodge.backup --passphrase-file ./passphrase")]
    Backup(backup::Backup),
    /// Put a backup in the place of the data folder
    #[command(after_help = "Example:\n  gatelodge restore /mnt/usb/lodge.backup --dry-run")]
    Restore(backup::Restore),
    /// Take along what the box has, as tables
    ///
    /// Tables are meters, readings, topups, spaces and counts.
    #[command(
        after_help = "Examples:\n  gatelodge export --from 2026-01-01 --to 2026-01-31 --format csv --out ./january\n  gatelodge export --from 2026-01-01 --to 2026-01-31 --only readings --format ndjson | gzip > readings.ndjson.gz"
    )]
    Export(export::Export),
    /// Move in from the systems that the box replaces
    #[command(subcommand)]
    Import(import::Command),
    /// Check every file of the store without changing anything
    #[command(after_help = "Example:\n  gatelodge verify")]
    Verify,
    /// Peers that are not there, for trying things out
    #[command(subcommand)]
    Simulate(simulate::Command),
    /// Print shell completions
    #[command(
        after_help = "Examples:\n  gatelodge completions bash > /etc/bash_completion.d/gatelodge\n  gatelodge completions bash emop > /etc/bash_completion.d/emop"
    )]
    Completions(shell::Completions),
    /// Print a manual page
    #[command(after_help = "Examples:\n  gatelodge man meter | man -l -\n  gatelodge man gatelodge.toml | man -l -")]
    Man(shell::Manual),
    /// Print the version
    #[command(after_help = "Example:\n  gatelodge version --licences | less")]
    Version(version::Version),
    /// Print the addresses of a name, from /etc/hosts and DNS
    #[command(hide = true)]
    Resolve(resolve::Resolve),
}

/// Runs the command that `args` name; its exit code says how it ended. `trim` has the allocator give
/// memory back that is free.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>, trim: fn()) -> ExitCode {
    crate::app::trim_by(trim);
    let cli = match Cli::try_parse_from(relay::as_known(in_full(args))) {
        Ok(cli) => cli,
        Err(error) => {
            misread::say(&error);
            return if error.use_stderr() {
                ExitCode::from(exit::USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    crate::tls::install_provider();
    match dispatch(cli) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// Names that the binary is also called by; then it is that group of commands.
const NAMES: [&str; 3] = ["emop", "mediators", "certs"];

/// The command line in full, whatever the binary was called by.
fn in_full(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let called = args.first().and_then(|called| Path::new(called).file_name());
    let group = NAMES
        .into_iter()
        .find(|name| called.is_some_and(|called| called == *name));
    if let Some(group) = group {
        args.splice(0..1, ["gatelodge".into(), group.into()]);
    }
    args
}

fn dispatch(cli: Cli) -> Result<ExitCode, CliError> {
    let common = cli.common;
    let done = |()| ExitCode::SUCCESS;
    match cli.command {
        Command::Serve => serve::serve(&common),
        Command::Demo(demo) => demo.run(&common),
        Command::Quickstart(quickstart) => quickstart.run(&common),
        Command::CheckConfig => config::check(&common).map(done),
        Command::Config(command) => command.run(&common).map(done),
        Command::Doctor(doctor) => doctor.run(&common),
        Command::SupportBundle(bundle) => bundle.run(&common).map(done),
        Command::Status => status::status(&common).map(done),
        Command::Resolve(name) => name.run().map(done),
        Command::Space(command) => command.run(&common).map(done),
        Command::Kiosk(command) => command.run(&common).map(done),
        Command::Meter(command) => command.run(&common),
        Command::Prepay(command) => command.run(&common),
        Command::Consent(command) => command.run(&common).map(done),
        Command::Provenance(command) => command.run(&common).map(done),
        Command::Job(command) => command.run(&common).map(done),
        Command::Emop(emop) => emop.run(&common),
        Command::ProfileDownload(download) => download.run(&common).map(done),
        Command::ReplicasCompare(compare) => compare.run(&common),
        Command::ReplicasCheck(check) => check.run(&common),
        Command::ReplicasRecords(records) => records.run(&common),
        Command::Mediators(command) => command.run(&common).map(done),
        Command::User(command) => command.run(&common).map(done),
        Command::Token(command) => command.run(&common).map(done),
        Command::Pki(command) => command.run(&common).map(done),
        Command::Cert(command) => command.run(&common),
        Command::Relay(command) => command.run(&common).map(done),
        Command::Uplink(command) => command.run(&common),
        Command::Webhook(command) => command.run(&common),
        Command::Certs(certs) => certs.run(&common).map(done),
        Command::Backup(command) => command.run(&common).map(done),
        Command::Restore(command) => command.run(&common).map(done),
        Command::Export(export) => export.run(&common).map(done),
        Command::Import(command) => command.run(&common),
        Command::Verify => backup::verify(&common),
        Command::Simulate(command) => command.run().map(done),
        Command::Completions(completions) => completions.run().map(done),
        Command::Man(manual) => manual.run().map(done),
        Command::Version(version) => version.run().map(done),
    }
}

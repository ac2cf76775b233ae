//! `cert list|renew|test`: what the doors show.

use std::process::ExitCode;

use clap::Subcommand;
use hyper::Method;
use serde_json::json;

use super::reach::block_on;
use super::{CliError, Common, print};
use crate::admin::CertificateShown;
use crate::tls::{Renewed, Step, StepVerdict};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List what each door shows, until when, and what stands in the way of the next
    #[command(after_help = "Example:\n  gatelodge cert list")]
    List,
    /// Order the https door's certificate by ACME now, whatever the schedule says
    #[command(after_help = "Example:\n  gatelodge cert renew")]
    Renew,
    /// Go through an ACME order step by step, up to the point before a certificate is issued
    #[command(
        after_help = "Example:\n  gatelodge cert test\n\nWith outbound.proxy (or HTTPS_PROXY) the server is called through that HTTP proxy, as the box does."
    )]
    Test,
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, CliError> {
        match self {
            Command::List => list(common),
            Command::Renew => renew(common),
            Command::Test => test(common),
        }
    }
}

fn list(common: &Common) -> Result<ExitCode, CliError> {
    let shown: Vec<CertificateShown> =
        block_on(async { Ok(common.running().await?.ask(Method::GET, "/certificates", None).await?) })?;
    if common.json {
        print::json(&shown);
        return Ok(ExitCode::SUCCESS);
    }
    let rows = shown.iter().map(|certificate| {
        [
            certificate.door.clone(),
            certificate.source.clone(),
            certificate.names.join(", "),
            certificate.issuer.clone(),
            print::moment(certificate.not_after),
            print::moment(certificate.next_try),
        ]
    });
    print::table(["door", "source", "names", "issuer", "until", "next try"], rows);
    for certificate in &shown {
        if let Some(error) = &certificate.last_error {
            let alarm = if certificate.alarm {
                " (ALARM: it ends soon)"
            } else {
                ""
            };
            print::line(format_args!("{}{alarm}: {error}", certificate.door));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn renew(common: &Common) -> Result<ExitCode, CliError> {
    let path = "/certificates/renewal";
    let renewed: Renewed = block_on(async {
        Ok(common
            .running()
            .await?
            .ask(Method::POST, path, Some(&json!({})))
            .await?)
    })?;
    if common.json {
        print::json(&renewed);
    } else {
        print::line(format_args!(
            "{} issued a certificate for {}, good until {}",
            renewed.issuer,
            renewed.names.join(", "),
            print::moment(Some(renewed.not_after))
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn test(common: &Common) -> Result<ExitCode, CliError> {
    let path = "/certificates/rehearsal";
    let steps: Vec<Step> = block_on(async {
        Ok(common
            .running()
            .await?
            .ask(Method::POST, path, Some(&json!({})))
            .await?)
    })?;
    Ok(tell(&steps, common))
}

/// Steps and what came of them; exit code 1 when one failed.
pub(super) fn tell(steps: &[Step], common: &Common) -> ExitCode {
    if common.json {
        print::json(&steps);
    }
    if !common.json {
        lines(steps);
    }
    let failed = steps.iter().any(|step| step.verdict == StepVerdict::Bad);
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Steps for people: what came of each, and what to do.
pub(super) fn lines(steps: &[Step]) {
    for step in steps {
        let verdict = match step.verdict {
            StepVerdict::Good => "good",
            StepVerdict::Doubtful => "look",
            StepVerdict::Bad => "BAD ",
        };
        print::line(format_args!("{verdict}  {}: {}", step.step, step.words));
        if let Some(next) = &step.next_step {
            print::line(format_args!("      next: {next}"));
        }
    }
}

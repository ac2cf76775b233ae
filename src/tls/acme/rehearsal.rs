//! An order step by step up to the point before a certificate is issued, in words: `cert test`.

use std::time::Duration;

use rustls_acme::acme::Order;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::server::{Member, Server, Wanted};
use super::vault::Vault;
use super::{AcmeError, AcmeSettings, Challenge, Challenges, order};

/// How long a name server may take.
const CALL: Duration = Duration::from_secs(20);
/// One step and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub step: String,
    /// What came of it.
    pub verdict: Verdict,
    pub words: String,
    /// What to do about it, when it failed.
    pub next_step: Option<String>,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It works.
    Good,
    /// It does not, but need not.
    Doubtful,
    /// It does not, and later steps were not tried.
    Bad,
}

impl Verdict {
    /// As whoever sets a box up reads it.
    #[must_use]
    pub fn in_setup(self) -> &'static str {
        match self {
            Verdict::Good => "done",
            Verdict::Doubtful => "waits",
            Verdict::Bad => "wrong",
        }
    }
}

/// The steps up to the first that fails.
pub(super) async fn rehearse(settings: &AcmeSettings, vault: &Vault, challenges: &Challenges) -> Vec<Step> {
    let mut settings = settings.clone();
    if let Some(directory) = settings.rehearsal_directory.take() {
        settings.directory = directory;
    }
    let mut rehearsal = Rehearsal {
        settings,
        vault,
        challenges,
        steps: Vec::new(),
    };
    rehearsal.dns().await;
    // The step that failed has said so.
    let _ = rehearsal.run().await;
    rehearsal.steps
}

struct Rehearsal<'a> {
    settings: AcmeSettings,
    vault: &'a Vault,
    challenges: &'a Challenges,
    steps: Vec<Step>,
}

/// A step failed and is written down.
struct Failed;

impl Rehearsal<'_> {
    async fn run(&mut self) -> Result<(), Failed> {
        let server = self.settings.directory.clone();
        let client = order::client(&self.settings);
        let client = self.note(
            "roots",
            client,
            |_| "the server's certificate can be checked".into(),
            ROOTS,
        )?;
        let found = Server::find(&self.settings, client).await;
        let found = self.note("server", found, |_| format!("{server} answers"), SERVER)?;
        let member = self.enter(found).await;
        let member = self.note("account", member, |_| "the server knows our account".into(), ACCOUNT)?;
        let names = self.settings.domains.clone();
        let ordered = self.order(&member).await;
        let words = format!("an order for {} is taken", names.join(", "));
        let (_, order) = self.note("order", ordered, |_| words, ORDER)?;
        let kinds = self.settings.challenges.clone();
        for (place, kind) in kinds.iter().enumerate() {
            let proven = self.prove(&member, &order, *kind).await;
            let good = |(): &()| format!("the server sees by {kind} that the names lead here");
            let hint = if *kind == Challenge::Http01 { HTTP } else { TLS };
            // The last kind decides; before it, a failure is only worth knowing.
            match self.note(&kind.to_string(), proven, good, hint) {
                Ok(()) => return Ok(()),
                Err(Failed) if place + 1 < kinds.len() => {
                    if let Some(step) = self.steps.last_mut() {
                        step.verdict = Verdict::Doubtful;
                    }
                }
                Err(Failed) => return Err(Failed),
            }
        }
        Ok(())
    }

    async fn enter(&self, server: Server) -> Result<Member, AcmeError> {
        let key = order::account_key(&self.settings, self.vault).await?;
        let binding = self.settings.binding.as_ref();
        server.enter(&self.settings.contact, &key, binding).await
    }

    /// An order as the next one will be, but in the place of none.
    async fn order(&self, member: &Member) -> Result<(String, Order), AcmeError> {
        let wanted = Wanted {
            names: &self.settings.domains,
            profile: self.settings.profile.as_deref(),
            replaces: None,
        };
        member.new_order(&wanted).await
    }

    /// Whether the names are known here at all. The server may see other addresses, so this decides nothing.
    async fn dns(&mut self) {
        for name in self.settings.domains.clone() {
            let found = timeout(CALL, tokio::net::lookup_host((name.as_str(), 443))).await;
            let addresses: Vec<String> = match found {
                Ok(Ok(found)) => found.map(|address| address.ip().to_string()).collect(),
                Ok(Err(_)) | Err(_) => Vec::new(),
            };
            let known = !addresses.is_empty();
            self.steps.push(Step {
                step: "DNS".to_owned(),
                verdict: if known { Verdict::Good } else { Verdict::Doubtful },
                words: if known {
                    format!("{name} leads to {}", addresses.join(", "))
                } else {
                    format!("{name} is not known to this box's name servers")
                },
                next_step: (!known).then(|| format!("give {name} an A or AAAA record with this box's public address")),
            });
        }
    }

    /// Has the server look at each name by `kind`.
    async fn prove(&self, member: &Member, order: &Order, kind: Challenge) -> Result<(), AcmeError> {
        // A challenge that failed ends its order, so that another kind needs a new one.
        let first = self.settings.challenges.first() == Some(&kind);
        let urls = if first {
            order.authorizations.clone()
        } else {
            self.order(member).await?.1.authorizations
        };
        for url in &urls {
            order::prove(member, self.challenges, kind, url).await?;
        }
        Ok(())
    }

    /// Writes down what came of a step.
    fn note<T>(
        &mut self,
        step: &str,
        outcome: Result<T, AcmeError>,
        good: impl FnOnce(&T) -> String,
        hint: &str,
    ) -> Result<T, Failed> {
        let (verdict, words) = match &outcome {
            Ok(done) => (Verdict::Good, good(done)),
            Err(fault) => (Verdict::Bad, fault.to_string()),
        };
        self.steps.push(Step {
            step: step.to_owned(),
            verdict,
            words,
            next_step: (verdict == Verdict::Bad).then(|| hint.to_owned()),
        });
        outcome.map_err(|_| Failed)
    }
}

const ROOTS: &str = "set acme.ca_file to the PEM root of a private server, or install ca-certificates";
const SERVER: &str = "check acme.directory, acme.ca_file, this box's way to the internet and its clock";
const ACCOUNT: &str = "check acme.contact; some servers take only accounts that are bound to one with their owner: \
                       acme.eab_key_id and acme.eab_key_file";
const ORDER: &str = "check acme.domains and acme.profile; after too many orders the server says when it takes the next";
const TLS: &str = "port 443 of the name's public address must reach this box's https door, with TLS passed through";
const HTTP: &str = "port 80 of the name's public address must reach this box's http door";

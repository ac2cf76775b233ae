//! An order step by step up to the point before a certificate is issued, in words: `cert test`.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls_acme::acme::{Account, AuthStatus, Directory, Identifier, Order};
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use super::challenge::{Answer, Answering};
use super::vault::Vault;
use super::{AcmeError, AcmeSettings, Challenge, Challenges, order};

/// How long a call to the server may take.
const CALL: Duration = Duration::from_secs(20);
/// How often the server is asked for its verdict, a second apart.
const LOOKS: usize = 30;
/// How often a call is made again whose nonce was rejected.
const NONCES: usize = 8;

/// One step and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which.
    pub step: String,
    /// What came of it.
    pub verdict: Verdict,
    /// In words.
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
        let directory = self.call(|| Directory::discover(&client, &server)).await;
        let directory = self.note("server", directory, |_| format!("{server} answers"), SERVER)?;
        let account = self.account(&client, directory).await;
        let account = self.note("account", account, |_| "the server knows our account".into(), ACCOUNT)?;
        let names = self.settings.domains.clone();
        let ordered = self.call(|| account.new_order(&client, names.clone())).await;
        let words = format!("an order for {} is taken", names.join(", "));
        let (_, order) = self.note("order", ordered, |_| words, ORDER)?;
        let kinds = self.settings.challenges.clone();
        for (place, kind) in kinds.iter().enumerate() {
            let proven = self.prove(&client, &account, &order, *kind).await;
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

    async fn account(&self, client: &Arc<ClientConfig>, directory: Directory) -> Result<Account, AcmeError> {
        let (server, contact) = (&self.settings.directory, &self.settings.contact);
        let key = match self.vault.account(server, contact) {
            Some(key) => key,
            None => {
                let key = Account::generate_key_pair();
                self.vault.put_account(server, contact, &key).await?;
                key
            }
        };
        self.call(|| Account::create_with_keypair(client, directory.clone(), contact, &key))
            .await
    }

    /// Has the server look at each name by `kind`.
    async fn prove(
        &self,
        client: &Arc<ClientConfig>,
        account: &Account,
        order: &Order,
        kind: Challenge,
    ) -> Result<(), AcmeError> {
        // A challenge that failed ends its order, so that another kind needs a new one.
        let names = self.settings.domains.clone();
        let first = self.settings.challenges.first() == Some(&kind);
        let urls = if first {
            order.authorizations.clone()
        } else {
            self.call(|| account.new_order(client, names.clone()))
                .await?
                .1
                .authorizations
        };
        for url in &urls {
            let auth = self.call(|| account.auth(client, url)).await?;
            let Identifier::Dns(name) = auth.identifier.clone();
            let (answer, challenge) = match kind {
                Challenge::TlsAlpn01 => {
                    let (challenge, key) = self.own(account.tls_alpn_01(&auth.challenges, name.clone()))?;
                    (
                        Answer::Tls {
                            name: name.clone(),
                            key: Arc::new(key),
                        },
                        challenge.url.clone(),
                    )
                }
                Challenge::Http01 => {
                    let (challenge, text) = self.own(account.http_01(&auth.challenges))?;
                    let token = challenge.token.clone();
                    (Answer::Http { token, text }, challenge.url.clone())
                }
            };
            let _answering: Answering = self.challenges.answer(answer);
            if !matches!(auth.status, AuthStatus::Valid) {
                self.call(|| account.challenge(client, &challenge)).await?;
            }
            self.verdict(client, account, url, name).await?;
        }
        Ok(())
    }

    async fn verdict(
        &self,
        client: &Arc<ClientConfig>,
        account: &Account,
        url: &str,
        name: String,
    ) -> Result<(), AcmeError> {
        for _ in 0..LOOKS {
            let auth = self.call(|| account.auth(client, url)).await?;
            match auth.status {
                AuthStatus::Valid => return Ok(()),
                AuthStatus::Pending => sleep(Duration::from_secs(1)).await,
                AuthStatus::Invalid | AuthStatus::Revoked | AuthStatus::Expired | AuthStatus::Deactivated => {
                    return Err(AcmeError::of_authorization(auth));
                }
            }
        }
        Err(AcmeError::NotOurs {
            name,
            detail: "it did not come to a verdict".to_owned(),
        })
    }

    /// One call, under a time limit; again when its nonce was rejected.
    async fn call<T, F>(&self, make: impl Fn() -> F) -> Result<T, AcmeError>
    where
        F: Future<Output = Result<T, rustls_acme::acme::AcmeError>>,
    {
        let mut nonces = 0;
        loop {
            let answer = timeout(self.patience(), make()).await.map_err(|_| AcmeError::Silent {
                directory: self.settings.directory.clone(),
                after: self.patience(),
            })?;
            match self.own(answer) {
                Err(fault) if fault.is_nonce() && nonces < NONCES => nonces += 1,
                answer => return answer,
            }
        }
    }

    fn patience(&self) -> Duration {
        CALL.min(self.settings.deadline)
    }

    fn own<T>(&self, answer: Result<T, rustls_acme::acme::AcmeError>) -> Result<T, AcmeError> {
        answer.map_err(|error| AcmeError::of_call(&self.settings.directory, &error))
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
const ACCOUNT: &str = "check acme.contact; some servers take only accounts they know beforehand";
const ORDER: &str = "check acme.domains; after too many orders the server says when it takes the next";
const TLS: &str = "port 443 of the name's public address must reach this box's https door, with TLS passed through";
const HTTP: &str = "port 80 of the name's public address must reach this box's http door";

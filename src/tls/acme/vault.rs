//! What outlives a restart: the schedule and the chain as rows of the book, keys as files of their owner's.
//!
//! Keys stay out of the rows because a backup holds rows in clear, while it seals files that only their owner may
//! read, or leaves them out.

use std::fs;
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::renewal_info::Advice;
use super::{AcmeError, AcmeSettings};
use crate::files::{make_private, write_private};
use crate::pki::sha256;
use crate::store::{Ledger, RowError, Store, schema};
use crate::tls::files;
use crate::tls::pair::Pair;

/// How it stands with one certificate, by the hash of its server and names.
const PLANS: Ledger<Plan> = Ledger::new(schema::ACME_PLANS);
/// The chain, by the same hash, the hash of the leaf, and a number: a row is too small for all of it.
const CHAINS: Ledger<String> = Ledger::new(schema::ACME_CHAINS);

/// Characters of a chain in one row; line ends take two in it.
const PART: usize = 3000;
/// Characters of a fault that are kept.
const WORDS: usize = 600;

/// How it stands with a certificate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// The hash of the leaf that is stored, which names its rows and its key's file.
    pub(super) certificate: Option<String>,
    /// Failed orders since the last success.
    pub(super) failures: u32,
    /// No order is placed before.
    pub(super) next_try: Option<Timestamp>,
    /// Why the last order failed.
    pub(super) last_error: Option<String>,
    /// The last try placed no order: the server could not be reached.
    #[serde(default)]
    pub(super) unreached: bool,
    /// When the server wants the stored certificate to be renewed.
    #[serde(default)]
    pub(super) advice: Option<Advice>,
}

/// Keeps one certificate; clones share it.
#[derive(Clone)]
pub(super) struct Vault {
    store: Store,
    folder: PathBuf,
    id: [u8; 16],
}

impl Vault {
    pub(super) fn new(store: Store, settings: &AcmeSettings) -> Vault {
        let order = format!("{}\n{}", settings.directory, settings.domains.join("\n"));
        Vault {
            store,
            folder: settings.folder.clone(),
            id: short(order.as_bytes()),
        }
    }

    /// Whether the clock may be trusted enough to call a certificate too old.
    pub(super) fn clock_is_trusted(&self) -> bool {
        self.store.clock_is_trusted()
    }

    pub(super) fn plan(&self) -> Result<Plan, AcmeError> {
        Ok(PLANS.get(&self.store, &self.id)?.unwrap_or_default())
    }

    /// Writes the schedule down after a failure.
    pub(super) async fn put_plan(&self, mut plan: Plan) -> Result<(), AcmeError> {
        plan.last_error = plan.last_error.map(|words| words.chars().take(WORDS).collect());
        let id = self.id;
        Ok(self.store.write(move |page| PLANS.put_on(page, &id, &plan)).await?)
    }

    /// The stored pair. `None` when there is none; a lost key (a restore without keys) or a lost row (a
    /// book that was mended) makes it worthless.
    pub(super) fn pair(&self) -> Result<Option<Pair>, AcmeError> {
        let Some(certificate) = self.plan()?.certificate else {
            return Ok(None);
        };
        let key = self.key_file(&certificate);
        let Ok(secret) = files::read(&key).map(Zeroizing::new) else {
            return Ok(None);
        };
        let mut chain = String::new();
        let prefix = self.prefix(&certificate);
        for (_, part) in CHAINS.scan(&self.store, &prefix, None, usize::MAX)? {
            chain.push_str(&part);
        }
        let places = ["the stored chain".to_owned(), key.display().to_string()];
        let pair = Pair::parse(chain.as_bytes(), &secret, places, "acme");
        Ok(pair
            .inspect_err(|error| tracing::warn!(%error, "the stored certificate cannot be used; another is ordered"))
            .ok())
    }

    /// Puts an issued pair (`pem`: key and chain) in the place of the stored one: first the key's file, then in one
    /// change the chain and the schedule, so that what the rows name is always there. No
    /// other is ordered before `not_again`, however short its life.
    pub(super) async fn put_pair(&self, pem: &[u8], pair: &Pair, not_again: Timestamp) -> Result<(), AcmeError> {
        let leaf = pair.key.cert.first().map(|leaf| leaf.to_vec()).unwrap_or_default();
        let certificate = HEXLOWER.encode(&short(&leaf));
        let text = Zeroizing::new(String::from_utf8_lossy(pem).into_owned());
        let (secret, chain) = split(&text);
        self.write_file(self.key_file(&certificate), Zeroizing::new(secret.as_bytes().to_vec()))
            .await?;
        let chars: Vec<char> = chain.chars().collect();
        let parts: Vec<String> = chars.chunks(PART).map(|part| part.iter().collect()).collect();
        let (id, prefix) = (self.id, self.prefix(&certificate));
        let plan = Plan {
            certificate: Some(certificate.clone()),
            next_try: Some(not_again),
            ..Plan::default()
        };
        let before = self.plan()?.certificate.filter(|before| *before != certificate);
        let change = self.store.write(move |page| -> Result<(), RowError> {
            for (key, _) in CHAINS.scan_on(page, &id, None, usize::MAX)? {
                CHAINS.delete_on(page, &key);
            }
            for (place, part) in parts.iter().enumerate() {
                let place = u16::try_from(place).unwrap_or(u16::MAX).to_be_bytes();
                CHAINS.put_on(page, &[&prefix[..], &place].concat(), part)?;
            }
            PLANS.put_on(page, &id, &plan)
        });
        change.await?;
        if let Some(before) = before {
            // The old key is of no use any more; when it stays, it is only a file too many.
            let _ = fs::remove_file(self.key_file(&before));
        }
        Ok(())
    }

    /// The key of our account with this server, in the form that `rustls-acme` keeps it (PKCS #8, DER).
    pub(super) fn account(&self, settings: &AcmeSettings) -> Option<Vec<u8>> {
        fs::read(self.account_file(settings)).ok()
    }

    /// Keeps the key of our account with this server.
    pub(super) async fn put_account(&self, settings: &AcmeSettings, key: &[u8]) -> Result<(), AcmeError> {
        let key = Zeroizing::new(key.to_vec());
        self.write_file(self.account_file(settings), key).await
    }

    async fn write_file(&self, path: PathBuf, bytes: Zeroizing<Vec<u8>>) -> Result<(), AcmeError> {
        let folder = self.folder.clone();
        let written = tokio::task::spawn_blocking(move || {
            make_private(&folder)?;
            write_private(&path, &bytes)
        });
        Ok(written.await.map_err(|_| AcmeError::Interrupted)??)
    }

    fn prefix(&self, certificate: &str) -> Vec<u8> {
        [&self.id[..], certificate.as_bytes()].concat()
    }

    fn key_file(&self, certificate: &str) -> PathBuf {
        self.folder.join(format!("certificate-{certificate}.key.pem"))
    }

    /// Another account elsewhere means another account there.
    fn account_file(&self, settings: &AcmeSettings) -> PathBuf {
        let mut account = format!("{}\n{}", settings.directory, settings.contact.join("\n"));
        if let Some(binding) = &settings.binding {
            account.push_str(&format!("\nbound to {}", binding.key_id));
        }
        let account = short(account.as_bytes());
        self.folder
            .join(format!("account-{}.key.der", HEXLOWER.encode(&account)))
    }
}

fn short(bytes: &[u8]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&sha256(bytes)[..16]);
    short
}

/// The key and the chain of one PEM text, in which the key stands first.
fn split(pem: &str) -> (&str, &str) {
    pem.split_at(pem.find("-----BEGIN CERTIFICATE-----").unwrap_or(pem.len()))
}

/// Loses the first part of the chain, as a damaged book might; says whether there was one.
#[cfg(test)]
pub(super) async fn lose_a_part(vault: &Vault) -> bool {
    let id = vault.id;
    let change = vault.store.write(move |page| -> Result<bool, RowError> {
        let first = CHAINS.scan_on(page, &id, None, 1)?.pop();
        if let Some((key, _)) = &first {
            CHAINS.delete_on(page, key);
        }
        Ok(first.is_some())
    });
    change.await.unwrap()
}

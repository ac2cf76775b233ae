//! One order, from the directory to the chain, under a time limit.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use rustls_acme::acme::{Account, Auth, AuthStatus, Identifier, Order, OrderStatus};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::renewal_info::certificate_id;
use super::server::{Member, Reply, Server, Wanted};
use super::vault::Vault;
use super::{AcmeError, AcmeSettings, Challenge, Challenges};
use crate::pki::{SigningRequest, pem};
use crate::tls::{config, files};

/// How often an order or an authorization is looked at.
const LOOKS: u32 = 60;
/// The longest pause between two looks, unless the server wants a longer one.
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// Key and chain as PEM, for [`AcmeSettings::domains`].
pub(super) async fn order(
    settings: &AcmeSettings,
    vault: &Vault,
    challenges: &Challenges,
    challenge: Challenge,
) -> Result<Zeroizing<Vec<u8>>, AcmeError> {
    let done = timeout(settings.deadline, place(settings, vault, challenges, challenge)).await;
    done.map_err(|_| AcmeError::Silent {
        directory: settings.directory.clone(),
        after: settings.deadline,
    })?
}

async fn place(
    settings: &AcmeSettings,
    vault: &Vault,
    challenges: &Challenges,
    challenge: Challenge,
) -> Result<Zeroizing<Vec<u8>>, AcmeError> {
    let server = Server::find(settings, client(settings)?).await;
    let server = server.map_err(|fault| AcmeError::Unreached(Box::new(fault)))?;
    let member = server
        .enter(
            &settings.contact,
            &account_key(settings, vault).await?,
            settings.binding.as_ref(),
        )
        .await?;
    let wanted = Wanted {
        names: &settings.domains,
        profile: settings.profile.as_deref(),
        replaces: vault
            .pair()?
            .and_then(|before| certificate_id(before.key.cert.first()?)),
    };
    let (place, order) = member.new_order(&wanted).await?;
    for url in &order.authorizations {
        prove(&member, challenges, challenge, url).await?;
    }
    let request = SigningRequest::for_hosts(&settings.domains).map_err(|error| AcmeError::Order(error.to_string()))?;
    let mut reply = settled(&member, &place, |order| matches!(order.status, OrderStatus::Pending)).await?;
    if matches!(reply.value.status, OrderStatus::Ready) {
        reply = member.finalize(&reply.value.finalize, &request.der).await?;
    }
    if !matches!(reply.value.status, OrderStatus::Valid { .. }) {
        pause(0, reply.again).await;
        let is_open = |order: &Order| matches!(order.status, OrderStatus::Processing | OrderStatus::Ready);
        reply = settled(&member, &place, is_open).await?;
    }
    match reply.value.status {
        OrderStatus::Valid { certificate } => {
            let chain = member.certificate(&certificate).await?;
            Ok(Zeroizing::new(format!("{}{chain}", *request.key).into_bytes()))
        }
        OrderStatus::Invalid => Err(AcmeError::of_order(reply.value)),
        OrderStatus::Pending | OrderStatus::Ready | OrderStatus::Processing => {
            Err(AcmeError::Order("the server did not come to an end with it".to_owned()))
        }
    }
}

/// Looks at an order until it is not `open` any more.
async fn settled(member: &Member, url: &str, open: impl Fn(&Order) -> bool) -> Result<Reply<Order>, AcmeError> {
    for look in 0..LOOKS {
        let reply = member.look::<Order>(url).await?;
        if !open(&reply.value) {
            return Ok(reply);
        }
        pause(look, reply.again).await;
    }
    Err(AcmeError::Order("the server did not come to an end with it".to_owned()))
}

/// Has the server see, by `kind`, that the name of an authorization leads here.
pub(super) async fn prove(
    member: &Member,
    challenges: &Challenges,
    kind: Challenge,
    url: &str,
) -> Result<(), AcmeError> {
    let auth = member.look::<Auth>(url).await?.value;
    if matches!(auth.status, AuthStatus::Valid) {
        return Ok(());
    }
    let (answer, challenge) = member.answer(kind, &auth)?;
    let _answering = challenges.answer(answer);
    member.ready(&challenge).await?;
    for look in 0..LOOKS {
        let reply = member.look::<Auth>(url).await?;
        match reply.value.status {
            AuthStatus::Valid => return Ok(()),
            AuthStatus::Pending => pause(look, reply.again).await,
            AuthStatus::Invalid | AuthStatus::Revoked | AuthStatus::Expired | AuthStatus::Deactivated => {
                return Err(AcmeError::of_authorization(reply.value));
            }
        }
    }
    let Identifier::Dns(name) = auth.identifier;
    Err(AcmeError::NotOurs {
        name,
        detail: "it did not come to a verdict".to_owned(),
    })
}

/// Before the next look: as long as the server wants, else a little longer each time (RFC 8555 §7.5.1).
async fn pause(look: u32, wanted: Option<Duration>) {
    let usual = (Duration::from_millis(250) * (look + 1)).min(LONGEST_LOOK);
    sleep(wanted.unwrap_or(usual)).await;
}

/// The key of our account with the server; a fresh one is kept before anybody hears of it.
pub(super) async fn account_key(settings: &AcmeSettings, vault: &Vault) -> Result<Zeroizing<Vec<u8>>, AcmeError> {
    if let Some(key) = vault.account(settings) {
        return Ok(Zeroizing::new(key));
    }
    let key = Zeroizing::new(Account::generate_key_pair());
    vault.put_account(settings, &key).await?;
    Ok(key)
}

/// How the server's own certificate is checked.
pub(super) fn client(settings: &AcmeSettings) -> Result<Arc<ClientConfig>, AcmeError> {
    let mut roots = RootCertStore::empty();
    match &settings.ca_file {
        Some(file) => {
            let text = files::read(file).map_err(AcmeError::Roots)?;
            let found = pem::certificates(&text).map_err(|source| AcmeError::RootsPem {
                path: file.clone(),
                source,
            })?;
            roots.add_parsable_certificates(found);
            if roots.is_empty() {
                return Err(AcmeError::NoRoot(file.clone()));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(AcmeError::NoSystemRoots);
            }
        }
    }
    let builder = ClientConfig::builder_with_provider(config::provider())
        .with_safe_default_protocol_versions()
        .map_err(AcmeError::Tls)?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

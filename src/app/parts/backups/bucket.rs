//! A bucket of a server that speaks S3 (Amazon's "Simple Storage Service API Reference", version 2006-03-01): what is in it,
//! and what goes in, is read again and is taken away. Addresses are signed; the calls are the house's own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_lc_rs::digest::{Context as Hash, SHA256};
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use jiff::Timestamp;
use rusty_s3::actions::{ListObjectsV2, S3Action};
use rusty_s3::{Bucket as Addresses, Credentials, UrlStyle};

use super::kept::stamp;
use crate::config::S3;
use crate::files::read_secret;
use crate::http::client::{Answer, Call, Client};
use crate::tls::Outbound;

/// For one call: a whole backup over a slow line.
const LIMIT: Duration = Duration::from_secs(4 * 3_600);
/// The longest answer that is read into memory, in bytes: a page of a thousand names.
const LONGEST: usize = 4 << 20;
/// How long a signed address is good, which is as long as the call may take.
const GOOD: Duration = LIMIT;

/// A backup in the bucket; the oldest is the least.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InBucket {
    pub(super) at: Timestamp,
    pub(super) name: String,
    /// As the server lists it.
    pub(super) bytes: Option<u64>,
}

/// The way to one bucket.
pub(super) struct Bucket {
    addresses: Addresses,
    credentials: Credentials,
    prefix: String,
    client: Client,
}

impl Bucket {
    /// The bucket that is configured; its secret is read as it stands now.
    pub(super) fn open((name, prefix, s3): (&str, &str, &S3)) -> Result<Bucket> {
        let endpoint = s3.endpoint.parse().context("backup.s3.endpoint")?;
        // The name in the host is what Amazon wants; others, and names with dots, have it in the path.
        let amazon = s3.endpoint.trim_end_matches('/').ends_with(".amazonaws.com") && !name.contains('.');
        let style = if amazon { UrlStyle::VirtualHost } else { UrlStyle::Path };
        let addresses = Addresses::new(endpoint, style, name.to_owned(), s3.region.clone())?;
        let secret = read_secret(&s3.secret_file);
        let secret = secret.with_context(|| format!("reading {}", s3.secret_file.display()))?;
        let outbound = Outbound {
            ca_file: s3.ca_file.clone(),
            ..Outbound::default()
        };
        Ok(Bucket {
            addresses,
            credentials: Credentials::new(s3.access_key_id.clone(), secret.trim().to_owned()),
            prefix: prefix.to_owned(),
            client: Client {
                tls: outbound.load()?.config,
                way: s3.way.clone(),
                limit: LIMIT,
                longest: LONGEST,
            },
        })
    }

    /// The backups in it, oldest first, by the time in their names.
    pub(super) async fn backups(&self) -> Result<Vec<InBucket>> {
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut list = self.addresses.list_objects_v2(Some(&self.credentials));
            list.with_prefix(self.prefix.clone());
            if let Some(token) = next.take() {
                list.with_continuation_token(token);
            }
            let answer = self
                .ask(Method::GET, list.sign(GOOD).as_str())
                .await
                .context("listing")?;
            let page = ListObjectsV2::parse_response(&String::from_utf8_lossy(&answer.body));
            let page = page.map_err(|error| anyhow::anyhow!("what the server lists cannot be read: {error}"))?;
            for object in page.contents {
                let name = object.key.strip_prefix(&self.prefix).map(str::to_owned);
                if let Some((at, name)) = name.and_then(|name| Some((stamp(Path::new(&name))?, name))) {
                    let bytes = object.size;
                    found.push(InBucket { at, name, bytes });
                }
            }
            next = page.next_continuation_token;
            if next.is_none() {
                found.sort();
                return Ok(found);
            }
        }
    }

    /// Puts the file in under that name.
    pub(super) async fn put(&self, name: &str, file: &Path) -> Result<()> {
        let key = format!("{}{name}", self.prefix);
        let url = self.addresses.put_object(Some(&self.credentials), &key).sign(GOOD);
        let file = tokio::fs::File::open(file).await?;
        let answer = self.client.send_file(call(Method::PUT, url.as_str())?, file).await?;
        accepted(answer).with_context(|| format!("writing {key}")).map(drop)
    }

    /// The hash of what lies under that name, read to its end.
    pub(super) async fn sha256(&self, name: &str) -> Result<[u8; 32]> {
        let key = format!("{}{name}", self.prefix);
        let url = self.addresses.get_object(Some(&self.credentials), &key).sign(GOOD);
        let mut hash = Hash::new(&SHA256);
        let mut each = |bytes: &[u8]| hash.update(bytes);
        let answer = self.client.receive(call(Method::GET, url.as_str())?, &mut each).await?;
        accepted(answer).with_context(|| format!("reading {key} again"))?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(hash.finish().as_ref());
        Ok(sha256)
    }

    /// Takes away what lies under that name.
    pub(super) async fn remove(&self, name: &str) -> Result<()> {
        let key = format!("{}{name}", self.prefix);
        let url = self.addresses.delete_object(Some(&self.credentials), &key).sign(GOOD);
        let removed = self.ask(Method::DELETE, url.as_str()).await;
        removed.with_context(|| format!("removing {key}")).map(drop)
    }

    async fn ask(&self, method: Method, url: &str) -> Result<Answer> {
        accepted(self.client.send(call(method, url)?).await?)
    }
}

fn call(method: Method, url: &str) -> Result<Call> {
    Ok(Call {
        method,
        uri: url.parse()?,
        headers: Vec::new(),
        body: Bytes::new(),
    })
}

/// Who is refused is told by the server's own code, without the address, which has the signature in it.
fn accepted(answer: Answer) -> Result<Answer> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let body = String::from_utf8_lossy(&answer.body);
    let code = body
        .split("<Code>")
        .nth(1)
        .and_then(|rest| rest.split("</Code>").next());
    let code = code.filter(|code| code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let next = match (answer.status, code) {
        (_, Some("RequestTimeTooSkewed")) => "the clock of the box is wrong",
        (_, Some("NoSuchBucket")) => "make the bucket, or name another in backup.target",
        (StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED, _) => {
            "check backup.s3.access_key_id, its secret, and what it may do there: list, get, put, delete"
        }
        _ => "see what the server's owner says of it",
    };
    bail!(
        "the server answered {} {}: {next}",
        answer.status.as_u16(),
        code.unwrap_or_default()
    )
}

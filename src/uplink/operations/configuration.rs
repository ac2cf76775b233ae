//! Configurations from the cloud and for it (UPLINK §2.7). The box validates, tries and puts back;
//! here they are fetched, sent, and remembered as installed.

use jiff::Timestamp;

use crate::store::Store;
use crate::uplink::host::{Host, NewConfiguration, Section};
use crate::uplink::installed::{self, Installed};
use crate::uplink::names::kind;
use crate::uplink::tenant::{Tenant, Upload};

/// A text takes so many bytes at most.
const TEXT: usize = 10_000;
pub(super) const TOO_LONG: &str = "the text has more than 10000 bytes; send it as a file (c8y_DownloadConfigFile)";

/// The number of an operation's row.
pub(super) fn number(key: &[u8]) -> u64 {
    key.try_into().map_or(0, u64::from_be_bytes)
}

/// What an operation wants to be in force.
pub(super) async fn wanted(
    tenant: &Tenant,
    key: &[u8],
    kind: &str,
    arguments: &[String],
) -> Result<NewConfiguration, String> {
    let first = arguments.first().map_or("", String::as_str);
    if kind == kind::CONFIGURATION {
        if first.len() > TEXT {
            return Err(TOO_LONG.to_owned());
        }
        return Ok(NewConfiguration {
            key: number(key),
            section: Section::Whole,
            text: first.to_owned(),
        });
    }
    let named = arguments.get(1).map_or("", String::as_str);
    let section = section(named)?;
    let file = tenant.fetch(first).await.map_err(|error| error.to_string())?;
    let text = String::from_utf8(file.into()).map_err(|_| "the file is no UTF-8".to_owned())?;
    Ok(NewConfiguration {
        key: number(key),
        section,
        text,
    })
}

fn section(named: &str) -> Result<Section, String> {
    Section::of_name(named).ok_or_else(|| {
        let known: Vec<&str> = Section::TYPES.iter().map(|section| section.name()).collect();
        format!("there is no configuration `{named}`: it is one of {}", known.join(", "))
    })
}

/// Remembers a file as installed, now that it is in force.
pub(super) async fn settled(store: &Store, kind: &str, arguments: &[String]) -> Result<String, String> {
    tracing::info!(target: "gatelodge::audit", kind, "a configuration from the cloud is in force");
    if let (kind::DOWNLOAD, [url, named, ..]) = (kind, arguments) {
        let url = url.split(['?', '#']).next().unwrap_or_default().to_owned();
        let row = Installed {
            kind: named.clone(),
            name: url.rsplit('/').next().unwrap_or_default().to_owned(),
            url,
            at: Timestamp::now(),
        };
        let remembered = installed::remember(store, row).await;
        remembered.map_err(|error| error.to_string())?;
    }
    Ok(String::new())
}

/// Sends a part of what is in force to the cloud.
pub(super) async fn upload((host, tenant): (&dyn Host, &Tenant), named: &str, source: &str) -> Result<String, String> {
    let section = section(if named.is_empty() {
        Section::TYPES[0].name()
    } else {
        named
    })?;
    let upload = Upload {
        kind: section.name(),
        text: "the configuration in force",
        source,
        bytes: host.configuration(section).into_bytes(),
    };
    let sent = tenant.upload(upload).await;
    sent.map_err(|error| format!("upload failed: {error}"))?;
    Ok(String::new())
}

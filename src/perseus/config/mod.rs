//! The section `[perseus]`: who we are, which applications are known, and which licences are offered.

mod faults;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::redirect_uri::RedirectUri;
use crate::domain::units::Span;
use crate::http::way_out::WayOut;

/// Consented energy data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where people and applications find the authorization server; absent: `site.hostname` and the port of `https`.
    pub issuer: Option<String>,
    /// Where applications reach its machine endpoints; absent: `site.hostname` and the port of `mtls`.
    pub mtls_url: Option<String>,
    /// Where they fetch data; absent: `mtls_url`.
    pub resource_url: Option<String>,
    /// Which applications are let in: those that are registered below.
    pub clients: Clients,
    /// Where the scheme's names begin.
    pub registry_base: String,
    /// Who provides the data, as people are told.
    pub name: String,
    /// Where they tell what they do with people's data.
    pub privacy_url: String,
    /// The certificate (with its issuers) that signs records of where data came from, PEM; absent: the box's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_certificate_file: Option<PathBuf>,
    /// Its key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key_file: Option<PathBuf>,
    /// The root that others verify it by, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_ca_file: Option<PathBuf>,
    /// What the box is called as an application of the scheme, in its own signing certificate; absent: `issuer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The URL of the member that it belongs to; absent: `issuer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The roots that receivers of messages are believed by, PEM; absent: the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_ca_file: Option<PathBuf>,
    /// The certificate (with its issuers) that the box shows them, PEM; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_certificate_file: Option<PathBuf>,
    /// Its key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_key_file: Option<PathBuf>,
    /// By which way others are called; whoever reads the file says so.
    #[serde(skip)]
    pub way: WayOut,
    /// Whether a scope whose words are joined by plus signs is read as those words.
    pub plus_scope: bool,
    /// The licences under which data is shared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licence: Vec<Licence>,
    /// The applications.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub client: Vec<Client>,
}

/// Which applications are let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clients {
    /// Those that are registered.
    #[default]
    Registered,
}

/// A licence under which data is shared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Licence {
    /// Its URL, which applications ask for as the scope.
    pub url: String,
    /// The longest that a permission lasts; absent: 365 days.
    pub life: Option<Span>,
    /// As records of where data came from spell it; absent: `url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance_url: Option<String>,
    /// The standard that data of it follows, in those records; absent: `url` with `license` read as `standard`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_url: Option<String>,
    /// The words that people agree to, a text file with `[CAP]`, `[EDP]`, `[EDP privacy policy link]` and `[CAP process]` in
    /// it, in English.
    pub text_file: PathBuf,
    /// The same words in other languages of the pages, by their tags. Whoever reads such a page agrees to those.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub translations: BTreeMap<String, PathBuf>,
}

/// An application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Client {
    /// Its URL, as its certificate has it.
    pub client_id: String,
    /// What it may call itself beside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Where people are sent back to.
    pub redirect_uris: Vec<String>,
    /// What people call it.
    pub name: String,
    /// The URL of the member that it belongs to; absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// What it does with the data, in a few words.
    pub process: String,
    /// Where it tells what it does with people's data.
    pub privacy_url: String,
    /// Where it is told that somebody withdrew a permission; absent: it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_url: Option<String>,
    /// Whether it is kept out.
    pub disabled: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            issuer: None,
            mtls_url: None,
            resource_url: None,
            clients: Clients::Registered,
            registry_base: "https://registry.core.sandbox.trust.ib1.org".to_owned(),
            name: String::new(),
            privacy_url: String::new(),
            signing_certificate_file: None,
            signing_key_file: None,
            signing_ca_file: None,
            application: None,
            member: None,
            outbound_ca_file: None,
            outbound_certificate_file: None,
            outbound_key_file: None,
            way: WayOut::default(),
            plus_scope: true,
            licence: Vec::new(),
            client: Vec::new(),
        }
    }
}

impl Config {
    /// The role in which records are signed.
    #[must_use]
    pub fn signing_role(&self) -> String {
        format!("{}/scheme/perseus/role/energy-data-provider", self.registry_base)
    }
}

impl Licence {
    /// As records spell it.
    #[must_use]
    pub fn in_records(&self) -> &str {
        self.provenance_url.as_deref().unwrap_or(&self.url)
    }

    /// The standard that its data follows.
    #[must_use]
    pub fn standard(&self) -> String {
        let standard = || {
            self.url
                .replace("/license/", "/standard/")
                .replace("/licence/", "/standard/")
        };
        self.standard_url.clone().unwrap_or_else(standard)
    }
}

impl Client {
    /// Where people are sent back to; a checked configuration has nothing else there.
    #[must_use]
    pub fn redirects(&self) -> Vec<RedirectUri> {
        let uris = self.redirect_uris.iter().cloned();
        uris.filter_map(|uri| uri.try_into().ok()).collect()
    }

    /// Whether it goes by that name.
    #[must_use]
    pub fn is_called(&self, client_id: &str) -> bool {
        self.client_id == client_id || self.aliases.iter().any(|alias| alias == client_id)
    }
}

//! The section `[perseus]`: who we are, which applications are known, and which licences are offered.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::redirect_uri::RedirectUri;
use super::scope::OFFLINE;
use crate::domain::Faults;
use crate::domain::units::Span;
use crate::http::authority;
use crate::pki::is_application_url;

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
    /// The words that people agree to, a text file with `[CAP]`, `[EDP]`, `[EDP privacy policy link]` and `[CAP process]` in
    /// it.
    pub text_file: PathBuf,
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
            plus_scope: true,
            licence: Vec::new(),
            client: Vec::new(),
        }
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

    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        if !is_url(&self.client_id) {
            let right = "the application's URL as its certificate has it, such as https://directory.example/a/x1";
            faults.add(
                "client_id",
                format!("`{}` is no application URL", self.client_id),
                right,
            );
        }
        if self.redirect_uris.is_empty() {
            faults.add(
                "redirect_uris",
                "is empty",
                "name each address to which people are sent back",
            );
        }
        for uri in &self.redirect_uris {
            if let Err(error) = RedirectUri::try_from(uri.clone()) {
                faults.add(
                    "redirect_uris",
                    error.to_string(),
                    "such as https://app.example/callback",
                );
            }
        }
        if self.aliases.iter().any(|alias| !is_one_line(alias)) {
            faults.add(
                "aliases",
                "one is empty, or not one line",
                "what the application sends as client_id instead of its URL",
            );
        }
        let member = self.member.iter().find(|member| !is_url(member));
        if let Some(member) = member {
            faults.add(
                "member",
                format!("`{member}` is no URL of a member"),
                "such as https://directory.example/member/y1",
            );
        }
        for (key, text) in [("name", &self.name), ("process", &self.process)] {
            if !is_one_line(text) {
                let what = "is empty, not one line, or has characters that turn a text round or cannot be seen";
                faults.add(key, what, "people read it before they agree");
            }
        }
        if !is_url(&self.privacy_url) {
            faults.add(
                "privacy_url",
                format!("`{}` is no https URL", self.privacy_url),
                "people are shown it as a link",
            );
        }
        faults
    }
}

impl Config {
    /// What the keys cannot say each for itself.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        for (key, url) in [
            ("issuer", &self.issuer),
            ("mtls_url", &self.mtls_url),
            ("resource_url", &self.resource_url),
        ] {
            if let Some(url) = url.as_ref().filter(|url| !is_origin(url)) {
                let right = "https, a host, and its port when it is not 443; no path: https://box.example:8443";
                faults.add(format!("perseus.{key}"), format!("`{url}` is no origin"), right);
            }
        }
        if !is_origin(&self.registry_base) {
            let right = "such as https://registry.core.trust.ib1.org";
            faults.add(
                "perseus.registry_base",
                format!("`{}` is no origin", self.registry_base),
                right,
            );
        }
        if !is_one_line(&self.name) {
            let what = "is empty, not one line, or has characters that turn a text round or cannot be seen";
            faults.add("perseus.name", what, "who provides the data, as people are told");
        }
        if !is_url(&self.privacy_url) {
            let right = "where people read what is done with their data, such as https://lodge.example/privacy";
            faults.add(
                "perseus.privacy_url",
                format!("`{}` is no https URL", self.privacy_url),
                right,
            );
        }
        if self.licence.is_empty() {
            let right = "name at least one [[perseus.licence]]: applications ask for it as the scope";
            faults.add("perseus.licence", "there is none", right);
        }
        let mut seen = BTreeSet::new();
        for (place, licence) in self.licence.iter().enumerate() {
            let place = format!("perseus.licence.{place}");
            let is_word = is_url(&licence.url) && !licence.url.contains('+') && licence.url != OFFLINE;
            if !is_word {
                let right = "an https URL without a plus sign, such as the licence's address in the registry";
                faults.add(
                    format!("{place}.url"),
                    format!("`{}` is no licence", licence.url),
                    right,
                );
            }
            let life = licence.life.map(|life| life.0.as_secs());
            if life.is_some_and(|seconds| !(86_400..=3_660 * 86_400).contains(&seconds)) {
                faults.add(
                    format!("{place}.life"),
                    "is less than a day, or more than ten years",
                    "such as \"365d\"",
                );
            }
            if !seen.insert(&licence.url) {
                faults.add(format!("{place}.url"), "is there twice", "each licence once");
            }
        }
        let mut seen = BTreeSet::new();
        for (place, client) in self.client.iter().enumerate() {
            let place = format!("perseus.client.{place}");
            faults.within(&place, client.faults());
            for name in std::iter::once(&client.client_id).chain(&client.aliases) {
                if !seen.insert(name) {
                    faults.add(
                        format!("{place}.client_id"),
                        format!("`{name}` is there twice"),
                        "each name once",
                    );
                }
            }
        }
        faults
    }
}

/// Whether a text is an origin over TLS, as it is written everywhere else: no path, no slash at its end.
fn is_origin(text: &str) -> bool {
    is_url(text) && !text["https://".len()..].contains(['/', '?']) && !text.ends_with(":443")
}

/// Whether a text is an https URL whose host there can be.
fn is_url(text: &str) -> bool {
    let authority = text
        .strip_prefix("https://")
        .and_then(|rest| rest.split(['/', '?']).next());
    is_application_url(text) && authority.is_some_and(authority::is_sound)
}

/// Whether people can read a text as it is: one line, nothing that turns it round (UAX #9 §2) and nothing unseen.
fn is_one_line(text: &str) -> bool {
    let turns = |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{61C}' | '\u{FEFF}');
    !text.trim().is_empty() && !text.chars().any(|c| c.is_control() || turns(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right() -> Config {
        Config {
            name: "Lodge".into(),
            privacy_url: "https://lodge.example/privacy".into(),
            licence: vec![Licence {
                url: "https://r.example/licence".into(),
                ..Licence::default()
            }],
            client: vec![Client {
                client_id: "https://d.example/a/1".into(),
                redirect_uris: vec!["https://app.example/callback".into()],
                name: "App".into(),
                process: "saves".into(),
                privacy_url: "https://app.example/privacy".into(),
                ..Client::default()
            }],
            ..Config::default()
        }
    }

    #[test]
    fn each_fault_is_told_by_its_key() {
        assert!(right().faults().is_empty());
        type Change = fn(&mut Config);
        let changes: &[(&str, Change)] = &[
            ("perseus.issuer", |c| c.issuer = Some("https://a.example/".into())),
            ("perseus.issuer", |c| c.issuer = Some("https://a.example:443".into())),
            ("perseus.mtls_url", |c| c.mtls_url = Some("http://a.example".into())),
            ("perseus.name", |c| c.name = " ".into()),
            ("perseus.privacy_url", |c| c.privacy_url = String::new()),
            ("perseus.licence", |c| c.licence.clear()),
            ("perseus.licence.0.url", |c| c.licence[0].url = "energy".into()),
            ("perseus.licence.1.url", |c| c.licence.push(c.licence[0].clone())),
            ("perseus.client.0.client_id", |c| c.client[0].client_id = "app".into()),
            ("perseus.client.0.redirect_uris", |c| c.client[0].redirect_uris.clear()),
            ("perseus.client.0.redirect_uris", |c| {
                c.client[0].redirect_uris = vec!["http://a.example".into()]
            }),
            ("perseus.client.0.member", |c| c.client[0].member = Some("m".into())),
            ("perseus.client.0.process", |c| c.client[0].process = "a\nb".into()),
            ("perseus.client.0.name", |c| c.client[0].name = "A\u{202E}cme".into()),
            ("perseus.client.0.name", |c| c.client[0].name = "Ac\u{200B}me".into()),
            ("perseus.client.0.aliases", |c| {
                c.client[0].aliases = vec![String::new()]
            }),
            ("perseus.client.0.privacy_url", |c| {
                c.client[0].privacy_url = "https://*./privacy".into()
            }),
            ("perseus.client.0.redirect_uris", |c| {
                c.client[0].redirect_uris = vec!["https://app.example/callback?code=1".into()]
            }),
            ("perseus.issuer", |c| c.issuer = Some("https://a.example:99999".into())),
            ("perseus.issuer", |c| c.issuer = Some("https://a;b".into())),
            ("perseus.client.1.client_id", |c| c.client.push(c.client[0].clone())),
        ];
        for (key, change) in changes {
            let mut config = right();
            change(&mut config);
            let faults = config.faults();
            let keys: Vec<String> = faults.into_iter().map(|fault| fault.key).collect();
            assert!(keys.iter().any(|one| one == key), "{key}: {keys:?}");
        }
    }
}

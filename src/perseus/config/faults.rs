//! What the keys of `[perseus]` cannot say each for itself.

use std::collections::BTreeSet;

use super::{Client, Config};
use crate::domain::{Faults, is_readable};
use crate::http::authority;
use crate::perseus::redirect_uri::RedirectUri;
use crate::perseus::scope::OFFLINE;
use crate::pki::is_application_url;

impl Client {
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
        if self.aliases.iter().any(|alias| !is_readable(alias)) {
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
            if !is_readable(text) {
                let what =
                    "is empty, too long, not one line, or has characters that turn a text round or cannot be seen";
                faults.add(key, what, "people read it before they agree");
            }
        }
        if self.process.trim_end().ends_with('.') {
            faults.add(
                "process",
                "ends with a full stop",
                "it is the rest of a sentence that begins with \"It\": works out your carbon footprint",
            );
        }
        if let Some(url) = self.message_url.as_ref().filter(|url| !is_url(url)) {
            let right = "where it takes messages, such as https://app.example/perseus/messages";
            faults.add("message_url", format!("`{url}` is no https URL"), right);
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
        if !is_readable(&self.name) {
            let what = "is empty, too long, not one line, or has characters that turn a text round or cannot be seen";
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
        self.signing_faults(&mut faults);
        self.outbound_faults(&mut faults);
        if self.licence.is_empty() {
            let right = "name at least one [[perseus.licence]]: applications ask for it as the scope";
            faults.add("perseus.licence", "there is none", right);
        }
        self.licence_faults(&mut faults);
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

    fn signing_faults(&self, faults: &mut Faults) {
        for (key, url) in [("application", &self.application), ("member", &self.member)] {
            if let Some(url) = url.as_ref().filter(|url| !is_url(url)) {
                let right = "an https URL of the scheme's directory, such as https://directory.example/a/x1";
                faults.add(format!("perseus.{key}"), format!("`{url}` is no https URL"), right);
            }
        }
        let files = [
            ("signing_certificate_file", &self.signing_certificate_file),
            ("signing_key_file", &self.signing_key_file),
            ("signing_ca_file", &self.signing_ca_file),
        ];
        if files.iter().any(|(_, file)| file.is_some()) {
            for (key, _) in files.iter().filter(|(_, file)| file.is_none()) {
                let right = "certificate, key and root go together; without all three the box has its own";
                faults.add(format!("perseus.{key}"), "is not there, and the others are", right);
            }
        }
    }

    fn outbound_faults(&self, faults: &mut Faults) {
        let (certificate, key) = (&self.outbound_certificate_file, &self.outbound_key_file);
        if certificate.is_some() != key.is_some() {
            let missing = match certificate {
                Some(_) => "outbound_key_file",
                None => "outbound_certificate_file",
            };
            let right = "certificate and key go together; without both the box shows none";
            faults.add(format!("perseus.{missing}"), "is not there, and the other is", right);
        }
    }

    fn licence_faults(&self, faults: &mut Faults) {
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
            for (key, url) in [
                ("provenance_url", &licence.provenance_url),
                ("standard_url", &licence.standard_url),
            ] {
                if let Some(url) = url.as_ref().filter(|url| !is_url(url)) {
                    let right = "an https URL of the scheme's registry";
                    faults.add(format!("{place}.{key}"), format!("`{url}` is no https URL"), right);
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perseus::Licence;

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
            ("perseus.client.0.process", |c| {
                c.client[0].process = "works it out.".into()
            }),
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

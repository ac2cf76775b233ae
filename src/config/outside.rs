//! What is configured outside of files: variables of the environment, and flags.

use std::path::Path;

use figment::providers::{Env, Serialized};
use figment::value::{Dict, Map, UncasedStr};
use figment::{Error, Metadata, Profile, Provider};

/// What our variables begin with: `GATELODGE_<SECTION>__<KEY>`.
const PREFIX: &str = "GATELODGE_";

/// Environment variables of one part, which name a key at the top; others must name a section too.
const TOP_KEYS: [&str; 2] = ["data_dir", "admin_socket"];

/// All variables of the environment that are ours.
pub(super) struct Environment;

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named(PREFIX)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let wanted = |key: &UncasedStr| key.as_str().contains("__") || TOP_KEYS.iter().any(|top| key == *top);
        Env::prefixed(PREFIX).filter(wanted).split("__").data()
    }
}

/// A variable that programs of all kinds know a proxy by; in small letters too, as some write it.
#[derive(Clone, Copy)]
pub(super) struct ProxyVariable {
    names: [&'static str; 2],
    key: &'static str,
    is_list: bool,
}

impl ProxyVariable {
    /// Who is the proxy, and who is called without it.
    pub(super) const ALL: [ProxyVariable; 2] = [
        ProxyVariable {
            names: ["HTTPS_PROXY", "https_proxy"],
            key: "outbound.proxy",
            is_list: false,
        },
        ProxyVariable {
            names: ["NO_PROXY", "no_proxy"],
            key: "outbound.no_proxy",
            is_list: true,
        },
    ];

    /// The name under which it is set, and what it says; an empty one says nothing.
    #[expect(clippy::disallowed_methods, reason = "this is where variables become settings")]
    fn said(self) -> Option<(&'static str, String)> {
        let said = |name| Some((name, std::env::var(name).ok().filter(|text| !text.is_empty())?));
        self.names.into_iter().find_map(said)
    }
}

impl Provider for ProxyVariable {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.said().map_or(self.names[0], |(name, _)| name))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let Some((_, text)) = self.said() else {
            return Ok(Map::new());
        };
        if self.is_list {
            let all: Vec<&str> = text.split([',', ' ']).filter(|part| !part.is_empty()).collect();
            return Serialized::default(self.key, all).data();
        }
        Serialized::default(self.key, text).data()
    }
}

/// The flag that says where the admin socket is.
pub(super) struct SocketFlag<'f>(pub(super) &'f Path);

impl Provider for SocketFlag<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("--socket")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Serialized::default("admin_socket", self.0).data()
    }
}

/// What said the value of a key, when no file did: a variable, or a flag.
pub(super) fn name_of(metadata: &Metadata, path: &[String]) -> String {
    match metadata.name.as_ref() {
        PREFIX => format!("{PREFIX}{}", path.join("__").to_uppercase()),
        name => name.to_owned(),
    }
}

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

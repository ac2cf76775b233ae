//! The section of the way out: the proxy of the site, for all that calls others.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

use crate::domain::Faults;
use crate::http::way_out::{Direct, ProxyAddress, ProxyAddressError, WayOut};

/// How the box reaches others. What is absent may be said by the environment, as far as `proxy` is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outbound {
    /// The proxy; absent: `HTTPS_PROXY` of the environment, with `NO_PROXY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// A file with the password that goes with the name in `proxy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_password_file: Option<PathBuf>,
    /// Who is called without it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no_proxy: Vec<Direct>,
}

/// What is said of the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// There is none, whatever the environment says.
    Off,
    /// It is there.
    At(ProxyAddress),
}

impl Outbound {
    /// The way out as it is configured.
    #[must_use]
    pub fn way(&self) -> WayOut {
        let Some(Proxy::At(proxy)) = &self.proxy else {
            return WayOut::default();
        };
        WayOut {
            proxy: Some(proxy.clone()),
            password_file: self.proxy_password_file.clone(),
            direct: self.no_proxy.clone(),
        }
    }

    /// What the keys cannot say each for itself.
    pub(super) fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        let key = "outbound.proxy_password_file";
        if self.proxy_password_file.is_none() {
            return faults;
        }
        match &self.proxy {
            Some(Proxy::At(proxy)) if proxy.password.is_some() => {
                let right = "leave one of them out";
                let what = "is one password, and outbound.proxy has another in it";
                faults.joint(key, &["outbound.proxy"], what, right);
            }
            Some(Proxy::At(proxy)) if proxy.name.is_some() => {}
            _ => {
                let right = "with outbound.proxy = \"http://name@host:port\" it is";
                faults.joint(key, &["outbound.proxy"], "is not used", right);
            }
        }
        faults
    }
}

impl FromStr for Proxy {
    type Err = ProxyAddressError;

    fn from_str(text: &str) -> Result<Proxy, ProxyAddressError> {
        match text {
            "off" => Ok(Proxy::Off),
            text => text.parse().map(Proxy::At),
        }
    }
}

impl Serialize for Proxy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Proxy::Off => serializer.serialize_str("off"),
            Proxy::At(proxy) => proxy.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Proxy, D::Error> {
        Zeroizing::new(String::deserialize(deserializer)?)
            .parse()
            .map_err(de::Error::custom)
    }
}

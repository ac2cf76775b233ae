//! The way out of the house: straight, or through the HTTP proxy that the site has for it. All that calls out goes by a
//! [`WayOut`]; meters have lines of their own (`meters.socks5_url`).

mod address;
mod direct;
mod error;
mod tunnel;

use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpStream;
use zeroize::Zeroizing;

pub use address::{ProxyAddress, ProxyAddressError};
pub use direct::{Direct, DirectError};
pub use error::{ProxyError, WayError};

use crate::files::read_secret;

/// How others are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WayOut {
    /// The proxy; `None`: there is none.
    pub proxy: Option<ProxyAddress>,
    /// A file with its password, read anew for each call.
    pub password_file: Option<PathBuf>,
    /// Who is reached without it.
    pub direct: Vec<Direct>,
}

impl WayOut {
    /// The proxy that leads to `host` (a name, or an address without brackets); `None`: it is called straight.
    #[must_use]
    pub fn proxy_to(&self, host: &str, port: u16) -> Option<&ProxyAddress> {
        let straight = self.direct.iter().any(|direct| direct.means(host, port));
        self.proxy.as_ref().filter(|_| !straight)
    }

    /// A connection to `host`, by whichever way leads there; `within` is the time that there is for the whole call.
    ///
    /// # Errors
    /// When nobody takes the connection, or the proxy opens no way.
    pub async fn connect(&self, host: &str, port: u16, within: Duration) -> Result<TcpStream, WayError> {
        match self.proxy_to(host, port) {
            Some(proxy) => Ok(self.through(proxy, (host, port), within).await?),
            None => TcpStream::connect((host, port)).await.map_err(WayError::Direct),
        }
    }

    /// A way through a proxy, which [`WayOut::proxy_to`] named.
    ///
    /// # Errors
    /// When it opens none.
    pub async fn through(
        &self,
        proxy: &ProxyAddress,
        target: (&str, u16),
        within: Duration,
    ) -> Result<TcpStream, ProxyError> {
        let password = self.password(proxy)?;
        tunnel::open(proxy, password.as_ref().map(|text| text.as_str()), target, within).await
    }

    /// A password is a line of text; what editors put behind it does not belong to it.
    fn password(&self, proxy: &ProxyAddress) -> Result<Option<Zeroizing<String>>, ProxyError> {
        let Some(path) = &self.password_file else {
            return Ok(proxy.password.clone());
        };
        let text = read_secret(path).map_err(|source| ProxyError::Password {
            proxy: proxy.to_string(),
            path: path.display().to_string(),
            source,
        })?;
        Ok(Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
    }
}

//! Why there is no way out, each with the proxy's name and what to do.

use std::io;
use std::time::Duration;

use axum::http::StatusCode;

/// The proxy opened no way.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The file with its password cannot be used.
    #[error("the password for the proxy {proxy} cannot be read from {path}: {source}")]
    Password {
        proxy: String,
        path: String,
        source: io::Error,
    },
    /// Nobody takes the connection.
    #[error("the proxy {proxy} cannot be reached: {source}")]
    Unreachable { proxy: String, source: io::Error },
    /// It took too long.
    #[error("the proxy {proxy} did not open a way to {target} within {} s", .within.as_secs_f32())]
    Silent {
        proxy: String,
        /// Whom it was asked for.
        target: String,
        within: Duration,
    },
    /// It hung up.
    #[error("the proxy {proxy} hung up when it was asked for a way to {target}: {reason}")]
    Closed {
        proxy: String,
        target: String,
        /// What the system said.
        reason: String,
    },
    /// What it says is no HTTP.
    #[error("what answers at {proxy} is no HTTP proxy")]
    Strange { proxy: String },
    /// It wants to know who we are, or does not believe it (RFC 9110 §15.5.8).
    #[error("the proxy {proxy} wants {} ({})", if *.named { "another name or password" } else { "a name and a password" }, .status.as_u16())]
    Login {
        proxy: String,
        /// Whether it was given one.
        named: bool,
        status: StatusCode,
    },
    /// It says no.
    #[error("the proxy {proxy} does not allow a way to {target} ({status})")]
    Forbidden {
        proxy: String,
        target: String,
        status: StatusCode,
    },
    /// It does not come through itself.
    #[error("the proxy {proxy} does not reach {target} ({status})")]
    Beyond {
        proxy: String,
        target: String,
        status: StatusCode,
    },
    /// It answers something else.
    #[error("the proxy {proxy} answered {status} when it was asked for a way to {target}")]
    Refused {
        proxy: String,
        target: String,
        status: StatusCode,
    },
}

impl ProxyError {
    /// What a person can do.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match self {
            ProxyError::Password { .. } => "write the password to the file that outbound.proxy_password_file names",
            ProxyError::Unreachable { .. } => "check host and port in outbound.proxy, and that the proxy runs",
            ProxyError::Silent { .. } => {
                "see whether the proxy's log knows the request; it may wait for a name or an address that it does not reach"
            }
            ProxyError::Closed { .. } => {
                "see what the proxy's log says; many close on ports and addresses that they do not allow"
            }
            ProxyError::Strange { .. } => {
                "check host and port in outbound.proxy: it takes an HTTP proxy, spoken to without TLS"
            }
            ProxyError::Login { .. } => {
                "set outbound.proxy to http://name@host:port and outbound.proxy_password_file to a file with the password"
            }
            ProxyError::Forbidden { .. } | ProxyError::Refused { .. } => {
                "let the proxy allow CONNECT to this host and port, or name the host in outbound.no_proxy if there is a way \
                 without the proxy"
            }
            ProxyError::Beyond { .. } => {
                "check the address that is called; the proxy looks the name up itself. If there is a way without the proxy, \
                 name the host in outbound.no_proxy"
            }
        }
    }
}

/// Somebody cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum WayError {
    /// By the box itself.
    #[error(transparent)]
    Direct(io::Error),
    /// Through the proxy.
    #[error("{fault}; {}", .fault.mend())]
    Proxy {
        #[from]
        fault: ProxyError,
    },
}

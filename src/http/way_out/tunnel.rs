//! A way through an HTTP proxy: CONNECT (RFC 9110 §9.3.6), with a name and a password where it wants them (RFC 7617).

use std::time::Duration;

use axum::http::header::{HOST, PROXY_AUTHORIZATION};
use axum::http::{HeaderValue, Request, StatusCode};
use bytes::Bytes;
use data_encoding::BASE64;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::address::{ProxyAddress, authority};
use super::error::ProxyError;

/// How long a proxy may take, whatever else there is time for.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest head of its answer, in bytes.
const HEAD: usize = 16 << 10;

/// A way to `host`, whose name the proxy looks up, in half of the time that there is: what comes behind it wants some.
pub(super) async fn open(
    proxy: &ProxyAddress,
    password: Option<&str>,
    (host, port): (&str, u16),
    within: Duration,
) -> Result<TcpStream, ProxyError> {
    let within = PATIENCE.min(within / 2);
    let target = authority(host, port);
    let opened = timeout(within, through(proxy, password, &target)).await;
    opened.unwrap_or_else(|_| {
        Err(ProxyError::Silent {
            proxy: proxy.to_string(),
            target: target.clone(),
            within,
        })
    })
}

async fn through(proxy: &ProxyAddress, password: Option<&str>, target: &str) -> Result<TcpStream, ProxyError> {
    let stream = TcpStream::connect((proxy.host.as_str(), proxy.port)).await;
    let stream = stream.map_err(|source| ProxyError::Unreachable {
        proxy: proxy.to_string(),
        source,
    })?;
    let broken = |error: hyper::Error| {
        let proxy = proxy.to_string();
        match error.is_parse() {
            true => ProxyError::Strange { proxy },
            false => ProxyError::Closed {
                proxy,
                target: target.to_owned(),
                reason: error.to_string(),
            },
        }
    };
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let connection = connection.with_upgrades();
    let request = request(proxy, password, target).ok_or_else(|| ProxyError::Strange {
        proxy: proxy.to_string(),
    })?;
    let asking = async {
        let answer = sender.send_request(request).await.map_err(broken)?;
        match answer.status().is_success() {
            true => hyper::upgrade::on(answer).await.map_err(broken),
            false => Err(refusal(proxy, target, answer.status())),
        }
    };
    tokio::pin!(asking, connection);
    // The connection does the reading and writing, and lets go of the stream in the end.
    let upgraded = tokio::select! {
        asked = &mut asking => asked,
        _ = &mut connection => asking.await,
    }?;
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        // Whoever is at the other end waits for us to begin; what came before that is the proxy's own.
        Ok(parts) if parts.read_buf.is_empty() => Ok(parts.io.into_inner()),
        Ok(_) | Err(_) => Err(ProxyError::Strange {
            proxy: proxy.to_string(),
        }),
    }
}

fn request(proxy: &ProxyAddress, password: Option<&str>, target: &str) -> Option<Request<Empty<Bytes>>> {
    let mut request = Request::connect(target).header(HOST, target);
    if let Some(name) = &proxy.name {
        let pair = Zeroizing::new(format!("{name}:{}", password.unwrap_or_default()));
        let basic = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
        let mut value = HeaderValue::from_str(&basic).ok()?;
        value.set_sensitive(true);
        request = request.header(PROXY_AUTHORIZATION, value);
    }
    request.body(Empty::new()).ok()
}

fn refusal(proxy: &ProxyAddress, target: &str, status: StatusCode) -> ProxyError {
    let named = proxy.name.is_some();
    let (proxy, target) = (proxy.to_string(), target.to_owned());
    match status {
        // Some say 401, which is meant for others, to whom they do not believe.
        StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED => {
            ProxyError::Login { proxy, named, status }
        }
        StatusCode::FORBIDDEN | StatusCode::METHOD_NOT_ALLOWED => ProxyError::Forbidden { proxy, target, status },
        StatusCode::NOT_IMPLEMENTED => ProxyError::Refused { proxy, target, status },
        // Some say 502 or 504 of whom they do not reach, others any fault of a server's.
        status if status.is_server_error() || status == StatusCode::NOT_FOUND => {
            ProxyError::Beyond { proxy, target, status }
        }
        _ => ProxyError::Refused { proxy, target, status },
    }
}

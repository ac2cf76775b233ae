//! The files of `web/assets`, embedded in the binary.
//!
//! [`Assets::url`] gives an address that holds a hash of all of them: caches may keep what lies there for
//! ever, and relative links between files go on working. The plain address works too, with a check each time.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use rust_embed::RustEmbed;

use super::{fixed, problem};

#[derive(RustEmbed)]
#[folder = "web/assets"]
struct Embedded;

struct Asset {
    plain: Bytes,
    gzip: Option<Bytes>,
    etag: HeaderValue,
    content_type: HeaderValue,
}

/// All embedded files, ready to be sent; clones share them.
#[derive(Clone)]
pub struct Assets {
    files: Arc<BTreeMap<String, Asset>>,
    hash: Arc<str>,
}

impl Assets {
    /// Takes the files out of the binary and compresses those that gain by it.
    #[must_use]
    pub fn load() -> Assets {
        let mut all = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        let mut files = BTreeMap::new();
        for name in Embedded::iter() {
            let file = Embedded::get(&name).expect("the list names embedded files");
            let hash = file.metadata.sha256_hash();
            all.update(&hash);
            let plain = match file.data {
                std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
            };
            let asset = Asset {
                gzip: gzip(&plain),
                etag: header(format!("\"{}\"", HEXLOWER.encode(&hash[..16]))),
                content_type: header(content_type(&name)),
                plain,
            };
            files.insert(name.into_owned(), asset);
        }
        let hash = HEXLOWER.encode(&all.finish().as_ref()[..6]).into();
        Assets {
            files: Arc::new(files),
            hash,
        }
    }

    /// Where the file `name` (its path under `web/assets`) lies; this address may be cached for ever.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        format!("/assets/{}/{name}", self.hash)
    }

    /// Serves `/assets/<name>` and the addresses that [`Assets::url`] gives.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/assets/{*name}", get(send))
            .with_state(self.clone())
    }
}

async fn send(State(assets): State<Assets>, Path(path): Path<String>, request: HeaderMap) -> Response {
    let hashed = path.strip_prefix(&*assets.hash).and_then(|rest| rest.strip_prefix('/'));
    let Some(asset) = assets.files.get(hashed.unwrap_or(&path)) else {
        return problem::not_found().await.into_response();
    };
    let cache = match hashed {
        Some(_) => "public, max-age=31536000, immutable",
        None => "public, no-cache",
    };
    let mut headers = HeaderMap::with_capacity(5);
    headers.insert(ETAG, asset.etag.clone());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if names(&request, &IF_NONE_MATCH, asset.etag.to_str().unwrap_or("*")) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(CONTENT_TYPE, asset.content_type.clone());
    match &asset.gzip {
        Some(gzip) if names(&request, &ACCEPT_ENCODING, "gzip") => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            (headers, fixed::shared(gzip.clone())).into_response()
        }
        _ => (headers, fixed::shared(asset.plain.clone())).into_response(),
    }
}

/// Whether the list in the request's header `name` holds `wanted` (weak tags and refusals by `q=0` looked through).
fn names(request: &HeaderMap, name: &axum::http::HeaderName, wanted: &str) -> bool {
    request
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|item| item.trim().trim_start_matches("W/"))
        .any(|item| match item.split_once(';') {
            Some((item, weight)) => item.trim() == wanted && !is_zero(weight.trim()),
            None => item == wanted,
        })
}

/// Whether a weight refuses its item (RFC 9110 §12.4.2: `q=0`, `q=0.0`, ...).
fn is_zero(weight: &str) -> bool {
    let weight = weight.strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
    weight.is_some_and(|weight| weight <= 0.0)
}

fn header(text: impl Into<String>) -> HeaderValue {
    HeaderValue::try_from(text.into()).expect("hex and names of types are header characters")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("json" | "map" | "webmanifest") => "application/json",
        Some("woff2") => "font/woff2",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// `plain` compressed, when that saves a tenth and at least one packet's worth matters.
fn gzip(plain: &[u8]) -> Option<Bytes> {
    if plain.len() < 1024 {
        return None;
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).ok()?;
    let packed = encoder.finish().ok()?;
    (packed.len() < plain.len() / 10 * 9).then(|| Bytes::from(packed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    async fn get(assets: &Assets, path: &str, header: Option<(&str, &str)>) -> Response {
        let mut request = Request::get(path);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        assets
            .router()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn an_embedded_file_is_sent_once_and_then_known_by_its_tag() {
        let assets = Assets::load();
        let first = get(&assets, &assets.url("favicon.svg"), None).await;
        assert_eq!(first.status(), 200);
        assert_eq!(first.headers()["content-type"], "image/svg+xml");
        assert!(first.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        for tags in [tag.clone(), format!("\"x\", W/{tag}")] {
            let again = get(&assets, "/assets/favicon.svg", Some(("if-none-match", &tags))).await;
            assert_eq!(again.status(), 304);
            assert_eq!(again.headers()["cache-control"], "public, no-cache");
        }
        assert_eq!(get(&assets, "/assets/../Cargo.toml", None).await.status(), 404);
    }

    #[tokio::test]
    async fn large_text_goes_out_compressed_to_those_who_ask() {
        let text = "a line of text that says the same again\n".repeat(100);
        let asset = Asset {
            gzip: gzip(text.as_bytes()),
            plain: Bytes::from(text),
            etag: header("\"1\""),
            content_type: header("text/plain"),
        };
        let assets = Assets {
            files: Arc::new(BTreeMap::from([("big.txt".to_owned(), asset)])),
            hash: "h".into(),
        };
        let packed = get(&assets, "/assets/big.txt", Some(("accept-encoding", "br, gzip;q=0.5"))).await;
        assert_eq!(packed.headers()["content-encoding"], "gzip");
        for refused in ["br", "gzip;q=0"] {
            let plain = get(&assets, "/assets/big.txt", Some(("accept-encoding", refused))).await;
            assert!(plain.headers().get("content-encoding").is_none());
        }
        assert_eq!(gzip(b"short"), None);
    }
}

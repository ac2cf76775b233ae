use super::*;
use crate::http::Rate;
use crate::http::metrics::Metrics;
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use std::io::Write;
use std::sync::Mutex;
use tower::ServiceExt;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The layer of a door without rates.
fn layer(pages: Option<Pages>) -> Serve {
    Serve::new(Settings {
        door: "https",
        hsts: None,
        rates: Arc::new(RateLimits::new(Rate::Off, Rate::Off)),
        proxies: Proxies::default(),
        metrics: Metrics::new().door("https"),
        refusals: |_, problem, _| problem.into_response(),
        pages,
    })
}

/// Every way in which a route goes wrong, by whoever asks: people see pages, programs what they know.
#[tokio::test]
async fn whoever_looks_at_a_page_sees_errors_as_pages() {
    let pages: Pages = Arc::new(|uri, cookies, (status, problem)| {
        let words = problem.map_or("none", Problem::title);
        let cookie = cookies.get(COOKIE).map_or("", |cookie| cookie.to_str().unwrap());
        let text = format!("{status} {words} {cookie}");
        (uri.path() != "/api").then(|| (status, axum::response::Html(text)).into_response())
    });
    let serve = layer(Some(pages));
    let busy = async || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy").retry_after(7);
    let panics = async || -> StatusCode { panic!("a test") };
    let router = Router::new()
        .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/full", get(async || (StatusCode::INSUFFICIENT_STORAGE, "full")))
        .route("/busy", get(busy))
        .route("/api", get(busy))
        .route("/panics", get(panics))
        .layer(serve);
    let long = format!("/{}", "x".repeat(URI_LIMIT));
    for (path, words) in [
        ("/broken", "500 Internal Server Error none k=v"),
        ("/full", "507 Insufficient Storage none k=v"),
        ("/busy", "503 Service Unavailable Busy k=v"),
        ("/panics", "500 Internal Server Error Something went wrong in here k=v"),
        ("/nowhere", "404 Not Found There is nothing here k=v"),
        (&long, "414 URI Too Long The address is too long k=v"),
        ("/api", ""),
    ] {
        let short: String = path.chars().take(12).collect();
        for (accept, looks) in [
            (Some("text/html,*/*;q=0.8"), true),
            (Some("*/*"), ["/broken", "/full", "/busy", "/panics"].contains(&path)),
            (None, ["/broken", "/full", "/busy", "/panics"].contains(&path)),
            (Some("text/event-stream"), false),
            (Some("application/json"), false),
        ] {
            let mut request = Request::get(path)
                .header("cookie", "k=v")
                .header("host", "lodge.example");
            if let Some(accept) = accept {
                request = request.header("accept", accept);
            }
            let response = router
                .clone()
                .oneshot(request.body(Body::empty()).unwrap())
                .await
                .unwrap();
            let again = response.headers().get("retry-after").cloned();
            assert_eq!(again.is_some(), ["/busy", "/api"].contains(&path), "{path} {accept:?}");
            let body = axum::body::to_bytes(response.into_body(), 9_999).await.unwrap();
            let text = String::from_utf8(body.to_vec()).unwrap();
            let page = looks && !words.is_empty();
            assert_eq!(text == words && page, page, "{short} {accept:?}: {text}");
            assert!(page || !text.contains("k=v"), "{short} {accept:?}: {text}");
        }
    }
}

#[tokio::test]
async fn a_log_line_names_the_route_and_the_network_and_keeps_secrets() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let serve = layer(None);
    let router = Router::new().route("/space/{id}", get(async || "7")).layer(serve);
    let mut request = Request::get("/space/secret-id?key=secret-key")
        .header("host", "lodge.example")
        .header("authorization", "Bearer secret-token")
        .header("x-request-id", "secret-number")
        .body(Body::empty())
        .unwrap();
    request.extensions_mut().insert(Peer {
        addr: "203.0.113.77:4711".parse().unwrap(),
        certificate: None,
    });
    let response = router.oneshot(request).await.unwrap();
    let number = response.headers()["x-request-id"].to_str().unwrap();
    let said = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let known = [
        "door=\"https\"",
        "GET",
        "/space/{id}",
        "status=200",
        "203.0.113.0",
        "duration_ms=",
        number,
    ];
    for part in known {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    assert!(!said.contains("secret") && !said.contains("203.0.113.77"), "{said}");
    assert_eq!(said.lines().count(), 1);
}

/// RFC 9112 §3.2: a request of HTTP/1.1 names its host, once.
#[tokio::test]
async fn a_request_that_does_not_name_one_host_is_refused() {
    let serve = layer(None);
    let router = Router::new().route("/", get(async || "here")).layer(serve);
    let asked = async |uri: &str, version, hosts: &[&str]| {
        let mut request = Request::get(uri).version(version);
        for host in hosts {
            request = request.header("host", *host);
        }
        let request = request.body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(asked("/", Version::HTTP_11, &[]).await, 400);
    assert_eq!(asked("/", Version::HTTP_11, &["a", "b"]).await, 400);
    assert_eq!(asked("/", Version::HTTP_11, &["a"]).await, 200);
    assert_eq!(asked("/", Version::HTTP_10, &[]).await, 200, "older ones need not");
    assert_eq!(asked("https://a/", Version::HTTP_2, &[]).await, 200);
}

//! Addresses of pages that lie elsewhere today: whoever kept one is led on, with what else stood in it.

use axum::Router;
use axum::extract::Request;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

/// Where a page was, and where it is.
const MOVED: [(&str, &str); 5] = [
    ("/home", "/"),
    ("/meters", "/energy"),
    ("/relay", "/box/relay"),
    ("/uplink", "/box/cloud"),
    ("/webhooks", "/box/webhooks"),
];

/// Leads on from all of them.
pub(super) fn router() -> Router {
    Router::new()
        .route("/home", any(led_on))
        .route("/meters", any(led_on))
        .route("/meters/{*rest}", any(led_on))
        .route("/relay", any(led_on))
        .route("/uplink", any(led_on))
        .route("/webhooks", any(led_on))
}

/// 308 (RFC 9110 §15.4.9): a form of a page that was open meanwhile arrives as it was sent.
async fn led_on(request: Request) -> Response {
    let uri = request.uri();
    let to = moved(uri.path(), uri.query());
    match to.and_then(|to| HeaderValue::try_from(to).ok()) {
        Some(location) => (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Where `path` lies today, under the same query.
fn moved(path: &str, query: Option<&str>) -> Option<String> {
    let (to, rest) = MOVED
        .into_iter()
        .find_map(|(from, to)| Some((to, path.strip_prefix(from)?)))?;
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{to}{rest}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_address_leads_to_the_same_thing_under_its_new_one() {
        for (path, query, to) in [
            ("/home", None, "/"),
            ("/meters", Some("after=EML1"), "/energy?after=EML1"),
            ("/meters/EML%2F1/topups/7", None, "/energy/EML%2F1/topups/7"),
            ("/uplink", None, "/box/cloud"),
        ] {
            assert_eq!(moved(path, query).as_deref(), Some(to));
        }
        assert_eq!(moved("/elsewhere", None), None);
    }
}

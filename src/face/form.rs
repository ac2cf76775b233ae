//! Forms that only our own pages can send (OWASP CSRF Prevention Cheat Sheet): the value that stands in the form is
//! made from the cookie, and the browser's word on where the form came from is held against the host that was asked.

use axum::body::{Body, Bytes};
use axum::extract::rejection::{BytesRejection, FormRejection};
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::ORIGIN;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Face, Visitor};
use crate::http::{Problem, authority};
use crate::texts::{Said, Texts, named};

/// The fields of a form that only says yes.
#[derive(Deserialize)]
pub struct Nothing {}

/// What stands in a form of ours, when one of our pages sent it: the fields beside `csrf_token`.
pub struct Form<T>(pub T);

/// A form that is not taken.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// It did not come from our own page.
    #[error("the form did not come from this site, or its page was too old")]
    Forged,
    /// It is too long, or did not come whole.
    #[error(transparent)]
    Body(#[from] BytesRejection),
    /// It is no form, or its fields are not those that are wanted.
    #[error(transparent)]
    Fields(#[from] FormRejection),
    /// Who sent it could not be looked up.
    #[error("the session could not be looked up")]
    Session,
}

impl FormError {
    /// How it is answered.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            FormError::Forged => StatusCode::FORBIDDEN,
            FormError::Body(error) => error.status(),
            FormError::Fields(error) => error.status(),
            FormError::Session => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl FormError {
    /// What somebody is told who sent it, with what to do.
    #[must_use]
    pub fn words(&self, t: Texts) -> Said {
        t.say(match self {
            FormError::Forged => named("form-forged"),
            FormError::Body(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => named("form-long"),
            FormError::Body(_) | FormError::Fields(_) => named("form-unread"),
            FormError::Session => named("form-session"),
        })
    }
}

impl IntoResponse for FormError {
    fn into_response(self) -> Response {
        let status = self.status();
        let (slug, title) = match &self {
            FormError::Forged => ("forged-form", "That form was not taken"),
            FormError::Body(_) | FormError::Fields(_) => ("bad-form", "That form cannot be read"),
            FormError::Session => ("internal", "Something went wrong in here"),
        };
        let words = match &self {
            FormError::Forged => format!("{self}. Go back, load the page again, and try once more."),
            FormError::Body(_) | FormError::Fields(_) | FormError::Session => String::new(),
        };
        let problem = Problem::new(status, slug, title);
        let problem = match &self {
            FormError::Forged => problem.on_page(named("form-not-taken"), named("form-forged-text")),
            FormError::Body(_) | FormError::Fields(_) => problem.on_page(named("fault-form"), None),
            FormError::Session => problem.on_page(named("fault-500"), None),
        };
        match words.is_empty() {
            true => problem.into_response(),
            false => problem.detail(words).into_response(),
        }
    }
}

#[derive(Deserialize)]
struct Carried {
    csrf_token: String,
}

impl<S, T> FromRequest<S> for Form<T>
where
    Face: FromRef<S>,
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = FormError;

    async fn from_request(request: Request, state: &S) -> Result<Form<T>, FormError> {
        let face = Face::from_ref(state);
        let (parts, body) = request.into_parts();
        if !is_from_here(&parts) {
            return Err(FormError::Forged);
        }
        let visitor = Visitor::of(&face, &parts.headers).map_err(|error| {
            tracing::error!(%error, "a session could not be looked up");
            FormError::Session
        })?;
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await?;
        let read = |bytes: &Bytes| Request::from_parts(parts.clone(), Body::from(bytes.clone()));
        let carried = axum::Form::<Carried>::from_request(read(&bytes), state).await;
        let carried = match carried {
            Ok(axum::Form(carried)) => carried,
            // Without the value it is nobody's form, whatever else stands in it.
            Err(FormRejection::FailedToDeserializeFormBody(_) | FormRejection::FailedToDeserializeForm(_)) => {
                return Err(FormError::Forged);
            }
            Err(other) => return Err(other.into()),
        };
        if !visitor.sent(&carried.csrf_token) {
            return Err(FormError::Forged);
        }
        let axum::Form(fields) = axum::Form::<T>::from_request(read(&bytes), state).await?;
        Ok(Form(fields))
    }
}

/// Whether the browser says that a form comes from our own pages (Fetch, `Sec-Fetch-Site`; RFC 6454 §7); old ones say
/// nothing. `Origin: null` is also what a browser says that keeps addresses to itself, so it takes more words.
fn is_from_here(parts: &Parts) -> bool {
    let text = |name: &str| {
        let mut values = parts.headers.get_all(name).iter();
        let value = values.next()?;
        // Two of them are none.
        Some(match values.next() {
            None => value.to_str().unwrap_or("?"),
            Some(_) => "?",
        })
    };
    let site = text("sec-fetch-site");
    if !site.is_none_or(|site| matches!(site, "same-origin" | "none")) {
        return false;
    }
    match text(ORIGIN.as_str()) {
        None => true,
        Some("null") => site == Some("same-origin"),
        Some(origin) => {
            let asked = authority::authority(&parts.uri, &parts.headers);
            let theirs = origin.strip_prefix("https://");
            asked
                .zip(theirs)
                .is_some_and(|(ours, theirs)| authority::same(ours, theirs))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every origin with every word on the site, in both ways to name the host.
    #[test]
    fn only_our_own_pages_are_here() {
        let ours = ["https://lodge:8443", "https://LODGE:8443"];
        let foreign = [
            "https://evil.example",
            "https://lodge",
            "http://lodge:8443",
            "https://lodge:8443.evil.example",
            "lodge:8443",
            "",
        ];
        for (uri, host) in [("/x", Some("lodge:8443")), ("https://lodge:8443/x", None)] {
            let ask = |origins: &[&str], site: Option<&str>| {
                let mut request = Request::post(uri);
                for (name, value) in origins.iter().map(|origin| ("origin", *origin)) {
                    request = request.header(name, value);
                }
                for (name, value) in [("host", host), ("sec-fetch-site", site)] {
                    if let Some(value) = value {
                        request = request.header(name, value);
                    }
                }
                is_from_here(&request.body(()).unwrap().into_parts().0)
            };
            for (site, may) in [
                (None, true),
                (Some("same-origin"), true),
                (Some("none"), true),
                (Some("same-site"), false),
                (Some("cross-site"), false),
            ] {
                assert_eq!(ask(&[], site), may, "{uri} no origin {site:?}");
                for origin in ours {
                    assert_eq!(ask(&[origin], site), may, "{uri} {origin} {site:?}");
                }
                for origin in foreign {
                    assert!(!ask(&[origin], site), "{uri} {origin} {site:?}");
                }
                assert_eq!(ask(&["null"], site), site == Some("same-origin"), "{uri} null {site:?}");
                assert!(!ask(&[ours[0], foreign[0]], site), "{uri} two origins {site:?}");
            }
        }
        let nowhere = Request::post("/x").header("origin", "https://lodge:8443");
        assert!(!is_from_here(&nowhere.body(()).unwrap().into_parts().0), "no host");
    }
}

//! Why an application is refused: one catalogue of codes, statuses and words (PER §5.1). Pure.
//!
//! Words are printable ASCII without `"` and `\` (RFC 6749 §5.2) and never repeat what came.

use axum::http::StatusCode;

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident => $status:ident $code:literal $words:literal,)*) => {
        /// Why a machine endpoint says no.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum Refusal {
            $($(#[$doc])* #[error($words)] $name,)*
        }

        impl Refusal {
            /// The whole catalogue.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$name,)*];

            /// The error code (RFC 6749 §5.2, RFC 9126 §2.3).
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Refusal::$name => $code,)* }
            }

            /// The status of the answer.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Refusal::$name => StatusCode::$status,)* }
            }
        }
    };
}

refusals! {
    /// No certificate came in the handshake (RFC 8705 §2).
    NoCertificate => UNAUTHORIZED "invalid_client" "this endpoint needs a client certificate",
    /// Its subject alternative names are not exactly one URI.
    NotOneUri => UNAUTHORIZED "invalid_client" "the certificate must name exactly one URI, the application URL, and nothing else",
    /// The URI is none that an application has.
    ApplicationUrl => UNAUTHORIZED "invalid_client" "the application URL in the certificate must be https without user information or fragment",
    /// The roles extension is not there or not as it should be.
    Roles => UNAUTHORIZED "invalid_client" "the certificate has no readable list of roles",
    /// It lacks the role of a client.
    Role => UNAUTHORIZED "invalid_client" "the certificate does not hold the role that this service is for",
    /// The member extension is not there or not as it should be.
    Member => UNAUTHORIZED "invalid_client" "the certificate does not name the member that the application belongs to",
    /// No such application is registered.
    UnknownClient => UNAUTHORIZED "invalid_client" "this application is not registered here",
    /// It is, and was disabled.
    Disabled => UNAUTHORIZED "invalid_client" "this application is disabled here",
    /// It is registered for another member.
    OtherMember => UNAUTHORIZED "invalid_client" "this application is registered for another member",
    /// `client_id` is another application's.
    ClientId => UNAUTHORIZED "invalid_client" "client_id is not the application of the certificate",

    /// Another method.
    Method => METHOD_NOT_ALLOWED "invalid_request" "this endpoint takes POST",
    /// Another media type.
    MediaType => UNSUPPORTED_MEDIA_TYPE "invalid_request" "the body must be application/x-www-form-urlencoded",
    /// A body that is too long.
    TooLong => PAYLOAD_TOO_LARGE "invalid_request" "the body is too long",
    /// A body that does not come whole.
    Body => BAD_REQUEST "invalid_request" "the body did not come whole",
    /// Too many requests.
    TooMany => TOO_MANY_REQUESTS "invalid_request" "too many requests; try again later",
    /// A parameter came twice (RFC 6749 §3.1).
    Twice => BAD_REQUEST "invalid_request" "a parameter came more than once",
    /// Something that must be there is not.
    NoResponseType => BAD_REQUEST "invalid_request" "response_type is missing",
    /// Something that must be there is not.
    NoRedirectUri => BAD_REQUEST "invalid_request" "redirect_uri is missing",
    /// Something that must be there is not.
    NoScope => BAD_REQUEST "invalid_request" "scope is missing",
    /// Something that must be there is not.
    NoChallenge => BAD_REQUEST "invalid_request" "code_challenge is missing",
    /// Something that must be there is not.
    NoGrantType => BAD_REQUEST "invalid_request" "grant_type is missing",
    /// Something that must be there is not.
    NoCode => BAD_REQUEST "invalid_request" "code is missing",
    /// Something that must be there is not.
    NoRefreshToken => BAD_REQUEST "invalid_request" "refresh_token is missing",
    /// Something that must be there is not.
    NoToken => BAD_REQUEST "invalid_request" "token is missing",
    /// Only codes are given (FAPI 2.0 §5.3.2.2).
    ResponseType => BAD_REQUEST "unsupported_response_type" "response_type must be code",
    /// Answers go into the query alone.
    ResponseMode => BAD_REQUEST "invalid_request" "response_mode must be query, or be left out",
    /// A challenge that no S256 makes (RFC 7636 §4.2).
    Challenge => BAD_REQUEST "invalid_request" "code_challenge must be 43 characters of base64url",
    /// `plain`, which absence means too (RFC 7636 §4.3).
    ChallengeMethod => BAD_REQUEST "invalid_request" "code_challenge_method must be S256",
    /// A state that is too long or has characters that no state has.
    State => BAD_REQUEST "invalid_request" "state must be at most 1024 printable characters",
    /// What is pushed must not point elsewhere (RFC 9126 §2.1).
    RequestUri => BAD_REQUEST "invalid_request" "request_uri must not be pushed",
    /// Requests are not signed here.
    RequestObject => BAD_REQUEST "request_not_supported" "request objects are not taken",
    /// A redirect URI that is not one of the application's.
    RedirectUri => BAD_REQUEST "invalid_request" "redirect_uri is not one that the application has registered",
    /// A scope that is not known, or not exactly one licence.
    Scope => BAD_REQUEST "invalid_scope" "scope must name exactly one licence that is offered here, and may name offline_access",
    /// A scope on refresh that was not granted.
    WiderScope => BAD_REQUEST "invalid_scope" "scope must not hold more than was granted",

    /// Another kind of grant.
    GrantType => BAD_REQUEST "unsupported_grant_type" "grant_type must be authorization_code or refresh_token",
    /// The code is not one, is too old, was used, or is another's.
    Code => BAD_REQUEST "invalid_grant" "the code is not known, is too old, was used before, or is not this application's",
    /// Not the redirect URI that was pushed.
    CodeRedirectUri => BAD_REQUEST "invalid_grant" "redirect_uri is not the one that was pushed",
    /// A verifier that does not fit the challenge, or none.
    Verifier => BAD_REQUEST "invalid_grant" "code_verifier is missing or does not fit",
    /// The refresh token is not one, has ended, or is another's.
    RefreshToken => BAD_REQUEST "invalid_grant" "the refresh token is not known, has ended, or is not this application's",

    /// The clock of the box is not believed, or the book takes nothing now.
    Unavailable => SERVICE_UNAVAILABLE "temporarily_unavailable" "this service cannot answer just now; try again later",
    /// A fault of our own.
    Ours => INTERNAL_SERVER_ERROR "server_error" "something went wrong in here",
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E.
    #[test]
    fn words_are_what_an_error_description_may_hold() {
        for refusal in Refusal::ALL {
            let words = refusal.to_string();
            assert!(!words.is_empty() && words.len() < 160, "{words}");
            let printable = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            assert!(words.bytes().all(printable), "{words}");
            assert!(
                refusal
                    .code()
                    .bytes()
                    .all(|byte| byte == b'_' || byte.is_ascii_lowercase()),
                "{words}"
            );
        }
    }

    #[test]
    fn whoever_is_not_known_is_answered_alike() {
        for refusal in Refusal::ALL {
            assert_eq!(
                refusal.code() == "invalid_client",
                refusal.status() == StatusCode::UNAUTHORIZED,
                "{refusal:?}"
            );
            if matches!(
                refusal.code(),
                "invalid_grant" | "invalid_scope" | "unsupported_response_type"
            ) {
                assert_eq!(refusal.status(), StatusCode::BAD_REQUEST, "{refusal:?}");
            }
        }
    }
}

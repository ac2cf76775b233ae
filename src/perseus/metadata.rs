//! What the authorization server says of itself (RFC 8414; PER §2.1). Pure.

use serde_json::{Value as Json, json};

use super::scope::OFFLINE;

/// The paths of its endpoints.
pub mod paths {
    pub const METADATA: &str = "/.well-known/oauth-authorization-server";
    pub const JWKS: &str = "/.well-known/jwks.json";
    pub const PUSH: &str = "/api/v1/par";
    pub const AUTHORIZE: &str = "/api/v1/authorize";
    pub const TOKEN: &str = "/api/v1/authorize/token";
    pub const REVOKE: &str = "/api/v1/authorize/revoke";
    pub const PERMISSIONS: &str = "/api/v1/permissions";
    /// The same, as some clients call it.
    pub const PERMISSION: &str = "/api/v1/permission";
}

/// Where the parts of the service are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Where people come to, and who issues tokens.
    pub issuer: String,
    /// Where applications come to.
    pub mtls: String,
    /// For whom tokens are.
    pub resource: String,
}

/// The document, for these licences.
#[must_use]
pub fn document(places: &Places, licences: &[&str]) -> Json {
    let at = |path: &str| format!("{}{path}", places.mtls);
    let endpoints = json!({
        "pushed_authorization_request_endpoint": at(paths::PUSH),
        "token_endpoint": at(paths::TOKEN),
        "revocation_endpoint": at(paths::REVOKE),
        "permissions_endpoint": at(paths::PERMISSIONS),
        "ib1_permission_endpoint": at(paths::PERMISSIONS),
    });
    let by_certificate = ["tls_client_auth"];
    let mut document = json!({
        "issuer": places.issuer,
        "authorization_endpoint": format!("{}{}", places.issuer, paths::AUTHORIZE),
        "jwks_uri": format!("{}{}", places.issuer, paths::JWKS),
        "service_documentation": format!("{}/docs/consented-data", places.issuer),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "authorization_endpoint_auth_methods_supported": by_certificate,
        "token_endpoint_auth_methods_supported": by_certificate,
        "revocation_endpoint_auth_methods_supported": by_certificate,
        "require_pushed_authorization_requests": true,
        "code_challenge_methods_supported": ["S256"],
        // RFC 8705 §5: what the application itself calls; the same places as above.
        "mtls_endpoint_aliases": endpoints,
        "use_mtls_endpoint_aliases": true,
        "tls_client_certificate_bound_access_tokens": true,
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": licences.iter().copied().chain([OFFLINE]).collect::<Vec<_>>(),
    });
    if let (Some(document), Some(endpoints)) = (document.as_object_mut(), endpoints.as_object()) {
        document.extend(endpoints.clone());
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_aliased_stands_above_and_people_are_not_sent_to_the_machines() {
        let places = Places {
            issuer: "https://box.example".into(),
            mtls: "https://box.example:8443".into(),
            resource: "https://box.example:8443".into(),
        };
        let document = document(&places, &["https://r.example/licence"]);
        let aliases = document["mtls_endpoint_aliases"].as_object().unwrap();
        assert_eq!(aliases.len(), 5);
        for (name, place) in aliases {
            assert!(name.ends_with("_endpoint"), "{name}");
            assert_eq!(&document[name], place);
        }
        assert!(!aliases.contains_key("authorization_endpoint"));
        assert_eq!(
            document["authorization_endpoint"],
            "https://box.example/api/v1/authorize"
        );
        for (name, value) in document.as_object().unwrap() {
            if name.ends_with("_supported") && name != "authorization_response_iss_parameter_supported" {
                let texts = value.as_array().unwrap();
                assert!(texts.iter().all(Json::is_string), "{name}");
            }
        }
        for absent in [
            "request_object_signing_alg_values_supported",
            "userinfo_endpoint",
            "introspection_endpoint",
        ] {
            assert!(document.get(absent).is_none(), "{absent}");
        }
    }
}

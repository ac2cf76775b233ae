//! What applications and browsers send an authorization server: any bytes as a form, a redirect URI, a challenge, a scope,
//! an access token, a certificate. Each is read or refused, and what is read can be written again.
#![no_main]

use gatelodge::perseus::access_token::verify_signed;
use gatelodge::perseus::parameters::Parameters;
use gatelodge::perseus::pkce::Challenge;
use gatelodge::perseus::redirect_uri::RedirectUri;
use gatelodge::perseus::scope::Scope;
use gatelodge::pki::Application;
use libfuzzer_sys::fuzz_target;

const LICENCE: &str = "https://r.example/licence";

fuzz_target!(|bytes: &[u8]| {
    let _ = Parameters::read(bytes);
    let _ = Application::of(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(uri) = RedirectUri::try_from(text.to_owned()) {
        assert_eq!(uri.to_string(), text);
        assert!(uri.with(&[("state", text)]).starts_with(text));
    }
    if let Some(challenge) = Challenge::read(text) {
        assert_eq!(challenge.text(), text);
        let _ = challenge.fits(text);
    }
    if let Ok(scope) = Scope::read(text, &[LICENCE], true) {
        assert!(scope.covers(text, true));
    }
    assert!(verify_signed(text, |_| None).is_err());
});

//! The whole way: push, consent, code, token, refresh, data, permissions, revocation.

use serde_json::{Value, json};

use super::fixture::{CALLBACK, Consented, LICENCE, QUERIED, SAVER, SOURCE, claims, query};

#[test]
fn an_application_is_allowed_fetches_and_gives_back() {
    let consented = Consented::start();
    let mut browser = consented.browser();
    let consent = browser.sign_in_at(&consented.pushed("saver", &[("state", "s-1.~")]), "resident");
    assert!(consent.starts_with("/consent?i="), "{consent}");
    let page = browser.get(&consent);
    let text = page.text();
    assert!(
        text.contains("Acme &#60;b&#62;Saver") || text.contains("Acme &lt;b&gt;Saver"),
        "{text}"
    );
    for words in [
        "Flat 1",
        "SW8",
        "works out what you emit",
        "name=\"datasource\"",
        "https://app.example",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("type=\"checkbox\""), "one meter needs no tick");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https:;"), "{policy}");
    let back = browser.decide(&consent, &[("datasource", SOURCE), ("decision", "allow")]);
    assert!(
        back.starts_with(&format!("{CALLBACK}?")) && !back.contains('#'),
        "{back}"
    );
    let answer = query(&back);
    assert_eq!(answer.keys().collect::<Vec<_>>(), ["code", "iss", "state"]);
    assert_eq!(
        (answer["iss"].as_str(), answer["state"].as_str()),
        (consented.issuer.as_str(), "s-1.~")
    );

    let answer = consented.redeem("saver", &answer["code"], &[]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let tokens = answer.json();
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"], &tokens["scope"]),
        (&json!("Bearer"), &json!(900), &json!(LICENCE))
    );
    let (access, refresh) = (
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
    );
    let said = claims(access);
    assert_eq!(
        (&said["iss"], &said["client_id"]),
        (&json!(consented.issuer), &json!(SAVER))
    );
    assert!(said["sub"].as_str().unwrap().starts_with("pw_") && !said.to_string().contains("resident"));

    for path in ["/datasources", "/datasources/"] {
        let answer = consented.data("saver", path, access);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(
            answer.json(),
            json!({ "data": [{
                "id": SOURCE, "type": "electricity", "location": { "ukPostcodeOutcode": "SW8" },
                "availableMeasures": ["import", "export"],
            }] })
        );
    }
    let again = consented.refresh("saver", refresh);
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(again.json()["refresh_token"], *refresh, "it is not rotated");
    let newer = again.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(consented.data("saver", "/datasources", &newer).status, 200);
    assert_eq!(
        consented.data("saver", "/datasources", access).status,
        200,
        "the older one is good until its end"
    );

    let asked = consented.post(Some("saver"), "/api/v1/permissions", &[("token", refresh)]);
    assert_eq!(asked.status, 200, "{}", asked.text());
    let told = asked.json();
    let (permissions, permission) = (&told["permissions"], &told["permission"]);
    assert_eq!(
        (&permissions["revoked"], &permissions["license"]),
        (&Value::Null, &json!(LICENCE))
    );
    assert_eq!(
        (permissions["refreshToken"].as_str(), permission.get("refreshToken")),
        (Some(refresh), None)
    );
    assert!(permission.get("revoked").is_none());
    let evidence = permission["evidence"]
        .as_str()
        .unwrap()
        .strip_prefix(&consented.issuer)
        .unwrap();
    let page = consented.browser().get(evidence);
    let text = page.text();
    assert_eq!(page.status, 200, "{text}");
    assert!(
        text.contains("it works out what you emit") && text.contains("the application fetched its token"),
        "{text}"
    );
    assert!(
        !text.contains(refresh) && !text.contains(">resident<"),
        "neither token nor login name"
    );

    let revoked = consented.post(Some("saver"), "/api/v1/authorize/revoke", &[("token", refresh)]);
    assert_eq!(revoked.status, 200);
    assert_eq!(
        revoked.json(),
        json!({ "status": "success", "message": "Token revoked" })
    );
    assert_eq!(consented.data("saver", "/datasources", &newer).status, 401);
    assert_eq!(consented.refresh("saver", refresh).json()["error"], "invalid_grant");
    let asked = consented
        .post(Some("saver"), "/api/v1/permissions", &[("token", refresh)])
        .json();
    let first = asked["permissions"]["revoked"].as_str().unwrap().to_owned();
    consented.post(Some("saver"), "/api/v1/authorize/revoke", &[("token", refresh)]);
    let asked = consented
        .post(Some("saver"), "/api/v1/permissions", &[("token", refresh)])
        .json();
    assert_eq!(asked["permission"]["revoked"], json!(first), "who was first stays");
    let log = consented.running.log();
    for secret in [refresh, access, &newer] {
        assert!(!log.contains(secret), "no token is logged");
    }
}

#[test]
fn whoever_says_no_is_taken_back_with_nothing_more_than_that() {
    let consented = Consented::start();
    for (redirect, state) in [(CALLBACK, Some("x")), (QUERIED, None)] {
        let changes = [("redirect_uri", redirect), ("state", state.unwrap_or_default())];
        let mut browser = consented.browser();
        let consent = browser.sign_in_at(&consented.pushed("saver", &changes), "resident");
        let back = browser.decide(&consent, &[("decision", "deny")]);
        assert!(back.starts_with(redirect), "{back}");
        let mut answer = query(&back);
        if redirect == QUERIED {
            assert_eq!(
                (answer.remove("dummy1").as_deref(), answer.remove("dummy2").as_deref()),
                (Some("lorem"), Some("ipsum"))
            );
        }
        assert_eq!(answer.remove("state").as_deref(), state);
        assert_eq!(answer.remove("iss"), Some(consented.issuer.clone()));
        assert_eq!(answer.remove("error").as_deref(), Some("access_denied"));
        assert!(
            answer.remove("error_description").is_some() && answer.is_empty(),
            "{answer:?}"
        );
    }
}

#[test]
fn the_server_says_of_itself_what_clients_need() {
    let consented = Consented::start();
    let mtls = format!("https://localhost:{}", consented.mtls_port);
    let path = "/.well-known/oauth-authorization-server";
    let public = consented.browser().get(path);
    assert_eq!(public.header("content-type"), Some("application/json"));
    assert_eq!(public.header("access-control-allow-origin"), Some("*"));
    let document = public.json();
    assert_eq!(document, consented.machine(None).unwrap().ask("GET", path, &[]).json());
    assert_eq!(document["issuer"], json!(consented.issuer));
    assert_eq!(
        document["token_endpoint"],
        json!(format!("{mtls}/api/v1/authorize/token"))
    );
    let keys = consented.browser().get("/.well-known/jwks.json").json();
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let members: Vec<&String> = key.as_object().unwrap().keys().collect();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    }
}

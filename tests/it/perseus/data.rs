//! The door to data: who may see what (PER §6).

use super::fixture::{Consented, SOURCE};

fn access(consented: &Consented) -> String {
    consented.tokens("saver", "resident")["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_token_counts_with_its_certificate_in_one_header_alone() {
    let consented = Consented::start();
    let token = access(&consented);
    let ask = |name: Option<&str>, path: &str, headers: &[(&str, &str)]| {
        consented.machine(name).unwrap().ask("GET", path, headers)
    };
    let bearer = format!("Bearer {token}");
    for scheme in ["bEARER", "BEARER", "Bearer"] {
        let value = format!("{scheme} {token}");
        assert_eq!(
            ask(Some("saver"), "/datasources", &[("authorization", &value)]).status,
            200,
            "{scheme}"
        );
    }
    let none = ask(Some("saver"), "/datasources", &[]);
    assert_eq!((none.status, none.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(none.json()["detail"], "No token provided");
    let query = format!("/datasources?access_token={token}");
    assert_eq!(ask(Some("saver"), &query, &[]).status, 401);
    assert_eq!(
        ask(
            Some("saver"),
            "/datasources",
            &[("authorization", &bearer), ("authorization", &bearer)]
        )
        .status,
        400
    );
    assert_eq!(ask(None, "/datasources", &[("authorization", &bearer)]).status, 401);
    // Another application's certificate beside this token opens nothing, at whatever it knocks.
    let readings = format!("/datasources/{SOURCE}/import?from=2024-12-05&to=2024-12-06");
    for path in ["/datasources", &readings, "/datasources/nobody/gas", "/provenance/none"] {
        let answer = ask(Some("other"), path, &[("authorization", &bearer)]);
        assert_eq!(answer.status, 401, "{path}: {}", answer.text());
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert!(challenge.contains("error=\"invalid_token\""), "{path}: {challenge}");
    }
    for wrong in [
        "Bearer ",
        "Bearer x",
        "Basic eDp5",
        &bearer[..bearer.len() - 2],
        "Bearer a.b.c",
    ] {
        let answer = ask(Some("saver"), "/datasources", &[("authorization", wrong)]);
        assert_eq!(answer.status, 401, "{wrong}");
        assert!(answer.json()["detail"].is_string() && answer.header("www-authenticate").is_some());
    }
}

#[test]
fn unknown_sources_and_measures_are_not_found_and_known_ones_are_not_there_yet() {
    let consented = Consented::start();
    let token = access(&consented);
    for (path, status, detail) in [
        (
            format!("/datasources/{SOURCE}/import?from=2024-12-05&to=2024-12-06"),
            202,
            None,
        ),
        (
            format!("/datasources/{SOURCE}/export/?from=2024-12-05&to=2024-12-06"),
            202,
            None,
        ),
        (
            format!("/datasources/{SOURCE}/gas?from=2024-12-05&to=2024-12-06"),
            404,
            Some("Measure not found"),
        ),
        (
            "/datasources/nobody/import?from=2024-12-05&to=2024-12-06".to_owned(),
            404,
            Some("Meter not found"),
        ),
        // Another's, with a slash and a plus in its id.
        (
            "/datasources/S90%2Fr2+mSV2/import".to_owned(),
            404,
            Some("Meter not found"),
        ),
    ] {
        let answer = consented.data("saver", &path, &token);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert_eq!(answer.json()["detail"].as_str(), detail, "{path}");
        assert_eq!(answer.header("retry-after").is_some(), status == 202);
    }
    // An address that is none is answered as all others are, to whoever may ask.
    for path in [
        "/datasources/%ff/import",
        "/datasources/x",
        "/datasources/a/b/c",
        "/datasources/a/%ff",
    ] {
        let answer = consented.data("saver", path, &token);
        assert_eq!(
            (answer.status, answer.json()["detail"].as_str()),
            (404, Some("Meter not found")),
            "{path}"
        );
        assert!(answer.header("x-fapi-interaction-id").is_some(), "{path}");
        let stranger = consented.machine(None).unwrap().ask("GET", path, &[]);
        assert_eq!(stranger.status, 401, "{path}");
    }
    let bearer = format!("Bearer {token}");
    let answer = consented
        .machine(Some("saver"))
        .unwrap()
        .ask("POST", "/datasources", &[("authorization", &bearer)]);
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET")));
}

#[test]
fn every_answer_has_an_interactions_name_and_no_header_is_too_odd() {
    let consented = Consented::start();
    let token = access(&consented);
    let bearer = format!("Bearer {token}");
    let ask = |headers: &[(&str, &str)]| {
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        consented
            .machine(Some("saver"))
            .unwrap()
            .ask("GET", "/datasources", &headers)
    };
    let id = "C770AEF3-6784-41F7-8E0E-FF5F97BDDB3A";
    assert_eq!(
        ask(&[("x-fapi-interaction-id", id)]).header("x-fapi-interaction-id"),
        Some(id)
    );
    for odd in ["", "a b", "<script>", &"a".repeat(65)] {
        let made = ask(&[("x-fapi-interaction-id", odd)]);
        let made = made.header("x-fapi-interaction-id").unwrap().to_owned();
        assert!(made.len() == 36 && made.as_bytes()[14] == b'4', "{made}");
    }
    let refused = consented
        .machine(None)
        .unwrap()
        .ask("GET", "/datasources", &[("x-fapi-interaction-id", id)]);
    assert_eq!(
        (refused.status, refused.header("x-fapi-interaction-id")),
        (401, Some(id))
    );
    for headers in [
        &[
            ("x-fapi-auth-date", "Tue, 11 Sep 2012 19:43:31 UTC"),
            ("x-fapi-customer-ip-address", "2001:DB8::1893:25c8:1946"),
        ][..],
        &[
            ("accept", "application/json;charset=UTF-8"),
            ("accept-charset", "UTF-8"),
        ],
        &[("accept", "text/csv")],
        &[("accept", "*/*")],
    ] {
        let answer = ask(headers);
        assert_eq!(answer.status, 200, "{headers:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.header("date").is_some());
    }
}

#[test]
fn the_heartbeat_is_for_whoever_is_in_the_scheme() {
    let consented = Consented::start();
    let ask = |name: Option<&str>| consented.machine(name).unwrap().ask("GET", "/heartbeat", &[]);
    assert_eq!(ask(None).status, 401);
    let answer = ask(Some("saver"));
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("ok")));
    let provider = format!("{}/role/energy-data-provider", super::fixture::SCHEME);
    consented.certificate("provider", "https://directory.example/a/provider", &[&provider]);
    assert_eq!(ask(Some("provider")).status, 200);
    let out = consented.running.dir.join("clients");
    consented
        .running
        .json(&["pki", "client", "--name", "plain", "--out", out.to_str().unwrap()]);
    assert_eq!(ask(Some("plain")).status, 403);
}

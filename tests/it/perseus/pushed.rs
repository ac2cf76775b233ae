//! What is pushed, and how a refusal looks (RFC 9126; PER §2.2). The rules one by one stand beside the code.

use super::fixture::{Consented, LICENCE, OTHER, SAVER};

#[test]
fn a_refusal_is_json_that_nobody_keeps_whatever_was_wrong() {
    let consented = Consented::start();
    let mut machine = consented.machine(Some("saver")).unwrap();
    let long = vec![b'a'; 80 << 10];
    let form = "application/x-www-form-urlencoded";
    for path in [
        "/api/v1/par",
        "/api/v1/authorize/token",
        "/api/v1/authorize/revoke",
        "/api/v1/permissions",
    ] {
        for (method, media, body, status) in [
            ("PUT", form, &b"a=1"[..], 405),
            ("GET", form, b"", 405),
            ("DELETE", form, b"", 405),
            ("POST", "application/json", b"{}", 415),
            ("POST", "", b"a=1", 415),
            ("POST", form, b"a=1&a=2", 400),
            ("POST", form, b"\xff\xfe=%zz", 400),
            ("POST", form, &long, 413),
        ] {
            let headers = [("content-type", media)];
            let headers = if media.is_empty() { &[][..] } else { &headers };
            let answer = machine.try_ask(method, path, headers, body).unwrap();
            assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
            assert_eq!(
                answer.header("content-type"),
                Some("application/json"),
                "{method} {path}"
            );
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let json = answer.json();
            assert_eq!(json["error"], "invalid_request", "{json}");
            assert!(json["error_description"].is_string());
            assert_eq!(answer.header("allow"), (status == 405).then_some("POST"));
            if status == 413 {
                machine = consented.machine(Some("saver")).unwrap();
            }
        }
    }
}

#[test]
fn what_is_pushed_wrongly_is_refused_by_its_own_code() {
    let consented = Consented::start();
    let two = format!("{LICENCE} https://r.example/other");
    let long = "s".repeat(1_025);
    for (changes, status, code) in [
        (&[("response_type", "")][..], 400, "invalid_request"),
        (&[("redirect_uri", "")], 400, "invalid_request"),
        (&[("scope", "")], 400, "invalid_request"),
        (&[("code_challenge", "")], 400, "invalid_request"),
        (&[("code_challenge_method", "plain")], 400, "invalid_request"),
        (&[("response_type", "token")], 400, "unsupported_response_type"),
        (&[("response_type", "code id_token")], 400, "unsupported_response_type"),
        (&[("scope", &two)], 400, "invalid_scope"),
        (&[("scope", "openid profile")], 400, "invalid_scope"),
        (
            &[("redirect_uri", "https://evil.example/callback")],
            400,
            "invalid_request",
        ),
        (
            &[("redirect_uri", "http://app.example/callback")],
            400,
            "invalid_request",
        ),
        (&[("request_uri", "urn:x")], 400, "invalid_request"),
        (&[("state", &long)], 400, "invalid_request"),
        (&[("client_id", OTHER)], 401, "invalid_client"),
    ] {
        let answer = consented.push(Some("saver"), changes);
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (status, Some(code)),
            "{changes:?}"
        );
    }
    let joined = format!("{LICENCE}+offline_access");
    for changes in [
        &[("client_id", SAVER)][..],
        &[("scope", &joined)],
        &[("nonce", &long), ("prompt", "consent")],
    ] {
        let answer = consented.push(Some("saver"), changes);
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.json()["expires_in"], 90);
    }
}

#[test]
fn an_alias_is_the_application_and_scopes_with_plus_signs_can_be_refused() {
    let consented = Consented::start_with(
        "plus_scope = false",
        "[[perseus.client]]\nclient_id = \"https://directory.example/a/third\"\naliases = [\"0b6cfe5e-old\"]\nname = \"Third\"\n\
         process = \"counts\"\nprivacy_url = \"https://t.example/p\"\nredirect_uris = [\"https://app.example/callback\"]\n",
    );
    let role = format!("{}/role/carbon-accounting-provider", super::fixture::SCHEME);
    consented.certificate("third", "https://directory.example/a/third", &[&role]);
    assert_eq!(
        consented.push(Some("third"), &[("client_id", "0b6cfe5e-old")]).status,
        201
    );
    assert_eq!(
        consented.push(Some("saver"), &[("client_id", "0b6cfe5e-old")]).status,
        401
    );
    let joined = format!("{LICENCE}+offline_access");
    assert_eq!(
        consented.push(Some("saver"), &[("scope", &joined)]).json()["error"],
        "invalid_scope"
    );
}

#[test]
fn an_application_that_pushes_too_often_waits_and_no_other_does() {
    let consented = Consented::start();
    let answers: Vec<_> = (0..61).map(|_| consented.push(Some("saver"), &[])).collect();
    assert!(answers[..60].iter().all(|answer| answer.status == 201));
    let last = &answers[60];
    assert_eq!(last.status, 429, "{}", last.text());
    assert_eq!(last.json()["error"], "invalid_request");
    assert!(last.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(consented.push(Some("other"), &[]).status, 201);
}

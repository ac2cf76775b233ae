//! Wrong ids, bounds, sizes, methods and bodies: a clear error in the old API's shape, nothing changed, never a 500.

use crate::support::{Answer, Https, TestBox};

fn space(https: &mut Https) -> String {
    let made = https
        .ask("PUT", "/space/new/occupancy/current/3/max/5/name/Here", &[])
        .json();
    format!("/space/{}", made["space_id"].as_str().unwrap())
}

fn is_clear(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert!(
        answer.json()["error"].as_str().is_some_and(|text| !text.is_empty()),
        "{what}: {answer:?}"
    );
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{what}");
    assert!(answer.header("x-request-id").is_some(), "{what}");
}

#[test]
fn every_fault_has_its_status_and_changes_nothing() {
    let running = TestBox::start();
    let mut https = running.https();
    let path = space(&mut https);
    let before = https.ask("GET", &path, &[]).json();
    let long_name = "n".repeat(501);
    let wide_name = "%F0%9F%98%80".repeat(501);
    let digits = "9".repeat(5_000);
    let put = |rest: &str| format!("/space/new/occupancy/current/{rest}");
    for (method, path, status) in [
        ("PUT", put("100001/max/5"), 400),
        ("PUT", put(&format!("{digits}/max/5")), 400),
        ("PUT", put(&format!("0/max/{digits}")), 400),
        ("PUT", put("0/max/0"), 400),
        ("PUT", put(&format!("0/max/5/name/{long_name}")), 400),
        ("PUT", put(&format!("0/max/5/name/{wide_name}")), 400),
        ("PUT", put("0/max/5/name/%C3%28"), 400),
        ("PUT", put("0/max/5/name/"), 404),
        ("GET", format!("/space/{}", "x".repeat(17_000)), 414),
        ("GET", "/space/%0d%0aset-cookie:x".to_owned(), 400),
        ("GET", "/space/%00".to_owned(), 400),
        ("PUT", format!("{path}/max/100001"), 400),
        ("PUT", format!("{path}/max/{digits}"), 400),
        ("DELETE", path.clone(), 405),
        ("PATCH", format!("{path}/increment"), 405),
        ("TRACE", path.clone(), 405),
        ("BREW", path.clone(), 405),
        ("GET", "/space/a/b/c/d/e/f/g/h/i/j/k".to_owned(), 404),
    ] {
        let answer = https.ask(method, &path, &[]);
        is_clear(&answer, status, &format!("{method} {}", &path[..path.len().min(80)]));
        assert!(answer.body.len() < 1_000, "an error does not repeat kilobytes");
        if status == 405 {
            assert!(answer.header("allow").is_some(), "405 says what is allowed");
        }
    }
    assert_eq!(https.ask("GET", &path, &[]).json(), before, "nothing changed");
    assert_eq!(
        running.json(&["space", "list"]).as_array().unwrap().len(),
        1,
        "nothing was made"
    );
}

#[test]
fn head_is_get_without_a_body() {
    let running = TestBox::start();
    let mut https = running.https();
    let path = space(&mut https);
    let (get, head) = (https.ask("GET", &path, &[]), https.ask("HEAD", &path, &[]));
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("etag"), get.header("etag"));
}

#[test]
fn a_space_above_its_maximum_can_be_left() {
    let running = TestBox::start();
    let mut https = running.https();
    let made = https.ask("PUT", "/space/new/occupancy/current/60/max/50", &[]).json();
    let path = format!("/space/{}/decrement", made["space_id"].as_str().unwrap());
    assert_eq!(https.ask("PUT", &path, &[]).json()["occupancy"]["current"], 59);
}

#[test]
fn bodies_and_queries_are_ignored() {
    let running = TestBox::start();
    let mut https = running.https();
    let path = space(&mut https);
    let body = vec![b'x'; 100_000];
    let answer = https.try_ask(
        "PUT",
        &format!("{path}/increment?by=7"),
        &[("content-type", "application/json")],
        &body,
    );
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status, answer.json()["occupancy"]["current"].clone()),
        (200, 4.into())
    );
}

#[test]
fn too_many_new_spaces_from_one_address_are_refused_and_the_others_go_on() {
    let running = TestBox::start_with("[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\ncreate_limit = \"3/h\"\n");
    let mut https = running.https();
    let path = space(&mut https);
    let statuses: Vec<u16> = (0..3)
        .map(|_| https.ask("PUT", "/space/new/occupancy/current/0/max/5", &[]).status)
        .collect();
    assert_eq!(statuses, [200, 200, 429]);
    let refused = https.ask("PUT", "/space/new/occupancy/current/0/max/5", &[]);
    is_clear(&refused, 429, "one more");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(https.ask("PUT", &format!("{path}/increment"), &[]).status, 200);
}

#[test]
fn changes_are_not_stored_by_caches_and_reads_are_asked_again() {
    let running = TestBox::start();
    let mut https = running.https();
    let path = space(&mut https);
    assert_eq!(https.ask("GET", &path, &[]).header("cache-control"), Some("no-cache"));
    assert_eq!(
        https
            .ask("PUT", &format!("{path}/increment"), &[])
            .header("cache-control"),
        Some("no-store")
    );
    let preflight = https.ask("OPTIONS", &path, &[]);
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-max-age"), Some("86400"));
    for name in [
        "content-type",
        "authorization",
        "if-match",
        "if-none-match",
        "idempotency-key",
    ] {
        assert!(
            preflight.header("access-control-allow-headers").unwrap().contains(name),
            "{name}"
        );
    }
}

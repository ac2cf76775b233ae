//! Which spaces stay: those that somebody known made, open or not. What `/v1` says of a space's life agrees with itself.

use serde_json::{Value, json};

use crate::occupancy::client::Client;
use crate::support::{TestBox, eventually};

const DOOR: &str = "[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n";

fn made_by(running: &TestBox, operator: &mut Client, maker: &str) -> String {
    let old = "/space/new/occupancy/current/0/max/5";
    let id = match maker {
        "the command line" => running.json(&["space", "create", "--maximum", "5"])["id"].clone(),
        "the command line, open" => running.json(&["space", "create", "--maximum", "5", "--open"])["id"].clone(),
        "a token" => operator.post("/v1/spaces", json!({ "maximum": 5 })).json()["id"].clone(),
        "a token, for an hour" => {
            operator.post("/v1/spaces", json!({ "maximum": 5, "ttl": "1h" })).json()["id"].clone()
        }
        "a token, by the old URL" => operator.ask("PUT", old, Value::Null, &[]).json()["space_id"].clone(),
        "somebody with a wrong token" => {
            let mut stranger = Client::with(running, "gatelodge_none");
            stranger.ask("PUT", old, Value::Null, &[]).json()["space_id"].clone()
        }
        "somebody" => running.https().ask("PUT", old, &[]).json()["space_id"].clone(),
        other => panic!("{other}"),
    };
    id.as_str().unwrap_or_else(|| panic!("{maker}: {id}")).to_owned()
}

/// Who makes a space, whether it is open, and how long it lives where `idle_expiry` is `"24h"` and where it is `"0s"`.
type Maker = (&'static str, bool, [Option<&'static str>; 2]);

const TABLE: [Maker; 7] = [
    ("the command line", false, [None, None]),
    ("the command line, open", true, [None, None]),
    ("a token", false, [None, None]),
    ("a token, for an hour", false, [Some("1h"), Some("1h")]),
    ("a token, by the old URL", true, [None, None]),
    ("somebody with a wrong token", true, [Some("1d"), None]),
    ("somebody", true, [Some("1d"), None]),
];

#[test]
fn what_is_said_of_a_life_agrees_with_itself() {
    for (column, idle) in ["24h", "0s"].into_iter().enumerate() {
        let running = TestBox::start_with(&format!("{DOOR}idle_expiry = \"{idle}\"\n"));
        let mut operator = Client::operator(&running);
        for (maker, open, lives) in TABLE {
            let life = lives[column];
            let id = made_by(&running, &mut operator, maker);
            let shown = operator.get(&format!("/v1/spaces/{id}")).json();
            assert_eq!(shown["open"], open, "{maker}");
            assert_eq!(shown["ttl"], json!(life), "{maker}, {idle}");
            assert_eq!(shown["expires_at"].is_string(), life.is_some(), "{maker}, {idle}");
            let anybody = running.https().ask("GET", &format!("/space/{id}"), &[]).status;
            assert_eq!(anybody, if open { 200 } else { 401 }, "{maker}");
            // A life of its own goes over the usual one, and without it the usual one is back.
            let path = format!("/v1/spaces/{id}");
            for (ttl, expected) in [
                (json!("2h"), json!("2h")),
                (Value::Null, json!(life.filter(|_| maker != "a token, for an hour"))),
            ] {
                let patched = operator.ask("PATCH", &path, json!({ "ttl": ttl }), &[]).json();
                assert_eq!(patched["ttl"], expected, "{maker}, {idle}, {ttl}");
                assert_eq!(
                    patched["expires_at"].is_string(),
                    !expected.is_null(),
                    "{maker}, {idle}, {ttl}"
                );
            }
        }
    }
}

#[test]
fn only_what_somebody_unknown_made_dies_when_nobody_uses_it() {
    let running = TestBox::start_with(&format!("{DOOR}idle_expiry = \"1s\"\n"));
    let mut operator = Client::operator(&running);
    let made: Vec<(&str, String)> = TABLE
        .into_iter()
        .map(|(maker, ..)| (maker, made_by(&running, &mut operator, maker)))
        .collect();
    let stays = |maker: &str| !maker.starts_with("somebody");
    eventually("the unknown one's are gone", || {
        let list = running.json(&["space", "list"]);
        (list.as_array().unwrap().len() == made.iter().filter(|(maker, _)| stays(maker)).count()).then_some(())
    });
    for (maker, id) in made {
        let status = operator.get(&format!("/v1/spaces/{id}")).status;
        assert_eq!(status, if stays(maker) { 200 } else { 404 }, "{maker}");
    }
}

//! Codes for a meter that is known not to prepay, by the built binary: no door takes one, unless whoever runs the box
//! insists.

use serde_json::json;

use super::command::Simulation;
use super::topup_doors::SERIAL;
use crate::accounts::signed_in;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

const CODE: &str = "10000000000000001250";

#[test]
fn a_meter_that_does_not_prepay_is_given_no_code_unless_somebody_insists() {
    let (_meter, printed) = Simulation::start(&["--listen", "127.0.0.1:0", "--serial", SERIAL], 1);
    let address = printed[0]["address"].as_str().unwrap();
    let running = TestBox::start_with(&format!(
        "{CONFIG}\n[meters]\nrequest_gap = \"0s\"\ntimeout = \"1s\"\nproof_pause = \"200ms\"\n\
         [[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{address}\"\nhardware = \"EMA1.w\"\n"
    ));
    eventually("the meter said that it does not prepay", || {
        let shown = running.json(&["meter", "show", SERIAL]);
        (shown["values"]["prepay_enabled"]["value"] == false).then_some(())
    });
    let file = running.dir.join("code");
    std::fs::write(&file, CODE).unwrap();
    let send = [
        "prepay",
        "send",
        SERIAL,
        "--token-file",
        file.to_str().unwrap(),
        "--wait",
        "0",
    ];
    let refused = running.command(&send);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(5), "{said}");
    assert!(said.contains("does not prepay") && said.contains("--anyway"), "{said}");

    let mut resident = signed_in(&running, "resident");
    running.json(&["user", "meters", "resident", &format!("{SERIAL}@2026-01-01")]);
    let at = format!("/energy/{SERIAL}/topups");
    let page = resident.get(&at).text();
    assert!(
        page.contains("does not prepay") && !page.contains("name=\"token\""),
        "{page}"
    );

    let made = running.json(&["token", "create", "--name", "app", "--scope", "meters:topup"]);
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let post = |body: serde_json::Value| {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let path = format!("/v1/meters/{SERIAL}/tokens");
        let sent = running
            .https()
            .try_ask("POST", &path, &headers, body.to_string().as_bytes());
        sent.unwrap()
    };
    let refused = post(json!({ "token": CODE }));
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(refused.text().contains("does-not-prepay"), "{}", refused.text());
    assert_eq!(running.json(&["prepay", "list"]), json!([]));

    let insisted = running.command(&[&send[..], &["--anyway"]].concat());
    assert_eq!(insisted.status.code(), Some(0), "{insisted:?}");
    assert_eq!(
        post(json!({ "token": CODE, "anyway": true })).status,
        200,
        "it is the same code"
    );
}

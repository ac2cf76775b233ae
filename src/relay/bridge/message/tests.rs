//! Messages as known and unknown peers send them.

use super::*;
use proptest::prelude::*;

fn of(message: Value) -> Message {
    read(json!({ "message": message }).to_string().as_bytes()).unwrap()
}

#[test]
fn requests_are_read_with_their_queries_and_headers() {
    let asked = json!({ "messageId": 7, "messageType": "REST:REQUEST", "requiresResponse": true, "method": "POST",
        "path": "/a?b=1", "queryStrings": [{ "name": "q", "value": "ü &" }],
        "headers": [{ "name": "X", "val": "old" }, { "name": "Y", "value": "new" }],
        "dataFormat": "application/json", "messageBody": [1, 2] });
    let Message::Request(request) = of(asked) else { panic!() };
    assert_eq!((request.id, request.target.as_str()), (7, "/a?b=1&q=%C3%BC%20%26"));
    assert_eq!(request.headers[0].value.clone() + &request.headers[1].value, "oldnew");
    assert_eq!(request.body, Body::Json(json!([1, 2])));
}

#[test]
fn what_cannot_be_carried_out_is_named_with_its_number() {
    let right = json!({ "messageId": 7, "messageType": "REST:REQUEST", "method": "GET", "path": "/" });
    for (key, value, fault) in [
        ("method", json!(7), MessageError::Field("method")),
        ("path", json!(null), MessageError::Field("path")),
        ("path", json!("http://elsewhere/"), MessageError::Path),
        ("path", json!("/a b"), MessageError::Path),
        ("path", json!("/a\r\nX: y"), MessageError::Path),
        ("headers", json!({ "X": "y" }), MessageError::Field("headers")),
        ("headers", json!([{ "name": "X" }]), MessageError::Field("headers")),
        ("queryStrings", json!("x"), MessageError::Field("queryStrings")),
    ] {
        let mut asked = right.clone();
        asked[key] = value;
        assert_eq!(of(asked), Message::BadRequest { id: Some(7), fault });
    }
    let mut nameless = right;
    nameless["messageId"] = json!("7");
    let fault = MessageError::Field("messageId");
    assert_eq!(of(nameless), Message::BadRequest { id: None, fault });
    let answer = |status: Value| of(json!({ "messageType": "REST:RESPONSE", "inResponseTo": 1, "statusCode": status }));
    for (status, fault) in [
        (json!("200"), MessageError::Field("statusCode")),
        (json!(99), MessageError::Status(99)),
        (json!(100), MessageError::Status(100)),
    ] {
        let response = Err(fault);
        assert_eq!(answer(status), Message::Response { to: 1, response });
    }
    assert_eq!(of(json!({ "messageType": "REST:RESPONSE" })), Message::Other);
    assert_eq!(read(b"[]"), None);
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn what_is_written_reads_back(id in any::<i64>(), to in any::<i64>(), status in 200_u16..600, name in "[A-Za-z-]{1,20}", value in "\\PC{0,40}", bytes in proptest::collection::vec(any::<u8>(), 1..60), text in "\\PC{1,40}", kind in 0..4) {
        let body = match kind {
            0 => Body::Empty,
            1 => Body::Json(json!({ "a": text })),
            2 => Body::Text { format: "text/plain; charset=utf-8".into(), text },
            _ => Body::Bytes(bytes),
        };
        let headers = vec![Header { name, value }];
        let request = Request { id, method: "PUT".into(), target: "/x?y=1".into(), headers: headers.clone(), body: body.clone() };
        prop_assert_eq!(read(request.write().as_bytes()), Some(Message::Request(request)));
        let response = Response { status, headers, body };
        prop_assert_eq!(read(response.write(id, to).as_bytes()), Some(Message::Response { to, response: Ok(response) }));
    }
}

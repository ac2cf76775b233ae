//! `mediator.proto`, which programs elsewhere are built from, says what the box does: compiled here, it is what the box
//! answers by reflection, and what it sends and takes is read by it.

use std::path::Path;

use gatelodge::meter::mediator::messages::{
    GetInfoReply, GetInfoRequest, GetMetersReply, GetMetersRequest, ReadElementReply, ReadElementRequest,
    SendRawMessageReply, SendRawMessageRequest, WriteElementReply, WriteElementRequest,
};
use prost::Message;
use prost_types::FileDescriptorProto;
use protox::prost_reflect::{DescriptorPool, DynamicMessage, Value};
use serde_json::json;

use super::mediator::Fixture;

const PACKAGE: &str = "simt_emlite.mediator.grpc";

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/meter/mediator")
}

/// The contract as a compiler reads it, without where in the text each part stands.
fn compiled() -> FileDescriptorProto {
    let mut set = protox::compile(["mediator.proto"], [folder()]).unwrap();
    assert_eq!(set.file.len(), 1);
    let mut file = set.file.remove(0);
    file.source_code_info = None;
    file
}

/// The fields of a message of ours, read by the contract.
fn read_by_contract(name: &str, sent: &impl Message) -> Vec<(String, Value)> {
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_proto(compiled()).unwrap();
    let described = pool.get_message_by_name(&format!("{PACKAGE}.{name}")).unwrap();
    let read = DynamicMessage::decode(described.clone(), sent.encode_to_vec().as_slice()).unwrap();
    assert_eq!(
        read.unknown_fields().count(),
        0,
        "{name} has fields that the contract does not know"
    );
    let fields = described.fields();
    fields
        .map(|field| (field.name().to_owned(), read.get_field(&field).into_owned()))
        .collect()
}

fn text(name: &str) -> (String, Value) {
    (name.to_owned(), Value::String(format!("in {name}")))
}

fn bytes(name: &str) -> (String, Value) {
    (name.to_owned(), Value::Bytes(format!("in {name}").into_bytes().into()))
}

fn number(name: &str) -> (String, Value) {
    (name.to_owned(), Value::I32(-7))
}

#[test]
fn a_box_describes_itself_as_the_contract_does() {
    let fixture = Fixture::start("plaintext = true\n");
    let answers = fixture.calls(None, json!([{ "method": "reflection" }]));
    let told = answers[0]["reply"]["file"].as_str().unwrap();
    let told = data_encoding::HEXLOWER.decode(told.as_bytes()).unwrap();
    let told = FileDescriptorProto::decode(told.as_slice()).unwrap();
    assert_eq!(told, compiled());
}

#[test]
fn what_the_box_sends_and_takes_is_read_by_the_contract() {
    let of = |name: &str| format!("in {name}");
    let raw = |name: &str| of(name).into_bytes();
    let serial = of("serial");
    let sent = SendRawMessageRequest {
        serial: serial.clone(),
        data_field: raw("dataField"),
    };
    assert_eq!(
        read_by_contract("SendRawMessageRequest", &sent),
        [text("serial"), bytes("dataField")]
    );
    let sent = SendRawMessageReply {
        response: raw("response"),
    };
    assert_eq!(read_by_contract("SendRawMessageReply", &sent), [bytes("response")]);
    let sent = ReadElementRequest {
        serial: serial.clone(),
        object_id: -7,
    };
    assert_eq!(
        read_by_contract("ReadElementRequest", &sent),
        [text("serial"), number("objectId")]
    );
    let sent = ReadElementReply {
        response: raw("response"),
    };
    assert_eq!(read_by_contract("ReadElementReply", &sent), [bytes("response")]);
    let sent = WriteElementRequest {
        serial: serial.clone(),
        object_id: -7,
        payload: raw("payload"),
    };
    let wanted = [text("serial"), number("objectId"), bytes("payload")];
    assert_eq!(read_by_contract("WriteElementRequest", &sent), wanted);
    assert_eq!(read_by_contract("WriteElementReply", &WriteElementReply {}), []);
    let sent = GetInfoRequest { serial };
    assert_eq!(read_by_contract("GetInfoRequest", &sent), [text("serial")]);
    let sent = GetInfoReply {
        json_data: of("json_data"),
    };
    assert_eq!(read_by_contract("GetInfoReply", &sent), [text("json_data")]);
    let sent = GetMetersRequest { esco: of("esco") };
    assert_eq!(read_by_contract("GetMetersRequest", &sent), [text("esco")]);
    let sent = GetMetersReply {
        json_meters: of("json_meters"),
    };
    assert_eq!(read_by_contract("GetMetersReply", &sent), [text("json_meters")]);
}

#[test]
fn every_part_of_the_contract_is_explained() {
    let contract = std::fs::read_to_string(folder().join("mediator.proto")).unwrap();
    let mut before = "";
    for line in contract.lines() {
        let is_part = ["service ", "message ", "  rpc ", "  string ", "  bytes ", "  int32 "]
            .iter()
            .any(|begin| line.starts_with(begin));
        assert!(
            !is_part || before.trim_start().starts_with("//"),
            "without a word on it: {line}"
        );
        before = line;
    }
}

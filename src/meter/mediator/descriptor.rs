//! What the mediator says of itself by reflection: its services and messages, as `mediator.proto` beside this file has
//! them (EMOP §10). A test compiles that and compares it with what a box answers.

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
};
use tonic_reflection::server::{Builder, v1, v1alpha};

const PACKAGE: &str = "simt_emlite.mediator.grpc";

/// The services, as health checks name them.
pub(super) const SERVICES: [&str; 2] = [
    "simt_emlite.mediator.grpc.EmliteMediatorService",
    "simt_emlite.mediator.grpc.InfoService",
];

type Field = (&'static str, Type);

/// Messages: the number of a field is its place, from 1.
const MESSAGES: &[(&str, &[Field])] = &[
    (
        "SendRawMessageRequest",
        &[("serial", Type::String), ("dataField", Type::Bytes)],
    ),
    ("SendRawMessageReply", &[("response", Type::Bytes)]),
    (
        "ReadElementRequest",
        &[("serial", Type::String), ("objectId", Type::Int32)],
    ),
    ("ReadElementReply", &[("response", Type::Bytes)]),
    (
        "WriteElementRequest",
        &[
            ("serial", Type::String),
            ("objectId", Type::Int32),
            ("payload", Type::Bytes),
        ],
    ),
    ("WriteElementReply", &[]),
    ("GetInfoRequest", &[("serial", Type::String)]),
    ("GetInfoReply", &[("json_data", Type::String)]),
    ("GetMetersRequest", &[("esco", Type::String)]),
    ("GetMetersReply", &[("json_meters", Type::String)]),
];

/// Services, and their methods with what goes in and out.
const METHODS: &[(&str, &[[&str; 3]])] = &[
    (
        "EmliteMediatorService",
        &[
            ["sendRawMessage", "SendRawMessageRequest", "SendRawMessageReply"],
            ["readElement", "ReadElementRequest", "ReadElementReply"],
            ["writeElement", "WriteElementRequest", "WriteElementReply"],
        ],
    ),
    (
        "InfoService",
        &[
            ["GetInfo", "GetInfoRequest", "GetInfoReply"],
            ["GetMeters", "GetMetersRequest", "GetMetersReply"],
        ],
    ),
];

/// Reflection in both of its versions: older tools know the first one only.
pub(super) fn services() -> (
    v1::ServerReflectionServer<impl v1::ServerReflection>,
    v1alpha::ServerReflectionServer<impl v1alpha::ServerReflection>,
) {
    let builder = || Builder::configure().register_file_descriptor_set(set());
    let right = "the description is put together from names of this file";
    (
        builder().build_v1().expect(right),
        builder().build_v1alpha().expect(right),
    )
}

fn set() -> FileDescriptorSet {
    FileDescriptorSet {
        file: vec![mediator(), health()],
    }
}

fn mediator() -> FileDescriptorProto {
    FileDescriptorProto {
        name: Some("mediator.proto".to_owned()),
        package: Some(PACKAGE.to_owned()),
        syntax: Some("proto3".to_owned()),
        message_type: MESSAGES.iter().map(|(name, fields)| message(name, fields)).collect(),
        service: METHODS
            .iter()
            .map(|(name, methods)| service(PACKAGE, name, methods))
            .collect(),
        ..FileDescriptorProto::default()
    }
}

fn health() -> FileDescriptorProto {
    let package = "grpc.health.v1";
    let mut response = message("HealthCheckResponse", &[("status", Type::Enum)]);
    response.field[0].type_name = Some(format!(".{package}.HealthCheckResponse.ServingStatus"));
    let statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
    response.enum_type = vec![EnumDescriptorProto {
        name: Some("ServingStatus".to_owned()),
        value: (0..)
            .zip(statuses)
            .map(|(number, name)| EnumValueDescriptorProto {
                name: Some(name.to_owned()),
                number: Some(number),
                options: None,
            })
            .collect(),
        ..EnumDescriptorProto::default()
    }];
    FileDescriptorProto {
        name: Some("grpc/health/v1/health.proto".to_owned()),
        package: Some(package.to_owned()),
        syntax: Some("proto3".to_owned()),
        message_type: vec![message("HealthCheckRequest", &[("service", Type::String)]), response],
        service: vec![service(
            package,
            "Health",
            &[["Check", "HealthCheckRequest", "HealthCheckResponse"]],
        )],
        ..FileDescriptorProto::default()
    }
}

fn message(name: &str, fields: &[Field]) -> DescriptorProto {
    let field = |(number, (name, kind)): (i32, &Field)| FieldDescriptorProto {
        name: Some((*name).to_owned()),
        number: Some(number),
        label: Some(Label::Optional.into()),
        r#type: Some((*kind).into()),
        json_name: Some(json_name(name)),
        ..FieldDescriptorProto::default()
    };
    DescriptorProto {
        name: Some(name.to_owned()),
        field: (1..).zip(fields).map(field).collect(),
        ..DescriptorProto::default()
    }
}

/// The name of a field in JSON, as compilers make it: no underscore, the letter after it large.
fn json_name(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |made, word| {
        let mut letters = word.chars();
        let large = letters.next().map(|letter| letter.to_ascii_uppercase());
        made + &String::from_iter(large.into_iter().chain(letters))
    })
}

fn service(package: &str, name: &str, methods: &[[&str; 3]]) -> ServiceDescriptorProto {
    let method = |[name, input, output]: &[&str; 3]| MethodDescriptorProto {
        name: Some((*name).to_owned()),
        input_type: Some(format!(".{package}.{input}")),
        output_type: Some(format!(".{package}.{output}")),
        ..MethodDescriptorProto::default()
    };
    ServiceDescriptorProto {
        name: Some(name.to_owned()),
        method: methods.iter().map(method).collect(),
        options: None,
    }
}

"""A program that calls the mediator with the `grpcio` package, as somebody else would write it.

    caller.py HOST:PORT [CA CERTIFICATE KEY] < calls

Reads a JSON array of calls, `{"method": path, "fields": {name: value}, "timeout": seconds}`, and prints a JSON array
of answers, `{"code": …, "details": …, "reply": {…}}`. Bytes are hex. The messages are described here once more, by
their numbers, so that a mistake of the server is not shared.
"""

import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

STRING, INT32, BYTES = 9, 5, 12
MESSAGES = {
    "sendRawMessage": ([("serial", STRING), ("dataField", BYTES)], [("response", BYTES)]),
    "readElement": ([("serial", STRING), ("objectId", INT32)], [("response", BYTES)]),
    "writeElement": ([("serial", STRING), ("objectId", INT32), ("payload", BYTES)], []),
    "GetInfo": ([("serial", STRING)], [("json_data", STRING)]),
    "GetMeters": ([("esco", STRING)], [("json_meters", STRING)]),
}


def message(name, fields):
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package="ours", syntax="proto3")
    described = file.message_type.add(name=name)
    for number, (field, kind) in enumerate(fields, 1):
        described.field.add(name=field, number=number, type=kind, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"ours.{name}"))


def call(channel, asked):
    path = asked["method"]
    if path == "reflection":
        database = ProtoReflectionDescriptorDatabase(channel)
        file = database.FindFileContainingSymbol("simt_emlite.mediator.grpc.InfoService")
        fields = {m.name: [(f.name, f.number, f.type) for f in m.field] for m in file.message_type}
        whole = file.SerializeToString().hex()
        return {"services": sorted(database.get_services()), "messages": fields, "file": whole}
    if path == "health":
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=asked.get("service", "")))
        return {"status": health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)}
    inside, outside = MESSAGES.get(path.rsplit("/", 1)[1], ([], []))
    request = message("Request", inside)()
    for name, value in asked.get("fields", {}).items():
        is_bytes = dict(inside)[name] == BYTES
        setattr(request, name, bytes.fromhex(value) if is_bytes else value)
    method = channel.unary_unary(
        path,
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=message("Reply", outside).FromString,
    )
    answer = method(request, timeout=asked.get("timeout", 75))
    shown = {}
    for name, kind in outside:
        value = getattr(answer, name)
        shown[name] = value.hex() if kind == BYTES else value
    return shown


def main():
    target, *files = sys.argv[1:]
    if files:
        ca, certificate, key = (open(file, "rb").read() for file in files)
        credentials = grpc.ssl_channel_credentials(ca, key, certificate)
        options = [("grpc.ssl_target_name_override", "cepro-mediators")]
        channel = grpc.secure_channel(target, credentials, options)
    else:
        channel = grpc.insecure_channel(target)
    answers = []
    for asked in json.load(sys.stdin):
        try:
            answers.append({"code": "OK", "details": "", "reply": call(channel, asked)})
        except grpc.RpcError as error:
            answers.append({"code": error.code().name, "details": error.details(), "reply": None})
    print(json.dumps(answers))


main()

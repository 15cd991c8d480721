"""The header of LiveKit's recording upload: `livekit.MetricsRecordingHeader` of livekit-protocol 1.1.29.

Its ten fields are written down here, because the package that holds them brings every other message of LiveKit along,
and the type stubs of protobuf as a dependency at run time.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.message import DecodeError

from evalhub.errors import Problem, Unreadable

TYPES = descriptor_pb2.FieldDescriptorProto
FIELDS = (
    (1, "room_id", TYPES.TYPE_STRING),
    (3, "duration", TYPES.TYPE_UINT64),  # ms
    (4, "start_time", TYPES.TYPE_MESSAGE),  # of the recording's first sample
    (6, "room_name", TYPES.TYPE_STRING),
    (7, "room_start_time", TYPES.TYPE_MESSAGE),
    (8, "job_id", TYPES.TYPE_STRING),
    (9, "simulated", TYPES.TYPE_BOOL),
    (10, "redaction_enabled", TYPES.TYPE_BOOL),
    (11, "session_summary", TYPES.TYPE_STRING),  # the session report without events and history, as JSON
)


def _message() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="evalhub/livekit_header.proto", package="evalhub", syntax="proto3")
    file.dependency.append(timestamp_pb2.DESCRIPTOR.name)
    header = file.message_type.add(name="LiveKitRecordingHeader")
    for number, name, kind in FIELDS:
        field = header.field.add(number=number, name=name, type=kind, label=TYPES.LABEL_OPTIONAL)
        if kind == TYPES.TYPE_MESSAGE:
            field.type_name = ".google.protobuf.Timestamp"
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("evalhub.LiveKitRecordingHeader"))


RecordingHeader = _message()


def read_header(data: bytes) -> Any:
    """The header of an upload, as a protobuf message with the fields above.

    Raises:
        Unreadable: it is none, or names no room and no job.
    """
    try:
        header = RecordingHeader.FromString(data)
    except DecodeError as error:
        raise Unreadable(
            "This is no header of a LiveKit recording.", [Problem("header", "protobuf", str(error))]
        ) from error
    if not (header.room_id or header.job_id):
        raise Unreadable("This header names no call.", [Problem("header.room_id", "the sid of a room", "nothing")])
    return header

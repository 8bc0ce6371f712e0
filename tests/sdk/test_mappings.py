"""If these fail, tools that wire a function to a queue, stream or topic see other answers, states or errors than AWS gives."""
import datetime
import json
import re

import pytest

from conftest import ROLE, Functions
from daemon import ACCOUNT, REGION, Daemon, wait_until
from packages import ECHO, make_zip
from test_errors import refused

SQS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
KINESIS = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"
MSK = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/6b06b9a6-2f2b-4b44-9d9c-b8a0b2d1f0aa-1"
MQ = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:b:b-6b06b9a6-2f2b-4b44-9d9c-b8a0b2d1f0aa"
DOCDB = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s-AbCdEf"
BASIC_AUTH = [{"Type": "BASIC_AUTH", "URI": SECRET}]
SERVERS = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["b-1.example.com:9092", "b-2.example.com:9092"]}}
UNKNOWN = "6b06b9a6-2f2b-4b44-9d9c-b8a0b2d1f0aa"
NO_SUCH = "The resource you requested does not exist."
CONFLICT = "ResourceConflictException"


def function_arn(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def plain(answer):
    return {key: value for key, value in answer.items() if key not in ("ResponseMetadata", "LastModified")}


def settled(aws, uuid):
    """The mapping once it is on its way to no other state."""
    def state():
        mapping = aws.get_event_source_mapping(UUID=uuid)
        return mapping if mapping["State"] in ("Enabled", "Disabled") else None
    return wait_until(state, 30, "the mapping stays on its way")


def gone(aws, uuid):
    def missing():
        try:
            return aws.get_event_source_mapping(UUID=uuid) and None
        except aws.exceptions.ResourceNotFoundException:
            return True
    return wait_until(missing, 30, "the mapping is not deleted")


class Mappings:
    """Makes mappings, with the queues that they read; deletes both after the test."""

    def __init__(self, daemon):
        self.aws = daemon.client("lambda")
        self.sqs = daemon.client("sqs")
        self.made = []
        self.urls = []

    def make_queue(self, arn):
        if arn.startswith(SQS):
            fifo = {"FifoQueue": "true"} if arn.endswith(".fifo") else {}
            self.urls.append(self.sqs.create_queue(QueueName=arn.rsplit(":", 1)[1], Attributes=fifo)["QueueUrl"])

    def __call__(self, function, arn=None, wait=True, **settings):
        if arn:
            settings["EventSourceArn"] = arn
            self.make_queue(arn)
        answer = self.aws.create_event_source_mapping(FunctionName=function, **settings)
        self.made.append(answer["UUID"])
        if wait:
            settled(self.aws, answer["UUID"])
        return answer

    def refused(self, message, function="f", status=400, code="InvalidParameterValueException", **settings):
        refused(lambda: self.aws.create_event_source_mapping(FunctionName=function, **settings), status, code, message)

    def delete_all(self):
        for uuid in self.made:
            try:
                settled(self.aws, uuid)
                self.aws.delete_event_source_mapping(UUID=uuid)
            except self.aws.exceptions.ResourceNotFoundException:
                continue  # the test has deleted it
        for url in set(self.urls):
            self.sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def mappings(daemon):
    made = Mappings(daemon)
    yield made
    made.delete_all()


@pytest.fixture
def function(functions):
    return functions(wait=False)


@pytest.fixture(scope="module")
def slow():
    """A daemon whose states can be watched."""
    with Daemon("--update-delay", "0.5") as running:
        yield running


# --- what each source shows ------------------------------------------------------------------------------------------------

def test_sqs(aws, daemon, mappings, function, name):
    created = mappings(function, SQS + name)
    uuid = created["UUID"]
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert plain(created) == {
        "UUID": uuid, "BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "EventSourceArn": SQS + name, "FunctionArn": function_arn(function),
        "FunctionResponseTypes": [], "State": "Creating", "StateTransitionReason": "USER_INITIATED",
        "EventSourceMappingArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"}
    assert abs(created["LastModified"].timestamp() - daemon.now()) < 60
    assert plain(aws.get_event_source_mapping(UUID=uuid)) == plain(created) | {"State": "Enabled"}
    updated = aws.update_event_source_mapping(UUID=uuid, BatchSize=100, MaximumBatchingWindowInSeconds=5, ScalingConfig={"MaximumConcurrency": 7},
                                              FunctionResponseTypes=["ReportBatchItemFailures"])
    assert updated["ResponseMetadata"]["HTTPStatusCode"] == 202
    changes = {"BatchSize": 100, "MaximumBatchingWindowInSeconds": 5, "ScalingConfig": {"MaximumConcurrency": 7},
               "FunctionResponseTypes": ["ReportBatchItemFailures"]}
    assert plain(updated) == plain(created) | changes | {"State": "Updating"}
    assert plain(settled(aws, uuid)) == plain(created) | changes | {"State": "Enabled"}
    deleted = aws.delete_event_source_mapping(UUID=uuid)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert plain(deleted) == plain(created) | changes | {"State": "Deleting"}
    gone(aws, uuid)


def test_last_modified_is_a_number(daemon, mappings, function, name):
    uuid = mappings(function, SQS + name)["UUID"]
    answer = daemon.raw("GET", f"/2015-03-31/event-source-mappings/{uuid}")
    assert isinstance(answer.json["LastModified"], (int, float)), answer


def test_the_path_with_a_slash_at_its_end(daemon):
    assert daemon.raw("GET", "/2015-03-31/event-source-mappings/").status == 200


STREAM = {"BatchSize": 100, "BisectBatchOnFunctionError": False, "DestinationConfig": {"OnFailure": {}}, "FunctionResponseTypes": [],
          "LastProcessingResult": "No records processed", "MaximumBatchingWindowInSeconds": 0, "MaximumRecordAgeInSeconds": -1,
          "MaximumRetryAttempts": -1, "ParallelizationFactor": 1, "TumblingWindowInSeconds": 0, "StateTransitionReason": "User action"}


@pytest.mark.parametrize("source", [KINESIS + "{}", KINESIS + "{}/consumer/c:1700000000", TABLE + "{}/stream/2026-01-31T12:00:00.000"])
def test_streams(aws, mappings, function, name, source):
    source = source.format(name)
    created = mappings(function, source, StartingPosition="LATEST")
    uuid = created["UUID"]
    assert plain(created) == STREAM | {
        "UUID": uuid, "EventSourceArn": source, "FunctionArn": function_arn(function), "StartingPosition": "LATEST", "State": "Creating",
        "EventSourceMappingArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"}
    changes = {"BatchSize": 10_000, "BisectBatchOnFunctionError": True, "DestinationConfig": {"OnFailure": {"Destination": SQS + "dead"}},
               "FunctionResponseTypes": ["ReportBatchItemFailures"], "MaximumBatchingWindowInSeconds": 300, "MaximumRecordAgeInSeconds": 60,
               "MaximumRetryAttempts": 0, "ParallelizationFactor": 10, "TumblingWindowInSeconds": 900}
    aws.update_event_source_mapping(UUID=uuid, **changes)
    assert plain(settled(aws, uuid)) == plain(created) | changes | {"State": "Enabled"}
    back = {"DestinationConfig": {"OnFailure": {}}, "MaximumRecordAgeInSeconds": -1, "FunctionResponseTypes": []}
    aws.update_event_source_mapping(UUID=uuid, **back)
    assert plain(settled(aws, uuid)) == plain(created) | changes | back | {"State": "Enabled"}
    aws.delete_event_source_mapping(UUID=uuid)
    gone(aws, uuid)


def test_a_stream_from_a_point_in_time(aws, mappings, function, name):
    point = datetime.datetime(2026, 1, 31, 12, 0, 0, tzinfo=datetime.timezone.utc)
    uuid = mappings(function, KINESIS + name, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=point)["UUID"]
    shown = aws.get_event_source_mapping(UUID=uuid)
    assert (shown["StartingPosition"], shown["StartingPositionTimestamp"]) == ("AT_TIMESTAMP", point)


def test_managed_kafka(aws, mappings, function):
    created = mappings(function, MSK, StartingPosition="TRIM_HORIZON", Topics=["topic"])
    uuid = created["UUID"]
    assert plain(created) == {
        "UUID": uuid, "BatchSize": 100, "EventSourceArn": MSK, "FunctionArn": function_arn(function), "StartingPosition": "TRIM_HORIZON",
        "Topics": ["topic"], "State": "Creating", "StateTransitionReason": "USER_INITIATED", "LastProcessingResult": "No records processed",
        "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": uuid},
        "EventSourceMappingArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"}
    registry = {"SchemaRegistryURI": "https://registry.example.com", "EventRecordFormat": "JSON",
                "AccessConfigs": [{"Type": "BASIC_AUTH", "URI": SECRET}], "SchemaValidationConfigs": [{"Attribute": "VALUE"}]}
    aws.update_event_source_mapping(UUID=uuid, ProvisionedPollerConfig={"MinimumPollers": 3}, MaximumRetryAttempts=5,
                                    DestinationConfig={"OnFailure": {"Destination": "kafka://failed"}},
                                    AmazonManagedKafkaEventSourceConfig={"SchemaRegistryConfig": registry})
    shown = settled(aws, uuid)
    assert shown["ProvisionedPollerConfig"] == {"MinimumPollers": 3, "MaximumPollers": 200}
    assert shown["AmazonManagedKafkaEventSourceConfig"] == {"ConsumerGroupId": uuid, "SchemaRegistryConfig": registry}
    assert shown["DestinationConfig"] == {"OnFailure": {"Destination": "kafka://failed"}}
    assert shown["MaximumRetryAttempts"] == 5
    refused(lambda: aws.update_event_source_mapping(UUID=uuid, AmazonManagedKafkaEventSourceConfig={"ConsumerGroupId": "g"}), 400,
            "InvalidParameterValueException",
            "Unsupported 'amazonManagedKafkaEventSourceConfig.consumerGroupId' parameter for given event source mapping type.")
    aws.update_event_source_mapping(UUID=uuid, AmazonManagedKafkaEventSourceConfig={"SchemaRegistryConfig": {}})
    assert settled(aws, uuid)["AmazonManagedKafkaEventSourceConfig"] == {"ConsumerGroupId": uuid}


def test_self_managed_kafka(aws, mappings, function, name):
    created = mappings(function, SelfManagedEventSource=SERVERS, StartingPosition="LATEST", Topics=[name], SourceAccessConfigurations=BASIC_AUTH,
                       SelfManagedKafkaEventSourceConfig={"ConsumerGroupId": "group"})
    assert "EventSourceArn" not in created
    assert created["SelfManagedEventSource"] == SERVERS
    assert created["SourceAccessConfigurations"] == BASIC_AUTH
    assert created["SelfManagedKafkaEventSourceConfig"] == {"ConsumerGroupId": "group"}
    access = [{"Type": "SASL_SCRAM_512_AUTH", "URI": SECRET}]
    aws.update_event_source_mapping(UUID=created["UUID"], SourceAccessConfigurations=access)
    assert settled(aws, created["UUID"])["SourceAccessConfigurations"] == access
    mappings.refused(f'An event source mapping with event source ("b-1.example.com:9092,b-2.example.com:9092"), function '
                     f'("{function_arn(function)}"), topics ("{name}") already exists. Please update or delete the existing mapping with UUID '
                     f'{created["UUID"]}', function, 409, CONFLICT, SelfManagedEventSource=SERVERS, StartingPosition="LATEST", Topics=[name],
                     SourceAccessConfigurations=BASIC_AUTH)


def test_mq(aws, mappings, function, name):
    access = BASIC_AUTH + [{"Type": "VIRTUAL_HOST", "URI": "/" + name}]
    created = mappings(function, MQ, Queues=[name], SourceAccessConfigurations=access)
    assert (created["Queues"], created["SourceAccessConfigurations"]) == ([name], access)
    assert created["LastProcessingResult"] == "No records processed"
    assert "MaximumBatchingWindowInSeconds" not in created  # half a second: no number of seconds
    aws.update_event_source_mapping(UUID=created["UUID"], MaximumBatchingWindowInSeconds=2)
    assert settled(aws, created["UUID"])["MaximumBatchingWindowInSeconds"] == 2


def test_document_db(aws, mappings, function, name):
    created = mappings(function, DOCDB + name, StartingPosition="LATEST", SourceAccessConfigurations=BASIC_AUTH,
                       DocumentDBEventSourceConfig={"DatabaseName": "d"})
    assert created["DocumentDBEventSourceConfig"] == {"DatabaseName": "d", "FullDocument": "Default"}
    aws.update_event_source_mapping(UUID=created["UUID"], DocumentDBEventSourceConfig={"CollectionName": "c", "FullDocument": "UpdateLookup"})
    assert settled(aws, created["UUID"])["DocumentDBEventSourceConfig"] == {"DatabaseName": "d", "CollectionName": "c", "FullDocument": "UpdateLookup"}


# --- what is refused ---------------------------------------------------------------------------------------------------------

def unsupported(parameter):
    return f"Unsupported '{parameter}' parameter for given event source mapping type."


@pytest.mark.parametrize("settings, message", [
    ({}, "Unrecognized event source."),
    ({"EventSourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t"}, "Unrecognized event source."),
    ({"EventSourceArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"}, "Unrecognized event source."),
    ({"EventSourceArn": SQS + "q", "DestinationConfig": {"OnSuccess": {"Destination": SQS + "p"}}},
     "Unsupported DestinationConfig parameter for given event source mapping type."),
    ({"EventSourceArn": SQS + "q", "DestinationConfig": {"OnFailure": {"Destination": SQS + "p"}}},
     "Unsupported DestinationConfig parameter for given event source mapping type."),
    ({"EventSourceArn": SQS + "q", "BatchSize": 11},
     "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"),
    ({"EventSourceArn": SQS + "q.fifo", "BatchSize": 11}, "Maximum batch size must be between 1 and 10 inclusive"),
    ({"EventSourceArn": SQS + "q.fifo", "MaximumBatchingWindowInSeconds": 1}, "Batching window is not supported for FIFO queues"),
    ({"EventSourceArn": SQS + "q", "StartingPosition": "LATEST"}, "StartingPosition is not valid for SQS event sources."),
    ({"EventSourceArn": SQS + "q", "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": -1},
     "StartingPosition is not valid for SQS event sources."),
    ({"EventSourceArn": SQS + "q", "ParallelizationFactor": 2}, unsupported("parallelizationFactor")),
    ({"EventSourceArn": SQS + "q", "TumblingWindowInSeconds": 2}, unsupported("tumblingWindowInSeconds")),
    ({"EventSourceArn": SQS + "q", "BisectBatchOnFunctionError": True}, unsupported("bisectBatchOnFunctionError")),
    ({"EventSourceArn": SQS + "q", "Topics": ["tt"]}, unsupported("topics")),
    ({"EventSourceArn": SQS + "q", "SelfManagedEventSource": SERVERS}, unsupported("selfManagedEventSource")),
    ({"EventSourceArn": SQS + "q", "ScalingConfig": {"MaximumConcurrency": 2}, "ProvisionedPollerConfig": {"MinimumPollers": 2}},
     "MaximumConcurrency and ProvisionedPollerConfig cannot be set at the same time."),
    ({"EventSourceArn": SQS + "q", "ProvisionedPollerConfig": {"MinimumPollers": 1}}, "MinimumPollers must be between 2 and 10000 for SQS event sources."),
    ({"EventSourceArn": SQS + "q", "ProvisionedPollerConfig": {"MinimumPollers": 9, "MaximumPollers": 8}},
     "MinimumPollers must be less than or equal to MaximumPollers."),
    ({"EventSourceArn": KINESIS + "s"},
     "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null."),
    ({"EventSourceArn": KINESIS + "s", "StartingPosition": "LATEST", "StartingPositionTimestamp": 1_700_000_000},
     "Timestamp only valid with StartingPosition AT_TIMESTAMP"),
    ({"EventSourceArn": KINESIS + "s", "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": -1},
     "Received Exception while reading from provided stream. class java.lang.Long can not be converted to a Timestamp"),
    ({"EventSourceArn": KINESIS + "s", "StartingPosition": "LATEST", "MaximumRecordAgeInSeconds": 59},
     "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)"),
    ({"EventSourceArn": KINESIS + "s", "StartingPosition": "LATEST", "ScalingConfig": {"MaximumConcurrency": 2}}, unsupported("scalingConfig")),
    ({"EventSourceArn": KINESIS + "s", "StartingPosition": "LATEST",
      "DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"}}},
     f"The destination ARN arn:aws:lambda:{REGION}:{ACCOUNT}:function:f is invalid."),
    ({"EventSourceArn": TABLE + "t/stream/s", "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1_700_000_000},
     f"Unsupported starting position for arn type: {TABLE}t/stream/s"),
    ({"EventSourceArn": MSK, "StartingPosition": "LATEST"}, "Required 'topics' parameter is missing."),
    ({"EventSourceArn": MSK, "StartingPosition": "LATEST", "Topics": ["tt"], "MaximumRetryAttempts": 1}, unsupported("maximumRetryAttempts")),
    ({"EventSourceArn": MSK, "StartingPosition": "LATEST", "Topics": ["tt"], "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "g"}},
     unsupported("selfManagedKafkaEventSourceConfig")),
    ({"SelfManagedEventSource": SERVERS, "StartingPosition": "LATEST", "Topics": ["tt"]},
     "Required 'sourceAccessConfigurations' parameter is missing."),
    ({"EventSourceArn": MQ, "SourceAccessConfigurations": BASIC_AUTH}, "Required 'queues' parameter is missing."),
    ({"EventSourceArn": MQ, "SourceAccessConfigurations": BASIC_AUTH, "Queues": ["q"], "StartingPosition": "LATEST"}, unsupported("startingPosition")),
    ({"EventSourceArn": MQ, "SourceAccessConfigurations": [{"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}], "Queues": ["q"]},
     "Unsupported source access configuration type VPC_SUBNET for given event source mapping type."),
    ({"EventSourceArn": DOCDB + "c", "StartingPosition": "LATEST", "SourceAccessConfigurations": BASIC_AUTH},
     "Required 'documentDBEventSourceConfig.databaseName' parameter is missing."),
    ({"EventSourceArn": SQS + "q"}, "Function does not exist")])
def test_bad_settings(mappings, settings, message):
    mappings.refused(message, "does-not-exist", **settings)


def test_an_unknown_starting_position(daemon):
    answer = daemon.raw("POST", "/2015-03-31/event-source-mappings", {"FunctionName": "f", "EventSourceArn": KINESIS + "s", "StartingPosition": "0"})
    assert (answer.status, answer.code) == (400, "ValidationException")
    assert answer.json["message"] == ("1 validation error detected: Value '0' at 'startingPosition' failed to satisfy constraint: "
                                      "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]")


def test_updates_are_checked_as_a_whole(aws, mappings, function, name):
    uuid = mappings(function, SQS + name, BatchSize=20, MaximumBatchingWindowInSeconds=1)["UUID"]
    before = aws.get_event_source_mapping(UUID=uuid)
    for changes, message in (({"MaximumBatchingWindowInSeconds": 0},
                              "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"),
                             ({"ParallelizationFactor": 2}, unsupported("parallelizationFactor"))):
        refused(lambda: aws.update_event_source_mapping(UUID=uuid, **changes), 400, "InvalidParameterValueException", message)
    refused(lambda: aws.update_event_source_mapping(UUID=uuid, FunctionName="does-not-exist"), 404, "ResourceNotFoundException",
            "Function does not exist")
    assert plain(aws.get_event_source_mapping(UUID=uuid)) == plain(before)


def test_missing_mappings(aws):
    for call in (lambda: aws.get_event_source_mapping(UUID=UNKNOWN), lambda: aws.update_event_source_mapping(UUID=UNKNOWN, BatchSize=1),
                 lambda: aws.delete_event_source_mapping(UUID=UNKNOWN)):
        refused(call, 404, "ResourceNotFoundException", NO_SUCH)


# --- functions -----------------------------------------------------------------------------------------------------------------

def test_the_function_is_named_in_any_form(aws, mappings, functions, name):
    function = functions()
    aws.publish_version(FunctionName=function)
    aws.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    forms = {function: "", f"{ACCOUNT}:function:{function}:1": ":1", function_arn(function) + ":live": ":live", f"{function}:$LATEST": ":$LATEST"}
    for number, (form, qualifier) in enumerate(forms.items()):
        created = mappings(form, f"{SQS}{name}-{number}")
        assert created["FunctionArn"] == function_arn(function) + qualifier
        listed = aws.list_event_source_mappings(FunctionName=form)["EventSourceMappings"]
        assert [mapping["UUID"] for mapping in listed] == [created["UUID"]]
    for missing in (f"{function}:2", f"{function}:nobody"):
        mappings.refused("Function does not exist", missing, EventSourceArn=SQS + name)


def test_one_mapping_of_a_source_and_a_function(aws, mappings, functions, name):
    first, second = functions(wait=False), functions(wait=False)
    queue = mappings(first, SQS + name)["UUID"]
    stream = mappings(first, KINESIS + name, StartingPosition="LATEST")["UUID"]
    mappings.refused(f'An event source mapping with SQS arn (" {SQS}{name} ") and function (" {first} ") already exists. Please update or '
                     f'delete the existing mapping with UUID {queue}', first, 409, CONFLICT, EventSourceArn=SQS + name, BatchSize=1)
    mappings.refused(f'The event source arn (" {KINESIS}{name} ") and function (" {first} ") provided mapping already exists. Please update or '
                     f'delete the existing mapping with UUID {stream}', function_arn(first), 409, CONFLICT, EventSourceArn=KINESIS + name,
                     StartingPosition="TRIM_HORIZON")
    other = mappings(second, SQS + name)["UUID"]
    refused(lambda: aws.update_event_source_mapping(UUID=other, FunctionName=first), 409, CONFLICT,
            f'An event source mapping with SQS arn (" {SQS}{name} ") and function (" {first} ") already exists. Please update or '
            f'delete the existing mapping with UUID {queue}')
    # A mapping that has gone, or points elsewhere, is in nobody's way.
    aws.delete_event_source_mapping(UUID=queue)
    gone(aws, queue)
    aws.update_event_source_mapping(UUID=other, FunctionName=first)
    assert settled(aws, other)["FunctionArn"] == function_arn(first)
    mappings(second, SQS + name)


def test_a_mapping_outlives_its_function(aws, mappings, functions, name):
    function = functions()
    uuid = mappings(function, SQS + name)["UUID"]
    aws.delete_function(FunctionName=function)
    assert aws.get_event_source_mapping(UUID=uuid)["FunctionArn"] == function_arn(function)
    assert aws.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    aws.delete_event_source_mapping(UUID=uuid)
    gone(aws, uuid)


# --- filters, keys, tags, metrics ------------------------------------------------------------------------------------------------

def criteria(*patterns):
    return {"Filters": [{"Pattern": pattern if isinstance(pattern, str) else json.dumps(pattern)} for pattern in patterns]}


def test_filters(aws, mappings, function, name):
    good = criteria({"body": {"a": [{"numeric": [">", 1]}], "$or": [{"b": [None]}, {"c": [{"anything-but": {"prefix": ["x"]}}]}]}}, {"body": ["plain"]})
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{UNKNOWN}"
    uuid = mappings(function, SQS + name, FilterCriteria=good, KMSKeyArn=key)["UUID"]
    shown = aws.get_event_source_mapping(UUID=uuid)
    assert (shown["FilterCriteria"], shown["KMSKeyArn"]) == (good, key)
    refused(lambda: aws.update_event_source_mapping(UUID=uuid, FilterCriteria=criteria("{}")), 400, "InvalidParameterValueException",
            "Invalid filter pattern definition.")
    aws.update_event_source_mapping(UUID=uuid, FilterCriteria={}, KMSKeyArn="")
    shown = settled(aws, uuid)
    assert "FilterCriteria" not in shown and "KMSKeyArn" not in shown


@pytest.mark.parametrize("pattern", ["", "single-string", '[{"eventSource": ["aws:sqs"]}]', '{"eventSource": "aws:sqs"}', '{"eventSource": []}',
                                     '{"eventName": ["INSERT"=123 ]}', '{"a": [{"unknown": 1}]}'])
def test_bad_filters(mappings, function, name, pattern):
    mappings.refused("Invalid filter pattern definition.", function, EventSourceArn=SQS + name, FilterCriteria=criteria(pattern))


def test_limits_of_filters(mappings, function, name):
    mappings.refused(re.compile("Maximum number of filters exceeded.*"), function, EventSourceArn=SQS + name,
                     FilterCriteria=criteria(*[{"body": [str(i)]} for i in range(6)]))
    mappings.refused("Invalid filter pattern definition.", function, EventSourceArn=KINESIS + name, StartingPosition="LATEST",
                     FilterCriteria=criteria({"data": ["plain"]}))


def test_metrics_and_logging(aws, mappings, function, name):
    uuid = mappings(function, SQS + name, MetricsConfig={"Metrics": ["EventCount"]}, LoggingConfig={"SystemLogLevel": "DEBUG"},
                    Tags={"k": "v"}, ProvisionedPollerConfig={"MaximumPollers": 20})["UUID"]
    shown = aws.get_event_source_mapping(UUID=uuid)
    assert shown["MetricsConfig"] == {"Metrics": ["EventCount"]}
    assert shown["LoggingConfig"] == {"SystemLogLevel": "DEBUG"}
    assert shown["ProvisionedPollerConfig"] == {"MinimumPollers": 2, "MaximumPollers": 20}
    aws.update_event_source_mapping(UUID=uuid, MetricsConfig={"Metrics": []}, ProvisionedPollerConfig={})
    shown = settled(aws, uuid)
    assert "MetricsConfig" not in shown and "ProvisionedPollerConfig" not in shown


# --- lists -----------------------------------------------------------------------------------------------------------------------

def test_lists(aws, mappings, functions, name):
    first, second = functions(wait=False), functions(wait=False)
    made = {mappings(function, f"{SQS}{name}-{number}", wait=False)["UUID"] for function in (first, second) for number in range(3)}
    for uuid in made:
        settled(aws, uuid)
    paginator = aws.get_paginator("list_event_source_mappings")
    everything = [mapping["UUID"] for page in paginator.paginate(PaginationConfig={"PageSize": 2}) for mapping in page["EventSourceMappings"]]
    assert len(everything) == len(set(everything)) and made <= set(everything)
    by_source = aws.list_event_source_mappings(EventSourceArn=f"{SQS}{name}-1")["EventSourceMappings"]
    assert {mapping["FunctionArn"] for mapping in by_source} == {function_arn(first), function_arn(second)}
    both = aws.list_event_source_mappings(EventSourceArn=f"{SQS}{name}-1", FunctionName=first)["EventSourceMappings"]
    assert [plain(mapping) for mapping in both] == [plain(aws.get_event_source_mapping(UUID=both[0]["UUID"]))]
    page = aws.list_event_source_mappings(FunctionName=first, MaxItems=2)
    assert len(page["EventSourceMappings"]) == 2
    # The row that the marker names may go.
    aws.delete_event_source_mapping(UUID=page["EventSourceMappings"][1]["UUID"])
    gone(aws, page["EventSourceMappings"][1]["UUID"])
    rest = aws.list_event_source_mappings(FunctionName=first, MaxItems=2, Marker=page["NextMarker"])
    assert len(rest["EventSourceMappings"]) == 1 and "NextMarker" not in rest
    # What lists are filtered by need not exist.
    assert aws.list_event_source_mappings(FunctionName="does-not-exist")["EventSourceMappings"] == []
    assert aws.list_event_source_mappings(EventSourceArn=SQS + "does-not-exist")["EventSourceMappings"] == []
    refused(lambda: aws.list_event_source_mappings(Marker="?"), 400, "InvalidParameterValueException", "Invalid token.")


def test_accounts_do_not_see_each_other(daemon, aws, mappings, function, name):
    uuid = mappings(function, SQS + name)["UUID"]
    for other in (daemon.client(region="eu-central-1"), daemon.client(key="222222222222")):
        refused(lambda: other.get_event_source_mapping(UUID=uuid), 404, "ResourceNotFoundException", NO_SUCH)
        assert other.list_event_source_mappings()["EventSourceMappings"] == []


# --- states ------------------------------------------------------------------------------------------------------------------------

def test_a_mapping_on_its_way_is_in_use(slow, name):
    aws = slow.client()
    slow.client("sqs").create_queue(QueueName=name)
    functions = Functions(aws)
    function = functions(wait=False)

    def in_use(uuid, state):
        assert aws.get_event_source_mapping(UUID=uuid)["State"] == state
        for verb, call in (("update", lambda: aws.update_event_source_mapping(UUID=uuid, BatchSize=1)),
                           ("delete", lambda: aws.delete_event_source_mapping(UUID=uuid))):
            refused(call, 400, "ResourceInUseException", f"Cannot {verb} the event source mapping because it is in use.")
    uuid = aws.create_event_source_mapping(FunctionName=function, EventSourceArn=SQS + name, Enabled=False)["UUID"]
    in_use(uuid, "Creating")
    assert settled(aws, uuid)["State"] == "Disabled"
    for changes, state, end in (({"BatchSize": 2}, "Updating", "Disabled"), ({"Enabled": True}, "Enabling", "Enabled"),
                                ({"Enabled": True}, "Updating", "Enabled"), ({"Enabled": False, "BatchSize": 3}, "Disabling", "Disabled")):
        assert aws.update_event_source_mapping(UUID=uuid, **changes)["State"] == state
        in_use(uuid, state)
        assert settled(aws, uuid)["State"] == end
    assert aws.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    in_use(uuid, "Deleting")
    refused(lambda: aws.create_event_source_mapping(FunctionName=function, EventSourceArn=SQS + name), 409, CONFLICT,
            re.compile("An event source mapping with SQS arn .*" + uuid))
    gone(aws, uuid)
    aws.create_event_source_mapping(FunctionName=function, EventSourceArn=SQS + name)


def test_a_crash_loses_no_mapping_and_leaves_none_on_its_way(name):
    with Daemon("--update-delay", "600") as daemon:
        aws = daemon.client()
        aws.create_function(FunctionName="f", Runtime="python3.11", Handler="index.handler", Role=ROLE, Code={"ZipFile": make_zip(ECHO)})
        made = {number: aws.create_event_source_mapping(
            FunctionName="f", EventSourceArn=f"{KINESIS}{number}", StartingPosition="LATEST", Enabled=number != 1, MaximumRetryAttempts=number,
            FilterCriteria=criteria({"data": {"a": [number]}})) for number in range(3)}
        daemon.kill()
        daemon.arguments = ["--update-delay", "0"]
        daemon.start()
        aws = daemon.client()
        for number, mapping in made.items():
            assert plain(settled(aws, mapping["UUID"])) == plain(mapping) | {"State": "Disabled" if number == 1 else "Enabled"}
        daemon.stop()
        daemon.arguments = ["--update-delay", "600"]
        daemon.start()
        aws = daemon.client()
        assert aws.delete_event_source_mapping(UUID=made[0]["UUID"])["State"] == "Deleting"
        assert aws.update_event_source_mapping(UUID=made[1]["UUID"], Enabled=True)["State"] == "Enabling"
        daemon.kill()
        daemon.arguments = ["--update-delay", "0"]
        daemon.start()
        aws = daemon.client()
        gone(aws, made[0]["UUID"])
        assert settled(aws, made[1]["UUID"])["State"] == "Enabled"
        assert len(aws.list_event_source_mappings()["EventSourceMappings"]) == 2
        aws.create_event_source_mapping(FunctionName="f", EventSourceArn=f"{KINESIS}0", StartingPosition="LATEST")


def test_of_many_equal_creations_one_succeeds(daemon, aws, mappings, function, name):
    """The check and the commit of a creation are apart: two at once must not both pass."""
    from concurrent.futures import ThreadPoolExecutor
    body = {"FunctionName": function, "EventSourceArn": SQS + name}
    mappings.make_queue(SQS + name)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: daemon.raw("POST", "/2015-03-31/event-source-mappings", body), range(16)))
    made = [answer.json["UUID"] for answer in answers if answer.status == 202]
    mappings.made += made
    assert len(made) == 1
    assert {answer.code for answer in answers if answer.status != 202} == {CONFLICT}
    assert len(aws.list_event_source_mappings(EventSourceArn=SQS + name)["EventSourceMappings"]) == 1

"""If these fail, a request reaches another service than the one it is for, or a client is told nothing it can read."""
import http.client
from urllib.parse import urlsplit

from botocore.auth import S3SigV4QueryAuth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def presigned(daemon, method, target, service, signer=SigV4QueryAuth):
    request = AWSRequest(method=method, url=daemon.url + target)
    signer(Credentials("test", "test"), service, "us-east-1", expires=60).add_auth(request)
    return request.url[len(daemon.url):]


def test_a_bucket_is_not_taken_for_lambda(daemon):
    for answer in (daemon.raw("PUT", "/2024-logs/day", b"x", service="s3"), daemon.send("PUT", "/2024-logs/day", b"x"),
                   daemon.raw("GET", "/2015-03-31/functions", service="s3"),
                   daemon.send("PUT", presigned(daemon, "PUT", "/2024-logs/day", "s3", S3SigV4QueryAuth), b"x")):
        assert answer.status == 404 and b"<Code>NoSuchBucket</Code>" in answer.body, answer


def test_an_unsigned_query_goes_by_its_action(daemon):
    answer = daemon.send("POST", "/", "Action=SetAlarmState&Version=2010-08-01&AlarmName=a", FORM)  # of no service that is here
    assert answer.status == 400 and answer.headers["content-type"] == "text/xml"
    assert "<Code>InvalidAction</Code><Message>The action SetAlarmState is not valid for this endpoint.</Message>" in answer.body.decode()
    answer = daemon.send("POST", "/", "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r&WebIdentityToken=t", FORM)
    assert answer.status == 400 and "https://sts.amazonaws.com/doc/2011-06-15/" in answer.body.decode(), answer  # STS's own words, not those of queues
    assert "parameter RoleSessionName" in answer.body.decode(), answer
    assert daemon.send("POST", "/", "Action=ListQueues&Version=2012-11-05", FORM).status == 200
    # Beyond what the server gathers by itself, and without a signature that names the service.
    large = f"Action=SendMessage&QueueUrl={daemon.url}/000000000000/nowhere&MessageBody=" + "x" * 600_000
    assert "NonExistentQueue" in daemon.send("POST", "/", large, FORM).body.decode()


def test_a_target_that_is_not_here(daemon):
    answer = daemon.raw("POST", "/", "{}", {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}, service="dynamodb")
    assert answer.headers["content-type"] == "application/x-amz-json-1.0"
    assert answer.json["__type"] == "com.amazon.coral.service#UnknownOperationException"


def test_presigned_requests_and_hosts(daemon):
    assert daemon.send("GET", presigned(daemon, "GET", "/2015-03-31/functions", "lambda")).status == 200
    assert "ListQueuesResponse" in daemon.send("GET", presigned(daemon, "GET", "/?Action=ListQueues", "sqs")).body.decode()
    for host, form in (("lambda.us-east-1.amazonaws.com", "application/json"), ("sqs.us-east-1.amazonaws.com", "application/x-amz-json-1.0")):
        answer = daemon.send("GET", "/", headers={"Host": host})
        assert (answer.status, answer.headers["content-type"]) == (404, form), answer


def test_curl_sends_forms(daemon):
    answer = daemon.send("POST", "/2015-03-31/functions/nowhere/invocations", "{}", FORM)
    assert (answer.status, answer.code) == (404, "ResourceNotFoundException")


def test_what_is_too_large_is_told_before_it_is_sent(daemon):
    """Whatever the size: the server itself has no bound any more that could answer for the service."""
    parts = urlsplit(daemon.url)
    for target, size, words in (("/2015-03-31/functions", 5 << 30, "70167211 bytes for the CreateFunction operation"),
                                ("/2015-03-31/functions/f/invocations", 6_291_457, "6291456 bytes for the InvokeFunction operation"),
                                ("/2015-03-31/event-source-mappings", 100 << 20, "6291456 bytes for the CreateEventSourceMapping operation")):
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        connection.putrequest("POST", target)
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        response = connection.getresponse()
        assert (response.status, response.getheader("x-amzn-ErrorType")) == (413, "RequestEntityTooLargeException")
        assert response.read().decode() == f'{{"message":"Request must be smaller than {words}"}}'
        connection.close()

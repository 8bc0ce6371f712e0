"""If this fails, functions cannot use queues with the credentials and the endpoint that they have without configuration."""
import json

SENDER = """
import boto3, os
def handler(event, context):
    client = boto3.client("sqs")
    url = client.create_queue(QueueName=event["queue"])["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="from inside")
    client.send_message(QueueUrl=event["outer_url"], MessageBody="to the outer name")
    [message] = client.receive_message(QueueUrl=url, AttributeNames=["SenderId"])["Messages"]
    return {"url": url, "body": message["Body"], "sender": message["Attributes"]["SenderId"]}
"""


def test_a_function_sends_and_receives(aws, daemon, functions, name):
    function = functions(SENDER, Timeout=30)
    sqs = daemon.client("sqs")
    outer = sqs.create_queue(QueueName=name)["QueueUrl"]
    answer = aws.invoke(FunctionName=function, Payload=json.dumps({"queue": name + "-inner", "outer_url": outer}).encode())
    value = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, value
    assert value["body"] == "from inside" and function in value["sender"], value
    [message] = sqs.receive_message(QueueUrl=outer)["Messages"]
    assert message["Body"] == "to the outer name"
    inner = sqs.get_queue_url(QueueName=name + "-inner")["QueueUrl"]
    assert value["url"].rsplit("/", 2)[1:] == inner.rsplit("/", 2)[1:]
    for url in (outer, inner):
        sqs.delete_queue(QueueUrl=url)

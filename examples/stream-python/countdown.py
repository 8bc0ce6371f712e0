"""Counts down, one line each time: {"from": 5, "pause": 0.2}. For the command line and for a function URL alike."""
import json
import time


def handler(event, context):
    if "body" in event:  # a function URL's event
        event = json.loads(event["body"])
    yield {"statusCode": 200, "headers": {"Content-Type": "text/plain; charset=utf-8"}}
    for number in range(int(event.get("from", 5)), 0, -1):
        yield f"{number}\n"
        time.sleep(float(event.get("pause", 0.2)))
    yield "done\n"

"""What every family's handler does: the event's "do" says it."""
import asyncio
import json
import os
import sys
import threading
import time


class Refused(ValueError):
    pass


def tell(context):
    client = context.client_context
    return {"request_id": context.aws_request_id, "arn": context.invoked_function_arn, "name": context.function_name,
            "version": context.function_version, "memory": int(context.memory_limit_in_mb), "group": context.log_group_name,
            "stream": context.log_stream_name, "remaining": context.get_remaining_time_in_millis(), "client": client.custom if client else None,
            "trace": os.environ["_X_AMZN_TRACE_ID"]}


async def wait_and_double(number):
    await asyncio.sleep(0.01)
    return 2 * number


def crash():
    os.kill(os.getpid(), 11)


def eat():
    kept = []
    while True:
        kept.append(bytearray(b"x" * (1 << 20)))


def from_layer():
    import layered
    return {"library": layered.NAME, "file": open("/opt/layer.txt").read()}


def handler(event, context):
    do = event["do"]
    if do == "echo":
        return event
    if do == "context":
        return tell(context)
    if do == "environment":
        return dict(os.environ)
    if do == "async":
        return {"doubled": asyncio.run(wait_and_double(event["number"]))}
    if do == "print":
        print("a printed line", flush=True)
        return None
    if do == "unended":
        print("no line's end", end="")
        return None
    if do == "error":
        raise Refused("as asked")
    if do == "crash":
        threading.Thread(target=crash).start()
        time.sleep(60)
    if do == "exit":
        sys.stdout.flush()
        os._exit(3)
    if do == "sleep":
        time.sleep(60)
    if do == "memory":
        eat()
    if do == "large":
        return "x" * event["size"]
    if do == "layer":
        return from_layer()
    raise Refused(json.dumps(event))

"""If this fails, a daemon that is killed loses objects that it had acknowledged, shows half of one, or forgets to tell of one."""
import hashlib
import json
import os
import random
import shutil
import tempfile
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from slices import rounds
from watched_daemon import WatchedDaemon

ROUNDS = rounds(6, 200)
WRITERS = 4
SIZES = (0, 100, 4096, 40_000, 700_000)
SEED = int(os.environ.get("MAYFLY_CRASH_SEED", random.randrange(1 << 32)))
GONE = (ClientError, BotoCoreError, OSError)
BUCKET = "kept"


class Books:
    """What clients were promised, over all lives of the daemon."""

    def __init__(self):
        self.lock = threading.Lock()
        self.put = {}      # key: the hashes that it may have; the last acknowledged one, and those asked for since
        self.owed = set()  # keys whose creation was acknowledged, and that a message is owed for
        self.told = set()


def body_for(chance):
    return chance.randbytes(chance.choice(SIZES))


def write(client, books, worker, life, chance):
    number = 0
    while True:
        key = f"{worker}/{chance.randrange(20)}" if chance.random() < 0.3 else f"{life}-{worker}-{number}"
        number += 1
        body = body_for(chance)
        digest = hashlib.sha256(body).hexdigest()
        with books.lock:
            books.put.setdefault(key, {None}).add(digest)
        try:
            client.put_object(Bucket=BUCKET, Key=key, Body=body)
        except GONE:
            return
        with books.lock:
            books.put[key] = {digest}
            books.owed.add(key)


def check(client, books, chance):
    """Everything that was acknowledged is there, and nothing is half there."""
    keys = sorted(books.put)
    for key in chance.sample(keys, min(len(keys), 60)):
        try:
            found = hashlib.sha256(client.get_object(Bucket=BUCKET, Key=key)["Body"].read()).hexdigest()
        except client.exceptions.NoSuchKey:
            found = None
        assert found in books.put[key], f"{key}: {found} is none of {books.put[key]}"
        books.put[key] = {found}


def drain(sqs, url, books):
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            for record in json.loads(message["Body"]).get("Records", []):
                books.told.add(record["s3"]["object"]["key"])
        sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "ReceiptHandle": one["ReceiptHandle"]} for i, one in enumerate(messages)])


@pytest.fixture
def folder():
    path = Path(tempfile.mkdtemp(prefix="mayfly-crash-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def set_up(daemon):
    s3, sqs = daemon.client("s3"), daemon.client("sqs")
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:heard"
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={
        "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]})


def orphans(data_dir):
    """Files of objects; they are few when nobody writes: those of the objects there are."""
    return sum(1 for _ in (data_dir / "s3").glob("*/*"))


def test_what_was_put_is_there_and_was_told(folder):
    print(f"seed {SEED}")
    chance, books = random.Random(SEED), Books()
    for life in range(ROUNDS):
        with WatchedDaemon(data_dir=folder / "data") as daemon:
            if life == 0:
                set_up(daemon)
            check(daemon.client("s3"), books, chance)
            url = daemon.client("sqs").get_queue_url(QueueName="heard")["QueueUrl"]
            drain(daemon.client("sqs"), url, books)
            writers = [threading.Thread(target=write, args=(daemon.client("s3"), books, worker, life, random.Random(chance.random())))
                       for worker in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(0.2 + chance.random() * 0.5)
            daemon.kill()
            for writer in writers:
                writer.join()
    with WatchedDaemon(data_dir=folder / "data") as daemon:
        s3, sqs = daemon.client("s3"), daemon.client("sqs")
        check(s3, books, random.Random(1))
        url = sqs.get_queue_url(QueueName="heard")["QueueUrl"]
        end = time.monotonic() + 60
        while books.owed - books.told and time.monotonic() < end:
            drain(sqs, url, books)
        assert not books.owed - books.told, f"nobody was told of {sorted(books.owed - books.told)[:10]}"
        listed = {one["Key"]: one["Size"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET) for one in page.get("Contents", [])}
        assert books.owed <= set(listed)

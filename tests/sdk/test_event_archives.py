"""If these fail, archives lose events or keep them for ever, or replays reach other rules than they were to."""
import json
from datetime import datetime, timedelta, timezone

from daemon import ACCOUNT, REGION, Daemon, wait_until
from test_eventbridge import SECONDS, World, fresh, world  # noqa: F401
from test_sts import refused

ARCHIVE = f"arn:aws:events:{REGION}:{ACCOUNT}:archive/"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/"
NOW = datetime.now(timezone.utc)
EVER = {"EventStartTime": NOW - timedelta(days=3650), "EventEndTime": NOW + timedelta(days=3650)}


def ended(events, name, state="COMPLETED"):
    def look():
        replay = events.describe_replay(ReplayName=name)
        return replay if replay["State"] in ("COMPLETED", "CANCELLED", "FAILED") else None
    replay = wait_until(look, SECONDS, f"the end of replay {name}")
    assert replay["State"] == state, replay
    return replay


def test_an_archive_keeps_what_matches_and_a_replay_reaches_the_rules_that_it_names(world):
    bus, name = world.bus(), fresh("archive")
    url, arn = world.queue()
    other_url, other_arn = world.queue()
    rule, rule_arn = world.rule({"source": ["app"]}, bus=bus, targets=[{"Id": "q", "Arn": arn}])
    world.rule({"source": ["app"]}, bus=bus, targets=[{"Id": "q", "Arn": other_arn}])
    made = world.events.create_archive(ArchiveName=name, EventSourceArn=BUS + bus, EventPattern=json.dumps({"detail-type": ["kept"]}), RetentionDays=3, Description="d")
    assert (made["ArchiveArn"], made["State"]) == (ARCHIVE + name, "ENABLED")
    ids = [world.put("app", {"n": n}, bus=bus, kind="kept") for n in range(3)]
    world.put("app", {"n": 9}, bus=bus, kind="not kept")
    first = {json.loads(message["Body"])["id"]: json.loads(message["Body"]) for message in world.receive(url, 4)}
    world.receive(other_url, 4)
    shown = world.events.describe_archive(ArchiveName=name)
    assert (shown["EventCount"], shown["RetentionDays"], shown["EventSourceArn"], shown["Description"]) == (3, 3, BUS + bus, "d")
    assert shown["SizeBytes"] > 100 and json.loads(shown["EventPattern"]) == {"detail-type": ["kept"]}
    assert [one["EventCount"] for one in world.events.list_archives(NamePrefix=name)["Archives"]] == [3]

    replay = fresh("replay")
    started = world.events.start_replay(ReplayName=replay, EventSourceArn=ARCHIVE + name, Destination={"Arn": BUS + bus, "FilterArns": [rule_arn]}, **EVER)
    assert (started["ReplayArn"], started["State"]) == (f"arn:aws:events:{REGION}:{ACCOUNT}:replay/{replay}", "STARTING")
    again = [json.loads(message["Body"]) for message in world.receive(url, 3)]
    assert {event["id"] for event in again} == set(ids)
    for event in again:
        assert event.pop("replay-name") == replay
        assert event == first[event["id"]]
    shown = ended(world.events, replay)
    assert shown["Destination"] == {"Arn": BUS + bus, "FilterArns": [rule_arn]} and shown["EventLastReplayedTime"] and shown["ReplayEndTime"]
    assert world.is_empty(other_url)
    assert world.events.describe_archive(ArchiveName=name)["EventCount"] == 3  # what is replayed is not kept again
    with refused("IllegalStatusException"):
        world.events.cancel_replay(ReplayName=replay)
    assert replay in [one["ReplayName"] for one in world.events.list_replays(NamePrefix=replay, State="COMPLETED")["Replays"]]
    none = fresh("replay")
    world.events.start_replay(ReplayName=none, EventSourceArn=ARCHIVE + name, Destination={"Arn": BUS + bus}, EventStartTime=NOW - timedelta(days=2),
                              EventEndTime=NOW - timedelta(days=1))
    assert "EventLastReplayedTime" not in ended(world.events, none)
    world.events.delete_archive(ArchiveName=name)
    with refused("ResourceNotFoundException") as how:
        world.events.describe_archive(ArchiveName=name)
    assert how.text == f"Archive {name} does not exist."


def test_what_archives_and_replays_must_be(world):
    events, name = world.events, fresh("archive")
    default = BUS + "default"
    with refused("ResourceNotFoundException") as how:
        events.create_archive(ArchiveName=name, EventSourceArn=BUS + "none")
    assert how.text == "Event bus none does not exist."
    with refused("InvalidEventPatternException"):
        events.create_archive(ArchiveName=name, EventSourceArn=default, EventPattern='{"a": 1}')
    events.create_archive(ArchiveName=name, EventSourceArn=default, EventPattern='{"source": ["nobody"]}')
    with refused("ResourceAlreadyExistsException") as how:
        events.create_archive(ArchiveName=name, EventSourceArn=default)
    assert how.text == f"Archive {name} already exists."
    bus = world.bus()

    def start(archive=name, to=default, begin=NOW, end=NOW + timedelta(days=1), filters=None):
        destination = {"Arn": to, **({"FilterArns": filters} if filters else {})}
        events.start_replay(ReplayName="bad", EventSourceArn=ARCHIVE + archive, Destination=destination, EventStartTime=begin, EventEndTime=end)
    for settings, text in (({"archive": "none"}, "Parameter EventSourceArn is not valid. Reason: Archive none does not exist."),
                           ({"end": NOW}, "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime."),
                           ({"to": BUS + bus}, "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted."),
                           ({"filters": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{bus}/r"]},
                            "Parameter Destination.FilterArns is not valid. Reason: Must contain ARNs of rules of the event bus.")):
        with refused("ValidationException") as how:
            start(**settings)
        assert how.text == text
    with refused("ResourceNotFoundException"):
        events.describe_replay(ReplayName="none")
    events.delete_archive(ArchiveName=name)


def test_retention_is_by_the_daemons_clock_and_replays_outlive_the_daemon():
    with Daemon() as daemon:
        world = World(daemon)
        url, arn = world.queue()
        _, rule_arn = world.rule({"source": ["app"], "replay-name": [{"exists": True}]}, targets=[{"Id": "q", "Arn": arn}])
        world.events.create_archive(ArchiveName="short", EventSourceArn=BUS + "default", RetentionDays=1)
        world.events.create_archive(ArchiveName="long", EventSourceArn=BUS + "default")
        ids = {world.put("app", {"n": n}) for n in range(120)}
        world.events.start_replay(ReplayName="r", EventSourceArn=ARCHIVE + "long", Destination={"Arn": BUS + "default"}, **EVER)
        daemon.kill()
        daemon.start()
        again = World(daemon)
        ended(again.events, "r")
        got = set()
        while got != ids:
            got.update(json.loads(message["Body"])["id"] for message in again.receive(url, 1))
        assert again.events.describe_archive(ArchiveName="short")["EventCount"] == 120
        daemon.advance(2 * 86_400)
        wait_until(lambda: again.events.describe_archive(ArchiveName="short")["EventCount"] == 0, SECONDS, "the retention to end")
        assert again.events.describe_archive(ArchiveName="long")["EventCount"] == 120

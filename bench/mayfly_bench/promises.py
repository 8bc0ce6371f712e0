"""What SPEC.md promises: for every row of bench/run its target, and the bound above (below) which the design is wrong.

Where two numbers stand in a target, the first is the bar and the second the stretch. A figure is the ratio to the reference, or
the measured number where there is no reference. The bound is compared with the better of best and median, because neighbours can
only make figures worse; the bar with both.
"""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Promise:
    """better: "less" or "more". bar None: the figure is reported and promises nothing. bound None: no test fails over it."""
    name: str
    benchmark: str
    target: str
    better: str = "less"
    bar: Optional[float] = None
    bound: Optional[float] = None
    is_absolute: bool = False  # the bar is for the measured number, whatever the reference

    def figures(self, row):
        """(best, median) of a row as a dictionary."""
        values = row["subject"] if self.is_absolute else row["ratio"] or row["subject"]
        return values["best"], values["median"]

    def reached_by(self, value, limit):
        return value <= limit if self.better == "less" else value >= limit

    def is_design_error(self, row):
        return self.bound is not None and not any(self.reached_by(value, self.bound) for value in self.figures(row))

    def verdict(self, row):
        """For people: what became of the bar, by the best and by the median figure."""
        if self.is_design_error(row):
            return "DESIGN ERROR"
        if self.bar is None:
            return ""
        reached = [self.reached_by(value, self.bar) for value in self.figures(row)]
        return "met" if all(reached) else "met at best" if any(reached) else "missed"


PROMISES = [
    Promise("warm_native", "warm", "≤ 3.0 × echo (stretch 2.4)", "less", 3.0, 6.0),
    Promise("warm_native_strict", "warm", "≤ 3.0 × echo (stretch 2.4)", "less", 3.0),
    Promise("warm_native_128", "warm", "reported"),
    Promise("warm_python", "warm", "≤ 4 × echo", "less", 4.0),
    Promise("warm_node", "warm", "≤ 6 × echo", "less", 6.0),
    Promise("rate_native", "rate", "≥ 0.25 × echo (stretch 0.40)", "more", 0.25),
    Promise("cold_python", "cold", "≤ 0.20 × `python3 -c pass` (stretch 0.10)", "less", 0.20, 1.0),
    Promise("cold_native", "cold", "≤ 3.0 × spawn and exit without pool (1.5 with)", "less", 3.0),
    Promise("cold_node", "cold", "≤ 1.1 × `node -e 0` without pool (0.12 with)", "less", 1.1),
    Promise("cold_python_exec", "cold", "reported"),
    Promise("burst_python", "burst", "≥ 0.5 × bare forks of the same zygote", "more", 0.5),
    Promise("burst_native", "burst", "≥ 0.3 × spawn and exit", "more", 0.3),
    Promise("memory_python", "memory", "≤ 0.16 × bare python3", "less", 0.16),
    Promise("memory_node", "memory", "≤ 1.1 × bare node", "less", 1.1),
    Promise("memory_native", "memory", "≤ 0.5 MiB", "less", 0.5),
    Promise("memory_daemon", "memory", "≤ 60 MiB (with 1,000 environments)", "less", 60.0),
    Promise("stream_rate", "stream", "≥ 0.4 × chunked echo", "more", 0.4),
    Promise("stream_first_byte", "stream", "≤ 6 × chunked echo (stretch 3)", "less", 6.0),
    Promise("stream_url_rate", "stream", "≥ 0.4 × chunked echo", "more", 0.4),
    Promise("stream_url_first_byte", "stream", "≤ 6 × chunked echo (stretch 3)", "less", 6.0),
    Promise("logs_pipe", "logs", "≥ 0.5 × a pipe into a file", "more", 0.5),
    Promise("logs_framed", "logs", "≥ 0.5 × a pipe into a file", "more", 0.5),
    Promise("logs_long", "logs", "≥ 0.25 × a pipe into a file", "more", 0.25),
    Promise("image_first", "image", "≤ 1.0 × `tar -xzf` of its layers", "less", 1.0, 3.0),
    Promise("image_second", "image", "≤ 0.02 × `tar -xzf` of its layers", "less", 0.02, 0.2),
    Promise("get_function", "control", "≥ 0.5 × echo", "more", 0.5),
    Promise("create_1", "control", "≥ 0.3 × fdatasync", "more", 0.3),
    Promise("create_16", "control", "≥ 0.3 × fdatasync × batch; ≥ 3,000/s at 64", "more"),
    Promise("start_100k", "scale", "≤ 3 × a scan of the rows; ≤ 1 s", "less", 3.0),
    Promise("memory_100k", "scale", "≤ 2 KiB", "less", 2.0),
    Promise("list_100k", "scale", "≤ 3 × echo of as many bytes", "less", 3.0),
    Promise("warm_100k", "scale", "≤ 1.1 × without them", "less", 1.1),
    Promise("sqs_send_1_echo", "sqs", "reported", "more"),
    Promise("sqs_send_1", "sqs", "≥ 0.5 × fdatasync", "more", 0.5),
    Promise("sqs_send_64_echo", "sqs", "reported", "more"),
    Promise("sqs_send_64", "sqs", "≥ 4 × one fdatasync per message", "more", 4.0),
    Promise("sqs_drain", "sqs", "reported", "more"),
    Promise("event_1", "async", "≤ 1.5 × fdatasync and echo", "less", 1.5, 4.0),
    Promise("event_64", "async", "≥ 0.5 × echo (stretch 0.8)", "more", 0.5),
    Promise("event_64_postgres", "async", "≥ 4 × PostgreSQL", "more", 4.0, 0.5),
    Promise("event_dispatch", "async", "≤ 1.5 × synchronous warm p50", "less", 1.5, 5.0),
    Promise("event_neighbour_throttled", "async", "≤ 1.1 × without", "less", 1.1, 2.0),
    Promise("event_neighbour_failing", "async", "≤ 1.1 × without", "less", 1.1, 2.0),
    Promise("backlog_memory", "backlog", "≤ 96 MiB, whatever the backlog", "less", 96.0, 512.0),
    Promise("backlog_start", "backlog", "reported", "less"),
    Promise("backlog_neighbour", "backlog", "≤ 1.5 × without it", "less", 1.5),
    Promise("backlog_drain", "backlog", "reported", "more"),
    Promise("store_commits_1", "store", "reported", "more"),
    Promise("store_commits_64", "store", "reported", "more"),
    Promise("store_enqueues_64", "store", "≥ 4 × one fdatasync per record", "more", 4.0),
    Promise("push_publish", "push", "reported", "more"),
    Promise("push_events_100", "push", "reported", "more"),
    Promise("push_events_1000", "push", "reported", "more"),
    Promise("push_object_latency", "push", "reported"),
    Promise("mapping_1", "mapping", "≥ 0.5 × invokes", "more", 0.5),
    Promise("mapping_10", "mapping", "reported", "more"),
    Promise("mapping_100", "mapping", "≥ 150,000/s (or 20 × batches of one)", "more", 150_000, is_absolute=True),
    Promise("mapping_latency", "mapping", "≤ 2.5 × (SendMessage + warm invoke)", "less", 2.5),
    Promise("store_lease_and_acknowledge_64", "store", "reported", "more"),
]
BY_NAME = {promise.name: promise for promise in PROMISES}

"""Clients that are Python processes of their own: made first, started at one moment, counted together."""

import multiprocessing
import time


def done_per_second(client, arguments):
    """One process per entry of `arguments` runs client(*entry, start, result): it waits for `start`, and puts (done, seconds)
    into `result`. What all did, by the time of the slowest."""
    start, result, context = multiprocessing.Event(), multiprocessing.SimpleQueue(), multiprocessing.get_context("fork")
    processes = []
    for entry in arguments:
        processes.append(context.Process(target=client, args=(*entry, start, result)))
        processes[-1].start()
    time.sleep(0.2)
    start.set()
    for process in processes:
        process.join()
    if any(process.exitcode != 0 for process in processes):
        raise RuntimeError(f"a client failed in {client.__name__}")
    results = [result.get() for _ in processes]
    return sum(done for done, _ in results) / max(seconds for _, seconds in results)

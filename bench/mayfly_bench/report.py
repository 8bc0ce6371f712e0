"""Results as a file, as a table for people, and as the table of SPEC.md."""

import json
import time
from pathlib import Path

from .promises import BY_NAME, PROMISES

RESULTS = Path(__file__).resolve().parents[1] / "results"


def write_json(results):
    """bench/results/<time>.json; the path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / time.strftime("%Y%m%d-%H%M%S.json", time.gmtime())
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    return path


def newest():
    """The last complete run's results, or None."""
    for path in sorted(RESULTS.glob("*.json"), reverse=True):
        results = json.loads(path.read_text())
        if results["complete"]:
            return results
    return None


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def verdict(row):
    promise = BY_NAME.get(row["name"])
    return promise.verdict(row) if promise else ""


def extras(row):
    details = row["details"]
    shown = []
    for key in ("daemon_cpu_us_per_invoke", "daemon_cpu_us_per_request"):
        if key in details:
            shown.append(f"{details[key]:.0f} µs CPU of the daemon")
    if "mib_per_second" in details:
        shown.append(f"{number(details['mib_per_second'])} MiB per second")
    if "daemon_cpu_ms_per_mib" in details:
        shown.append(f"{details['daemon_cpu_ms_per_mib']:.2f} ms CPU of the daemon per MiB")
    if "p90" in row["subject"]:
        shown.append(f"p90 {number(row['subject']['p90'])}, warm {details['warm_p50_ms'] * 1000:.0f} µs")
    if "pss_mib" in details:
        shown.append(f"PSS {number(details['pss_mib'])} + kernel ~{number(details['kernel_mib_estimate'])}; daemon {details['daemon_rss_mib']:.0f} MiB")
    if "environments" in details and "pss_mib" not in details:
        shown.append(f"{details['environments']} environments")
    if "answer_bytes" in details:
        shown.append(f"{details['answer_bytes'] / 1024:.0f} KiB; an empty echo takes {number(details['empty_echo_us'])} µs")
    return "; ".join(shown)


def print_table(results):
    machine = results["machine"]
    print(f"{machine['cpu']}, {machine['cores']} cores, kernel {machine['kernel']}, {machine['date']}, load {' '.join(machine['load'])} → "
          f"{' '.join(results['load_at_end'])}\nbest batch / median batch; ratios are subject to reference, run interleaved\n")
    for row in results["rows"]:
        subject, reference, ratio = row["subject"], row["reference"], row["ratio"]
        promise = BY_NAME.get(row["name"])
        print(f"{row['title']}")
        line = f"    {number(subject['best'])} / {number(subject['median'])} {row['unit']}"
        if reference:
            line += (f"   {row['reference_title']} {number(reference['best'])} / {number(reference['median'])}"
                     f"   ratio {number(ratio['best'])} / {number(ratio['median'])}")
        print(line + (f"   target {promise.target}" if promise else "") + (f"   {verdict(row)}" if verdict(row) else ""))
        if extras(row):
            print(f"    {extras(row)}")


def today(row):
    subject = f"{number(row['subject']['best'])} / {number(row['subject']['median'])} {row['unit']}"
    if row["ratio"]:
        subject = f"**{number(row['ratio']['best'])} / {number(row['ratio']['median'])}** ({subject})"
    else:
        subject = f"**{number(row['subject']['best'])} {row['unit']}**"
    return subject + (f"; {extras(row)}" if extras(row) else "")


def print_spec(results):
    """The markdown table of SPEC.md. What was not measured shows a dash."""
    machine = results["machine"]
    rows = {row["name"]: row for row in results["rows"]}
    print(f"Measured {machine['date']} on {machine['cpu']}, {machine['cores']} cores, {machine['memory_mib']:,} MiB, kernel {machine['kernel']}, "
          f"load {machine['load'][0]} at the start and {results['load_at_end'][0]} at the end. Best / median batch.\n")
    print("| row | measured by | target | error bound | today: ratio (figure) | verdict |\n|---|---|---|---|---|---|")
    for promise in PROMISES:
        row = rows.get(promise.name)
        bound = "" if promise.bound is None else f"{'≤' if promise.better == 'less' else '≥'} {promise.bound:g}"
        print(f"| {promise.name} | `bench/run {promise.benchmark}` | {promise.target} | {bound} | "
              f"{today(row) if row else '–'} | {verdict(row) if row else ''} |")


def design_errors(results):
    """One text for each row beyond its bound."""
    promised = [(BY_NAME[row["name"]], row) for row in results["rows"] if row["name"] in BY_NAME]
    return [f"{promise.name}: {min(promise.figures(row), key=lambda value: abs(value - promise.bound)):.2f}, the bound is {promise.bound:g}"
            for promise, row in promised if promise.is_design_error(row)]

"""Counts the words of a text.

Event:  {"text": "…", "limit": 10}      limit is optional
Result: {"words": n, "unique": n, "top": [["the", n], …]}
"""

import re
from collections import Counter

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
TOP_DEFAULT = 10
TOP_MAX = 1000


def handler(event, context):
    text = event["text"]
    if not isinstance(text, str):
        raise TypeError("text must be a string, not " + type(text).__name__)
    limit = max(0, min(int(event.get("limit", TOP_DEFAULT)), TOP_MAX))
    counts = Counter(WORD.findall(text.lower()))
    words = sum(counts.values())
    print(f"counted {words} words in {len(text)} characters, {context.get_remaining_time_in_millis()} ms left")
    # By count, then by word: the same text always gives the same answer.
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return {"words": words, "unique": len(counts), "top": [list(item) for item in top]}

"""What the gate keeps of the labelled posts beside the repository: measured, never trained on.

    python -m benchmarks.quality

Ambiguous posts are left out. Prints numbers and never a post.
"""

import time
from collections import Counter

from benchmarks.data import records
from nlp.reader import load_reader

VOICES = ("accountability", "opinion", "help")


def main() -> None:
    """Precision and recall of the flag, scope, and what is kept of each kind; then the canaries' time."""
    reader = load_reader(canaries=False)
    posts = [post for post in records("posts-dev.jsonl") if not post["ambiguous"]]
    readings = [(post, reader.read(post["text"])) for post in posts]
    flagged = [(post, reading) for post, reading in readings if reading is not None and not reading.question]
    right = [(post, reading) for post, reading in flagged if post["flag"]]
    scoped = sum(reading.hazard.scope == post["scope"] for post, reading in right)
    kept = Counter(post["kind"] for post, reading in readings if reading is not None)
    every = Counter(post["kind"] for post in posts)
    print(
        f"{len(posts)} posts: precision {len(right) / max(1, len(flagged)):.3f}, "
        f"recall {len(right) / sum(post['flag'] for post in posts):.3f}, scope right in {scoped} of {len(right)}"
    )
    print("kept: " + ", ".join(f"{kind} {kept[kind]} of {every[kind]}" for kind in sorted(every)))
    print(f"voices kept: {sum(kept[kind] for kind in VOICES)} of {sum(every[kind] for kind in VOICES)}")
    began = time.perf_counter()
    tried = load_reader().canaries
    print(f"start with {tried} canaries: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()

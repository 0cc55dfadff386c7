"""The protocol of the benchmarks' workers; `lib/worker.mjs` is its other half."""
import json
import resource
import sys
import time


def serve(step, **about):
    """Reports three steps of warm-up, then runs one step for every line on standard input, until one says `end`."""
    say({**about, "warmUp": [step(), step(), step()]})
    for line in sys.stdin:
        if line.strip() == "end":
            break
        start = time.perf_counter()
        result = step()
        say({**result, "ms": (time.perf_counter() - start) * 1e3})
    say({"peakMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})


def say(value):
    print(json.dumps(value), flush=True)

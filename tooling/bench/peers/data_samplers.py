"""lhotse's DynamicBucketingSampler and CutConcatenate on clips of given durations: the peer of `workers/data-samplers.mjs`."""
import json
import sys
import time

import numpy as np
from lhotse import CutSet, MonoCut, Recording
from lhotse.audio import AudioSource
from lhotse.dataset import DynamicBucketingSampler
from lhotse.dataset.cut_transforms import CutConcatenate

c = json.loads(sys.argv[1])
durations = np.fromfile(c["durations"], dtype=np.uint32) / 1000


def cut(i, seconds):
    samples = round(seconds * 16000)
    source = AudioSource(type="file", channels=[0], source=f"{i}.flac")
    recording = Recording(id=str(i), sources=[source], sampling_rate=16000, num_samples=samples, duration=samples / 16000)
    return MonoCut(id=str(i), start=0, duration=recording.duration, channel=0, recording=recording)


cuts = CutSet.from_cuts([cut(i, float(s)) for i, s in enumerate(durations)])


def batches():
    """An epoch, or as much of it as the time allows."""
    start = time.perf_counter()
    sampler = DynamicBucketingSampler(
        cuts, max_duration=c["budget"], num_buckets=30, shuffle=True, quadratic_duration=c.get("quadratic"), seed=0, rank=0, world_size=1
    )
    count = clips = 0
    real = padded = 0.0
    for batch in sampler:
        lengths = [each.duration for each in batch]
        count += 1
        clips += len(lengths)
        real += sum(lengths)
        padded += max(lengths) * len(lengths)
        if time.perf_counter() - start > c["limit"]:
            break
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "batches": count, "clips": clips, "padding": 1 - real / padded}


def concatenate():
    """Groups of clips in the order given, each merged on its own, as the transform is meant for batches."""
    transform = CutConcatenate(gap=c["gap"], max_duration=30.0)
    listed = list(cuts)
    start = time.perf_counter()
    clips = examples = 0
    real = merged = 0.0
    for first in range(0, len(listed), c["group"]):
        group = CutSet.from_cuts(listed[first : first + c["group"]])
        clips += len(group)
        real += sum(each.duration for each in group)
        result = transform(group)
        examples += len(result)
        merged += 30.0 * len(result)
        if time.perf_counter() - start > c["limit"]:
            break
    return {"seconds": time.perf_counter() - start, "clips": clips, "examples": examples, "padding": 1 - real / merged}


print(json.dumps({"batches": batches, "concatenate": concatenate}[c["task"]]()))

"""Reading and walking through text data with `datasets`: the peer of `workers/data.mjs`."""
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"

import datasets  # noqa: E402
from worker import serve  # noqa: E402

c = json.loads(sys.argv[1])
folder = Path(c["folder"])
jsonl = str(folder / "rows.jsonl")
datasets.disable_progress_bars()
# It warns that its shuffle buffer is lost when it resumes.
datasets.logging.set_verbosity_error()


def size(row):
    return len(row["question"]) + len(row["answer"])


def walk(rows):
    total = count = 0
    for row in rows:
        total += size(row)
        count += 1
    return {"sum": total, "count": count}


def stream(kind="json", path=jsonl):
    return datasets.load_dataset(kind, data_files=path, split="train", streaming=True)


def cached(cache_dir):
    return datasets.load_dataset("json", data_files=jsonl, split="train", cache_dir=cache_dir)


def cache():
    cache_dir = tempfile.mkdtemp(dir=folder)
    rows = cached(cache_dir)
    result = {"sum": size(rows[0]) + size(rows[-1]), "count": len(rows)}
    del rows
    shutil.rmtree(cache_dir)
    return result


def mapped():
    rows = stream().map(lambda row: {"question": row["question"].upper()})
    return walk(rows.filter(lambda row: row["score"] < 0.5))


def shuffling():
    rows = cached(str(folder / "theirs"))
    seeds = iter(range(1000))

    def step():
        return walk(rows.shuffle(seed=next(seeds), keep_in_memory=True).take(min(20_000, c["rows"])))

    return step


def resuming(make):
    rows = make()
    iterator = iter(rows)
    for _ in range(2 * c["rows"] // 3):
        next(iterator)
    state = rows.state_dict()

    def step():
        again = make()
        again.load_state_dict(state)
        return {"sum": size(next(iter(again))), "count": 1}

    return step


def prepare():
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "rows.parquet")
    pq.write_table(table, folder / "rows-zstd.parquet", compression="zstd", row_group_size=50_000)
    serve(lambda: {})


tasks = {
    "jsonl": lambda: serve(lambda: walk(stream())),
    "parquet": lambda: serve(lambda: walk(stream("parquet", str(folder / "rows.parquet")))),
    "zstd": lambda: serve(lambda: walk(stream("parquet", str(folder / "rows-zstd.parquet")))),
    "cache": lambda: serve(cache),
    "map": lambda: serve(mapped),
    "shuffle": lambda: serve(shuffling()),
    "resume": lambda: serve(resuming(stream)),
    "resume-shuffled": lambda: serve(resuming(lambda: stream().shuffle(seed=1, buffer_size=1000))),
    "prepare": prepare,
}
tasks[c["task"]]()

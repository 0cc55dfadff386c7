"""Encoding, decoding and loading with tiktoken, `tokenizers` and SentencePiece: the peers of `workers/tokenizer.mjs`."""
import base64
import json
import os
import sys
import time
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from worker import serve  # noqa: E402

c = json.loads(sys.argv[1])
data = Path(c["data"])
folder = Path(c.get("folder", "."))
PATTERNS = {
    "gpt2": r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s""",
    "cl100k": r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s""",
    "o200k": "|".join([
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""\p{N}{1,3}""",
        r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""",
        r"""\s*[\r\n]+""",
        r"""\s+(?!\S)""",
        r"""\s+""",
    ]),
}
# Chunks are passed over for this many seconds at most, as in the other half.
FIRST_PASS = 3.0
PASS = 0.5


def tiktoken_encoding(name):
    import tiktoken

    lines = (folder / f"{name}.tiktoken").read_text().splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}
    return tiktoken.Encoding("bench", pat_str=PATTERNS[name], mergeable_ranks=ranks, special_tokens={})


def passes(work, chunks, sizes):
    """Times the first pass, then offers passes over the same chunks."""
    counts = []
    start = time.perf_counter()
    while len(counts) < len(chunks) and time.perf_counter() - start < FIRST_PASS:
        counts.append(len(work(chunks[len(counts)])))
    first = sum(sizes[: len(counts)]) / (time.perf_counter() - start)
    position = 0

    def step():
        nonlocal position
        done = 0
        begun = time.perf_counter()
        for _ in counts:
            if time.perf_counter() - begun >= PASS:
                break
            work(chunks[position])
            done += sizes[position]
            position = (position + 1) % len(counts)
        return {"megabytes": done}

    # For the first pass alone, no other is needed.
    serve((lambda: {}) if c.get("once") else step, counts=counts, first=first)


def library():
    """What encodes and decodes, by the name of the library."""
    name, vocabulary = c["library"], c["vocabulary"]
    if name == "tiktoken":
        encoding = tiktoken_encoding(vocabulary)
        return encoding.encode_ordinary, encoding.decode
    if name == "sentencepiece":
        import sentencepiece as spm

        processor = spm.SentencePieceProcessor(model_file=str(data / "tokenizers/sentencepiece_unigram_en.model"))
        return processor.encode, processor.decode
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / f"{vocabulary}.json"))
    return lambda text: tokenizer.encode(text).ids, tokenizer.decode


def coding(decodes):
    encode, decode = library()
    chunks = json.loads((folder / f"{c['text']}.json").read_text())
    sizes = [len(chunk.encode()) / 1e6 for chunk in chunks]
    if not decodes:
        return passes(encode, chunks, sizes)
    passes(decode, [encode(chunk) for chunk in chunks], sizes)


def load():
    from tokenizers import Tokenizer

    text = (folder / f"{c['vocabulary']}.json").read_text()
    start = time.perf_counter()
    Tokenizer.from_str(text).encode("Hello world")
    serve(lambda: {}, counts=[], first=(time.perf_counter() - start) * 1e3)


tasks = {
    "encode": lambda: coding(False),
    "decode": lambda: coding(True),
    "load": load,
}
tasks[c["task"]]()

"""Segmentations of equal or nearly equal score, between which SentencePiece's sums in 32-bit floats decide.

    python rounding.py ../../../packages/tokenizer/src/fixtures
"""

import gzip
import hashlib
import io
import json
import random
import sys
from pathlib import Path

import sentencepiece as spm

from hard_strings import HARD_STRINGS
from sentencepiece_models import corpus

PARTS = ["_", "a", "low", "!", ".", "..", "...", "er", "x,", "(", ")", "new", "?", "??", "-", "=", "ab", "日", "ß", "\n", "  "]
LINES = [*corpus(), *[line for t in HARD_STRINGS for line in t.split("\n") if line.isascii() and "\0" not in line]]
MODELS = {
    "unknown characters": {"vocab_size": 440},
    "bytes": {"vocab_size": 690, "byte_fallback": True},
    "symbols": {"vocab_size": 440, "user_defined_symbols": ["<tool>"]},
    "across words": {"vocab_size": 440, "split_by_whitespace": False},
}


def texts() -> tuple[list[str], str]:
    rng = random.Random(1)
    short = [" ".join("".join(rng.choices(PARTS, k=rng.randint(1, 9))) for _ in range(rng.randint(1, 6))) for _ in range(400)]
    # So long that the sum is set back several times.
    return short, " ".join("".join(rng.choices(PARTS, k=rng.randint(1, 9))) for _ in range(12_000))


def main(folder: str) -> None:
    short, long = texts()
    out = {"texts": short, "long": long, "models": []}
    for name, options in MODELS.items():
        model = io.BytesIO()
        spm.SentencePieceTrainer.train(sentence_iterator=iter(LINES), model_writer=model, hard_vocab_limit=False, minloglevel=2, max_sentence_length=100_000,
                                       character_coverage=0.98, normalization_rule_name="identity", **options)
        sp = spm.SentencePieceProcessor(model_proto=model.getvalue())
        whole = sp.encode(long)
        out["models"].append({"name": name, "model": model.getvalue().decode("latin-1"), "ids": [sp.encode(t) for t in short],
                              "longCount": len(whole), "longDigest": hashlib.sha256(" ".join(map(str, whole)).encode()).hexdigest()})
    text = json.dumps(out, ensure_ascii=False, separators=(",", ":")) + "\n"
    Path(folder, "rounding.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])

"""Fixtures of tiktoken, BertTokenizer and subword-nmt.

    python formats.py ../../../packages/tokenizer/src/fixtures
"""

import base64
import gzip
import io
import json
import sys
from collections import Counter
from pathlib import Path

import tiktoken
from subword_nmt import apply_bpe, learn_bpe
from tiktoken._educational import bpe_train
from tokenizers import BertWordPieceTokenizer

from hard_strings import HARD_STRINGS
from sentencepiece_models import corpus

GPT2 = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
PATTERNS = {
    "gpt2": GPT2,
    "cl100k": r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s""",
    "o200k": "|".join([
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""\p{N}{1,3}""", r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""", r"""\s*[\r\n]+""", r"""\s+(?!\S)""", r"""\s+"""]),
}
TEXTS = [*HARD_STRINGS, "".join(HARD_STRINGS), "a'Sb'ſc DON'T \n \n  ", "x\n\n  ", "  \n", "ǅǅaǅ ʰʰA オAB éÉé ÀB", "/\n//\r\n/a"]


def tiktoken_fixture():
    ranks = bpe_train("\n".join(corpus()) + "".join(HARD_STRINGS[:24]), 700, GPT2, visualise=None)
    special = {"<|endoftext|>": 700, "<|im_start|>": 701}
    encoders = {name: tiktoken.Encoding(name, pat_str=p, mergeable_ranks=ranks, special_tokens=special) for name, p in PATTERNS.items()}
    file = "".join(f"{base64.b64encode(t).decode()} {r}\n" for t, r in sorted(ranks.items(), key=lambda x: x[1]))
    allowed = "hi<|endoftext|><|im_start|>user\n<|im_end|>"
    return (
        {"ranks": file, "specialTokens": special,
         "encodings": {name: [e.encode_ordinary(t) for t in TEXTS] for name, e in encoders.items()}},
        {"text": allowed, "ids": encoders["cl100k"].encode(allowed, allowed_special="all")},
    )


def subword_fixture():
    out = []
    for lines, merges in [(corpus(), 150), (["aaaa aaa aa a banana bananas ananas", "na nana " * 9], 12), (HARD_STRINGS[5:30], 60)]:
        words = list(Counter(w for line in lines for w in line.strip("\r\n ").split(" ") if w and "\n" not in w and not any(c.isspace() for c in w)).items())
        codes = io.StringIO()
        learn_bpe.learn_bpe(io.StringIO("".join(f"{w} {c}\n" for w, c in words)), codes, merges, is_dict=True)
        bpe = apply_bpe.BPE(io.StringIO(codes.getvalue()))
        sentences = [line for line in lines if "\n" not in line and "\r" not in line][:15] + ["lowest  wider bananaaaa", "日本 ß"]
        out.append({"codes": codes.getvalue(), "words": words, "merges": merges,
                    "encodings": [[s, bpe.segment(s).split(" ") if s.strip() else []] for s in sentences]})
    return out


def bert_fixture():
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789.,!?'()[]{}<>-_/é日本",
              *["##" + c for c in "abcdefghijklmnopqrstuvwxyz0123456789"], "hello", "world", "Hello", "lead", "##ing", "trail", "the"]
    vocab = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    text = "".join(piece + "\n" for piece in vocab)
    return [{"vocab": text, "lowercase": lower,
             "encodings": [BertWordPieceTokenizer(vocab, lowercase=lower).encode(t).ids for t in TEXTS[:20]]} for lower in (True, False)]


def main(folder: str) -> None:
    ranks, allowed = tiktoken_fixture()
    fixture = {"texts": TEXTS, "tiktoken": ranks, "allowed": allowed, "subword": subword_fixture(), "bert": bert_fixture()}
    text = json.dumps(fixture, ensure_ascii=False, separators=(",", ":")) + "\n"
    Path(folder, "formats.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])

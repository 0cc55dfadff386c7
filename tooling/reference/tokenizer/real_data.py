"""Encodes the documents of a data folder with tiktoken, `tokenizers` and sentencepiece.

    python real_data.py DATA > reference.jsonl

One line a document: a digest of ids and offsets (in code points) for each tokenizer. `tooling/real-data/tokenizer.mjs`
makes the same lines with @attune/tokenizer and compares.
"""

import array
import base64
import hashlib
import json
import sys
from pathlib import Path

import sentencepiece as spm
import tiktoken
from tokenizers import Tokenizer, models, pre_tokenizers

PATTERNS = {
    "gpt2": r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s""",
    "cl100k": r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s""",
    "o200k": "|".join([
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
        r"""\p{N}{1,3}""", r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""", r"""\s*[\r\n]+""", r"""\s+(?!\S)""", r"""\s+"""]),
}


def documents(data: Path):
    for name in sorted(p.name for p in (data / "text").glob("*.txt")):
        text = (data / "text" / name).read_bytes().decode()
        yield name, text
        yield from ((f"{name}:{i + 1}", line) for i, line in enumerate(text.split("\n")))
    for name in ["gsm8k_train.jsonl", "gsm8k_test.jsonl"]:
        for i, line in enumerate((data / "math" / name).read_text().splitlines()):
            record = json.loads(line)
            yield f"{name}:{i + 1}", record["question"] + "\n" + record["answer"]


def hugging_face(ranks: dict) -> Tokenizer:
    """The ranks as a `tokenizer.json`: its merges are all the ways of cutting a token into two."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    alphabet = {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(others)}}
    name = {token: "".join(alphabet[b] for b in token) for token in ranks}
    merges = [(name[t[:i]], name[t[i:]]) for t, _ in sorted(ranks.items(), key=lambda x: x[1])
              for i in range(1, len(t)) if t[:i] in ranks and t[i:] in ranks]
    tokenizer = Tokenizer(models.BPE({name[t]: r for t, r in ranks.items()}, merges, ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def digest(*columns) -> str:
    return hashlib.sha256(b"".join(array.array("i", column).tobytes() for column in columns)).hexdigest()[:16]


def main(data: Path) -> None:
    ranks = {}
    for line in (data / "tokenizers/gpt2.tiktoken").read_text().splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    bpe = {name: tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 50256})
           for name, pattern in PATTERNS.items()}
    sp = spm.SentencePieceProcessor(model_file=str(data / "tokenizers/sentencepiece_unigram_en.model"))
    hf = hugging_face(ranks)
    for name, text in documents(data):
        result = {"name": name}
        encoded = hf.encode(text)
        words = [-1 if word is None else word for word in encoded.word_ids]
        result["tokenizers"] = digest(encoded.ids, [x for pair in encoded.offsets for x in pair], words)
        for key, encoding in bpe.items():
            ids = encoding.encode_ordinary(text)
            result[key] = digest(ids, encoding.decode_with_offsets(ids)[1])
        mapped = sp.encode(text, return_type="offset_mapping")
        result["sentencepiece"] = digest(mapped["ids"], [x for pair in mapped["offsets"] for x in pair])
        print(json.dumps(result))


main(Path(sys.argv[1]))

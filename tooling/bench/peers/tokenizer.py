"""Encoding, decoding and training with tiktoken, `tokenizers` and SentencePiece: the peers of `workers/tokenizer.mjs`."""
import base64
import io
import json
import os
import sys
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from worker import serve  # noqa: E402

c = json.loads(sys.argv[1])
data = Path(c["data"])
texts = [p.read_bytes().decode() for p in sorted((data / "text").glob("*.txt"))]
chunks = [text[i : i + 20_000] for text in texts for i in range(0, len(text), 20_000)]
PATTERNS = {
    "gpt2": r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s""",
    "cl100k": r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s""",
}


def tiktoken_encoding(pattern):
    import tiktoken

    lines = (data / "tokenizers/gpt2.tiktoken").read_text().splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}
    return tiktoken.Encoding("bench", pat_str=PATTERNS[pattern], mergeable_ranks=ranks, special_tokens={})


def encoding(encode):
    def step():
        return {"tokens": sum(len(encode(chunk)) for chunk in chunks)}

    serve(step, tokens=step()["tokens"])


def json_tokenizer():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    ranks = tiktoken_encoding("gpt2")._mergeable_ranks
    alphabet = byte_alphabet()
    name = {token: "".join(alphabet[b] for b in token) for token in ranks}
    merges = [(name[t[:i]], name[t[i:]]) for t, _ in sorted(ranks.items(), key=lambda x: x[1]) for i in range(1, len(t)) if t[:i] in ranks and t[i:] in ranks]
    tokenizer = Tokenizer(models.BPE({name[t]: r for t, r in ranks.items()}, merges, ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return lambda text: tokenizer.encode(text).ids


def byte_alphabet():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(others)}}


def sentencepiece():
    import sentencepiece as spm

    return spm.SentencePieceProcessor(model_file=str(data / "tokenizers/sentencepiece_unigram_en.model")).encode


def decode():
    encoder = tiktoken_encoding("gpt2")
    ids = [encoder.encode_ordinary(chunk) for chunk in chunks]

    def step():
        for each in ids:
            encoder.decode(each)
        return {}

    serve(step, tokens=sum(map(len, ids)))


def training(train):
    texts.append((data / "math/gsm8k_train.jsonl").read_text())
    lines = [line for text in texts for line in text.splitlines(keepends=True)]
    runs = 0

    def step():
        nonlocal runs
        runs += 1
        if runs > 3:
            train(lines)
        return {}

    serve(step, tokens=0)


def train_bpe(lines):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=30_000, show_progress=False, initial_alphabet=alphabet))


def train_unigram(lines):
    import sentencepiece as spm

    spm.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=io.BytesIO(), vocab_size=8000, num_threads=1,
                                   normalization_rule_name="identity", max_sentence_length=100_000, minloglevel=2)


tasks = {
    "gpt2": lambda: encoding(tiktoken_encoding("gpt2").encode_ordinary),
    "cl100k": lambda: encoding(tiktoken_encoding("cl100k").encode_ordinary),
    "json": lambda: encoding(json_tokenizer()),
    "sentencepiece": lambda: encoding(sentencepiece()),
    "decode": decode,
    "train-bpe": lambda: training(train_bpe),
    "train-unigram": lambda: training(train_unigram),
}
tasks[c["task"]]()

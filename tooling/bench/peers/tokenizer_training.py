"""Training with `tokenizers` and SentencePiece on one thread: the peers of `workers/tokenizer-training.mjs`."""
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
files = [*sorted((data / "text").glob("*.txt")), data / "math/gsm8k_train.jsonl"]
lines = [line for file in files for line in file.read_bytes().decode().splitlines(keepends=True)]


def sentencepiece(**options):
    import sentencepiece as spm

    spm.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=io.BytesIO(), num_threads=1, minloglevel=2,
                                   normalization_rule_name="identity", max_sentence_length=100_000, **options)


def bpe():
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=30_000, show_progress=False, initial_alphabet=alphabet))


def unigram():
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(lines, trainers.UnigramTrainer(vocab_size=8_000, show_progress=False))


tasks = {
    "bpe": bpe,
    "sentencepiece-bpe-8192": lambda: sentencepiece(model_type="bpe", vocab_size=8192),
    "sentencepiece-bpe-30000": lambda: sentencepiece(model_type="bpe", vocab_size=30_000),
    "unigram-8192": lambda: sentencepiece(model_type="unigram", vocab_size=8192),
    "unigram-8000": unigram,
}
__import__("sentencepiece" if "sentencepiece" in c["task"] or c["task"] == "unigram-8192" else "tokenizers")
runs = 0


def step():
    global runs
    runs += 1
    # The protocol's warm-up would train three times for nothing.
    if runs > 3:
        tasks[c["task"]]()
    return {}


serve(step)

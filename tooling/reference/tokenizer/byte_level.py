"""Fixtures of byte-level BPE by Hugging Face `tokenizers`: trained tokenizers, encodings, offsets.

    python byte_level.py ../../../packages/tokenizer/src/fixtures
"""

import json
import random
import sys
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from hard_strings import HARD_STRINGS


def corpus(sentences: int) -> list[str]:
    """Pseudo-random sentences with a skewed word distribution, accents and punctuation."""
    rng = random.Random(7)
    syllables = ["ta", "ri", "mo", "né", "zu", "over", "ing", "st", "日", "本", "7", "0", "'s", "-", "ß"]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(300)]
    weights = [1 / (i + 1) for i in range(len(words))]
    return [
        " ".join(rng.choices(words, weights, k=rng.randint(3, 12))) + rng.choice([".", "!", "?\n", "\r\n"])
        for _ in range(sentences)
    ]


def train(texts, **options) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False, **options
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def main(folder: str) -> None:
    texts = corpus(200)
    variants = [
        {"vocab_size": 500, "min_frequency": 0, "special_tokens": ["<pad>", "<|endoftext|>"]},
        {"vocab_size": 700, "min_frequency": 6, "special_tokens": []},
        {"vocab_size": 400, "min_frequency": 0, "special_tokens": ["a"], "max_token_length": 4},
    ]
    trained = [{"options": v, "tokenizer": json.loads(train(texts, **v).to_str())} for v in variants]
    tokenizer = train(texts, **variants[0])
    encodings = []
    for text in HARD_STRINGS:
        encoding = tokenizer.encode(text)
        encodings.append(
            {"text": text, "ids": encoding.ids, "offsets": encoding.offsets, "words": encoding.word_ids,
             "decoded": tokenizer.decode(encoding.ids)}
        )
    fixture = {"corpus": texts, "trained": trained, "encodings": encodings}
    Path(folder, "byte-level.json").write_text(json.dumps(fixture, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

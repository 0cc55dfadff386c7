"""Fixtures of SentencePiece: small trained models of every kind, with encodings, offsets, n-best lists.

    python sentencepiece_models.py ../../../packages/tokenizer/src/fixtures
"""

import gzip
import io
import json
import random
import sys
from pathlib import Path

import sentencepiece as spm

from hard_strings import HARD_STRINGS


def corpus() -> list[str]:
    rng = random.Random(3)
    stems = "low new wid fast the quick brown fox tokén über straße 日本 テキスト play walk 12 2024 code def return".split()
    ends = ["", "", "", "er", "est", "ing", "s", "ed", ".", ",", "!", "?", "(x)", "'s"]
    words = [rng.choice(stems) + rng.choice(ends) for _ in range(400)]
    return [" ".join(rng.choices(words, k=rng.randint(2, 12))) for _ in range(600)]


def train(**options) -> bytes:
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()), model_writer=model, hard_vocab_limit=False, minloglevel=2,
        **{"vocab_size": 260, "character_coverage": 0.999, "normalization_rule_name": "identity", **options})
    return model.getvalue()


MODELS = {
    "unigram": {"normalization_rule_name": "nmt_nfkc"},
    "unigram, spaces kept": {"remove_extra_whitespaces": False, "add_dummy_prefix": False},
    "unigram byte fallback": {"byte_fallback": True, "vocab_size": 480, "user_defined_symbols": ["<tool>", "low"], "control_symbols": ["<ctl>"]},
    "unigram pieces across words": {"split_by_whitespace": False},
    "unigram suffix": {"treat_whitespace_as_suffix": True},
    "unigram spaces kept with prefix": {"remove_extra_whitespaces": False, "pad_id": 3, "bos_id": -1, "eos_id": 0, "unk_id": 1},
    "bpe": {"model_type": "bpe"},
    "bpe byte fallback": {"model_type": "bpe", "byte_fallback": True, "vocab_size": 480, "user_defined_symbols": ["<tool>", "ow", "  "], "remove_extra_whitespaces": False, "allow_whitespace_only_pieces": True, "split_digits": True},
    "char": {"model_type": "char", "user_defined_symbols": ["wid"]},
    "word": {"model_type": "word", "vocab_size": 120},
}


def main(folder: str) -> None:
    out = []
    for name, options in MODELS.items():
        model = train(**options)
        sp = spm.SentencePieceProcessor(model_proto=model)
        encodings = []
        for text in [*HARD_STRINGS, *corpus()[:20]]:
            mapped = sp.encode(text, return_type="offset_mapping")
            offsets = [x for pair in mapped["offsets"] for x in pair]
            encodings.append([text, mapped["ids"], mapped["pieces"], offsets, sp.decode(mapped["ids"])])
        nbest = []
        if "model_type" not in options:
            for text in ["low lower", "the newest fox", "tokén 日本 x", "aaa"]:
                lists = sp.nbest_encode(text, nbest_size=8, return_type=int)
                nbest.append([text, [[ids, sum(sp.get_score(i) for i in ids)] for ids in lists]])
        # Random ids decode too, bytes that are not UTF-8 among them.
        rng = random.Random(1)
        random_ids = [[rng.randrange(sp.vocab_size()) for _ in range(25)] for _ in range(20)]
        out.append({"name": name, "model": model.decode("latin-1"), "encodings": encodings, "nbest": nbest,
                    "decodings": [[ids, sp.decode(ids)] for ids in random_ids],
                    "pieces": [[sp.id_to_piece(i), sp.get_score(i)] for i in range(0, sp.vocab_size(), 9)]})
    text = json.dumps(out, ensure_ascii=False, separators=(",", ":")) + "\n"
    Path(folder, "sentencepiece.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])

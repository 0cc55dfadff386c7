"""Vocabularies that Hugging Face's WordPiece trainer learns.

    python word_piece_training.py ../../../packages/tokenizer/src/fixtures

Its pieces get their ids in the order of a hash table, and the ids break ties between pairs. What is learned is only the
same every time where all `##` characters have their ids beforehand, as special tokens: every case is trained several
times to see that it is.
"""

import gzip
import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from training import TEXTS

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CASES = {
    "uncased": {"lowercase": True, "vocab_size": 900},
    "cased": {"lowercase": False, "vocab_size": 1000},
    "rare pairs apart": {"lowercase": True, "vocab_size": 2000, "min_frequency": 40},
    "limited alphabet": {"lowercase": True, "vocab_size": 250, "limit_alphabet": 30, "initial_alphabet": ["Ω", "q"]},
}


def train(special: list[str], lowercase: bool, **options) -> dict[str, int]:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(TEXTS, trainers.WordPieceTrainer(special_tokens=special, show_progress=False, **options))
    return tokenizer.get_vocab()


def main(folder: str) -> None:
    out = []
    for name, options in CASES.items():
        normalizer = normalizers.BertNormalizer(lowercase=options["lowercase"])
        continuing = sorted({"##" + char for text in TEXTS for char in normalizer.normalize_str(text) if not char.isspace()})
        special = [*SPECIAL, *continuing]
        options = {**options, "vocab_size": options["vocab_size"] + len(continuing)}
        vocabularies = [train(special, **options) for _ in range(8)]
        assert all(each == vocabularies[0] for each in vocabularies), f"{name}: not the same every time"
        tokens = sorted(vocabularies[0], key=vocabularies[0].get)
        out.append({"name": name, "options": options, "special": continuing, "tokens": tokens})
    text = json.dumps({"texts": TEXTS, "cases": out}, ensure_ascii=False, separators=(",", ":")) + "\n"
    Path(folder, "word-piece-training.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])

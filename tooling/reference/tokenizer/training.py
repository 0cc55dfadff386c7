"""Vocabularies that the trainers of Hugging Face `tokenizers` and SentencePiece learn from a small corpus.

    python training.py ../../../packages/tokenizer/src/fixtures

Only trainings whose outcome does not depend on the order of a hash table.
"""

import gzip
import io
import json
import sys
from pathlib import Path

import sentencepiece as spm
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from hard_strings import HARD_STRINGS
from sentencepiece_models import corpus

# SentencePiece removes the characters it reserves, and reads lines. Strings that run through whole blocks are left out:
# the scripts of their characters depend on the version of Unicode.
STRINGS = [text for text in HARD_STRINGS if text[:1] not in ("\u0100", "\u3000", "\ue000")]
TEXTS = [*corpus()[:300], *[line for text in STRINGS for line in text.split("\n") if "▁" not in line and "\0" not in line]]
CL100K = r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++\z|\s*[\r\n]|\s+(?!\S)|\s"""


def hugging_face():
    p = pre_tokenizers
    byte_level = p.Sequence([p.Split(Regex(CL100K), "isolated"), p.ByteLevel(add_prefix_space=False, use_regex=False)])
    yield "bytes, cl100k", byte_level, None, {"vocab_size": 600, "initial_alphabet": p.ByteLevel.alphabet(), "special_tokens": ["<eos>"]}
    yield "characters", p.Whitespace(), normalizers.Lowercase(), {"vocab_size": 900, "special_tokens": ["<unk>"]}
    yield "characters, limited", p.WhitespaceSplit(), None, {
        "vocab_size": 300, "special_tokens": ["<unk>", "[X]"], "limit_alphabet": 41, "initial_alphabet": ["Ω", "q"], "min_frequency": 3}


def train_hugging_face(pre, normalizer, options):
    unknown = "<unk>" if "<unk>" in options["special_tokens"] else None
    tokenizer = Tokenizer(models.BPE(unk_token=unknown))
    tokenizer.pre_tokenizer = pre
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(show_progress=False, **options))
    return json.loads(tokenizer.to_str())


# Small enough that every piece occurs: after those the original fills up with pieces that do not.
SENTENCEPIECE = {
    "bpe": {"vocab_size": 690, "character_coverage": 1.0},
    "bpe, rare characters": {"vocab_size": 400, "character_coverage": 0.98},
    "bpe, byte fallback, symbols": {"vocab_size": 620, "character_coverage": 0.98, "byte_fallback": True, "split_digits": True,
                                    "user_defined_symbols": ["<tool>", "low"], "control_symbols": ["<ctl>"]},
    "bpe, over spaces": {"vocab_size": 500, "character_coverage": 0.98, "split_by_whitespace": False, "max_sentencepiece_length": 9},
    "bpe, digits with letters": {"vocab_size": 500, "character_coverage": 0.98, "split_by_number": False, "split_by_unicode_script": False},
    "bpe, runs of spaces": {"vocab_size": 420, "character_coverage": 0.98, "allow_whitespace_only_pieces": True, "remove_extra_whitespaces": False},
}


def train_sentencepiece(options):
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(sentence_iterator=iter(TEXTS), model_writer=model, model_type="bpe", minloglevel=2,
                                   normalization_rule_name="identity", max_sentence_length=1_000_000, **options)
    sp = spm.SentencePieceProcessor(model_proto=model.getvalue())
    return [[sp.id_to_piece(i), sp.get_score(i)] for i in range(sp.vocab_size())]


def main(folder: str) -> None:
    fixture = {
        "texts": TEXTS,
        "huggingFace": [{"name": name, "options": options, "tokenizer": train_hugging_face(pre, normalizer, options)}
                        for name, pre, normalizer, options in hugging_face()],
        "sentencePiece": [{"name": name, "options": options, "pieces": train_sentencepiece(options)} for name, options in SENTENCEPIECE.items()],
    }
    text = json.dumps(fixture, ensure_ascii=False, separators=(",", ":")) + "\n"
    Path(folder, "training.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])

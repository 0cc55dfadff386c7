"""Conversion of SentencePiece models to tokenizer.json: what SentencePiece makes of texts, checked to be what Hugging Face
`tokenizers` makes of them with the converted file and SentencePiece again with what is converted back.

    python conversion.py ../../../packages/tokenizer/src/fixtures        (after building the package)

The fixture holds models, encodings and a digest of each converted file.
"""

import base64
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

import sentencepiece as spm
from tokenizers import Tokenizer

from hard_strings import HARD_STRINGS
from sentencepiece_models import corpus

TEXTS = [*HARD_STRINGS, *(unicodedata.normalize("NFD", t) for t in HARD_STRINGS[8:13]), "<tool>low", "low<tool> low  <tool>", " <tool>", "a<tool>a<tool><tool>b",
         "ｶﾞｷﾞ ㌀ ～ 각 각 ế é", "  ", "\n", " \n ", "x▁", "▁", "▁▁ ▁x ▁", *corpus()[:10]]
# Without long runs: pieces made of them give segmentations of equal score, which SentencePiece tells apart by rounding in floats.
LINES = [*corpus(), *[line for t in HARD_STRINGS for line in t.split("\n") if "\0" not in line and not any(r in t for r in ("aaaa", "abab", "____", " " * 37))]]
# A and a circumflex; a ligature; a soft hyphen, a space of no width; two letters to more.
TSV = "41 302\tC2\n66 69\tFB01\nAD\n200B\t20\n71 75\t71 75 75\n"
MODELS = {
    "unigram nmt_nfkc": {"normalization_rule_name": "nmt_nfkc", "vocab_size": 900, "character_coverage": 1.0},
    "unigram, bytes, symbols": {"vocab_size": 800, "byte_fallback": True, "user_defined_symbols": ["<tool>", "low"], "control_symbols": ["<ctl>"]},
    "unigram pieces across words": {"split_by_whitespace": False, "vocab_size": 500},
    "unigram as it is": {"add_dummy_prefix": False, "remove_extra_whitespaces": False, "allow_whitespace_only_pieces": True, "vocab_size": 500},
    "bpe": {"model_type": "bpe", "vocab_size": 900, "character_coverage": 1.0},
    "bpe, rules, bytes, symbols": {"model_type": "bpe", "normalization_rule_tsv": TSV, "byte_fallback": True, "vocab_size": 800, "user_defined_symbols": ["<tool>", "low"], "control_symbols": ["<ctl>"]},
    "bpe as it is": {"model_type": "bpe", "byte_fallback": True, "vocab_size": 700, "add_dummy_prefix": False, "remove_extra_whitespaces": False, "user_defined_symbols": ["<tool>", "\n", "▁▁"], "split_digits": True},
    "char": {"model_type": "char", "vocab_size": 400},
}


def train(options: dict) -> bytes:
    model = io.BytesIO()
    if "normalization_rule_tsv" in options:
        rules = Path(tempfile.gettempdir(), "attune-rules.tsv")
        rules.write_text(options["normalization_rule_tsv"])
        options = {**options, "normalization_rule_tsv": str(rules), "normalization_rule_name": ""}
    spm.SentencePieceTrainer.train(sentence_iterator=iter(LINES), model_writer=model, hard_vocab_limit=False, minloglevel=2, max_sentence_length=100_000,
                                   **{"normalization_rule_name": "identity", "character_coverage": 0.98, **options})
    return model.getvalue()


def main(folder: str) -> None:
    models = [train(options) for options in MODELS.values()]
    given = json.dumps([base64.b64encode(model).decode() for model in models])
    script = Path(__file__).with_name("converted_models.mjs")
    files = json.loads(subprocess.run(["node", script], input=given, stdout=subprocess.PIPE, text=True, check=True).stdout)
    out = []
    for name, model, (file, again) in zip(MODELS, models, files):
        back = base64.b64decode(again)
        sp, sp_back, hf = spm.SentencePieceProcessor(model_proto=model), spm.SentencePieceProcessor(model_proto=back), Tokenizer.from_str(file)
        # What special tokens are in a text is not SentencePiece's business.
        special = [t["content"] for t in json.loads(file)["added_tokens"]]
        encodings = []
        for text in TEXTS:
            ids = sp.encode(text)
            if sp_back.encode(text) != ids:
                print(f"{name}, back: {text!r}", file=sys.stderr)
                continue
            theirs = hf.encode(text, add_special_tokens=False).ids
            if ids != theirs and not any(s in text for s in special):
                print(f"{name}: {text!r}\n  sentencepiece {[sp.id_to_piece(i) for i in ids]}\n  tokenizers    {[hf.id_to_token(i) for i in theirs]}", file=sys.stderr)
                continue
            encodings.append([text, ids])
        out.append({"name": name, "model": model.decode("latin-1"), "digest": hashlib.sha256(file.encode()).hexdigest(),
                    "back": hashlib.sha256(back).hexdigest(), "encodings": encodings})
    text = json.dumps(out, ensure_ascii=False, separators=(",", ":")) + "\n"
    Path(folder, "conversion.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])

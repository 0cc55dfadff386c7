"""Normalization of SentencePiece: what its built-in rules make of every code point and of the hard strings, and what it
makes of models that this package trained with compiled rules.

    python normalization.py ../../../packages/tokenizer/src/fixtures        (after building the package)
"""

import base64
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import sentencepiece as spm

from hard_strings import HARD_STRINGS
from sentencepiece_models import corpus
from training import TEXTS

RULES = ["nfkc", "nmt_nfkc", "nfkc_cf", "nmt_nfkc_cf"]
BLOCK = 4096
TSV = "41 302\tC2\t# A and a circumflex\n41 302 300\t1EA6\n66 69\tFB01\nAD\n200B\t20\n78 79 7A\t71 71 71 71\n1F44D\t2B 31\n"
EXTRA = [*HARD_STRINGS, "A\u0302B A\u0302\u0300 xyz xy fi f i 👍🏽 \u00ad\u200bﬁﬁ", "ﾊﾟｱ ㌀ ｶﾞｷﾞ ～ ∵ İIıi ẞ ꭰᏸ"]
# Longer sources than pieces, spaces, removal.
DENORMALIZATION = "6C 6F 77\t4C 4F 57\n20 6E 65 77\t2D 4E\n20\tA0\n74\n"
TRAININGS = {
    "bpe nmt_nfkc": ["trainSentencePieceBPE", {"vocabSize": 440, "characterCoverage": 0.98, "normalization": "nmt_nfkc"}],
    "bpe nmt_nfkc_cf": ["trainSentencePieceBPE", {"vocabSize": 640, "hardVocabLimit": False, "normalization": "nmt_nfkc_cf", "byteFallback": True, "characterCoverage": 0.98}],
    "bpe denormalized": ["trainSentencePieceBPE", {"vocabSize": 420, "characterCoverage": 0.98, "denormalizationTsv": DENORMALIZATION}],
    "unigram rules": ["trainUnigram", {"vocabSize": 600, "hardVocabLimit": False, "normalizationTsv": TSV, "characterCoverage": 0.98}],
}
# What the original's trainer learns with the same options.
REFERENCE = {"vocab_size": 440, "character_coverage": 0.98, "normalization_rule_name": "nmt_nfkc", "model_type": "bpe"}


def reference_pieces() -> list:
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(sentence_iterator=iter(TEXTS), model_writer=model, minloglevel=2, max_sentence_length=1_000_000, **REFERENCE)
    sp = spm.SentencePieceProcessor(model_proto=model.getvalue())
    return [sp.id_to_piece(i) for i in range(sp.vocab_size())]


def rule_fixture(name: str) -> dict:
    normalizer = spm.SentencePieceNormalizer(rule_name=name, add_dummy_prefix=False, remove_extra_whitespaces=False, escape_whitespaces=False)
    digests = []
    for start in range(0, 0x110000, BLOCK):
        # NUL ends texts in the format, surrogates are no characters.
        chars = [chr(c) for c in range(max(1, start), start + BLOCK) if not 0xD800 <= c < 0xE000]
        text = "\n".join(normalizer.normalize(c) for c in chars)
        digests.append(hashlib.sha256(text.encode()).hexdigest()[:16])
    return {"name": name, "digests": digests, "texts": [normalizer.normalize(t) for t in EXTRA]}


def tsv_fixture() -> dict:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rules.tsv")
        path.write_text(TSV)
        normalizer = spm.SentencePieceNormalizer(rule_tsv=str(path), add_dummy_prefix=False, remove_extra_whitespaces=False, escape_whitespaces=False)
        return {"tsv": TSV, "texts": [normalizer.normalize(t) for t in EXTRA]}


def trained_fixture() -> list[dict]:
    given = json.dumps({"texts": TEXTS, "trainings": list(TRAININGS.values())})
    models = json.loads(subprocess.run(["node", Path(__file__).with_name("trained_models.mjs")], input=given, stdout=subprocess.PIPE, text=True, check=True).stdout)
    out = []
    for (name, (training, options)), model in zip(TRAININGS.items(), models):
        sp = spm.SentencePieceProcessor(model_proto=base64.b64decode(model))
        texts = [*EXTRA, *corpus()[:10]]
        ids = [sp.encode(t) for t in texts]
        out.append({"name": name, "training": training, "options": options, "texts": texts, "ids": ids, "decoded": [sp.decode(i) for i in ids],
                    "pieces": [[sp.id_to_piece(i), sp.get_score(i)] for i in range(sp.vocab_size())]})
    return out


def main(folder: str) -> None:
    fixture = {"texts": EXTRA, "block": BLOCK, "rules": [rule_fixture(name) for name in RULES], "tsv": tsv_fixture(),
               "train": TEXTS, "referencePieces": reference_pieces(), "trained": trained_fixture()}
    text = json.dumps(fixture, ensure_ascii=False, separators=(",", ":")) + "\n"
    Path(folder, "normalization.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])

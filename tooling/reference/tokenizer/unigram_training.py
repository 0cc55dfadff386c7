"""A corpus, and how likely a held-out text is under the Unigram model that SentencePiece trains on it.

    python unigram_training.py ../../../packages/tokenizer/src/fixtures
"""

import io
import json
import sys
from pathlib import Path

import sentencepiece as spm

from sentencepiece_models import corpus


def main(folder: str) -> None:
    lines = corpus()
    train, held_out = lines[:500], lines[500:]
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(sentence_iterator=iter(train), model_writer=model, vocab_size=100, minloglevel=2,
                                   normalization_rule_name="identity", num_threads=1, hard_vocab_limit=True)
    sp = spm.SentencePieceProcessor(model_proto=model.getvalue())
    total = sum(sp.get_score(i) for line in held_out for i in sp.encode(line))
    fixture = {"train": train, "heldOut": held_out, "vocabSize": 100, "logLikelihood": total}
    Path(folder, "unigram-training.json").write_text(json.dumps(fixture, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

"""Embeds the texts of a JSON list on the standard input with sentence-transformers; see sentence_transformers.mjs.

    echo '["a text"]' | python tooling/reference/models/sentence_transformers_embed.py <model folder>
"""

import json
import sys

import sentence_transformers

model = sentence_transformers.SentenceTransformer(sys.argv[1], device="cpu")
embeddings = model.encode(json.load(sys.stdin), show_progress_bar=False)
print(json.dumps({"version": sentence_transformers.__version__, "embeddings": embeddings.tolist()}))

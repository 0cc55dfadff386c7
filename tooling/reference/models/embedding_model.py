"""A tiny embedding model as sentence-transformers saves it, and the embeddings that it gives.

    python tooling/reference/models/embedding_model.py

Writes packages/models/src/fixtures/embedding/: the files that matter of `SentenceTransformer.save`, and expected.json:
token ids and the embedding of each text. Since its version 5 the pooling is one word where it was a flag for each way,
and weights stand under the names of the bare model. Needs sentence-transformers, transformers and tokenizers.
"""

import json
import pathlib
import shutil
import tempfile

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules
from tokenizers import Tokenizer, decoders, pre_tokenizers, trainers
from tokenizers.models import BPE
from transformers import LlamaConfig, LlamaModel, PreTrainedTokenizerFast

FOLDER = pathlib.Path(__file__).parents[3] / "packages" / "models" / "src" / "fixtures" / "embedding"
KEPT = ("config.json", "model.safetensors", "modules.json", "1_Pooling/config.json", "tokenizer_config.json")
TEXTS = ["two texts", "a longer text than the other", "text"]


def main():
    torch.manual_seed(5)
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=40, special_tokens=["<pad>"], show_progress=False))
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        pad_token_id=0,
        tie_word_embeddings=True,
    )
    model = LlamaModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn_like(parameter)
            parameter.copy_(1 + 0.2 * noise if "norm" in name else 0.3 * noise)
    with tempfile.TemporaryDirectory() as plain, tempfile.TemporaryDirectory() as saved:
        model.save_pretrained(plain)
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", model_max_length=48).save_pretrained(plain)
        parts = [modules.Transformer(plain), modules.Pooling(16, pooling_mode="lasttoken"), modules.Normalize()]
        whole = SentenceTransformer(modules=parts, device="cpu")
        whole.save(saved)
        embeddings = whole.encode(TEXTS, show_progress_bar=False)
        shutil.rmtree(FOLDER, ignore_errors=True)
        for name in KEPT:
            (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(pathlib.Path(saved) / name, FOLDER / name)
    expected = [
        {"ids": tokenizer.encode(text).ids, "embedding": embedding.tolist()}
        for text, embedding in zip(TEXTS, embeddings)
    ]
    (FOLDER / "expected.json").write_text(json.dumps(expected) + "\n")


main()

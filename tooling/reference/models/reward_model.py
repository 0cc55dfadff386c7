"""A tiny reward model, `LlamaForSequenceClassification` with one label, and the scores that `transformers` gives.

    python tooling/reference/models/reward_model.py

Writes packages/models/src/fixtures/reward-model/: config.json and model.safetensors as `save_pretrained` leaves them,
and expected.json: token ids, the score at each token and the score of each sequence, which is that of its last token
that is no padding. Needs torch, transformers and safetensors.
"""

import json
import pathlib
import shutil

import torch
from transformers import LlamaConfig, LlamaForSequenceClassification

FOLDER = pathlib.Path(__file__).parents[3] / "packages" / "models" / "src" / "fixtures" / "reward-model"


def main():
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=37,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        num_labels=1,
        pad_token_id=0,
    )
    model = LlamaForSequenceClassification(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn_like(parameter)
            parameter.copy_(1 + 0.2 * noise if "norm" in name else 0.3 * noise)
    shutil.rmtree(FOLDER, ignore_errors=True)
    model.save_pretrained(FOLDER)

    sequences = [torch.randint(1, 37, (length,)) for length in (9, 5, 2)]
    expected = []
    for ids in sequences:
        with torch.no_grad():
            hidden = model.model(input_ids=ids[None]).last_hidden_state
            each = model.score(hidden)[0, :, 0]
            whole = model(input_ids=ids[None]).logits[0, 0]
        expected.append(dict(ids=ids.tolist(), scores=each.tolist(), score=whole.item()))
    (FOLDER / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()

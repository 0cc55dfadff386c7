"""Tiny random checkpoints of each model family with the numbers that `transformers` computes from them.

    python tooling/reference/models/families.py

Writes packages/models/src/fixtures/<family>/: config.json and weights as `save_pretrained` leaves them, and
expected.safetensors: a right-padded batch, its logits, loss and the gradient of every parameter.
Gradients are stored as float16 to keep the files small; everything is computed in float32 from the weights as stored.
Needs torch, transformers and safetensors.
"""

import pathlib
import shutil

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

FIXTURES = pathlib.Path(__file__).parents[3] / "packages" / "models" / "src" / "fixtures"

SIZES = dict(
    vocab_size=97,
    hidden_size=32,
    intermediate_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=512,
    rms_norm_eps=1e-5,
)

# Between them the families cover: rope scaling, biases, q/k norms, tied and untied output, a head width that is
# not hidden_size / heads, every float dtype, sharded and single files.
FAMILIES = {
    "llama": (
        LlamaForCausalLM,
        LlamaConfig(
            **SIZES,
            tie_word_embeddings=False,
            rope_parameters=dict(
                rope_type="llama3",
                rope_theta=10000.0,
                factor=8.0,
                low_freq_factor=1.0,
                high_freq_factor=4.0,
                original_max_position_embeddings=128,
            ),
        ),
        torch.bfloat16,
        "26KB",
    ),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(**SIZES, tie_word_embeddings=True), torch.float16, "5GB"),
    "qwen3": (
        Qwen3ForCausalLM,
        Qwen3Config(**SIZES, head_dim=10, tie_word_embeddings=True, attention_bias=True),
        torch.bfloat16,
        "5GB",
    ),
}


def randomize(model):
    """Weights large enough that attention is far from uniform and every path matters."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn_like(parameter)
            if "norm" in name:
                parameter.copy_(1 + 0.2 * noise)
            else:
                parameter.copy_(noise * (0.1 if name.endswith("bias") else 0.2))


def padded_batch():
    input_ids = torch.randint(1, 97, (2, 12))
    attention_mask = torch.ones_like(input_ids)
    attention_mask[1, 7:] = 0
    input_ids[attention_mask == 0] = 0
    labels = torch.roll(input_ids, -1, dims=1)  # labels[t] follows input_ids[t]
    labels[:, -1] = -100
    labels[1, 6:] = -100
    labels[0, :3] = -100  # a prompt
    return input_ids, attention_mask, labels


def main():
    for name, (model_class, config, dtype, shard_size) in FAMILIES.items():
        torch.manual_seed(0)
        model = model_class._from_config(config, attn_implementation="eager").float()
        randomize(model)
        model.to(dtype)
        folder = FIXTURES / name
        shutil.rmtree(folder, ignore_errors=True)
        model.save_pretrained(folder, max_shard_size=shard_size)
        (folder / "generation_config.json").unlink(missing_ok=True)

        # Not model.float(): the cast above rounded the rotary frequencies as well.
        model = model_class.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
        input_ids, attention_mask, labels = padded_batch()
        logits = model(input_ids=input_ids, attention_mask=attention_mask).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
        loss.backward()
        tensors = dict(
            input_ids=input_ids.int(),
            attention_mask=attention_mask.bool(),
            labels=labels,
            logits=logits.detach(),
            loss=loss.detach(),
        )
        for key, parameter in model.named_parameters():
            tensors[f"grad.{key}"] = parameter.grad.half()
        save_file(tensors, folder / "expected.safetensors", metadata={"format": "pt"})
        largest = max(parameter.grad.abs().max().item() for parameter in model.parameters())
        print(name, f"loss {loss.item():.4f}, largest gradient {largest:.3f}")


if __name__ == "__main__":
    main()

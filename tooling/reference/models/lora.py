"""A LoRA adapter on the qwen2 fixture with the numbers that `peft` computes from it.

    python tooling/reference/models/families.py && python tooling/reference/models/lora.py

Writes packages/models/src/fixtures/lora/: the adapter as `save_pretrained` leaves it, and expected.safetensors: ids,
logits with the adapter, the gradient of every adapter matrix for the sum of the squared logits / 1000, and the
merged weight of one projection.
Needs torch, transformers, peft and safetensors.
"""

import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

FIXTURES = pathlib.Path(__file__).parents[3] / "packages" / "models" / "src" / "fixtures"


def main():
    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(FIXTURES / "qwen2", dtype=torch.float32, attn_implementation="eager")
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=4,
        lora_alpha=16,
        lora_dropout=0.1,
        target_modules=["q_proj", "v_proj", "down_proj"],
    )
    model = get_peft_model(base, config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:  # zero at the start: the adapter would not matter
                parameter.normal_(std=0.1)
    folder = FIXTURES / "lora"
    shutil.rmtree(folder, ignore_errors=True)
    model.peft_config["default"].base_model_name_or_path = "../qwen2"
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)

    input_ids = torch.randint(1, 97, (1, 12))
    logits = model(input_ids=input_ids).logits
    (logits.square().sum() / 1000).backward()
    tensors = dict(input_ids=input_ids.int(), logits=logits.detach())
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            tensors["grad." + name.replace(".default", "")] = parameter.grad.half()
    merged = model.merge_and_unload()
    tensors["merged"] = merged.model.layers[1].self_attn.q_proj.weight.detach().clone()
    save_file(tensors, folder / "expected.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()

"""Writes the fixtures of @attune/algorithms: losses, metrics and gradients of the reference implementations.

    python -m pip install torch trl        # made with torch 2.15.0, trl 1.16.0
    python tooling/reference/algorithms/make_fixtures.py

DPO calls TRL's own `_compute_loss` on given log-probabilities (the trainer is replaced by a bare object that holds what
the method reads). What TRL does not offer (label smoothing of DPO) is the paper's equation written in PyTorch.
Policy gradients: policy_gradient.py and advantages.py.
"""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from trl.trainer.dpo_trainer import DPOTrainer

OUT = Path(__file__).parents[3] / "packages/algorithms/src/fixtures"
BATCH, SEQ = 4, 6
generator = torch.Generator().manual_seed(7)


def uniform(*shape, low, high):
    return (torch.rand(*shape, generator=generator) * (high - low) + low).float()


def lengths_mask(lengths, prompt):
    """1 from `prompt` on, for as many tokens as each row has."""
    positions = torch.arange(SEQ)
    return torch.stack([((positions >= prompt) & (positions < prompt + n)).float() for n in lengths])


def plain(value):
    return value.detach().tolist() if torch.is_tensor(value) else value


def write(name, content):
    (OUT / f"{name}.json").write_text(json.dumps(content, default=plain, indent=1) + "\n")


def accelerator():
    same = lambda value, **_: value
    return SimpleNamespace(
        device="cpu", gather=same, gather_for_metrics=same, reduce=same, num_processes=1, sync_gradients=False
    )


def last(metrics):
    return {name: values[-1] for name, values in metrics["train"].items()}


def sft():
    mask = lengths_mask([2, 6, 1, 4], prompt=0)
    logits = uniform(BATCH, SEQ, 9, low=-3, high=3)
    labels = torch.randint(0, 9, (BATCH, SEQ), generator=generator)
    log_probs = (F.log_softmax(logits, -1).gather(-1, labels[..., None])[..., 0]).detach().requires_grad_()
    loss = -(log_probs * mask).sum() / mask.sum()
    loss.backward()
    library = F.cross_entropy(logits.view(-1, 9), labels.masked_fill(mask == 0, -100).view(-1), ignore_index=-100)
    assert torch.allclose(loss, library, atol=1e-6)
    write("sft", {"logProbs": log_probs, "mask": mask, "loss": loss, "gradient": log_probs.grad})


def dpo():
    masks = lengths_mask([3, 5, 1, 4], prompt=1), lengths_mask([5, 2, 3, 1], prompt=1)
    policy = [uniform(BATCH, SEQ, low=-4, high=0) * m for m in masks]
    reference = [uniform(BATCH, SEQ, low=-4, high=0) * m for m in masks]
    cases = []
    for variant in ["sigmoid", "ipo", "hinge"]:
        for beta in [0.1, 1.0]:
            cases.append({"options": {"variant": variant, "beta": beta}} | dpo_case(policy, reference, masks, variant, beta))
    for smoothing in [0.1, 0.4]:
        options = {"variant": "sigmoid", "beta": 0.5, "labelSmoothing": smoothing}
        cases.append({"options": options} | dpo_case(policy, reference, masks, "sigmoid", 0.5, smoothing))
    write("dpo", {"chosen": side(policy[0], reference[0], masks[0]), "rejected": side(policy[1], reference[1], masks[1]), "cases": cases})


def side(log_probs, reference, mask):
    return {"logProbs": log_probs, "refLogProbs": reference, "mask": mask}


def dpo_case(policy, reference, masks, variant, beta, smoothing=0.0):
    leaves = [p.clone().requires_grad_() for p in policy]
    both = torch.cat([leaf * mask for leaf, mask in zip(leaves, masks)])  # TRL's model returns 0 outside of the answer
    nothing = torch.zeros_like(both)
    trainer = SimpleNamespace(
        model=SimpleNamespace(training=True), accelerator=accelerator(), aux_loss_enabled=False, ld_alpha=None,
        precompute_ref_logps=True, f_divergence_type="reverse_kl", beta=beta, loss_types=[variant], loss_weights=[1.0],
        label_smoothing=smoothing, use_weighting=False, _metrics={"train": defaultdict(list)}, _total_train_tokens=0, _tp_size=1,
    )  # fmt: skip
    outputs = SimpleNamespace(log_probs=both, entropy=nothing, mean_logits=nothing, is_top1=nothing.bool())
    # TRL's masks and ids stand one token to the left of the shifted labels: prepend a column.
    mask = torch.cat([torch.zeros(2 * BATCH, 1), torch.cat(masks)], dim=1).long()
    inputs = {
        "input_ids": mask, "attention_mask": mask, "completion_mask": mask,
        "ref_chosen_logps": reference[0].sum(1), "ref_rejected_logps": reference[1].sum(1),
    }  # fmt: skip
    loss = DPOTrainer._compute_loss(trainer, lambda **_: outputs, inputs, False)
    if smoothing > 0:  # conservative DPO, arXiv 2305.18290 appendix / Mitchell 2023: not in this TRL
        ratios = [((leaf - ref) * mask).sum(1) for leaf, ref, mask in zip(leaves, reference, masks)]
        logits = beta * (ratios[0] - ratios[1])
        loss = (-(1 - smoothing) * F.logsigmoid(logits) - smoothing * F.logsigmoid(-logits)).mean()
    loss.backward()
    metrics = last(trainer._metrics)
    return {
        "loss": loss,
        "metrics": {
            "rewards/chosen": metrics["rewards/chosen"],
            "rewards/rejected": metrics["rewards/rejected"],
            "rewards/margin": metrics["rewards/margins"],
            "rewards/accuracy": metrics["rewards/accuracies"],
        },
        "gradients": [leaf.grad for leaf in leaves],
    }


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for make in [sft, dpo]:
        make()

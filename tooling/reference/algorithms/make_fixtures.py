"""Writes the fixtures of @attune/algorithms: losses, metrics and gradients of the reference implementations.

    python -m pip install torch trl        # made with torch 2.15.0, trl 1.16.0
    python tooling/reference/algorithms/make_fixtures.py

DPO and GRPO call TRL's own `_compute_loss` on given log-probabilities (the trainer is replaced by a bare object that
holds what the method reads). What TRL does not offer (label smoothing of DPO, k1 and k2, batch scaling, group
advantages outside of generation) is the paper's equation written in PyTorch.
"""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.grpo_trainer import GRPOTrainer

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


def grpo():
    mask = lengths_mask([3, 6, 1, 4], prompt=0)
    log_probs = uniform(BATCH, SEQ, low=-4, high=0) * mask
    old = (log_probs + uniform(BATCH, SEQ, low=-0.6, high=0.6)) * mask
    reference = (log_probs + uniform(BATCH, SEQ, low=-1, high=1)) * mask
    advantages = torch.tensor([1.5, -0.7, -1.2, 0.4])
    aggregations = {"token-mean": "dapo", "sequence-mean": "grpo", "sequence-sum": "dr_grpo"}
    cases = []
    for aggregation, loss_type in aggregations.items():
        for beta, low, high in [(0.0, 0.2, 0.2), (0.04, 0.2, 0.28), (1.0, 0.1, 0.5)]:
            leaf = log_probs.clone().requires_grad_()
            trainer = SimpleNamespace(
                model=SimpleNamespace(training=True), accelerator=accelerator(), aux_loss_enabled=False, beta=beta,
                epsilon_low=low, epsilon_high=high, loss_type=loss_type, top_entropy_quantile=1.0, use_vllm=False,
                off_policy_mask_threshold=None, importance_sampling_level="token", max_completion_length=16,
                current_gradient_accumulation_steps=1, _entropy_bonus_enabled=False, _metrics={"train": defaultdict(list)},
                args=SimpleNamespace(use_bias_correction_kl=False, delta=None, steps_per_generation=1),
                _get_per_token_logps_and_entropies=lambda *_, **__: (leaf, torch.zeros_like(leaf), None),
            )  # fmt: skip
            inputs = {
                "prompt_ids": torch.zeros(BATCH, 1).long(), "prompt_mask": torch.ones(BATCH, 1).long(),
                "completion_ids": torch.zeros(BATCH, SEQ).long(), "completion_mask": mask, "advantages": advantages,
                "old_per_token_logps": old, "ref_per_token_logps": reference, "num_items_in_batch": mask.sum(),
            }  # fmt: skip
            loss = GRPOTrainer._compute_loss(trainer, None, inputs)
            loss.backward()
            metrics = last(trainer._metrics)
            ratio = torch.exp(log_probs - old)
            expected = {
                "ratio": ((ratio * mask).sum() / mask.sum()).item(),
                "clip/low": metrics["clip_ratio/low_mean"],
                "clip/high": metrics["clip_ratio/high_mean"],
            }
            if beta > 0:
                expected["kl"] = metrics["kl"]
            options = {"aggregation": aggregation, "beta": beta, "clipLow": low, "clipHigh": high, "lengthNorm": 16}
            cases.append({"options": options, "loss": loss, "metrics": expected, "gradient": leaf.grad})
    inputs = {"logProbs": log_probs, "oldLogProbs": old, "refLogProbs": reference, "mask": mask, "advantages": advantages}
    write("grpo", inputs | {"cases": cases})


def kl():
    log_probs, reference = uniform(2, SEQ, low=-4, high=0), uniform(2, SEQ, low=-4, high=0)
    difference = reference - log_probs
    estimates = {"k1": -difference, "k2": difference**2 / 2, "k3": torch.exp(difference) - 1 - difference}
    write("kl", {"logProbs": log_probs, "refLogProbs": reference, "estimates": estimates})


def advantages():
    rewards = torch.tensor([1.0, 0.0, 0.0, 1.0, 0.2, 0.2, 0.2, 0.2, -3.0, 0.5, 2.5, 0.1])
    groups = rewards.view(3, 4)
    centred = groups - groups.mean(1, keepdim=True)
    expected = {
        "group": centred / (groups.std(1, keepdim=True) + 1e-4),
        "batch": centred / (rewards.std() + 1e-4),
        "none": centred,
    }
    write("advantages", {"rewards": rewards, "groupSize": 4, "advantages": {k: v.flatten() for k, v in expected.items()}})


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for make in [sft, dpo, grpo, kl, advantages]:
        make()

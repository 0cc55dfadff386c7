"""Fixtures of the algorithms on pairs.

    python -m pip install torch trl        # made with torch 2.15.0, trl 1.16.0
    python tooling/reference/algorithms/pairs.py

DPO's losses, divergences, LD-DPO and WPO are TRL's own `DPOTrainer._compute_loss`, on given log-probabilities (the
trainer is replaced by a bare object that holds what the method reads).
Written out from their papers, since TRL lacks them: conservative DPO.
"""

from collections import defaultdict
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from common import SEQ, Draw, accelerator, averaged, case, last, ratio, summed, totals, write
from trl.trainer.dpo_trainer import DPOTrainer

BATCH, VOCAB = 4, 5
BOTH = ["chosen.logProbs", "rejected.logProbs"]


def pairs(seed, vocab=0):
    draw = Draw(seed)
    batch = {"chosen": draw.sequences([3, 5, 1, 4]), "rejected": draw.sequences([5, 2, 3, 1])}
    masks = [batch[side]["mask"] for side in ("chosen", "rejected")]
    batch["totals"] = totals(*masks, examples=BATCH, chosenTokens=float(masks[0].sum()))
    if vocab:
        for side in ("chosen", "rejected"):
            for key, values in (("logits", "logProbs"), ("refLogits", "refLogProbs")):
                logits = draw.uniform(BATCH, SEQ, vocab, low=-3, high=3)
                labels = batch[side].setdefault("labels", draw.integers(BATCH, SEQ, high=vocab))
                batch[side][key] = logits
                batch[side][values] = F.log_softmax(logits, -1).gather(-1, labels[..., None])[..., 0]
    return batch


def pair_metrics(chosen, rejected):
    return {
        "rewards/chosen": chosen.mean(), "rewards/rejected": rejected.mean(),
        "rewards/margin": (chosen - rejected).mean(), "rewards/accuracy": (chosen > rejected).float().mean(),
    }  # fmt: skip


def trl_dpo(batch, options):
    """TRL's loss and metrics under our option names."""
    variant = options.get("variant", "sigmoid")
    weights = {variant: 1.0} if isinstance(variant, str) else variant
    sides = batch["chosen"], batch["rejected"]
    masks = torch.cat([side["mask"] for side in sides])
    both = torch.cat([side["logProbs"] for side in sides]) * masks  # TRL's model returns 0 outside of the answer
    reference = torch.cat([side["refLogProbs"] for side in sides]) * masks
    log_squares = torch.zeros_like(both)
    if options.get("weighting"):
        log_squares = torch.cat([torch.logsumexp(2 * F.log_softmax(side["logits"], -1), -1) for side in sides])
    nothing = torch.zeros_like(both)
    output = lambda log_probs: SimpleNamespace(
        log_probs=log_probs, entropy=nothing, mean_logits=nothing, is_top1=nothing.bool(), log_sum_sq_probs=log_squares
    )
    trainer = SimpleNamespace(
        model=Model(None), ref_model=Model(output(reference)), accelerator=accelerator(), aux_loss_enabled=False,
        ld_alpha=options.get("ldAlpha"), precompute_ref_logps=False,
        f_divergence_type={
            "reverse-kl": "reverse_kl", "forward-kl": "forward_kl", "js": "js_divergence", "alpha": "alpha_divergence"
        }[options.get("divergence", "reverse-kl")],
        f_alpha_divergence_coef=options.get("divergenceAlpha", 0.5), beta=options.get("beta", 0.1),
        loss_types=[name.replace("-", "_") for name in weights], loss_weights=list(weights.values()),
        label_smoothing=options.get("labelSmoothing", 0.0), use_weighting=options.get("weighting", False),
        args=SimpleNamespace(discopop_tau=options.get("discopopTau", 0.05), gradient_checkpointing_kwargs=None),
        _metrics={"train": defaultdict(list)}, _total_train_tokens=0, _tp_size=1,
    )  # fmt: skip
    # TRL's masks and ids stand one token to the left of the shifted labels: prepend a column.
    mask = torch.cat([torch.zeros(2 * BATCH, 1), masks], dim=1).long()
    inputs = {"input_ids": mask, "attention_mask": mask, "completion_mask": mask}
    loss = DPOTrainer._compute_loss(trainer, Model(output(both)), inputs, False)
    metrics = last(trainer._metrics)
    return loss, {
        "rewards/chosen": metrics["rewards/chosen"], "rewards/rejected": metrics["rewards/rejected"],
        "rewards/margin": metrics["rewards/margins"], "rewards/accuracy": metrics["rewards/accuracies"],
    }  # fmt: skip


class Model(torch.nn.Module):
    """Says what it was given."""

    is_gradient_checkpointing = False

    def __init__(self, output):
        super().__init__()
        self.output = output

    def forward(self, **_):
        return self.output


def conservative(batch, beta, smoothing):
    """cDPO (E. Mitchell, "A note on DPO with noisy preferences", 2023, eq. 3): not in this TRL."""
    chosen, rejected = ratio(batch["chosen"]), ratio(batch["rejected"])
    z = beta * (chosen - rejected)
    loss = (-(1 - smoothing) * F.logsigmoid(z) - smoothing * F.logsigmoid(-z)).mean()
    return loss, pair_metrics(beta * chosen, beta * rejected)


def dpo():
    batch = pairs(7)
    cases = []
    for variant in [
        "sigmoid", "hinge", "ipo", "exo-pair", "nca-pair", "robust", "bco-pair", "sppo-hard", "aot", "aot-unpaired",
        "apo-zero", "apo-down", "discopop", "sft", "sigmoid-norm",
    ]:  # fmt: skip
        smoothing = {"labelSmoothing": 0.1} if variant in ("robust", "exo-pair", "aot", "aot-unpaired") else {}
        for options in [{"variant": variant, "beta": 0.1} | smoothing, {"variant": variant, "beta": 0.8} | smoothing]:
            cases.append(case("dpo", options, batch, BOTH, lambda b: trl_dpo(b, options)))
    more = [
        {"variant": {"sigmoid": 0.8, "bco-pair": 0.2, "sft": 1.0}},
        {"variant": {"aot": 0.5, "ipo": 2.0}, "beta": 0.3},
        {"ldAlpha": 0.3}, {"ldAlpha": 0.0, "beta": 1.0}, {"variant": "aot", "ldAlpha": 0.4},
    ]  # fmt: skip
    for variant in ["sigmoid", "ipo", "sigmoid-norm", "discopop"]:
        for divergence in ["forward-kl", "js", "alpha"]:
            more.append({"variant": variant, "divergence": divergence, "beta": 0.2})
    more.append({"divergence": "alpha", "divergenceAlpha": 1.7})
    for options in more:
        cases.append(case("dpo", options, batch, BOTH, lambda b: trl_dpo(b, options)))
    for smoothing in [0.1, 0.4]:
        options = {"beta": 0.5, "labelSmoothing": smoothing}
        cases.append(case("dpo", options, batch, BOTH, lambda b: conservative(b, 0.5, smoothing)))
    write("dpo", batch, cases)


def wpo():
    batch = pairs(8, vocab=VOCAB)
    cases = []
    for options in [{"weighting": True}, {"weighting": True, "variant": "ipo", "ldAlpha": 0.5, "beta": 0.4}]:
        cases.append(case("dpo", options, batch, BOTH, lambda b: trl_dpo(b, options)))
    write("wpo", batch, cases)


if __name__ == "__main__":
    for make in [dpo, wpo]:
        make()

"""Fixtures of the algorithms on pairs.

    python -m pip install torch trl        # made with torch 2.15.0, trl 1.16.0
    python tooling/reference/algorithms/pairs.py

DPO's losses, divergences, LD-DPO and WPO are TRL's own `DPOTrainer._compute_loss`, CPO, SimPO and AlphaPO its
`CPOTrainer.get_batch_loss_metrics`, ORPO its `ORPOTrainer.get_batch_loss_metrics`, on given log-probabilities (the
trainer is replaced by a bare object that holds what the method reads).
Written out from their papers, since TRL lacks them: conservative DPO, R-DPO, mDPO; token-level DPO from its authors'
formulas.
"""

from collections import defaultdict
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from common import SEQ, Draw, accelerator, averaged, case, last, ratio, summed, totals, write
from trl.experimental.cpo.cpo_trainer import CPOTrainer
from trl.experimental.orpo.orpo_trainer import ORPOTrainer
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


def without_reference(trainer_class, batch, average, **attributes):
    """`get_batch_loss_metrics` of a trainer without a reference, on given log-probabilities."""
    chosen, rejected = (averaged(batch[s]) if average else summed(batch[s]) for s in ("chosen", "rejected"))
    nll = -summed(batch["chosen"]).sum() / batch["chosen"]["mask"].sum()
    trainer = object.__new__(trainer_class)
    trainer.accelerator, trainer.aux_loss_enabled, trainer.is_encoder_decoder = accelerator(), False, False
    trainer.concatenated_forward = lambda *_: (chosen, rejected, torch.zeros(1), torch.zeros(1), nll)
    for name, value in attributes.items():
        setattr(trainer, name, value)
    loss, metrics = trainer.get_batch_loss_metrics(None, {})
    return loss, {
        "rewards/chosen": metrics["rewards/chosen"], "rewards/rejected": metrics["rewards/rejected"],
        "rewards/margin": metrics["rewards/margins"], "rewards/accuracy": metrics["rewards/accuracies"],
        "nll": metrics["nll_loss"],
    } | ({"log-odds": metrics["log_odds_chosen"]} if "log_odds_chosen" in metrics else {})  # fmt: skip


def cpo_family():
    batch = pairs(9)
    cases = []

    def add(algorithm, options, average, loss_type, alpha=0.0, gamma=0.0, weight=0.0):
        def reference(b):
            loss, metrics = without_reference(
                CPOTrainer, b, average, loss_type=loss_type, beta=options["beta"], alpha=alpha, simpo_gamma=gamma,
                label_smoothing=options.get("labelSmoothing", 0.0), cpo_alpha=weight,
            )  # fmt: skip
            if algorithm != "cpo" and weight == 0:
                del metrics["nll"]
            return loss, metrics

        cases.append(case(algorithm, options, batch, BOTH, reference))

    for variant in ["sigmoid", "hinge", "ipo"]:
        for beta, weight in [(0.1, 1.0), (0.7, 0.3)]:
            options = {"variant": variant, "beta": beta, "alpha": weight}
            add("cpo", options, variant == "ipo", variant, weight=weight)
    add("cpo", {"beta": 0.3, "labelSmoothing": 0.2}, False, "sigmoid", weight=1.0)
    add("simpo", {"beta": 2.0, "gamma": 1.0}, True, "simpo", gamma=1.0)
    add("simpo", {"beta": 5.0, "gamma": 0.3, "labelSmoothing": 0.1, "sft": 0.5}, True, "simpo", gamma=0.3, weight=0.5)
    for alpha in [0.25, -0.5, 1.5]:
        options = {"beta": 2.5, "gamma": 0.4, "alpha": alpha}
        add("alphapo", options, True, "simpo", alpha=alpha, gamma=0.4)
    for beta in [0.1, 1.0]:
        cases.append(case("orpo", {"beta": beta}, batch, BOTH, lambda b: without_reference(ORPOTrainer, b, True, beta=beta)))
    write("cpo", batch, cases)


def r_dpo(batch, beta, alpha):
    chosen, rejected = ratio(batch["chosen"]), ratio(batch["rejected"])
    longer = batch["chosen"]["mask"].sum(1) - batch["rejected"]["mask"].sum(1)
    loss = -F.logsigmoid(beta * (chosen - rejected) + alpha * longer).mean()
    return loss, pair_metrics(beta * chosen, beta * rejected) | {"length-difference": longer.mean()}


def mdpo(batch, beta, conditional, anchor, anchor_reward):
    a, b, c = (beta * ratio(batch[side]) for side in ("chosen", "rejected", "corrupted"))
    loss = (
        -F.logsigmoid(a - b) - conditional * F.logsigmoid(a - c) - anchor * F.logsigmoid(a - anchor_reward)
    ).mean()
    return loss, pair_metrics(a, b) | {
        "rewards/corrupted": c.mean(), "condition-accuracy": (a > c).float().mean(),
    }  # fmt: skip


def tdpo(batch, beta, alpha, second):
    def parts(side):
        own, reference = F.log_softmax(side["logits"], -1), F.log_softmax(side["refLogits"], -1)
        return ratio(side), (F.kl_div(own, reference, log_target=True, reduction="none").sum(-1) * side["mask"]).sum(1)

    (chosen, chosen_kl), (rejected, rejected_kl) = parts(batch["chosen"]), parts(batch["rejected"])
    drift = alpha * (rejected_kl - chosen_kl.detach()) if second else rejected_kl - chosen_kl
    loss = -F.logsigmoid(beta * (chosen - rejected - drift)).mean()
    return loss, pair_metrics(beta * (chosen + chosen_kl), beta * (rejected + rejected_kl)) | {
        "kl/chosen": chosen_kl.mean(), "kl/rejected": rejected_kl.mean(),
    }  # fmt: skip


def more_dpo():
    batch = pairs(10)
    batch["corrupted"] = Draw(11).sequences([3, 5, 1, 4])
    cases = []
    for beta, alpha in [(0.1, 0.01), (0.5, 0.2), (0.1, 0.0)]:
        options = {"beta": beta, "alpha": alpha}
        cases.append(case("r-dpo", options, batch, BOTH, lambda b: r_dpo(b, beta, alpha)))
    for options in [{}, {"beta": 0.5, "conditional": 0.4, "anchor": 2.0, "anchorReward": 0.3}]:
        values = {"beta": 0.1, "conditional": 1.0, "anchor": 1.0, "anchorReward": 0.0} | options
        cases.append(case("mdpo", options, batch, [*BOTH, "corrupted.logProbs"], lambda b: mdpo(b, *values.values())))
    write("more-dpo", batch, cases)

    batch = pairs(12, vocab=VOCAB)
    cases = []
    paths = [*BOTH, "chosen.logits", "rejected.logits"]
    for variant, beta, alpha in [("tdpo1", 0.1, 0.5), ("tdpo2", 0.1, 0.5), ("tdpo2", 0.8, 1.3)]:
        options = {"variant": variant, "beta": beta, "alpha": alpha}
        cases.append(case("tdpo", options, batch, paths, lambda b: tdpo(b, beta, alpha, variant == "tdpo2")))
    write("tdpo", batch, cases)


if __name__ == "__main__":
    for make in [dpo, wpo, cpo_family, more_dpo]:
        make()

"""Writes the policy gradient fixtures of @attune/algorithms: losses, metrics and gradients of verl's core_algos and of
TRL's trainers on the same random rollout.

    python -m pip install torch trl        # made with torch 2.15.0, trl 1.16.0; verl: see verl_core.py
    python tooling/reference/algorithms/policy_gradient.py

TRL's `_compute_loss` runs on given log-probabilities (the trainer is replaced by a bare object that holds what the
method reads). What neither has is the paper's equation written in PyTorch, and its case says so (`reference: "paper"`).
"""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import torch
from trl.experimental.gmpo import GMPOTrainer
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.rloo_trainer import RLOOTrainer
from verl_core import ActorConfig, core_algos, rollout_corr_helper

OUT = Path(__file__).parents[3] / "packages/algorithms/src/fixtures"
BATCH, SEQ = 8, 7
LENGTHS = [3, 7, 1, 4, 6, 2, 7, 5]
generator = torch.Generator().manual_seed(11)
AGGREGATIONS = {
    "token-mean": "token-mean",
    "sequence-mean-token-mean": "seq-mean-token-mean",
    "sequence-mean-token-sum": "seq-mean-token-sum",
    "fixed-length": "seq-mean-token-sum-norm",
}
FIXED_LENGTH = 16


def uniform(*shape, low, high):
    return (torch.rand(*shape, generator=generator) * (high - low) + low).float()


mask = torch.stack([(torch.arange(SEQ) < n).float() for n in LENGTHS])
inputs = {"mask": mask, "logProbs": uniform(BATCH, SEQ, low=-4, high=0)}
inputs["oldLogProbs"] = inputs["logProbs"] + uniform(BATCH, SEQ, low=-0.7, high=0.7)
inputs["oldLogProbs"][0, 0] = inputs["logProbs"][0, 0] - 1.5  # a ratio beyond the dual clip
inputs["refLogProbs"] = inputs["logProbs"] + uniform(BATCH, SEQ, low=-1, high=1)
inputs["samplerLogProbs"] = inputs["oldLogProbs"] + uniform(BATCH, SEQ, low=-0.8, high=0.8)
inputs["entropy"] = uniform(BATCH, SEQ, low=0, high=3)
inputs["answerAdvantages"] = torch.tensor([-1.5, 0.7, -1.2, 0.4, 2.0, 0.0, -0.6, 0.2])
inputs["tokenAdvantages"] = uniform(BATCH, SEQ, low=-2, high=2)
inputs["oldValues"] = uniform(BATCH, SEQ, low=-1, high=1)
inputs["values"] = inputs["oldValues"] + uniform(BATCH, SEQ, low=-0.6, high=0.6)
inputs["returns"] = uniform(BATCH, SEQ, low=-2, high=2)


def plain(value):
    return value.detach().tolist() if torch.is_tensor(value) else value


def masked_mean(values):
    return (values * mask).sum() / mask.sum()


def case(method, reference, options, loss, metrics, leaf, advantages="answerAdvantages", **more):
    loss.backward()
    return {
        "method": method, "reference": reference, "options": options, "advantages": advantages,
        "loss": loss, "metrics": metrics, "gradient": leaf.grad, **more,
    }  # fmt: skip


def policy():
    return inputs["logProbs"].clone().requires_grad_()


def broadcast(advantages):
    values = inputs[advantages]
    return values[:, None].expand(BATCH, SEQ) if values.dim() == 1 else values


def verl(name, method, options, config, advantages="answerAdvantages", aggregation="token-mean", names=None, weights=None):
    """A policy loss of verl's registry; `names` are ours for its metrics."""
    leaf = policy()
    info = {"loss_scale_factor": FIXED_LENGTH} if aggregation == "fixed-length" else {}
    loss, metrics = core_algos.get_policy_loss_fn(name)(
        old_log_prob=inputs["oldLogProbs"], log_prob=leaf, advantages=broadcast(advantages), response_mask=mask,
        loss_agg_mode=AGGREGATIONS[aggregation], config=ActorConfig(config, global_batch_info=info),
        rollout_is_weights=weights,
    )  # fmt: skip
    names = {"kl/old": "actor/ppo_kl"} | (names or {})
    expected = {ours: metrics[theirs] for ours, theirs in names.items()}
    options = options | {"aggregation": aggregation, "fixedLength": FIXED_LENGTH}
    return case(method, "verl", options, loss, expected, leaf, advantages)


def accelerator():
    same = lambda value, **_: value
    return SimpleNamespace(
        device="cpu", gather=same, gather_for_metrics=same, reduce=same, num_processes=1, sync_gradients=False
    )


TRL_LOSS_TYPES = {"token-mean": "dapo", "sequence-mean-token-mean": "grpo", "fixed-length": "dr_grpo"}


def trl(method, options, aggregation="token-mean", loss_type=None, level="token", names=None, weights=None, **args):
    """TRL's GRPO trainer; `names` are ours for its metrics."""
    leaf = policy()
    beta, low, high = options.get("beta", 0.0), options.get("clipLow", 0.2), options.get("clipHigh", 0.2)
    bonus = options.get("entropyBonus", 0.0)
    trainer = SimpleNamespace(
        model=SimpleNamespace(training=True), accelerator=accelerator(), aux_loss_enabled=False, beta=beta,
        epsilon_low=low, epsilon_high=high, loss_type=loss_type or TRL_LOSS_TYPES[aggregation], top_entropy_quantile=1.0,
        use_vllm=weights is not None, vllm_importance_sampling_correction=weights is not None,
        off_policy_mask_threshold=None, importance_sampling_level=level, max_completion_length=FIXED_LENGTH,
        current_gradient_accumulation_steps=1, _entropy_bonus_enabled=bonus > 0, use_adaptive_entropy=False,
        entropy_coef=bonus, _metrics={"train": defaultdict(list)},
        args=SimpleNamespace(
            use_bias_correction_kl=options.get("klImportance", False), delta=None, steps_per_generation=1, **args
        ),
        _get_per_token_logps_and_entropies=lambda *_, **__: (leaf, inputs["entropy"], None),
    )  # fmt: skip
    loss = GRPOTrainer._compute_loss(trainer, None, {
        "prompt_ids": torch.zeros(BATCH, 1).long(), "prompt_mask": torch.ones(BATCH, 1).long(),
        "completion_ids": torch.zeros(BATCH, SEQ).long(), "completion_mask": mask,
        "advantages": inputs["answerAdvantages"], "old_per_token_logps": inputs["oldLogProbs"],
        "ref_per_token_logps": inputs["refLogProbs"], "num_items_in_batch": mask.sum(),
        "importance_sampling_ratio": weights,
    })  # fmt: skip
    metrics = {name: values[-1] for name, values in trainer._metrics["train"].items()}
    names = {"entropy": "entropy"} | (names or {}) | ({"kl/reference": "kl"} if beta > 0 else {})
    expected = {ours: metrics[theirs] for ours, theirs in names.items()}
    if level == "token":
        expected["ratio"] = masked_mean(torch.exp(inputs["logProbs"] - inputs["oldLogProbs"]))
    options = options | {"aggregation": aggregation, "fixedLength": FIXED_LENGTH}
    return case(method, "trl", options, loss, expected, leaf)


CLIPS = {"clip/low": "clip_ratio/low_mean", "clip/high": "clip_ratio/high_mean"}


def grpo_cases():
    cases = []
    for aggregation in ["token-mean", "sequence-mean-token-mean", "fixed-length"]:
        for beta, low, high in [(0.0, 0.2, 0.2), (0.04, 0.2, 0.28), (1.0, 0.1, 0.5)]:
            cases.append(trl("grpo", {"beta": beta, "clipLow": low, "clipHigh": high}, aggregation, names=CLIPS))
    cases.append(trl("grpo", {"beta": 0.5, "klImportance": True}, names=CLIPS))
    cases.append(trl("grpo", {"entropyBonus": 0.01}, names=CLIPS))
    cases.append(trl("dr-grpo", {}, "fixed-length", names=CLIPS))
    cases.append(trl("dapo", {"clipHigh": 0.28}, names=CLIPS))
    return cases


def correction_cases():
    """Weights by verl; and, as TRL makes them (grpo_trainer.py, lines 2667 to 2703), in TRL's loss."""
    difference = (inputs["oldLogProbs"] - inputs["samplerLogProbs"]) * mask
    cases = []
    for mode in ["token-truncate", "token-mask", "sequence-truncate", "sequence-mask"]:
        ratio = torch.exp(difference.sum(-1, keepdim=True) if mode.startswith("sequence") else difference)
        low, high = 0.5, 1.6
        if mode.endswith("truncate"):
            weights = ratio.clamp(low, high)
        else:
            weights = ratio.masked_fill((ratio < low) | (ratio > high), 0.0)
        options = {"correction": mode, "correctionMin": low, "correctionMax": high, "beta": 0.1}
        one = trl("grpo", options, names=CLIPS, weights=weights)
        one["metrics"]["correction"] = masked_mean(weights.expand(BATCH, SEQ))
        cases.append(one)
        level, how = mode.split("-")
        weights, _ = rollout_corr_helper.compute_rollout_correction_weights(
            difference, mask, level, high if how == "truncate" else f"{low}_{high}"
        )
        options = {"correction": mode, "correctionMax": high} | ({"correctionMin": low} if how == "mask" else {})
        one = verl("vanilla", "grpo", options, {"clip_ratio": 0.2, "clip_ratio_c": 1e9}, weights=weights)
        one["metrics"]["correction"] = masked_mean(weights)
        cases.append(one)
    return cases


def ppo_cases():
    cases = []
    for low, high, dual, clip_value in [(0.2, 0.2, 3.0, 0.2), (0.1, 0.3, 1.2, 0.05), (0.2, 0.2, 10.0, 5.0)]:
        config = {"clip_ratio": 0.2, "clip_ratio_low": low, "clip_ratio_high": high, "clip_ratio_c": dual}
        options = {"clipLow": low, "clipHigh": high, "dualClip": dual, "valueClip": clip_value, "valueCoefficient": 0.5}
        one = verl("vanilla", "ppo", options, config, "tokenAdvantages", names={"clip/dual": "actor/pg_clipfrac_lower"})
        values = inputs["values"].clone().requires_grad_()
        value_loss, value_clip = core_algos.compute_value_loss(
            values, inputs["returns"], inputs["oldValues"], mask, clip_value
        )
        (0.5 * value_loss).backward()
        one["metrics"] |= {"policy/loss": one["loss"], "critic/loss": value_loss, "critic/clip": value_clip}
        one["loss"] = one["loss"] + 0.5 * value_loss
        cases.append(one | {"valuesGradient": values.grad})
    return cases


def reinforce_cases():
    config = {"clip_ratio": 0.2, "clip_ratio_c": 1e9}
    cases = []
    for method in ["reinforce++", "remax", "reinforce++-baseline"]:
        for aggregation in AGGREGATIONS:
            cases.append(verl("vanilla", method, {}, config, "tokenAdvantages", aggregation))
    return cases


def rloo_cases():
    cases = []
    for low, high in [(0.2, 0.2), (0.5, 1.0)]:
        leaf = policy()
        trainer = SimpleNamespace(
            model=SimpleNamespace(training=True), accelerator=accelerator(), aux_loss_enabled=False,
            epsilon_low=low, epsilon_high=high, _metrics={"train": defaultdict(list)},
            _get_per_token_logps_and_entropies=lambda *_, **__: (leaf, inputs["entropy"], None),
        )  # fmt: skip
        loss = RLOOTrainer._compute_loss(trainer, None, {
            "prompt_ids": torch.zeros(BATCH, 1).long(), "prompt_mask": torch.ones(BATCH, 1).long(),
            "completion_ids": torch.zeros(BATCH, SEQ).long(), "completion_mask": mask,
            "advantages": inputs["answerAdvantages"], "old_logps": (inputs["oldLogProbs"] * mask).sum(1),
        })  # fmt: skip
        metrics = {"entropy": trainer._metrics["train"]["entropy"][-1]}
        cases.append(case("rloo", "trl", {"clipLow": low, "clipHigh": high}, loss, metrics, leaf))
    return cases


def gspo_cases():
    cases = []
    for low, high in [(3e-4, 4e-4), (0.1, 0.2)]:
        options = {"clipLow": low, "clipHigh": high}
        cases.append(trl("gspo", options, "sequence-mean-token-mean", level="sequence"))
        config = {"clip_ratio": 0.2, "clip_ratio_low": low, "clip_ratio_high": high}
        cases.append(verl("gspo", "gspo", options | {"form": "token"}, config, "tokenAdvantages"))
        cases.append(verl("gspo", "gspo", options, config, aggregation="sequence-mean-token-mean"))
    return cases


def more_cases():
    """CISPO, SAPO and GMPO by verl and by TRL; REINFORCE by verl; BNPO's loss is PPO's."""
    cases = []
    for low, high in [(0.2, 0.28), (1.0, 0.5)]:
        config = {"clip_ratio": 0.2, "clip_ratio_low": low, "clip_ratio_high": high}
        for aggregation in AGGREGATIONS:
            options = {"clipLow": low, "clipHigh": high}
            cases.append(verl("cispo", "cispo", options, config, "tokenAdvantages", aggregation))
        cases.append(verl("geo_mean", "gmpo", options, config, aggregation="sequence-mean-token-mean"))
        cases.append(gmpo(low, high))
    one = trl("cispo", {"clipHigh": 1.5}, loss_type="cispo")
    one["options"] |= {"clipHigh": 0.5}  # TRL's bound is the ratio itself
    cases.append(one)
    for positive, negative in [(1.0, 1.05), (0.5, 3.0)]:
        options = {"temperaturePositive": positive, "temperatureNegative": negative}
        config = {"clip_ratio": 0.2, "tau_pos": positive, "tau_neg": negative}
        aggregation = "sequence-mean-token-mean"
        cases.append(verl("sapo", "sapo", options, config, "tokenAdvantages", aggregation))
        temperatures = {"sapo_temperature_pos": positive, "sapo_temperature_neg": negative}
        cases.append(trl("sapo", options, aggregation, loss_type="sapo", **temperatures))
    for aggregation in AGGREGATIONS:
        leaf = policy()
        info = {"loss_scale_factor": FIXED_LENGTH} if aggregation == "fixed-length" else {}
        loss, metrics = core_algos.compute_policy_loss_reinforce(
            inputs["oldLogProbs"], leaf, inputs["tokenAdvantages"], mask, AGGREGATIONS[aggregation],
            ActorConfig(global_batch_info=info),
        )  # fmt: skip
        options = {"aggregation": aggregation, "fixedLength": FIXED_LENGTH}
        cases.append(
            case("reinforce", "verl", options, loss, {"kl/old": metrics["actor/ppo_kl"]}, leaf, "tokenAdvantages")
        )
    cases.append(verl("vanilla", "bnpo", {}, {"clip_ratio": 0.2, "clip_ratio_c": 1e9}, "tokenAdvantages"))
    return cases


def gmpo(low, high):
    leaf = policy()
    trainer = SimpleNamespace(
        model=SimpleNamespace(training=True), accelerator=accelerator(), beta=0.1, epsilon_low=low, epsilon_high=high,
        top_entropy_quantile=1.0, current_gradient_accumulation_steps=1, _metrics={"train": defaultdict(list)},
        _get_per_token_logps_and_entropies=lambda *_, **__: (leaf, inputs["entropy"], None),
    )  # fmt: skip
    loss = GMPOTrainer._compute_loss(trainer, None, {
        "prompt_ids": torch.zeros(BATCH, 1).long(), "prompt_mask": torch.ones(BATCH, 1).long(),
        "completion_ids": torch.zeros(BATCH, SEQ).long(), "completion_mask": mask,
        "advantages": inputs["answerAdvantages"], "old_per_token_logps": inputs["oldLogProbs"],
        "ref_per_token_logps": inputs["refLogProbs"],
    })  # fmt: skip
    metrics = {name: values[-1] for name, values in trainer._metrics["train"].items()}
    names = CLIPS | {"kl/reference": "kl", "entropy": "entropy"}
    options = {"clipLow": low, "clipHigh": high, "beta": 0.1}
    return case("gmpo", "trl", options, loss, {ours: metrics[theirs] for ours, theirs in names.items()}, leaf)


def kl():
    """Values and gradients of verl's estimators."""
    result = {}
    for estimator in ["k1", "k2", "k3", "k1+", "k3+"]:
        leaf = policy()
        estimate = core_algos.kl_penalty(leaf, inputs["refLogProbs"], estimator) * mask
        estimate.sum().backward()
        result[estimator] = {"values": estimate, "gradient": leaf.grad}
    return result


if __name__ == "__main__":
    cases = [
        *grpo_cases(), *correction_cases(), *ppo_cases(), *reinforce_cases(), *rloo_cases(), *gspo_cases(), *more_cases(),
    ]  # fmt: skip
    content = {"inputs": inputs, "cases": cases, "kl": kl()}
    (OUT / "policy-gradient.json").write_text(json.dumps(content, default=plain) + "\n")

"""Writes the fixtures of the advantage estimators of @attune/algorithms: verl's core_algos on a random rollout.

    python -m pip install torch        # made with torch 2.15.0; verl: see verl_core.py
    python tooling/reference/algorithms/advantages.py

Where verl differs from the paper or from TRL in what keeps a division from 0, the case is the equation in PyTorch with
our constant, checked here against verl's with verl's.
"""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from verl_core import core_algos

OUT = Path(__file__).parents[3] / "packages/algorithms/src/fixtures"
GROUP, LENGTHS = 4, [3, 6, 1, 4, 2, 5, 6, 3, 1, 2, 2, 6]
BATCH, SEQ = len(LENGTHS), max(LENGTHS)
generator = torch.Generator().manual_seed(5)


def uniform(*shape, low, high):
    return (torch.rand(*shape, generator=generator) * (high - low) + low).float()


mask = torch.stack([(torch.arange(SEQ) < n).float() for n in LENGTHS])
rewards = torch.tensor([1.0, 0.0, 0.0, 1.0, 0.2, 0.2, 0.2, 0.2, -3.0, 0.5, 2.5, 0.1])
log_probs = uniform(BATCH, SEQ, low=-4, high=0) * mask
ref_log_probs = (log_probs + uniform(BATCH, SEQ, low=-1, high=1)) * mask
values = uniform(BATCH, SEQ, low=-1, high=1) * mask
greedy = torch.tensor([0.5, 0.2, -1.0])
index = np.repeat(np.arange(BATCH // GROUP), GROUP)


def at_last(scores):
    """Rewards of answers at their last tokens."""
    placed = torch.zeros(BATCH, SEQ)
    placed[torch.arange(BATCH), torch.tensor(LENGTHS) - 1] = scores
    return placed


def shaped(coefficient, scores=rewards):
    return core_algos.compute_rewards(at_last(scores), log_probs, ref_log_probs, coefficient)


def rows(matrix):
    return [row[:n].tolist() for row, n in zip(matrix, LENGTHS)]


def case(method, options, advantages, returns=None, **more):
    found = {"method": method, "options": options, "advantages": rows(advantages)}
    return found | ({} if returns is None else {"returns": rows(returns)}) | more


def outcome(function, **more):
    return function(at_last(rewards).clone(), mask, index=index, **more)[0]


def group_cases():
    groups = rewards.view(-1, GROUP)
    centred = groups - groups.mean(1, keepdim=True)
    scaled = lambda eps: (centred / (groups.std(1, keepdim=True) + eps)).flatten()[:, None] * mask
    assert torch.allclose(scaled(1e-6), outcome(core_algos.compute_grpo_outcome_advantage), atol=1e-6)
    batch = (centred / (rewards.std() + 1e-4)).flatten()[:, None] * mask
    none = outcome(core_algos.compute_grpo_outcome_advantage, norm_adv_by_std_in_grpo=False)
    return [
        case("grpo", {}, scaled(1e-4)),  # TRL's constant
        case("grpo", {"scaleRewards": "batch"}, batch),
        case("dr-grpo", {}, none),
        case("dapo", {}, scaled(1e-4), keep=[1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]),
        case("reinforce++-baseline", {}, outcome(core_algos.compute_reinforce_plus_plus_baseline_outcome_advantage)),
    ]


def bnpo_cases():
    """The equation of the paper and the authors' choices (github.com/changyi7231/BNPO) for its degenerate cases."""
    cases = []
    for low, high, scores in [(-3.0, 3.0, rewards), (0.0, 1.0, torch.tensor([1.0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0]))]:
        groups = ((scores - low) / (high - low)).view(-1, GROUP)
        p = groups.mean(1)
        size = p.mean() * (1 - p.mean()) / p.var() - 1
        alpha = (1 + size * p.mean() / 3).clamp(min=1.0)
        beta = (1 + size * (1 - p.mean()) / 3).clamp(min=1.0)
        weight = (1 / torch.distributions.Beta(alpha, beta).log_prob(p).exp()).clamp(max=1e6)
        advantages = (weight[:, None] * (groups - p[:, None])).flatten()[:, None] * mask
        options = {"rewardMin": low, "rewardMax": high}
        cases.append(case("bnpo", options, advantages, rewards=scores.tolist(), metrics={"beta/alpha": alpha.item(), "beta/beta": beta.item()}))
    return cases


def rloo_cases():
    plain = outcome(core_algos.compute_rloo_outcome_advantage)
    total = (shaped(0.1) * mask).sum(1)
    penalised = core_algos.compute_rloo_outcome_advantage(at_last(total), mask, index=index)[0]
    return [case("rloo", {"klCoefficient": 0}, plain), case("rloo", {"klCoefficient": 0.1}, penalised)]


def token_cases():
    cases = []
    for gamma, lam, coefficient in [(1.0, 0.95, 0.05), (0.9, 0.5, 0.3), (1.0, 1.0, 0.0)]:
        advantages, returns = core_algos.compute_gae_advantage_return(shaped(coefficient) * mask, values, mask, gamma, lam)
        options = {"gamma": gamma, "lambda": lam, "klCoefficient": coefficient}
        residual = (returns - values)[mask.bool()]
        explained = 1 - residual.var() / returns[mask.bool()].var()
        cases.append(case("ppo", options, advantages, returns, explainedVariance=explained.item()))
    for gamma, coefficient in [(1.0, 0.01), (0.9, 0.3)]:
        config = SimpleNamespace(gamma=gamma)
        advantages, _ = core_algos.compute_reinforce_plus_plus_outcome_advantage(shaped(coefficient) * mask, mask, config)
        cases.append(case("reinforce++", {"gamma": gamma, "klCoefficient": coefficient}, advantages))
    baselines = torch.repeat_interleave(greedy, GROUP)
    advantages, _ = core_algos.compute_remax_outcome_advantage(shaped(0.1) * mask, baselines, mask)
    cases.append(case("remax", {"klCoefficient": 0.1}, advantages))
    return cases


def controller():
    """verl's adaptive controller over five rollouts of 64 answers."""
    adaptive = core_algos.AdaptiveKLController(init_kl_coef=0.2, target_kl=6.0, horizon=1000)
    measured = [9.0, 6.3, 6.0, 2.0, 5.9]
    coefficients = []
    for kl in measured:
        adaptive.update(current_kl=kl, n_steps=64)
        coefficients.append(adaptive.value)
    return {"first": 0.2, "target": 6.0, "horizon": 1000, "answers": 64, "kl": measured, "coefficients": coefficients}


if __name__ == "__main__":
    content = {
        "rewards": rewards.tolist(), "groupSize": GROUP, "logProbs": rows(log_probs), "refLogProbs": rows(ref_log_probs),
        "values": rows(values), "greedyRewards": greedy.tolist(), "cases": [*group_cases(), *bnpo_cases(), *rloo_cases(), *token_cases()],
        "controller": controller(),
    }  # fmt: skip
    (OUT / "advantages.json").write_text(json.dumps(content) + "\n")

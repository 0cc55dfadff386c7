"""Writes the fixture of policy gradients with other data beside the rollout: PPO-ptx and UPO.

    python -m pip install torch        # made with torch 2.15.0; verl: see verl_core.py
    python tooling/reference/algorithms/beside.py

PPO's parts are verl's; the likelihood and the preference loss (DPO, eq. 7) are the equations in PyTorch.
"""

import torch
import torch.nn.functional as F
from common import SEQ, Draw, case, ratio, totals, write
from verl_core import ActorConfig, core_algos

draw = Draw(6)
answers = draw.sequences([3, 5, 1, 4])
texts = draw.sequences([2, 5])
chosen, rejected = draw.sequences([4, 1, 2]), draw.sequences([2, 3, 5])
shape = (4, SEQ)
old_values = draw.uniform(*shape, low=-1, high=1)
batch = answers | {
    "oldLogProbs": answers["logProbs"] + draw.uniform(*shape, low=-0.5, high=0.5),
    "advantages": draw.uniform(*shape, low=-2, high=2),
    "oldValues": old_values,
    "values": old_values + draw.uniform(*shape, low=-0.5, high=0.5),
    "returns": draw.uniform(*shape, low=-2, high=2),
    "totals": totals(answers["mask"], examples=4),
}
beside = {
    "supervised": {"logProbs": texts["logProbs"], "mask": texts["mask"], "totals": totals(texts["mask"], examples=2)},
    "pairwise": {
        "chosen": chosen, "rejected": rejected,
        "totals": totals(chosen["mask"], rejected["mask"], examples=3, chosenTokens=float(chosen["mask"].sum())),
    },
}  # fmt: skip
PATHS = ["logProbs", "values", "supervised.logProbs", "pairwise.chosen.logProbs", "pairwise.rejected.logProbs"]


def masked(values):
    return (values * batch["mask"]).sum() / batch["mask"].sum()


def ppo(b):
    loss, _ = core_algos.get_policy_loss_fn("vanilla")(
        old_log_prob=b["oldLogProbs"], log_prob=b["logProbs"], advantages=b["advantages"], response_mask=b["mask"],
        loss_agg_mode="token-mean",
        config=ActorConfig({"clip_ratio": 0.2, "clip_ratio_c": 1e9}, global_batch_info={}),
    )  # fmt: skip
    value, clip = core_algos.compute_value_loss(b["values"], b["returns"], b["oldValues"], b["mask"], 0.2)
    r = torch.exp(b["logProbs"] - b["oldLogProbs"])
    metrics = {
        "ratio": masked(r), "kl/old": masked(b["oldLogProbs"] - b["logProbs"]),
        "clip/low": masked(((r < 0.8) & (b["advantages"] < 0)).float()),
        "clip/high": masked(((r > 1.2) & (b["advantages"] > 0)).float()),
        "critic/loss": value, "critic/clip": clip, "policy/loss": loss,
    }  # fmt: skip
    return loss + value, metrics


def combined(algorithm, options, ptx=0.0, preference=None):
    paths = [p for p in PATHS if not (p.startswith("supervised") and not ptx or p.startswith("pairwise") and not preference)]
    replaces = {k: beside[k] for k, on in [("supervised", ptx), ("pairwise", preference)] if on}

    def reference(b):
        loss, metrics = ppo(b)
        if ptx:
            text = b["supervised"]
            nll = -(text["logProbs"] * text["mask"]).sum() / text["mask"].sum()
            loss, metrics = loss + ptx * nll, metrics | {"ptx/loss": nll}
        if preference:
            weight, beta = preference
            margin = beta * (ratio(b["pairwise"]["chosen"]) - ratio(b["pairwise"]["rejected"]))
            dpo = -F.logsigmoid(margin).mean()
            loss = loss + weight * dpo
            metrics |= {
                "preference/loss": dpo, "preference/margin": margin.mean(),
                "preference/accuracy": (margin > 0).float().mean(),
            }  # fmt: skip
        return loss, metrics

    return case(algorithm, options, batch, paths, reference, replaces)


if __name__ == "__main__":
    upo = {"preferences": "offline", "preferenceCoefficient": 0.5, "preferenceBeta": 0.3}
    cases = [
        combined("ppo", {"ptxCoefficient": 0.7}, ptx=0.7),
        combined("upo", upo, preference=(0.5, 0.3)),
        combined("upo", upo | {"preferences": "online", "ptxCoefficient": 2.0}, ptx=2.0, preference=(0.5, 0.3)),
    ]
    write("beside", batch, cases)

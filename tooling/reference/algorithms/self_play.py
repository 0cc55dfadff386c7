"""Fixtures of game theory and self-play.

    python -m pip install torch trl        # made with torch 2.15.0, trl 1.16.0
    python tooling/reference/algorithms/self_play.py

Online, iterative and self-rewarding DPO train with DPO's loss: TRL's `DPOTrainer._compute_loss`.
Written out, since this TRL lacks them: SPPO (eq. 4.7), DNO (algorithms 1 and 2), XPO (algorithm 1) and Nash-MD (both as
TRL's trainers had them: an exploration term on the reference's answers; REINFORCE for the game and for the KL).
"""

import torch
import torch.nn.functional as F
from common import SEQ, Draw, case, ratio, summed, totals, write
from pairs import BATCH, BOTH, pair_metrics, pairs, trl_dpo


def dno(batch, beta, soft):
    chosen, rejected = beta * ratio(batch["chosen"]), beta * ratio(batch["rejected"])
    label = torch.sigmoid(batch["margins"]) if soft else torch.ones(BATCH)
    return F.binary_cross_entropy_with_logits(chosen - rejected, label), pair_metrics(chosen, rejected)


def xpo(batch, beta, alpha):
    chosen, rejected = beta * ratio(batch["chosen"]), beta * ratio(batch["rejected"])
    reference = torch.where(batch["chosenFromReference"] == 1, summed(batch["chosen"]), summed(batch["rejected"]))
    loss = (-F.logsigmoid(chosen - rejected) + alpha * reference).mean()
    return loss, pair_metrics(chosen, rejected) | {"exploration": reference.mean()}


def on_pairs():
    batch = pairs(50)
    batch["margins"] = torch.tensor([0.3, 0.9, 0.25, 0.5])
    batch["chosenFromReference"] = torch.tensor([0.0, 1.0, 1.0, 0.0])
    cases = []
    for name in ["online-dpo", "iterative-dpo", "self-rewarding"]:
        for options in [{}, {"variant": {"sigmoid": 1.0, "sft": 0.5}, "beta": 0.4}, {"variant": "ipo", "beta": 0.3}]:
            cases.append(case(name, options, batch, BOTH, lambda b: trl_dpo(b, options)))
    for beta, labels in [(0.1, "hard"), (0.7, "soft")]:
        options = {"beta": beta, "labels": labels}
        cases.append(case("dno", options, batch, BOTH, lambda b: dno(b, beta, labels == "soft")))
    for beta, alpha in [(0.1, 1e-5), (0.6, 0.2)]:
        options = {"beta": beta, "alpha": alpha}
        cases.append(case("xpo", options, batch, BOTH, lambda b: xpo(b, beta, alpha)))
    write("self-play-pairs", batch, cases)


def sppo(batch, beta):
    rho, p = ratio(batch), batch["desirable"]
    return ((rho - (p - 0.5) / beta) ** 2).mean(), {
        "log-ratio": rho.mean(), "win-rate": p.mean(), "accuracy": (rho * (p - 0.5) > 0).float().mean(),
    }  # fmt: skip


def nash_md(batch, beta):
    log_ratio = ((batch["logProbs"] - batch["refLogProbs"]) * batch["mask"]).detach()
    score = (batch["advantages"] * batch["mask"] * batch["logProbs"]).sum(1)
    divergence = (log_ratio * batch["logProbs"]).sum(1)
    return (beta * divergence - score).mean(), {"kl": log_ratio.sum(1).mean(), "score": score.mean()}


def on_answers():
    batch = Draw(51).sequences([3, 5, 1, 4])
    batch["desirable"] = torch.tensor([0.9, 0.1, 0.4, 0.75])
    batch["totals"] = totals(batch["mask"], examples=BATCH, desirable=2.0)
    cases = []
    for beta in [0.1, 2.0]:
        cases.append(case("sppo", {"beta": beta}, batch, ["logProbs"], lambda b: sppo(b, beta)))
    for beta in [0.008, 0.5]:
        advantages = (batch["desirable"] - 0.5)[:, None].expand(-1, SEQ).contiguous()
        parts = {"advantages": advantages, "oldLogProbs": batch["logProbs"]}
        cases.append(case("nash-md", {"beta": beta}, batch, ["logProbs"], lambda b: nash_md(b, beta), replaces=parts))
    write("self-play", batch, cases)


if __name__ == "__main__":
    for make in [on_pairs, on_answers]:
        make()

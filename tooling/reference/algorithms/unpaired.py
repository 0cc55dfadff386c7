"""Fixtures of the algorithms on single judged answers.

    python -m pip install torch trl        # made with torch 2.15.0, trl 1.16.0
    python tooling/reference/algorithms/unpaired.py

KTO and APO-zero are TRL's own `KTOTrainer._compute_loss`, on given log-probabilities.
Written out, since this TRL lacks them: BCO (as TRL had it: a running mean of all rewards), DRO (each
network's own loss), NPO (eq. 3), CRINGE (the expectation over the draw of the positive token).
"""

import json
from collections import defaultdict
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from common import OUT, SEQ, Draw, accelerator, averaged, case, last, plain, ratio, summed, totals, write
from trl.trainer.kto_trainer import KTOTrainer

BATCH, VOCAB = 5, 8


class Model(torch.nn.Module):
    """Says what it was given."""

    is_gradient_checkpointing = False

    def __init__(self, log_probs):
        super().__init__()
        nothing = torch.zeros_like(log_probs)
        self.output = SimpleNamespace(log_probs=log_probs, entropy=nothing, mean_logits=nothing)

    def forward(self, **_):
        return self.output


def unpaired(seed, vocab=0):
    draw = Draw(seed)
    batch = draw.sequences([3, 5, 1, 4, 2])
    batch["desirable"] = torch.tensor([1.0, 0.0, 0.0, 1.0, 0.0])
    batch["totals"] = totals(batch["mask"], examples=BATCH, desirable=2.0)
    if vocab:
        batch["labels"] = draw.integers(BATCH, SEQ, high=vocab)
        batch["logits"] = draw.uniform(BATCH, SEQ, vocab, low=-3, high=3)
        batch["logProbs"] = F.log_softmax(batch["logits"], -1).gather(-1, batch["labels"][..., None])[..., 0]
    return batch, draw


def by_judgement(values, batch):
    good, bad = (values[batch["desirable"] == d].mean() for d in (1, 0))
    return {"rewards/desirable": good, "rewards/undesirable": bad, "rewards/margin": good - bad}


def trl_kto(batch, loss_type, beta, desirable, undesirable):
    trainer = SimpleNamespace(
        model=Model(batch["logProbs"]), ref_model=Model(batch["refLogProbs"] * batch["mask"]),
        accelerator=accelerator(), aux_loss_enabled=False, precompute_ref_logps=False, loss_type=loss_type,
        calculate_KL=loss_type == "kto", beta=beta, desirable_weight=desirable, undesirable_weight=undesirable,
        args=SimpleNamespace(gradient_checkpointing_kwargs=None), _metrics={"train": defaultdict(list)},
        _total_train_tokens=0, _tp_size=1,
    )  # fmt: skip
    key = lambda model: "logProbs" if model is trainer.model else "refLogProbs"
    trainer._compute_kl_logps = lambda model, _: summed(batch["mismatched"], key(model))
    mask = torch.cat([torch.zeros(BATCH, 1), batch["mask"]], dim=1).long()
    trainer.model.output.log_probs = batch["logProbs"] * batch["mask"]
    inputs = {"input_ids": mask, "attention_mask": mask, "completion_mask": mask, "label": batch["desirable"].bool()}
    loss = KTOTrainer._compute_loss(trainer, trainer.model, inputs, False)
    metrics = last(trainer._metrics)
    rewards = {
        "rewards/desirable": metrics["rewards/chosen"], "rewards/undesirable": metrics["rewards/rejected"],
        "rewards/margin": metrics["rewards/margins"],
    }  # fmt: skip
    return loss, rewards | ({"kl": metrics["kl"]} if loss_type == "kto" else {})


def kto():
    batch, draw = unpaired(20)
    near = lambda side: side | {"refLogProbs": side["logProbs"] + draw.uniform(BATCH, SEQ, low=-0.6, high=0.2)}
    batch["mismatched"] = near(draw.sequences([2, 4, 3, 1, 5]))
    below = {"mismatched": draw.sequences([2, 4, 3, 1, 5])}
    below["mismatched"]["refLogProbs"] = below["mismatched"]["logProbs"] + 0.3
    cases = []
    for beta, good, bad in [(0.1, 1.0, 1.0), (0.8, 1.33, 0.7), (2.0, 0.5, 2.0)]:
        options = {"beta": beta, "desirableWeight": good, "undesirableWeight": bad}
        for algorithm, loss_type in [("kto", "kto"), ("apo-zero-unpaired", "apo_zero_unpaired")]:
            cases.append(case(algorithm, options, batch, ["logProbs"], lambda b: trl_kto(b, loss_type, beta, good, bad)))
    # A mean below 0 is no divergence: the zero point is 0.
    cases.append(
        case("kto", {}, batch, ["logProbs"], lambda b: trl_kto(b, "kto", 0.1, 1.0, 1.0), replaces=below)
    )
    write("kto", batch, cases)


def bco(batch, beta, state=None):
    rewards = beta * ratio(batch)
    count, mean = (state["count"], state["mean"]) if state else (0, 0.0)
    delta = ((count * mean + rewards.sum()) / (count + BATCH)).detach()
    weights = batch.get("weights", torch.ones(BATCH))
    losses = torch.where(
        batch["desirable"] == 1, -F.logsigmoid(rewards - delta), -F.logsigmoid(-(rewards - delta))
    )  # fmt: skip
    return (weights * losses).mean(), {"delta": delta} | by_judgement(rewards, batch)


def dro(batch, tau):
    value = batch["scores"].gather(1, batch["mask"].argmax(1, keepdim=True))[:, 0]
    rho, reward = ratio(batch), batch["desirable"]
    policy = -(reward - value.detach()) * rho + tau / 2 * rho**2 + (reward - value.detach()) ** 2 / (2 * tau)
    residual = reward - value - tau * rho.detach()
    full = reward - value - tau * rho
    return (policy + residual**2 / 2).mean(), {
        "reward": reward.mean(), "value": value.mean(), "log-ratio": rho.mean(), "residual": (full**2).mean(),
    }  # fmt: skip


def npo(batch, beta, retain):
    rewards = beta * ratio(batch)
    forget, keep = batch["desirable"] == 0, batch["desirable"] == 1
    nll = -averaged(batch)[keep].mean()
    loss = -2 / beta * F.logsigmoid(-rewards[forget]).mean() + retain * nll
    return loss, by_judgement(rewards, batch) | {"nll": nll}


def others():
    batch, draw = unpaired(21)
    batch["scores"] = draw.uniform(BATCH, SEQ, low=-2, high=2)
    weights = {"weights": torch.tensor([1.0, 0.5, 2.0, 1.0, 10.0])}
    real = {"desirable": torch.tensor([1.5, -0.3, 0.0, 4.0, -2.0])}
    state = {"count": 40, "mean": 0.7}
    cases = []
    for beta in [0.1, 0.9]:
        cases.append(case("bco", {"beta": beta}, batch, ["logProbs"], lambda b: bco(b, beta)))
    cases.append(case("bco", {}, batch, ["logProbs"], lambda b: bco(b, 0.1), replaces=weights))
    cases.append(case("bco", {}, batch, ["logProbs"], lambda b: bco(b, 0.1, state), state=state))
    for tau in [1.0, 0.2]:
        options = {"tau": tau}
        paths = ["logProbs", "scores"]
        cases.append(case("dro", options, batch, paths, lambda b: dro(b, tau), replaces=real))
    for beta, retain in [(0.1, 1.0), (1.0, 0.3)]:
        options = {"beta": beta, "retain": retain}
        cases.append(case("npo", options, batch, ["logProbs"], lambda b: npo(b, beta, retain)))
    write("unpaired", batch, cases)


def cringe(batch, alpha, top):
    good = batch["desirable"][:, None]
    total = batch["mask"].sum()
    nll = -(batch["logProbs"] * good * batch["mask"]).sum() / total
    contrast = torch.zeros(())
    for row in range(BATCH):
        for t in range(SEQ):
            if batch["mask"][row, t] == 0 or batch["desirable"][row] == 1:
                continue
            all_logits, label = F.log_softmax(batch["logits"][row, t], -1), batch["labels"][row, t]
            others = [v for v in range(VOCAB) if v != label]
            best = sorted(others, key=lambda v: -all_logits[v].item())[:top]
            weights = torch.softmax(all_logits[best].detach(), 0)
            contrast = contrast - (weights * F.logsigmoid(all_logits[best] - batch["logProbs"][row, t])).sum()
    contrast = contrast / total
    return nll + alpha * contrast, {"nll": nll, "contrast": contrast}


def with_logits():
    batch, _ = unpaired(22, vocab=VOCAB)
    cases = []
    for alpha, top in [(1.0, 5), (0.3, 2), (1.0, 50)]:
        options = {"alpha": alpha, "topK": top}
        cases.append(case("cringe", options, batch, ["logProbs", "logits"], lambda b: cringe(b, alpha, top)))
    write("cringe", batch, cases)


def density_ratio():
    """Logistic regression as scikit-learn's: no penalty on the intercept; minimised by L-BFGS in float64."""
    draw = Draw(23)
    embeddings = draw.uniform(14, 3, low=-2, high=2)
    desirable = torch.tensor([1.0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1])
    embeddings[desirable == 1] += 0.4
    cases = []
    for l2 in [1.0, 0.1]:
        weight = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS([weight, bias], max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-14, line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            logits = embeddings.double() @ weight + bias
            loss = F.binary_cross_entropy_with_logits(logits, desirable.double(), reduction="sum") + l2 / 2 * (weight**2).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        ratio_ = torch.exp(embeddings.double() @ weight + bias).clamp(0.5, 10)
        cases.append({"l2": l2, "weights": torch.where(desirable == 1, 1.0, ratio_)})
    content = {"embeddings": embeddings, "desirable": desirable, "cases": cases}
    (OUT / "density-ratio.json").write_text(json.dumps(plain(content)) + "\n")


if __name__ == "__main__":
    for make in [kto, others, with_logits, density_ratio]:
        make()

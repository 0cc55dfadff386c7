"""Fixtures of the reward models.

    python -m pip install torch trl        # made with torch 2.15.0, trl 1.16.0
    python tooling/reference/algorithms/reward_models.py

Bradley-Terry with margins and centring is TRL's own `RewardTrainer.compute_loss`, on given scores.
Written out: the mixed loss (eq. 1 and the imitation term), the L2 term, ordinal feedback, Plackett-Luce (by way of all
stages of a ranking), outcome and process models (`binary_cross_entropy_with_logits`), the implicit PRM, advantages.
"""

from collections import defaultdict
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from common import SEQ, Draw, accelerator, at_last, case, last, ratio, summed, totals, write
from lists import accuracy, lists, mean, per_list
from trl.trainer.reward_trainer import RewardTrainer

BATCH = 4


def pairs(seed):
    draw = Draw(seed)
    batch = {"chosen": draw.sequences([3, 5, 1, 4], scores=True), "rejected": draw.sequences([5, 2, 3, 1], scores=True)}
    masks = [batch[side]["mask"] for side in ("chosen", "rejected")]
    batch["totals"] = totals(*masks, examples=BATCH, chosenTokens=float(masks[0].sum()))
    return batch


def pair_metrics(batch):
    chosen, rejected = at_last(batch["chosen"]), at_last(batch["rejected"])
    return {
        "rewards/chosen": chosen.mean(), "rewards/rejected": rejected.mean(),
        "rewards/margin": (chosen - rejected).mean(), "rewards/accuracy": (chosen > rejected).float().mean(),
    }  # fmt: skip


def trl_reward(batch, center=0.0):
    scores = torch.cat([at_last(batch["chosen"]), at_last(batch["rejected"])])
    trainer = SimpleNamespace(
        model=SimpleNamespace(training=True), accelerator=accelerator(), _metrics={"train": defaultdict(list)},
        args=SimpleNamespace(center_rewards_coefficient=center or None), _total_train_tokens=0, _tp_size=1,
    )  # fmt: skip
    inputs = {"attention_mask": torch.ones(2 * BATCH, 1)}
    if "margins" in batch:
        inputs["margin"] = batch["margins"]
    loss = RewardTrainer.compute_loss(trainer, lambda **_: SimpleNamespace(logits=scores[:, None]), inputs)
    metrics = last(trainer._metrics)
    expected = pair_metrics(batch)
    assert abs(metrics["accuracy"] - expected["rewards/accuracy"]) < 1e-6
    assert abs(metrics["margin"] - expected["rewards/margin"]) < 1e-5
    return loss, expected


def written(batch, ranking=1.0, imitation=0.0, margin=1.0, center=0.0, l2=0.0, smoothing=0.0):
    chosen, rejected = at_last(batch["chosen"]), at_last(batch["rejected"])
    logit = chosen - rejected - margin * batch.get("margins", torch.zeros(BATCH))
    rank = -(1 - smoothing) * F.logsigmoid(logit) - smoothing * F.logsigmoid(-logit)
    nll = -summed(batch["chosen"])
    loss = ranking * rank + imitation * nll + center * (chosen + rejected) ** 2 + l2 * (chosen**2 + rejected**2)
    return loss.mean(), pair_metrics(batch) | ({"nll": nll.mean()} if imitation > 0 else {})


def ordinal(batch, scale):
    difference = at_last(batch["chosen"]) - at_last(batch["rejected"])
    z = ((1 + batch["margins"] / scale) / 2).clamp(0, 1)
    return F.binary_cross_entropy_with_logits(difference, z), pair_metrics(batch)


def on_pairs():
    batch = pairs(40)
    margins = {"margins": torch.tensor([1.0, 0.0, 3.0, 2.0])}
    paths = ["chosen.scores", "rejected.scores", "chosen.logProbs"]
    cases = [
        case("reward-model", {}, batch, paths, trl_reward),
        case("reward-model", {}, batch, paths, trl_reward, replaces=margins),
        case("reward-model", {"center": 0.05}, batch, paths, lambda b: trl_reward(b, 0.05), replaces=margins),
    ]
    more = [
        ({"ranking": 0.7, "imitation": 0.3}, {"ranking": 0.7, "imitation": 0.3}),
        ({"l2": 0.01, "margin": 0.5}, {"l2": 0.01, "margin": 0.5}),
        ({"labelSmoothing": 0.1, "margin": 0.0}, {"smoothing": 0.1, "margin": 0.0}),
    ]
    for options, ours in more:
        cases.append(case("reward-model", options, batch, paths, lambda b: written(b, **ours), replaces=margins))
    for scale in [3.0, 2.5]:
        options = {"scale": scale}
        reference = lambda b: ordinal(b, scale)
        cases.append(case("ordinal-reward-model", options, batch, paths, reference, replaces=margins))
    write("reward-models", batch, cases)


def plackett_luce(batch):
    """Stage by stage over a strict ranking; equals are ranked in both ways and not compared with each other."""
    losses, accuracies, scores_mean = [], [], []
    for _, scores, ratings in per_list(batch, at_last):
        loss = 0.0
        for i, rating in enumerate(ratings):
            rest = torch.stack([scores[i]] + [scores[j] for j in range(len(ratings)) if ratings[j] < rating])
            loss = loss - F.log_softmax(rest, 0)[0]
        losses.append(loss)
        accuracies.append(accuracy(scores, ratings))
        scores_mean.append(sum(scores) / len(scores))
    return mean(losses), {"accuracy": mean(accuracies), "score": mean(scores_mean)}


def on_lists():
    batch, paths = lists(41, scores=True)
    write("listwise-reward-model", batch, [case("listwise-reward-model", {}, batch, paths, plackett_luce)])


def judged(seed):
    batch = Draw(seed).sequences([3, 5, 1, 4], scores=True)
    batch["desirable"] = torch.tensor([1.0, 0.0, 0.0, 1.0])
    batch["totals"] = totals(batch["mask"], examples=BATCH, desirable=2.0)
    return batch


def outcome(batch, every):
    score, label = at_last(batch), batch["desirable"]
    if every:
        target = label[:, None].expand(-1, SEQ)
        token = F.binary_cross_entropy_with_logits(batch["scores"], target, reduction="none")
        loss = (token * batch["mask"]).sum() / batch["mask"].sum()
    else:
        loss = F.binary_cross_entropy_with_logits(score, label)
    return loss, {"accuracy": ((score > 0) == (label == 1)).float().mean(), "score": score.mean()}


def implicit(batch, beta):
    reward, label = beta * ratio(batch), batch["desirable"]
    good, bad = reward[label == 1].mean(), reward[label == 0].mean()
    return F.binary_cross_entropy_with_logits(reward, label), {
        "rewards/desirable": good, "rewards/undesirable": bad, "rewards/margin": good - bad,
        "accuracy": ((reward > 0) == (label == 1)).float().mean(),
    }  # fmt: skip


def on_answers():
    batch = judged(42)
    cases = []
    for at in ["last", "every"]:
        cases.append(case("outcome-reward-model", {"at": at}, batch, ["scores"], lambda b: outcome(b, at == "every")))
    for beta in [0.05, 0.7]:
        cases.append(case("implicit-prm", {"beta": beta}, batch, ["logProbs"], lambda b: implicit(b, beta)))
    write("outcome-reward-models", batch, cases)


def steps_batch():
    draw = Draw(43)
    batch = draw.sequences([4, 6, 1, 5], prompt=0, scores=True)
    batch["stepMask"] = torch.tensor([[0.0, 1, 0, 1, 0, 0], [1, 0, 1, 0, 0, 1], [1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 1, 0]])
    batch["stepLabels"] = draw.uniform(BATCH, SEQ, low=0, high=1)
    batch["totals"] = totals(batch["stepMask"], examples=BATCH)
    return batch


def process(batch):
    where = batch["stepMask"] == 1
    scores, labels = batch["scores"][where], batch["stepLabels"][where]
    return F.binary_cross_entropy_with_logits(scores, labels), {
        "accuracy": ((scores > 0) == (labels > 0.5)).float().mean(), "score": torch.sigmoid(scores).mean(),
    }  # fmt: skip


def advantage(batch, weight):
    q = torch.sigmoid(batch["scores"])
    errors = []
    for row in range(BATCH):
        ends = batch["stepMask"][row].nonzero()[:, 0].tolist()
        errors += [torch.zeros(())]  # the first step's value before it is unknown
        for before, at in zip(ends, ends[1:]):
            own = q[row, at] - q[row, before]
            errors.append((own - (batch["stepLabels"][row, at] - batch["stepLabels"][row, before])) ** 2)
    error = torch.stack(errors).sum() / batch["stepMask"].sum()
    loss, metrics = process(batch)
    return loss + weight * error, {"q": metrics["score"], "advantage-error": error}


def on_steps():
    batch = steps_batch()
    cases = [case("process-reward-model", {}, batch, ["scores"], process)]
    for weight in [0.0, 0.8]:
        options = {"advantageWeight": weight}
        cases.append(case("process-advantage", options, batch, ["scores"], lambda b: advantage(b, weight)))
    write("process-reward-models", batch, cases)


if __name__ == "__main__":
    for make in [on_pairs, on_lists, on_answers, on_steps]:
        make()

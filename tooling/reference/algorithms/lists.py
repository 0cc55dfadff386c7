"""Fixtures of the algorithms on lists of answers: direct transcriptions of the papers' equations, in loops.

    python -m pip install torch        # made with torch 2.15.0
    python tooling/reference/algorithms/lists.py

LiPO-lambda, RRHF, PRO, D2O.
"""

import math

import torch
import torch.nn.functional as F
from common import Draw, averaged, case, ratio, summed, totals, write

BATCH = 4


def lists(seed, scores=False):
    draw = Draw(seed)
    counts = [[3, 5, 1, 4], [2, 1, 5, 3], [4, 2, 2, 1]]
    batch = {"answers": [draw.sequences(own, scores=scores) for own in counts]}
    # The last list has two answers, the third a tie at the top.
    batch["ratings"] = torch.tensor([[0.9, 0.1, 0.4], [0.2, 0.7, 0.5], [0.8, 0.8, 0.3], [0.1, 0.6, 0.9]])
    batch["present"] = torch.tensor([[1.0, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 0]])
    batch["totals"] = totals(*(a["mask"] for a in batch["answers"]), examples=BATCH)
    paths = [f"answers.{i}.{'scores' if scores else 'logProbs'}" for i in range(3)]
    return batch, paths


def per_list(batch, score):
    """For each list its present answers' scores and ratings."""
    columns = [score(answer) for answer in batch["answers"]]
    for row in range(BATCH):
        there = [i for i in range(3) if batch["present"][row, i] == 1]
        yield there, [columns[i][row] for i in there], [batch["ratings"][row, i].item() for i in there]


def pairs_of(ratings):
    return [(i, j) for i in range(len(ratings)) for j in range(len(ratings)) if ratings[i] > ratings[j]]


def accuracy(scores, ratings):
    return sum(float(scores[i] > scores[j]) for i, j in pairs_of(ratings)) / len(pairs_of(ratings))


def mean(values):
    return sum(values) / BATCH


def lipo(batch, beta, weigh):
    losses, accuracies, spreads = [], [], []
    for _, ratios, ratings in per_list(batch, ratio):
        scores = [beta * r for r in ratios]
        order = sorted(range(len(scores)), key=lambda i: -scores[i].item())
        rank = {i: place + 1 for place, i in enumerate(order)}
        loss = 0.0
        for i, j in pairs_of(ratings):
            gain = abs(2 ** ratings[i] - 2 ** ratings[j])
            discount = abs(1 / math.log(1 + rank[i]) - 1 / math.log(1 + rank[j]))
            loss = loss + (gain * discount if weigh else 1.0) * torch.log1p(torch.exp(-(scores[i] - scores[j])))
        losses.append(loss)
        accuracies.append(accuracy(scores, ratings))
        spreads.append(sum(scores[i] - scores[j] for i, j in pairs_of(ratings)) / len(pairs_of(ratings)))
    return mean(losses), {"accuracy": mean(accuracies), "rewards/spread": mean(spreads)}


def best(ratings):
    return [i for i, rating in enumerate(ratings) if rating == max(ratings)]


def rrhf(batch, sft):
    losses, accuracies, nlls = [], [], []
    sums = list(per_list(batch, summed))
    for row, (_, scores, ratings) in enumerate(per_list(batch, averaged)):
        ranking = sum(F.relu(scores[j] - scores[i]) for i, j in pairs_of(ratings))
        nll = -sum(sums[row][1][i] for i in best(ratings)) / len(best(ratings))
        losses.append(ranking + sft * nll)
        accuracies.append(accuracy(scores, ratings))
        nlls.append(nll)
    return mean(losses), {"accuracy": mean(accuracies), "nll": mean(nlls)}


def pro(batch, sft, temperatures):
    losses, accuracies, nlls = [], [], []
    for _, scores, ratings in per_list(batch, averaged):
        ranking = 0.0
        for k in range(len(ratings)):
            worse = [i for i in range(len(ratings)) if ratings[i] < ratings[k]]
            if not worse:
                continue
            t = {i: 1 / (ratings[k] - ratings[i]) if temperatures else 1.0 for i in worse}
            own = torch.exp(scores[k] / min(t.values()))
            ranking = ranking - torch.log(own / (own + sum(torch.exp(scores[i] / t[i]) for i in worse)))
        nll = -sum(scores[i] for i in best(ratings)) / len(best(ratings))
        losses.append(ranking + sft * nll)
        accuracies.append(accuracy(scores, ratings))
        nlls.append(nll)
    return mean(losses), {"accuracy": mean(accuracies), "nll": mean(nlls)}


def d2o(batch, beta, alpha):
    losses, owns, negatives, right = [], [], [], []
    for _, ratios, ratings in per_list(batch, ratio):
        low = [i for i, rating in enumerate(ratings) if rating == min(ratings)]
        high = [i for i in range(len(ratings)) if i not in low]
        own = beta * sum(ratios[i] for i in high) / len(high)
        negative = alpha * sum(ratios[i] for i in low) / len(low)
        losses.append(-F.logsigmoid(own - negative))
        owns.append(own)
        negatives.append(negative)
        right.append(float(own > negative))
    return mean(losses), {"rewards/own": mean(owns), "rewards/negative": mean(negatives), "accuracy": mean(right)}


if __name__ == "__main__":
    batch, paths = lists(30)
    own = {"ratings": torch.tensor([[1.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 1]])}
    cases = []
    for beta, weights in [(0.1, "lambda"), (1.0, "lambda"), (0.5, "none")]:
        options = {"beta": beta, "weights": weights}
        cases.append(case("lipo", options, batch, paths, lambda b: lipo(b, beta, weights == "lambda")))
    for sft in [1.0, 0.2]:
        cases.append(case("rrhf", {"sft": sft}, batch, paths, lambda b: rrhf(b, sft)))
    for sft, temperatures in [(0.05, True), (1.0, True), (0.3, False)]:
        options = {"sft": sft, "temperatures": temperatures}
        cases.append(case("pro", options, batch, paths, lambda b: pro(b, sft, temperatures)))
    for beta, alpha in [(0.1, 0.1), (0.8, 0.3)]:
        options = {"beta": beta, "alpha": alpha}
        cases.append(case("d2o", options, batch, paths, lambda b: d2o(b, beta, alpha), replaces=own))
    write("lists", batch, cases)

"""Fixtures of the supervised algorithms.

    python -m pip install torch transformers        # made with torch 2.15.0, transformers 5.24.0
    python tooling/reference/algorithms/supervised.py

NLL is `torch.nn.functional.cross_entropy`, label smoothing transformers' `LabelSmoother`.
Merging of adapters is PEFT's `merge_utils` (0.21.2).
Written out: weights, the mean over sequences, DFT (its formula stands inside of TRL's `SFTTrainer.compute_loss`), the L1
term of PAFT.
"""

import json

import torch
import torch.nn.functional as F
from common import OUT, SEQ, Draw, averaged, case, plain, totals, write
from peft.utils import merge_utils
from transformers.trainer_pt_utils import LabelSmoother

BATCH, VOCAB = 4, 7


def batch_of(seed):
    draw = Draw(seed)
    batch = draw.sequences([2, 6, 1, 4], prompt=0)
    del batch["refLogProbs"]
    batch["labels"] = draw.integers(BATCH, SEQ, high=VOCAB)
    batch["logits"] = draw.uniform(BATCH, SEQ, VOCAB, low=-3, high=3)
    batch["logProbs"] = F.log_softmax(batch["logits"], -1).gather(-1, batch["labels"][..., None])[..., 0]
    batch["totals"] = totals(batch["mask"], examples=BATCH)
    return batch, draw


def masked(batch):
    return batch["labels"].masked_fill(batch["mask"] == 0, -100)


def nll(batch):
    """By way of the logits, so that the gradient by the log-probabilities is checked through the library's."""
    loss = -(batch["logProbs"] * batch["mask"]).sum() / batch["mask"].sum()
    library = F.cross_entropy(batch["logits"].view(-1, VOCAB), masked(batch).view(-1))
    assert torch.allclose(loss, library, atol=1e-6)
    return loss, {}


def smoothed(batch, epsilon):
    """The library's loss; its gradient by the logits flows through two inputs of ours, so the value is compared there."""
    library = LabelSmoother(epsilon=epsilon)({"logits": batch["logits"]}, masked(batch))
    uniform = F.log_softmax(batch["logits"], -1).mean(-1)
    token = -(1 - epsilon) * batch["logProbs"] - epsilon * uniform
    loss = (token * batch["mask"]).sum() / batch["mask"].sum()
    assert torch.allclose(loss, library, atol=1e-6)
    return loss, {}


def sft():
    batch, draw = batch_of(3)
    weights = {"weights": draw.uniform(BATCH, SEQ, low=0, high=2)}
    tokens = batch["mask"].sum()
    cases = [
        case("sft", {}, batch, ["logProbs"], nll),
        case("sft", {"labelSmoothing": 0.1}, batch, ["logProbs", "logits"], lambda b: smoothed(b, 0.1)),
        case("sft", {"labelSmoothing": 0.6}, batch, ["logProbs", "logits"], lambda b: smoothed(b, 0.6)),
        case("sft", {"average": "sequences"}, batch, ["logProbs"], lambda b: (-averaged(b).mean(), {})),
        case(
            "sft", {}, batch, ["logProbs"],
            lambda b: (-(b["logProbs"] * b["weights"] * b["mask"]).sum() / tokens, {}), replaces=weights,
        ),
        case(
            "dft", {}, batch, ["logProbs"],
            lambda b: (-(b["logProbs"].exp().detach() * b["logProbs"] * b["mask"]).sum() / tokens, {}),
        ),
        case(
            "dft", {}, batch, ["logProbs"],
            lambda b: (-(b["logProbs"].exp().detach() * b["logProbs"] * b["weights"] * b["mask"]).sum() / tokens, {}),
            replaces=weights,
        ),
    ]  # fmt: skip
    write("supervised", batch, cases)

    batch["adapter"] = {"a": draw.uniform(2, 3, low=-1, high=1), "b": draw.uniform(4, low=-1, high=1)}
    paths = ["logProbs", "adapter.a", "adapter.b"]
    write("paft", batch, [case("paft", {"sparsity": s}, batch, paths, lambda b: paft(b, s)) for s in (1e-4, 0.3)])


def paft(batch, sparsity):
    loss, _ = nll(batch)
    l1 = sum(parameter.abs().sum() for parameter in batch["adapter"].values())
    return loss + sparsity * l1, {"l1": l1, "nll": loss}


def merging():
    draw = Draw(4)
    deltas = [draw.uniform(12, low=-1, high=1) for _ in range(3)]
    cases = []
    for weights, density in [([1.0, 1.0], 0.5), ([0.7, 0.3], 0.25), ([1.0, 0.5, 2.0], 0.6)]:
        some, scale = deltas[: len(weights)], torch.tensor(weights)
        cases.append({
            "weights": weights, "density": density,
            "linear": merge_utils.task_arithmetic(some, scale), "ties": merge_utils.ties(some, scale, density),
        })  # fmt: skip
    (OUT / "merge-adapters.json").write_text(json.dumps(plain({"deltas": deltas, "merges": cases})) + "\n")


if __name__ == "__main__":
    sft()
    merging()

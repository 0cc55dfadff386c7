"""Fixtures of the supervised algorithms.

    python -m pip install torch transformers        # made with torch 2.15.0, transformers 5.24.0
    python tooling/reference/algorithms/supervised.py

NLL is `torch.nn.functional.cross_entropy`, label smoothing transformers' `LabelSmoother`.
Written out: weights, the mean over sequences, DFT (its formula stands inside of TRL's `SFTTrainer.compute_loss`).
"""

import torch
import torch.nn.functional as F
from common import SEQ, Draw, averaged, case, totals, write
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


if __name__ == "__main__":
    sft()

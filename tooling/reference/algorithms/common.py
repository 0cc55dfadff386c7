"""What the fixture scripts of @attune/algorithms share.

A fixture is `{"batch": ..., "cases": [...]}`: one batch as the losses get it, and for each case the algorithm, its
options, and the reference's loss, metrics and gradients by path (`chosen.logProbs`). A case may replace parts of the
batch (`"batch"`). Numbers have 9 significant digits, which is float32 exactly.
"""

import json
from pathlib import Path
from types import SimpleNamespace

import torch

OUT = Path(__file__).parents[3] / "packages/algorithms/src/fixtures"
SEQ = 6


class Draw:
    """Random float32 inputs of one fixture."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def uniform(self, *shape, low, high):
        return (torch.rand(*shape, generator=self.generator) * (high - low) + low).float()

    def integers(self, *shape, high):
        return torch.randint(0, high, shape, generator=self.generator)

    def sequences(self, token_counts, prompt=1, scores=False):
        """Ragged sequences: `mask` is 1 for the given number of tokens, from `prompt` on. Elsewhere all are junk."""
        batch = len(token_counts)
        out = {
            "logProbs": self.uniform(batch, SEQ, low=-4, high=0),
            "refLogProbs": self.uniform(batch, SEQ, low=-4, high=0),
            "mask": lengths_mask(token_counts, prompt),
        }
        if scores:
            out["scores"] = self.uniform(batch, SEQ, low=-2, high=2)
        return out


def lengths_mask(token_counts, prompt):
    positions = torch.arange(SEQ)
    return torch.stack([((positions >= prompt) & (positions < prompt + n)).float() for n in token_counts])


def totals(*masks, examples, **more):
    return {"tokens": float(sum(m.sum() for m in masks)), "examples": float(examples)} | more


def summed(side, key="logProbs"):
    """Sum over each sequence's own tokens."""
    return (side[key] * side["mask"]).sum(1)


def ratio(side):
    """log(pi / pi_ref) of each sequence."""
    return ((side["logProbs"] - side["refLogProbs"]) * side["mask"]).sum(1)


def averaged(side, key="logProbs"):
    return summed(side, key) / side["mask"].sum(1).clamp(min=1)


def at_last(side):
    """The score at each sequence's last token with mask 1."""
    positions = torch.arange(SEQ) * side["mask"]
    return side["scores"].gather(1, positions.argmax(1, keepdim=True))[:, 0]


def at_path(batch, path):
    for key in path.split("."):
        batch = batch[int(key)] if isinstance(batch, list) else batch[key]
    return batch


def with_leaves(batch, paths):
    """A copy of the batch in which the tensors at the paths have a gradient."""

    def copy(value, path):
        if isinstance(value, dict):
            return {k: copy(v, f"{path}.{k}" if path else k) for k, v in value.items()}
        if isinstance(value, list):
            return [copy(v, f"{path}.{i}") for i, v in enumerate(value)]
        return value.clone().requires_grad_() if path in paths else value

    return copy(batch, "")


def case(algorithm, options, batch, paths, reference, replaces=None, **more):
    """Runs `reference(batch) -> loss, metrics` on the batch with some parts replaced; differentiates by `paths`."""
    batch = batch | (replaces or {})
    more |= {"batch": replaces} if replaces else {}
    own = with_leaves(batch, paths)
    loss, metrics = reference(own)
    loss.backward()
    zero = lambda leaf: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
    gradients = {path: zero(at_path(own, path)) for path in paths}
    return {"algorithm": algorithm, "options": options} | more | {
        "loss": loss, "metrics": metrics, "gradients": gradients,
    }  # fmt: skip


def accelerator():
    """What TRL's trainers ask of Accelerate, for one process."""
    same = lambda value, **_: value
    return SimpleNamespace(
        device="cpu", gather=same, gather_for_metrics=same, reduce=same, num_processes=1, sync_gradients=False
    )


def last(metrics):
    return {name: values[-1] for name, values in metrics["train"].items()}


def plain(value):
    if torch.is_tensor(value):
        value = value.detach().tolist()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return (int(value) if value == int(value) else float(f"{value:.9g}")) if isinstance(value, float) else value


def write(name, batch, cases):
    lines = ",\n".join(json.dumps(plain(c), separators=(",", ":")) for c in cases)
    batch = json.dumps(plain(batch), separators=(",", ":"))
    (OUT / f"{name}.json").write_text(f'{{"batch":{batch},\n"cases":[\n{lines}\n]}}\n')

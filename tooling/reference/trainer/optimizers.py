"""Runs the reference optimizers on random gradients and writes the parameters after every step.

    python tooling/reference/trainer/optimizers.py

Needs torch >= 2.9. AdamW, Adam, SGD, Adafactor and Muon are torch.optim's; Lion is transcribed from algorithm 2 of
the paper, since torch has none.
"""

import json
from pathlib import Path

import torch

OUT = Path(__file__).parents[3] / "packages/trainer/src/optimizers/fixtures/optimizers.json"
SHAPES = {"a.weight": (3, 5), "b.weight": (6, 2), "norm.weight": (4,)}
LEARNING_RATES = [0.01, 0.02, 0.02, 0.005, 0.001]


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr, beta1, beta2, weight_decay):
        super().__init__(params, dict(lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                c = group["beta1"] * m + (1 - group["beta1"]) * p.grad
                p.sub_(group["lr"] * (torch.sign(c) + group["weight_decay"] * p))
                m.copy_(group["beta2"] * m + (1 - group["beta2"]) * p.grad)


def muon(params, lr, weight_decay, momentum, nesterov):
    """torch.optim.Muon takes matrices only; the rest goes to AdamW, as in ours."""
    matrices = [p for p in params if p.ndim == 2]
    others = [p for p in params if p.ndim != 2]
    return [
        torch.optim.Muon(matrices, lr=lr, weight_decay=weight_decay, momentum=momentum, nesterov=nesterov,
                         adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=lr, weight_decay=weight_decay),
    ]


CASES = [
    ("adamw", {}, lambda p: torch.optim.AdamW(p, lr=1)),
    ("adamw", {"weightDecay": 0.1, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6},
     lambda p: torch.optim.AdamW(p, lr=1, weight_decay=0.1, betas=(0.8, 0.95), eps=1e-6)),
    ("adam", {}, lambda p: torch.optim.Adam(p, lr=1)),
    ("adam", {"weightDecay": 0.1}, lambda p: torch.optim.Adam(p, lr=1, weight_decay=0.1)),
    ("sgd", {}, lambda p: torch.optim.SGD(p, lr=1)),
    ("sgd", {"momentum": 0.9, "weightDecay": 0.1}, lambda p: torch.optim.SGD(p, lr=1, momentum=0.9, weight_decay=0.1)),
    ("sgd", {"momentum": 0.9, "nesterov": True}, lambda p: torch.optim.SGD(p, lr=1, momentum=0.9, nesterov=True)),
    ("lion", {"weightDecay": 0.1}, lambda p: Lion(p, 1, 0.9, 0.99, 0.1)),
    ("adafactor", {}, lambda p: torch.optim.Adafactor(p, lr=1)),
    ("adafactor", {"weightDecay": 0.1, "beta2Decay": -0.5, "clip": 2},
     lambda p: torch.optim.Adafactor(p, lr=1, weight_decay=0.1, beta2_decay=-0.5, d=2)),
    ("muon", {"weightDecay": 0.1}, lambda p: muon(p, 1, 0.1, 0.95, True)),
    ("muon", {"momentum": 0.8, "nesterov": False, "weightDecay": 0}, lambda p: muon(p, 1, 0, 0.8, False)),
]


def rounded(tensor):
    return [float(f"{x:.8g}") for x in tensor.detach().flatten().tolist()]


def main():
    # torch.optim.Muon iterates in bfloat16; in float32 it is the same algorithm, comparable to more digits.
    torch.bfloat16 = torch.float32
    generator = torch.Generator().manual_seed(0)
    draw = lambda: {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}
    start = draw()
    gradients = [draw() for _ in LEARNING_RATES]
    cases = []
    for name, options, build in CASES:
        params = {key: torch.nn.Parameter(value.clone()) for key, value in start.items()}
        built = build(list(params.values()))
        optimizers = built if isinstance(built, list) else [built]
        after = []
        for lr, grads in zip(LEARNING_RATES, gradients):
            for key, param in params.items():
                param.grad = grads[key].clone()
            for optimizer in optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = lr
                optimizer.step()
            after.append({key: rounded(param) for key, param in params.items()})
        cases.append({"name": name, "options": options, "after": after})
    fixture = {
        "torch": torch.__version__,
        "shapes": SHAPES,
        "learningRates": LEARNING_RATES,
        "start": {key: rounded(value) for key, value in start.items()},
        "gradients": [{key: rounded(value) for key, value in grads.items()} for grads in gradients],
        "cases": cases,
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(fixture) + "\n")


if __name__ == "__main__":
    main()

"""Writes the contrastive fixtures of @attune/algorithms.

    python -m pip install torch transformers        # made with torch 2.15.0, transformers 5
    python tooling/reference/algorithms/contrastive.py

CLIP calls the loss of Transformers' CLIP, SigLIP the forward pass of its SigLIP. InfoNCE, ITC and ITM are the papers'
equations written in PyTorch, ITC with the targets of BLIP's published code.
"""

import json
import math
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from common import OUT, Draw, case, plain, write
from transformers.models.clip.modeling_clip import image_text_contrastive_loss
from transformers.models.siglip.modeling_siglip import SiglipModel

draw = Draw(4)
BATCH, DIM, QUEUE = 5, 6, 3
batch = {
    "left": draw.uniform(BATCH, DIM, low=-2, high=2),
    "right": draw.uniform(BATCH, DIM, low=-2, high=2),
    "scalars": {"logScale": torch.tensor(1.2), "bias": torch.tensor(-1.5), "temperature": torch.tensor(0.3)},
    "totals": {"tokens": 0.0, "examples": float(BATCH)},
}
momentum = {
    "left": draw.uniform(BATCH, DIM, low=-2, high=2),
    "right": draw.uniform(BATCH, DIM, low=-2, high=2),
    "queuedLeft": draw.uniform(QUEUE, DIM, low=-2, high=2),
    "queuedRight": draw.uniform(QUEUE, DIM, low=-2, high=2),
}
VIEWS = ["left", "right"]


def cosine(left, right):
    return F.normalize(left, dim=-1) @ F.normalize(right, dim=-1).T


def accuracy(logits):
    return (logits.argmax(1) == torch.arange(BATCH)).float().mean()


def infonce(temperature):
    def reference(b):
        logits = cosine(b["left"], b["right"]) / temperature
        loss = F.cross_entropy(logits, torch.arange(BATCH))
        return loss, {"accuracy": accuracy(logits), "information": math.log(BATCH) - loss}

    return case("infonce", {"temperature": temperature}, batch, VIEWS, reference)


def clip(most):
    def reference(b):
        scale = b["scalars"]["logScale"].exp().clamp(max=most)
        logits = cosine(b["left"], b["right"]) * scale
        metrics = {"accuracy/left": accuracy(logits), "accuracy/right": accuracy(logits.T), "scale": scale}
        return image_text_contrastive_loss(logits), metrics

    return case("clip", {"maxScale": most}, batch, [*VIEWS, "scalars.logScale"], reference)


def siglip():
    def reference(b):
        """SiglipModel.forward around given embeddings."""
        pooled = lambda key: lambda **_: SimpleNamespace(pooler_output=b[key])
        model = SimpleNamespace(
            config=SimpleNamespace(output_attentions=False, output_hidden_states=False, use_return_dict=True),
            vision_model=pooled("left"), text_model=pooled("right"),
            logit_scale=b["scalars"]["logScale"], logit_bias=b["scalars"]["bias"],
        )  # fmt: skip
        forward = SiglipModel.forward
        while hasattr(forward, "__wrapped__"):
            forward = forward.__wrapped__
        out = forward(model, return_loss=True)
        logits = out.logits_per_image
        metrics = {
            "accuracy/left": accuracy(logits), "accuracy/right": accuracy(logits.T),
            "scale": b["scalars"]["logScale"].exp(), "bias": b["scalars"]["bias"],
        }  # fmt: skip
        return out.loss, metrics

    return case("siglip", {}, batch, [*VIEWS, "scalars.logScale", "scalars.bias"], reference)


def itc(alpha, smoothing, with_momentum, with_queue=False):
    replaces = {}
    if with_momentum:
        replaces = {"momentum": {k: v for k, v in momentum.items() if with_queue or not k.startswith("queued")}}

    def side(b, own, other, temperature):
        if not with_momentum:
            similarity = cosine(b[own], b[other]) / temperature
            opinion = None
        else:
            m = b["momentum"]
            queued = m.get("queuedRight" if other == "right" else "queuedLeft")
            candidates = m[other] if queued is None else torch.cat([m[other], queued])
            similarity = cosine(b[own], candidates) / temperature
            opinion = (cosine(m[own], candidates) / temperature).softmax(1).detach()
        targets = torch.eye(BATCH, similarity.shape[1])
        targets = targets * (1 - smoothing) + smoothing / similarity.shape[1]
        if opinion is not None:
            targets = alpha * opinion + (1 - alpha) * targets
        return -(F.log_softmax(similarity, 1) * targets).sum(1).mean(), accuracy(similarity)

    def reference(b):
        temperature = b["scalars"]["temperature"]
        (left, left_right), (right, right_right) = side(b, "left", "right", temperature), side(b, "right", "left", temperature)
        metrics = {"accuracy/left": left_right, "accuracy/right": right_right, "temperature": temperature}
        return (left + right) / 2, metrics

    options = {"alpha": alpha, "labelSmoothing": smoothing}
    return case("itc", options, batch, [*VIEWS, "scalars.temperature"], reference, replaces)


def itm():
    """The fused encoder is a fixed bilinear form with two outputs; negatives are the hardest."""
    own = {k: batch[k].clone().requires_grad_() for k in VIEWS}
    weights = draw.uniform(2, DIM, low=-1, high=1)
    similarity = cosine(own["left"], own["right"]).detach().masked_fill(torch.eye(BATCH).bool(), -math.inf)
    wrong_right, wrong_left = similarity.argmax(1), similarity.argmax(0)
    index = torch.arange(BATCH)
    lefts, rights = torch.cat([index, index, wrong_left]), torch.cat([index, wrong_right, index])
    logits = (own["left"][lefts] * own["right"][rights]) @ weights.T
    labels = torch.cat([torch.ones(BATCH), torch.zeros(2 * BATCH)]).long()
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    right = (logits.argmax(1) == labels).float()
    return {
        **{k: batch[k] for k in VIEWS}, "weights": weights, "lefts": lefts, "rights": rights, "loss": loss,
        "metrics": {"accuracy": right.mean(), "accuracy/negatives": right[BATCH:].mean()},
        "gradients": {k: own[k].grad for k in VIEWS},
    }  # fmt: skip


if __name__ == "__main__":
    cases = [infonce(0.07), infonce(1.0), clip(100.0), clip(2.0), siglip()]
    cases += [itc(0.4, 0.0, True, True), itc(0.4, 0.1, True), itc(0.0, 0.1, False), itc(1.0, 0.0, True, True)]
    write("contrastive", batch, cases)
    (OUT / "itm.json").write_text(json.dumps(plain(itm()), separators=(",", ":")) + "\n")

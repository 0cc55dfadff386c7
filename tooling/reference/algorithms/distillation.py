"""Writes the distillation fixture of @attune/algorithms.

    python -m pip install torch trl        # made with torch 2.15.0, trl 1.16.0
    python tooling/reference/algorithms/distillation.py

GKD is TRL's own `generalized_jsd_loss`, top-k is the tail bucket and divergence of TRL's server distillation. Logit
distillation with a temperature and MiniLLM, which this TRL lacks, are the papers' equations written in PyTorch.
"""

import torch
import torch.nn.functional as F
from common import SEQ, Draw, case, lengths_mask, totals, write
from trl.experimental.gkd import GKDTrainer
from trl.experimental.server_distillation import server_distillation_trainer as server

draw = Draw(3)
VOCABULARY = 7
mask = lengths_mask([3, 5, 1, 4], prompt=1)
labels = draw.integers(4, SEQ, high=VOCABULARY)
logits = draw.uniform(4, SEQ, VOCABULARY, low=-3, high=3)
log_probs = F.log_softmax(logits, -1).gather(-1, labels[..., None])[..., 0]
batch = {
    "logits": logits,
    "teacherLogits": draw.uniform(4, SEQ, VOCABULARY, low=-3, high=3),
    "logProbs": log_probs,
    "oldLogProbs": log_probs + draw.uniform(4, SEQ, low=-0.4, high=0.4),
    "labels": labels,
    "mask": mask,
    "totals": totals(mask, examples=4),
}
PATHS = ["logits", "logProbs"]


def mean(values):
    return (values * mask).sum() / mask.sum()


def jsd(b, beta, temperature):
    return GKDTrainer.generalized_jsd_loss(
        b["logits"], b["teacherLogits"], labels.masked_fill(mask == 0, -100), beta=beta, temperature=temperature
    )


def gkd(beta, temperature):
    def reference(b):
        loss = jsd(b, beta, temperature)
        return loss, {"divergence": loss}

    return case("gkd", {"beta": beta, "temperature": temperature}, batch, PATHS, reference)


def top_k(beta, k):
    """The teacher's k likeliest tokens and one more for all others."""

    def reference(b):
        student, teacher = F.log_softmax(b["logits"], -1), F.log_softmax(b["teacherLogits"], -1)
        chosen = teacher.topk(k, -1).indices
        valid = torch.ones_like(chosen, dtype=torch.bool)
        student, valid_student = server._add_tail_bucket(student.gather(-1, chosen), valid)
        teacher, _ = server._add_tail_bucket(teacher.gather(-1, chosen), valid)
        loss = mean(server._jsd_divergence(student, teacher, beta, valid_student).sum(-1))
        return loss, {"divergence": loss}

    return case("gkd", {"beta": beta, "topK": k}, batch, PATHS, reference)


def distill(divergence, temperature, hard, beta=0.5):
    def reference(b):
        loss = jsd(b, {"forward": 0, "reverse": 1, "js": beta}[divergence], temperature)
        nll = -mean(b["logProbs"])
        return (1 - hard) * temperature**2 * loss + hard * nll, {"divergence": loss, "nll": nll}

    options = {"divergence": divergence, "temperature": temperature, "hardShare": hard, "beta": beta}
    return case("distill", options, batch, PATHS, reference)


def minillm(clip, normalise, single, most=None, on_policy=False):
    """The gradient of section 2.2 as a loss, token by token."""

    def reference(b):
        teacher = F.log_softmax(b["teacherLogits"], -1)
        student = F.log_softmax(b["logits"], -1)
        old = b["logProbs"].detach() if on_policy else b["oldLogProbs"]
        gap = teacher.gather(-1, labels[..., None])[..., 0] - old
        ahead = torch.zeros(4, SEQ)
        for row in range(4):
            places = mask[row].nonzero()[:, 0].tolist()
            for i, place in enumerate(places):
                later = places[i + 1 :]
                if later:
                    ahead[row, place] = gap[row, later].sum() / (len(later) if normalise else 1)
        if most is not None:
            ahead = ahead.clamp(-most, most)
        ratio = torch.exp(b["logProbs"] - old)
        long = -torch.minimum(ratio * ahead, ratio.clamp(1 - clip, 1 + clip) * ahead)
        step = mean((student.exp() * (student - teacher)).sum(-1))
        metrics = {
            "divergence": step, "ahead": mean(ahead), "ratio": mean(ratio),
            "clip/low": mean(((ratio < 1 - clip) & (ahead < 0)).float()),
            "clip/high": mean(((ratio > 1 + clip) & (ahead > 0)).float()),
        }  # fmt: skip
        return mean(long) + (step if single else 0), metrics

    options = {"clip": clip, "lengthNormalisation": normalise, "singleStep": single}
    return case("minillm", options | ({"rewardClip": most} if most else {}), batch, PATHS, reference)


if __name__ == "__main__":

    cases = [gkd(beta, temperature) for beta in [0, 0.1, 0.5, 0.9, 1] for temperature in [1.0, 2.0]]
    cases += [top_k(0, 1), top_k(0, 3), top_k(0.5, 2), top_k(1, 2)]
    cases += [distill("forward", 1.0, 0.0), distill("reverse", 3.0, 0.0), distill("js", 2.0, 0.3, beta=0.2)]
    cases += [minillm(0.2, True, True), minillm(0.1, False, True), minillm(0.2, True, False, most=0.5)]
    write("distillation", batch, cases)

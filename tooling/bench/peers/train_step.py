"""Training steps of the decoder in PyTorch: the peer of `workers/train-step.mjs`."""
import json
import sys

import torch
import torch.nn.functional as F

from decoder import Decoder
from worker import serve

c = json.loads(sys.argv[1])
torch.set_num_threads(c["threads"])
model = Decoder({**c, "context": c["seq"]})
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
forward = torch.compile(model) if c["mode"] == "compile" else model
n = c["batch"] * c["seq"]
tokens = torch.arange(n + 1) * 7919 % c["vocab"]
ids, labels = tokens[:-1].view(c["batch"], c["seq"]), tokens[1:]


def step():
    loss = F.cross_entropy(forward(ids).view(n, c["vocab"]), labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return {"loss": loss.item()}


serve(step)

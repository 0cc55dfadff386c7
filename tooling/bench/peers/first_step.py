"""One training step of a small model in a fresh process: the peer of `workers/first-step.mjs`."""
import json
import sys

import torch
import torch.nn.functional as F

from decoder import Decoder

c = json.loads(sys.argv[1])
n = c["batch"] * c["seq"]
model = Decoder({**c, "context": c["seq"]})
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
ids = (torch.arange(n) * 7919 % c["vocab"]).view(c["batch"], c["seq"])
loss = F.cross_entropy(model(ids).view(n, c["vocab"]), ids.flatten())
loss.backward()
optimizer.step()
print(json.dumps({"loss": loss.item()}), flush=True)

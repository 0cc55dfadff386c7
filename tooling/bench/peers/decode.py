"""Greedy decoding with a key-value cache in PyTorch: the peer of `workers/decode.mjs`."""
import json
import sys
import time

import torch

from decoder import Decoder
from worker import serve

c = json.loads(sys.argv[1])
torch.set_num_threads(c["threads"])
batch, context, count = c["batch"], c["context"], c["tokensPerStep"]
model = Decoder(c).eval()
prompt = (torch.arange(batch * c["prompt"]) * 7919 % c["vocab"]).view(batch, -1)
shape = (batch, c["heads"], context, c["d"] // c["heads"])
state = {"used": context}


def advance(ids, position):
    return model(ids, state["caches"], position).argmax(-1)


@torch.inference_mode()
def step():
    """Decodes tokens; begins anew with the prompt, outside of the measured time, when the context is full."""
    if state["used"] + count > context:
        state["caches"] = [(torch.zeros(shape), torch.zeros(shape)) for _ in range(c["layers"])]
        state["ids"] = advance(prompt, 0)
        state["used"] = prompt.shape[1]
    start = time.perf_counter()
    for _ in range(count):
        state["ids"] = advance(state["ids"], state["used"])
        state["used"] += 1
    seconds = time.perf_counter() - start
    return {"tokensPerSecond": count * batch / seconds, "ids": state["ids"].flatten().tolist()}


serve(step)

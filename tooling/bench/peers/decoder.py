"""The decoder of the benchmarks in PyTorch: RMSNorm, rotary embedding, causal attention, SwiGLU, untied output."""
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def weights(shape, stream):
    """Pseudo-random weights around 0 that both sides compute alike: an integer hash of (position, stream)."""
    h = np.arange(int(np.prod(shape)), dtype=np.uint32) * np.uint32(2654435761) + np.uint32(stream * 40503 % 2**32)
    h ^= h >> np.uint32(15)
    h *= np.uint32(2246822519)
    h ^= h >> np.uint32(13)
    return torch.from_numpy((h.astype(np.float64) / 2**32 - 0.5).astype(np.float32) * np.float32(0.07)).reshape(shape)


class RMSNorm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, 1e-6)


def rotate(x, cos, sin):
    x1, x2 = x.chunk(2, dim=-1)
    return torch.cat((x1 * cos - x2 * sin, x2 * cos + x1 * sin), dim=-1)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, f = c["d"], c["ffn"]
        self.heads = c["heads"]
        self.norm1, self.norm2 = RMSNorm(d), RMSNorm(d)
        self.q, self.k, self.v, self.o = (nn.Linear(d, d, bias=False) for _ in range(4))
        self.gate, self.up, self.down = nn.Linear(d, f, bias=False), nn.Linear(d, f, bias=False), nn.Linear(f, d, bias=False)

    def split(self, x):
        batch, seq, d = x.shape
        return x.view(batch, seq, self.heads, d // self.heads).transpose(1, 2)

    def forward(self, x, cos, sin, cache=None, position=0):
        h = self.norm1(x)
        q, k, v = self.split(self.q(h)), self.split(self.k(h)), self.split(self.v(h))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            end = position + k.shape[2]
            cache[0][:, :, position:end] = k
            cache[1][:, :, position:end] = v
            k, v = cache[0][:, :, :end], cache[1][:, :, :end]
        a = F.scaled_dot_product_attention(q, k, v, is_causal=q.shape[2] > 1)
        x = x + self.o(a.transpose(1, 2).reshape(x.shape))
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Decoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, vocab = c["d"], c["vocab"]
        self.embed = nn.Embedding(vocab, d)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c["layers"]))
        self.norm = RMSNorm(d)
        self.head = nn.Linear(d, vocab, bias=False)
        half = d // c["heads"] // 2
        angles = torch.outer(torch.arange(c["context"]).double(), 10000.0 ** (-torch.arange(half).double() / half))
        self.register_buffer("cos", angles.cos().float())
        self.register_buffer("sin", angles.sin().float())
        with torch.no_grad():
            matrices = [p for p in self.parameters() if p.dim() == 2]
            for stream, p in enumerate(matrices):
                p.copy_(weights(tuple(p.shape), stream))

    def forward(self, ids, caches=None, position=0):
        seq = ids.shape[1]
        cos, sin = self.cos[position : position + seq], self.sin[position : position + seq]
        x = self.embed(ids)
        for i, layer in enumerate(self.layers):
            x = layer(x, cos, sin, caches[i] if caches is not None else None, position)
        if caches is not None:
            x = x[:, -1:]
        return self.head(self.norm(x))

"""Trains nudge-tiny from nothing: one file, top to bottom, CPU or GPU.

    python models/train.py --data data.npz --dev dev.npz --out run --minutes 70

The architecture is Qwen3's (RMSNorm, RoPE, SwiGLU, grouped queries, a norm on queries and keys), written out below with
the parameter names of transformers, so that the checkpoint loads there unchanged. Muon (Keller Jordan, 2024,
https://kellerjordan.github.io/posts/muon/) trains the matrices, AdamW the embedding and the norms. The schedule follows
the clock, not the steps: how fast the machine will be is not known beforehand. A killed run resumes where it was saved,
and time that it did not run does not count.
"""
import argparse
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn


@dataclass
class Config:
    """Qwen3's names. 3.8 M parameters: two busy CPU cores feed it some 17 million tokens in an hour."""
    vocab_size: int = 1280
    hidden_size: int = 256
    intermediate_size: int = 640
    num_hidden_layers: int = 5
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 64
    max_position_embeddings: int = 2048
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-6


class RMSNorm(nn.Module):
    def __init__(self, n, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(n)), eps

    def forward(self, x):
        return F.rms_norm(x.float(), (x.size(-1),), self.weight, self.eps).type_as(x)


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1).type_as(x)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c, d = c, c.head_dim
        self.q_proj = nn.Linear(c.hidden_size, c.num_attention_heads * d, bias=False)
        self.k_proj = nn.Linear(c.hidden_size, c.num_key_value_heads * d, bias=False)
        self.v_proj = nn.Linear(c.hidden_size, c.num_key_value_heads * d, bias=False)
        self.o_proj = nn.Linear(c.num_attention_heads * d, c.hidden_size, bias=False)
        self.q_norm, self.k_norm = RMSNorm(d, c.rms_norm_eps), RMSNorm(d, c.rms_norm_eps)

    def forward(self, x, cos, sin):
        B, T, _ = x.shape
        heads = lambda y: y.view(B, T, -1, self.c.head_dim)
        q = rotate(self.q_norm(heads(self.q_proj(x))).transpose(1, 2), cos, sin)
        k = rotate(self.k_norm(heads(self.k_proj(x))).transpose(1, 2), cos, sin)
        v = heads(self.v_proj(x)).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return self.o_proj(y.transpose(1, 2).reshape(B, T, -1))


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.up_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.down_proj = nn.Linear(c.intermediate_size, c.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = (RMSNorm(c.hidden_size, c.rms_norm_eps) for _ in range(2))
        self.self_attn, self.mlp = Attention(c), MLP(c)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Model(nn.Module):
    """Rows are documents, padded at the right; causal attention never looks there."""

    def __init__(self, c):
        super().__init__()
        self.c = c
        self.embed_tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        self.layers = nn.ModuleList(Block(c) for _ in range(c.num_hidden_layers))
        self.norm = RMSNorm(c.hidden_size, c.rms_norm_eps)
        for name, p in self.named_parameters():
            if p.ndim == 2:
                nn.init.normal_(p, std=0.02 if "embed" in name else c.hidden_size ** -0.5)
                if name.endswith(("o_proj.weight", "down_proj.weight")):
                    nn.init.zeros_(p)

    def forward(self, ids):
        x = self.embed_tokens(ids)
        half = self.c.head_dim // 2
        angle = torch.arange(ids.size(1), device=ids.device)[:, None] * self.c.rope_theta ** (
            -torch.arange(half, device=ids.device) / half)
        cos, sin = angle.cos(), angle.sin()
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.norm(x)


def loss_of(model, ids, train):
    """Mean cross-entropy over the tokens that are trained on."""
    logits = model(ids[:, :-1]) @ model.embed_tokens.weight.T  # tied
    targets = ids[:, 1:].masked_fill(train[:, 1:] == 0, -100)
    return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


class Muon(torch.optim.Optimizer):
    """Momentum whose update is made orthogonal by five Newton-Schulz steps; scaled to an RMS of about 0.2."""

    def __init__(self, params, lr, compute=torch.float32, momentum=0.95, weight_decay=0.01):
        self.compute = compute
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, rank=0, world=1):
        """With several processes each makes its share of the updates, and the sum of all is what everyone applies."""
        params, group = self.param_groups[0]["params"], self.param_groups[0]
        updates = torch.zeros(sum(p.numel() for p in params), device=params[0].device)
        for i, (p, update) in enumerate(zip(params, split_like(updates, params))):
            if i % world == rank:
                state = self.state[p]
                m = state.setdefault("m", torch.zeros_like(p))
                m.lerp_(p.grad, 1 - group["momentum"])
                x = p.grad.lerp(m, group["momentum"])
                tall = x.size(0) > x.size(1)
                x = x.T if tall else x
                x = (x / (x.norm() + 1e-7)).to(self.compute)
                for _ in range(5):
                    a = x @ x.T
                    x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
                update.copy_(x.T if tall else x)
        if world > 1:
            dist.all_reduce(updates)
        for p, update in zip(params, split_like(updates, params)):
            p.mul_(1 - group["lr"] * group["weight_decay"])
            p.add_(update, alpha=-group["lr"] * 0.2 * max(p.shape) ** 0.5)


def split_like(flat, params):
    """Views of one flat vector in the shapes of the parameters."""
    at = 0
    for p in params:
        yield flat[at:at + p.numel()].view_as(p)
        at += p.numel()


def mean_gradients(params, extra):
    """Averages all gradients over the processes in one message; `extra` (a number) comes back as the first process's."""
    flat = torch.cat([p.grad.flatten() for p in params] + [torch.tensor([float(extra if dist.get_rank() == 0 else 0)])])
    dist.all_reduce(flat)
    for p, g in zip(params, split_like(flat, params)):
        p.grad.copy_(g / dist.get_world_size())
    return flat[-1].item()


class Documents:
    """Batches of whole documents of like length. An epoch shows every document once; the order follows the seed."""

    def __init__(self, path, tokens_per_batch, seed):
        d = np.load(path)
        self.ids, self.train = d["ids"], d["train"]
        self.starts, self.ends = d["starts"], np.append(d["starts"][1:], len(d["ids"]))
        self.rng, self.size, self.queue = np.random.default_rng(seed), tokens_per_batch, []

    def refill(self):
        order = self.rng.permutation(len(self.starts))
        for pool in np.array_split(order, max(1, len(order) // 1500)):   # sort within pools: like lengths, random content
            pool = pool[np.argsort((self.ends - self.starts)[pool], kind="stable")]
            batches, batch = [], []
            for i in pool:
                longest = self.width(i)
                if batch and longest * (len(batch) + 1) > self.size:
                    batches.append(batch)
                    batch = []
                batch.append(i)
            batches.append(batch)
            self.queue += [batches[i] for i in self.rng.permutation(len(batches))]
        self.queue.reverse()

    def width(self, i):
        """Rounded up, so that few shapes occur: oneDNN compiles its kernels anew for every shape."""
        return -(-int(self.ends[i] - self.starts[i] - 1) // 32) * 32

    def next(self, device, rank, world):
        """The rank-th of the next `world` batches: every process walks the same queue."""
        while len(self.queue) < world:
            self.refill()
        taken = [self.queue.pop() for _ in range(world)]
        return self.rows(taken[rank], device)

    def rows(self, batch, device):
        width = max(self.width(i) for i in batch) + 1
        ids, train = np.zeros((len(batch), width), np.int64), np.zeros((len(batch), width), np.uint8)
        for row, i in enumerate(batch):
            s, e = self.starts[i], self.ends[i]
            ids[row, :e - s], train[row, :e - s] = self.ids[s:e], self.train[s:e]
        return torch.from_numpy(ids).to(device), torch.from_numpy(train).to(device)


@torch.no_grad()
def dev_loss(model, dev, device, n=160):
    total = [loss_of(model, *dev.rows(list(range(i, i + 8)), device)).item() for i in range(0, min(n, len(dev.starts)), 8)]
    return sum(total) / len(total)


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--dev", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--minutes", type=float, default=70)
    p.add_argument("--batch", type=int, default=5120, help="tokens a step of all processes, padding included")
    p.add_argument("--muon-lr", type=float, default=0.01)
    p.add_argument("--adam-lr", type=float, default=0.004)
    p.add_argument("--flat", type=float, default=0.35, help="share of the time before the learning rate falls to 0")
    p.add_argument("--warmup", type=int, default=50, help="steps")
    p.add_argument("--save-minutes", type=float, default=3)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--processes", type=int, default=1 if torch.cuda.is_available() else 2,
                   help="data-parallel, one thread each: on a shared CPU they wait for each other once a step, not at every matrix")
    p.add_argument("--port", type=int, default=29517, help="where the processes of this machine meet")
    p.add_argument("--bf16", action="store_true", help="compute in bfloat16 (weights stay float32)")
    for name, value in asdict(Config()).items():
        p.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    return p.parse_args()


def main(rank, a):
    torch.manual_seed(a.seed)
    world, first = a.processes, rank == 0
    if world > 1:
        torch.set_num_threads(1)
        dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{a.port}", rank=rank, world_size=world)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    config = Config(**{k: getattr(a, k) for k in asdict(Config())})
    model = Model(config).to(device)
    matrices = [q for n, q in model.named_parameters() if q.ndim == 2 and "embed" not in n]
    others = [q for n, q in model.named_parameters() if q.ndim != 2 or "embed" in n]
    optimizers = [Muon(matrices, a.muon_lr, torch.bfloat16 if a.bf16 else torch.float32), torch.optim.AdamW(others, a.adam_lr, (0.9, 0.95), weight_decay=0.0)]
    data, dev = Documents(a.data, a.batch // world, a.seed), Documents(a.dev, a.batch // world, a.seed)
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    checkpoint, log = out / "checkpoint.pt", open(out / "log.jsonl", "a")

    step, seen, spent = 0, 0, 0.0
    if checkpoint.exists():
        c = torch.load(checkpoint, map_location=device, weights_only=False)
        model.load_state_dict(c["model"])
        for o, s in zip(optimizers, c["optimizers"]):
            o.load_state_dict(s)
        step, seen, spent = c["step"], c["seen"], c["spent"]
        data.rng = c["rng"]
        data.queue = c["queue"] if c.get("documents") == len(data.starts) else []      # other documents: begin with them

    def save():
        torch.save({"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "config": asdict(config),
                    "step": step, "seen": seen, "spent": spent, "rng": data.rng, "queue": data.queue, "documents": len(data.starts), "args": vars(a)},
                   str(checkpoint) + ".part")
        Path(str(checkpoint) + ".part").replace(checkpoint)

    budget, saved, recent = a.minutes * 60, spent, []
    if first:
        print(f"{sum(q.numel() for q in model.parameters()):,} parameters on {device}", flush=True)
    while True:
        began = time.time()
        ids, train = data.next(device, rank, world)
        with torch.autocast(device, torch.bfloat16, enabled=a.bf16):
            loss = loss_of(model, ids, train)
        loss.backward()
        if world > 1:
            spent = mean_gradients(list(model.parameters()), spent)    # one clock: the same rate and the same end for all
        if spent >= budget:
            break
        scale = min(1, (step + 1) / a.warmup) * min(1, (1 - spent / budget) / (1 - a.flat))
        for o, lr in zip(optimizers, (a.muon_lr, a.adam_lr)):
            for g in o.param_groups:
                g["lr"] = lr * scale
        nn.utils.clip_grad_norm_(others, 1.0)
        optimizers[0].step(rank, world)
        optimizers[1].step()
        model.zero_grad()
        recent.append(loss.item())
        if not math.isfinite(recent[-1]):
            raise SystemExit(f"loss is {recent[-1]} at step {step}: lower --muon-lr")
        step, seen, spent = step + 1, seen + world * int((ids != 0).sum()), spent + time.time() - began
        if step % 50 == 0 and first:
            line = {"step": step, "tokens": seen, "seconds": round(spent), "loss": round(sum(recent) / len(recent), 4), "lr": round(scale, 3)}
            if step % 250 == 0:
                line["dev"] = round(dev_loss(model, dev, device), 4)
            print(json.dumps(line), flush=True)
            log.write(json.dumps(line) + "\n")
            log.flush()
            recent = []
        if first and spent - saved > a.save_minutes * 60:
            saved = spent
            save()
    if first:
        save()
        print(f"done: {step} steps, {seen:,} tokens, {spent:.0f} s, dev loss {dev_loss(model, dev, device):.4f}", flush=True)


if __name__ == "__main__":
    args = arguments()
    if args.processes > 1:
        torch.multiprocessing.spawn(main, (args,), nprocs=args.processes)
    else:
        main(0, args)

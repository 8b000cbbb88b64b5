"""An adapter's update in PyTorch, as `npm run bench:adapter` times it: the last blocks of a Llama over the states that entered them,
the prefix gone through once for all programs of a part, cross-entropy over the whole vocabulary, autograd, clipping, Adam."""

import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

MOST_POSITIONS = 2048  # 8 times as many on a card


class AdapterUpdate:
    def __init__(self, model, path, blocks, rank, scale, temperature, rate):
        self.device = model.device
        self.most = MOST_POSITIONS * (8 if self.device.type == "cuda" else 1)
        data = load_file(path, device=str(self.device))
        config = model.config
        self.layers = model.model.layers[-blocks:]
        self.norm, self.embedding = model.model.norm, model.lm_head.weight.detach()
        self.heads, self.kv = config.num_attention_heads, config.num_key_value_heads
        self.width = config.hidden_size // self.heads
        self.scale, self.temperature = scale, temperature
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        self.pairs = [data[f"pair.{i}"].clone().requires_grad_() for i in range(8 * blocks)]
        self.fused = [self.weights(layer) for layer in self.layers]
        self.prefix = data["prefix"]
        self.rows = [(data[f"row.{i}"], int(data[f"asked.{i}"]), data[f"ids.{i}"].long(), data[f"advantage.{i}"]) for i in range(int(data["rows"]))]
        self.frequencies = model.model.rotary_emb.inv_freq
        self.optimizer = torch.optim.Adam(self.pairs, lr=rate)

    def weights(self, layer):
        a, m = layer.self_attn, layer.mlp
        side = lambda *parts: torch.cat([part.weight for part in parts]).detach()
        return side(a.q_proj, a.k_proj, a.v_proj), side(a.o_proj), side(m.gate_proj, m.up_proj), side(m.down_proj)

    def parts(self):
        parts = []
        for row in sorted(self.rows, key=lambda row: -len(row[0])):
            if parts and (len(parts[-1]) + 1) * len(parts[-1][0][0]) <= self.most:
                parts[-1].append(row)
            else:
                parts.append([row])
        return parts

    def turned(self, x, first):
        angles = torch.outer(torch.arange(first, first + x.shape[-2], device=self.device).float(), self.frequencies)
        cos, sin = (torch.cat([f(angles)] * 2, -1) for f in (torch.cos, torch.sin))
        half = x.shape[-1] // 2
        return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin

    def block(self, i, x, count, length):
        """x: the prefix's positions, then those of `count` programs."""
        before, pairs, weights = len(self.prefix), self.pairs[8 * i : 8 * i + 8], self.fused[i]
        linear = lambda given, j: given @ weights[j].T + self.scale * (given @ pairs[2 * j]) @ pairs[2 * j + 1]
        h, kv, d = self.heads, self.kv, self.width
        q, k, v = linear(self.layers[i].input_layernorm(x), 0).split([h * d, kv * d, kv * d], -1)

        def heads(t, n):
            one = t[:before].view(1, before, n, d).transpose(1, 2)
            own = t[before:].view(count, length, n, d).transpose(1, 2)
            return one, own

        (q0, q1), (k0, k1), (v0, v1) = heads(q, h), heads(k, kv), heads(v, kv)
        q0, k0, q1, k1 = self.turned(q0, 0), self.turned(k0, 0), self.turned(q1, before), self.turned(k1, before)
        many = lambda t: t.repeat_interleave(h // kv, 1)
        seen0 = F.scaled_dot_product_attention(q0, many(k0), many(v0), is_causal=True)
        keys = torch.cat([k0.expand(count, -1, -1, -1), k1], 2)
        values = torch.cat([v0.expand(count, -1, -1, -1), v1], 2)
        mask = torch.ones(length, before + length, dtype=torch.bool, device=self.device).tril(before)
        seen1 = F.scaled_dot_product_attention(q1, many(keys), many(values), attn_mask=mask)
        seen = torch.cat([seen0.transpose(1, 2).reshape(before, -1), seen1.transpose(1, 2).reshape(count * length, -1)])
        x = x + linear(seen, 1)
        gate, up = linear(self.layers[i].post_attention_layernorm(x), 2).chunk(2, -1)
        return x + linear(F.silu(gate) * up, 3)

    def loss(self, part, tokens):
        length = len(part[0][0])
        own = torch.zeros(len(part), length, self.prefix.shape[-1], device=self.device)
        for i, (states, *_) in enumerate(part):
            own[i, : len(states)] = states
        x = torch.cat([self.prefix, own.flatten(0, 1)])
        for i in range(len(self.layers)):
            x = self.block(i, x, len(part), length)
        places = torch.cat([len(self.prefix) + i * length + asked - 1 + torch.arange(len(ids), device=self.device) for i, (_, asked, ids, _) in enumerate(part)])
        logits = self.norm(x[places]) @ self.embedding.T / self.temperature
        costs = F.cross_entropy(logits, torch.cat([ids for _, _, ids, _ in part]), reduction="none")
        pushes = torch.cat([advantage.expand(len(ids)) for _, _, ids, advantage in part])
        return (costs * pushes).sum() / tokens

    def step(self):
        began, used = time.perf_counter(), time.process_time()
        self.optimizer.zero_grad()
        tokens = sum(len(ids) for _, _, ids, _ in self.rows)
        total = 0.0
        for part in self.parts():
            loss = self.loss(part, tokens)
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(self.pairs, 1.0)
        self.optimizer.step()
        return {"seconds": time.perf_counter() - began, "processor": time.process_time() - used, "loss": total}

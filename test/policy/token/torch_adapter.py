"""PyTorch's account of an adapter on Transformers' own models, in float64: log-probability, entropy and divergence of drawn words,
and the gradient of a weighted sum of them by autograd. The adapter and the weights of the sum are by the formula of
`weightOf` (test/model/shared.ts). What it printed is kept in `torch-adapter.json`, so that a machine without PyTorch compares with
the same numbers: `python torch_adapter.py > torch-adapter.json` makes it again."""

import json
import pathlib
import zlib

import numpy as np
import torch

# A wheel without its CUDA libraries answers this question by crashing.
torch.cuda.is_current_stream_capturing = lambda: False
import torch.cuda.graphs

torch.cuda.graphs.is_current_stream_capturing = lambda: False
import transformers

FOLDER = pathlib.Path(__file__).parents[2] / "model" / "fixtures" / "families"
PREFIX = [3, 1, 4, 1, 5]
PROGRAMS = [([5, 15, 38], [37, 9, 35, 35]), ([9], [27, 19, 25, 5, 12, 7]), ([7, 29, 25, 35, 19], [17])]
TEMPERATURE = 0.6
SCALE = 2.0
RANK = 2


def norm(self, x):
    return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)


# Transformers computes these two in float32 whatever the model is.
transformers.models.llama.modeling_llama.LlamaRMSNorm.forward = norm
transformers.models.qwen2.modeling_qwen2.Qwen2RMSNorm.forward = norm
softmax = torch.nn.functional.softmax
torch.nn.functional.softmax = lambda x, dim=None, dtype=None, **_: softmax(x, dim=dim)


def weight(name, shape):
    count = int(np.prod(shape))
    x = np.arange(count, dtype=np.uint32) + np.uint32(zlib.crc32(name.encode()))
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
        x = x ^ (x >> np.uint32(16))
    return torch.tensor((((x >> np.uint32(25)).astype(np.float64) - 64) / 256).reshape(shape), dtype=torch.float64)


def matrices(model, layer):
    """The modules of a block that an adapter changes together: they read the same input."""
    if model.config.model_type == "gpt2":
        block = model.transformer.h[layer]
        groups = [[block.attn.c_attn], [block.attn.c_proj], [block.mlp.c_fc], [block.mlp.c_proj]]
        return [(group, [m.weight.shape[1] for m in group], group[0].weight.shape[0]) for group in groups]
    block = model.model.layers[layer]
    attention, mlp = block.self_attn, block.mlp
    groups = [[attention.q_proj, attention.k_proj, attention.v_proj], [attention.o_proj], [mlp.gate_proj, mlp.up_proj], [mlp.down_proj]]
    return [(group, [m.weight.shape[0] for m in group], group[0].weight.shape[1]) for group in groups]


def adapt(model, blocks):
    pairs, on = [], {"on": True}
    layers = model.config.num_hidden_layers
    for layer in range(layers - blocks, layers):
        for name, (group, outs, wide) in zip(["attention", "output", "up", "down"], matrices(model, layer)):
            A = weight(f"adapter.{layer}.{name}.A", (wide, RANK)).requires_grad_()
            B = weight(f"adapter.{layer}.{name}.B", (RANK, sum(outs))).requires_grad_()
            pairs += [A, B]
            start = 0
            for module, out in zip(group, outs):
                def hook(_, given, y, A=A, B=B, start=start, out=out):
                    return y + SCALE * (given[0] @ A) @ B[:, start : start + out] if on["on"] else y

                module.register_forward_hook(hook)
                start += out
    return pairs, on


def case(name, blocks):
    model = transformers.AutoModelForCausalLM.from_pretrained(FOLDER / name, dtype=torch.float32, attn_implementation="eager")
    model = model.eval().double()
    pairs, on = adapt(model, blocks)

    def distribution(asked, drawn):
        logits = model(torch.tensor([PREFIX + asked + drawn[:-1]])).logits[0].double()
        return torch.log_softmax(logits[len(PREFIX) + len(asked) - 1 :] / TEMPERATURE, -1)

    rows = []
    for asked, drawn in PROGRAMS:
        on["on"] = True
        new = distribution(asked, drawn)
        on["on"] = False
        with torch.no_grad():
            old = distribution(asked, drawn)
        p = new.exp()
        rows.append(torch.stack([new[range(len(drawn)), drawn], -(p * new).sum(-1), (p * (new - old)).sum(-1)], 1))
    values = torch.cat(rows)
    (values * weight("slopes", values.shape)).sum().backward()
    return {"name": name, "blocks": blocks, "values": values.tolist(), "gradient": [float(f"{x:.9g}") for p in pairs for x in p.grad.flatten().tolist()]}


print(json.dumps({
    "torch": torch.__version__, "transformers": transformers.__version__,
    "prefix": PREFIX, "programs": PROGRAMS, "temperature": TEMPERATURE, "scale": SCALE, "rank": RANK,
    "cases": [case("gpt2-0", 1), case("llama-12", 2), case("qwen2-26", 2)],
}))

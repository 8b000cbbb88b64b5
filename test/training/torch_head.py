"""PyTorch's account of the head: distribution over the whole vocabulary, loss, gradient by autograd and updates by its own
Adam, all in float64. Draws the cases with Python's seeded generator and prints cases and results as JSON. What it printed is
kept in `torch-head.json`, so that a machine without PyTorch compares with the same numbers: `python torch_head.py >
torch-head.json` makes it again."""

import json
import random

import torch

# A wheel without its CUDA libraries answers this question by crashing.
torch.cuda.is_current_stream_capturing = lambda: False
import torch.cuda.graphs

torch.cuda.graphs.is_current_stream_capturing = lambda: False
torch.set_default_dtype(torch.float64)
steps = 3


def single(values):
    """Rounded to float32, which is what the head is given."""
    return torch.tensor(values, dtype=torch.float32).double().tolist()


def draw(seed, n, width, vocabulary, words, rank, **settings):
    r = random.Random(seed)
    normals = lambda rows, columns, scale=1.0: [single([scale * r.gauss(0, 1) for _ in range(columns)]) for _ in range(rows)]
    words = sorted(r.sample(range(vocabulary), words))
    return {
        "hidden": normals(n, width, width**-0.5),
        "logits": normals(n, vocabulary, 2.0),
        "ids": [r.randrange(vocabulary) for _ in range(n)],
        "tokenSubset": words,
        "A": normals(rank, width, 3.0),
        "B": normals(len(words), rank, 0.5),
        "bias": normals(1, len(words), 0.5)[0],
        "counts": [0 if i % 5 == 4 else 1 for i in range(n)],
        "advantages": [0 if i % 5 == 4 else v for i, v in enumerate(normals(1, n)[0])],
        **settings,
    }


def account(case):
    x, frozen = torch.tensor(case["hidden"]), torch.tensor(case["logits"]) / case["temperature"]
    ids, words = torch.tensor(case["ids"]), torch.tensor(case["tokenSubset"])
    counts, advantages = torch.tensor(case["counts"], dtype=torch.float64), torch.tensor(case["advantages"])
    parameters = [torch.tensor(case[name], requires_grad=True) for name in ("A", "B", "bias")]
    A, B, bias = parameters
    adam = torch.optim.Adam(parameters, lr=case["learningRate"], eps=1e-7)
    reference = torch.log_softmax(frozen, -1)
    updates = []
    for _ in range(steps):
        # A is kept three times as large as it acts, so that Adam moves it a third as fast.
        change = case["scale"] * (x @ (A / 3).T) @ B.T + bias
        distribution = torch.distributions.Categorical(logits=frozen.index_add(1, words, change / case["temperature"]))
        drawn, entropy = distribution.log_prob(ids), distribution.entropy()
        kl = torch.distributions.kl_divergence(distribution, torch.distributions.Categorical(logits=reference))
        total = counts.sum()
        gain = (drawn * advantages).sum()
        loss = -gain if case["summed"] else -gain / total
        loss = loss - case["entropyBonus"] * (entropy * counts).sum() / total + case["klCoef"] * (kl * counts).sum() / total
        adam.zero_grad()
        loss.backward()
        gradient = [p.grad.flatten().tolist() for p in parameters]
        norm = torch.cat([p.grad.flatten() for p in parameters]).norm()
        for p in parameters:
            p.grad *= min(1.0, case["maxGradNorm"] / norm.item())
        adam.step()
        terms = [t.tolist() for t in (drawn, entropy, kl)]
        after = [p.detach().flatten().tolist() for p in parameters]
        updates.append({"terms": terms, "loss": loss.item(), "gradient": sum(gradient, []), "norm": norm.item(), "after": sum(after, [])})
    return updates


common = {"entropyBonus": 0.3, "klCoef": 0.2, "learningRate": 0.03}
cases = [
    draw(1, n=12, width=6, vocabulary=14, words=4, rank=2, temperature=1.0, scale=1.0, summed=False, maxGradNorm=0.5, **common),
    draw(2, n=9, width=5, vocabulary=11, words=11, rank=3, temperature=0.7, scale=2.0, summed=True, maxGradNorm=100.0, **common),
]
print(json.dumps({"torch": torch.__version__, "cases": [{**case, "updates": account(case)} for case in cases]}))

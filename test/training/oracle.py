"""An independent account of the trainer's numbers, in numpy and double precision: estimators, the head's distribution over
the whole vocabulary, its loss, gradient by central differences, and Adam. Reads JSON on stdin, writes JSON on stdout."""

import json
import sys

import numpy as np


def returns_to_go(rewards, gamma):
    """G_t as a sum over what comes, not as a recursion."""
    r = np.asarray(rewards, dtype=np.float64)
    return [float(np.sum(r[t:] * gamma ** np.arange(len(r) - t))) for t in range(len(r))]


def estimate(name, lives, groups, gamma):
    G = [returns_to_go(life, gamma) for life in lives]
    longest = max(len(g) for g in G)
    padded = np.zeros((len(G), longest))
    for i, g in enumerate(G):
        padded[i, : len(g)] = g
    alike = np.equal.outer(groups, groups) if len(set(groups)) < len(groups) else np.ones((len(G), len(G)), bool)
    if name == "raw-return":
        out = padded
    elif name == "mean":
        out = padded - (alike @ padded) / alike.sum(1, keepdims=True)
    elif name == "leave-one-out":
        others = alike & ~np.eye(len(G), dtype=bool)
        out = padded - (others @ padded) / np.maximum(1, others.sum(1, keepdims=True))
    else:
        out = padded
    flat = np.concatenate([out[i, : len(g)] for i, g in enumerate(G)])
    if name == "reinforce++":
        flat = (flat - flat.mean()) / flat.std()
    if name == "leave-one-out":
        flat = flat / flat.std()
    parts = np.split(flat, np.cumsum([len(g) for g in G])[:-1])
    return [p.tolist() for p in parts]


def unpack(flat, shapes):
    sizes = [int(np.prod(s)) for s in shapes]
    return [p.reshape(s) for p, s in zip(np.split(flat, np.cumsum(sizes)[:-1]), shapes)]


def terms(flat, case):
    """log p(drawn), entropy and KL(p || frozen) of each token, over the whole vocabulary."""
    A, B, bias = unpack(flat, case["shapes"])
    A = A / 3
    x = np.asarray(case["hidden"], dtype=np.float64)
    frozen = np.asarray(case["logits"], dtype=np.float64)
    logits = frozen.copy()
    logits[:, case["tokenSubset"]] += case["scale"] * (x @ A.T) @ B.T + bias
    logits, frozen = logits / case["temperature"], frozen / case["temperature"]
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    log_q = frozen - np.logaddexp.reduce(frozen, axis=1, keepdims=True)
    p = np.exp(log_p)
    drawn = log_p[np.arange(len(x)), case["ids"]]
    return drawn, -(p * log_p).sum(1), (p * (log_p - log_q)).sum(1)


def loss(flat, case):
    drawn, entropy, kl = terms(flat, case)
    counts = np.asarray(case["counts"], dtype=np.float64)
    n = max(1.0, counts.sum())
    gain = float(np.sum(drawn * case["advantages"]))
    parts = -gain if case["summed"] else -gain / n
    return parts - case["entropyBonus"] * float(np.sum(entropy * counts)) / n + case["klCoef"] * float(np.sum(kl * counts)) / n


def head(case):
    flat = np.asarray(case["weights"], dtype=np.float64)
    gradient = np.zeros_like(flat)
    h = 1e-6
    for i in range(len(flat)):
        up, down = flat.copy(), flat.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (loss(up, case) - loss(down, case)) / (2 * h)
    norm = float(np.sqrt(np.sum(gradient**2)))
    clipped = gradient * min(1.0, case["maxGradNorm"] / norm)
    mean, square, weights = np.zeros_like(flat), np.zeros_like(flat), flat.copy()
    mean = 0.9 * mean + 0.1 * clipped
    square = 0.999 * square + 0.001 * clipped**2
    weights -= case["learningRate"] * (mean / 0.1) / (np.sqrt(square / 0.001) + 1e-7)
    return {"terms": [t.tolist() for t in terms(flat, case)], "loss": loss(flat, case), "gradient": gradient.tolist(), "norm": norm, "after": weights.tolist()}


def ridge(case):
    """The learned baseline: predictions for the last batch after fading sums over the earlier ones."""
    size = len(case["batches"][0]["x"][0])
    gram, moment = np.zeros((size, size)), np.zeros(size)
    for batch in case["batches"][:-1]:
        x, y = np.asarray(batch["x"]), np.asarray(batch["y"])
        gram, moment = case["fade"] * gram + x.T @ x, case["fade"] * moment + x.T @ y
    w = np.linalg.solve(gram + case["ridge"] * np.eye(size), moment)
    return (np.asarray(case["batches"][-1]["x"]) @ w).tolist()


asked = json.load(sys.stdin)
json.dump(
    {
        "estimates": {name: [estimate(name, b["lives"], b["groups"], asked["gamma"]) for b in asked["batches"]] for name in asked["names"]},
        "heads": [head(case) for case in asked["heads"]],
        "ridge": ridge(asked["ridge"]),
    },
    sys.stdout,
)

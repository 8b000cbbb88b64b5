"""The peer of `npm run gpu:check -- --python PATH`: PyTorch on its first CUDA device, else on the processor. Prints one JSON
line: device, and a number a batch. `update`: a REINFORCE update of a low-rank head by autograd, its batch on the device already;
`sent`: the same where the batch lies in the host's memory before.
`draw`: the least that sampling needs with Transformers' model on the same weights: a pass with its cache, softmax, a draw.
`adapter-draw`: the same with a low-rank pair beside each matrix of the last four blocks. `adapter-update`: an update of such an adapter by
autograd over these blocks (`bench/policy/adapter_update.py`), of the programs that the folder has for each size; also its losses."""

import json
import pathlib
import sys
import time

import torch

stage, batches, folder = sys.argv[1], [int(b) for b in sys.argv[2].split(",")], sys.argv[3]
on = "cuda" if torch.cuda.is_available() else "cpu"
name = torch.cuda.get_device_name(0) if on == "cuda" else "the processor"


def wait():
    if on == "cuda":
        torch.cuda.synchronize()


def updates(batch, send=False, width=192, subset=500, rank=8, length=20):
    torch.manual_seed(0)
    n = batch * length
    x = torch.randn(n, width) / width**0.5
    base = torch.log_softmax(torch.randn(n, subset), -1) - 0.2
    rest = torch.log1p(-base.exp().sum(-1)).clamp_min(-50)
    host = (x, base, rest, torch.randint(subset, (n,)), torch.randn(n))
    x, base, rest, drawn, advantage = (part.to(on) for part in host)
    A = torch.randn(rank, width, device=on, requires_grad=True)
    B = torch.zeros(subset, rank, device=on, requires_grad=True)
    bias = torch.zeros(subset, device=on, requires_grad=True)
    optimizer = torch.optim.Adam([A, B, bias], lr=0.03)
    times = []
    for _ in range(12):
        wait()
        began = time.perf_counter()
        if send:
            x, base, rest, drawn, advantage = (part.to(on) for part in host)
        d = (x @ A.T) @ B.T + bias
        logits = base + d
        log_z = torch.logaddexp(torch.logsumexp(logits, -1), rest)
        log_p = logits.gather(-1, drawn[:, None])[:, 0] - log_z
        kl = ((logits - log_z[:, None]).exp() * d).sum(-1) - log_z
        loss = -(advantage * log_p).mean() + 0.02 * kl.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
        times.append(time.perf_counter() - began)
    return 1000 * min(times[2:])


def draws(model, batch, length=16, rounds=32):
    ids = torch.randint(model.config.vocab_size, (batch, length), device=on)
    for _ in range(2):
        wait()
        began = time.perf_counter()
        with torch.inference_mode():
            step = model(ids, use_cache=True, logits_to_keep=1)
            for at in range(rounds):
                token = torch.multinomial(torch.softmax(step.logits[:, -1], -1), 1)
                if at < rounds - 1:
                    step = model(token, past_key_values=step.past_key_values, use_cache=True)
        wait()
        seconds = time.perf_counter() - began
    return batch * rounds / seconds


def adapt(model, blocks=4, rank=16, scale=2):
    """A low-rank pair beside each matrix of the last blocks."""
    layers = model.transformer.h if hasattr(model, "transformer") else model.model.layers
    for module in layers[-blocks:].modules():
        if getattr(module, "weight", None) is None or module.weight.dim() != 2:
            continue
        wide, out = module.weight.shape if type(module).__name__ == "Conv1D" else module.weight.shape[::-1]
        A, B = torch.randn(wide, rank, device=on) / wide**0.5, 0.01 * torch.randn(rank, out, device=on)
        module.register_forward_hook(lambda _, given, y, A=A, B=B: y + scale * (given[0] @ A) @ B)


def adapter_updates(batch, shape):
    sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "bench" / "policy"))
    from adapter_update import AdapterUpdate

    update = AdapterUpdate(load(), f"{folder}/batch-{batch}.safetensors", **shape)
    loss, times = update.step()["loss"], []
    for _ in range(4):
        wait()
        began = time.perf_counter()
        update.step()
        wait()
        times.append(time.perf_counter() - began)
    return 1000 * min(times), loss


def load():
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).to(on).eval()


sent, numbers = None, []
if stage == "update":
    speeds = [updates(batch) for batch in batches]
    sent = [updates(batch, send=True) for batch in batches]
elif stage == "adapter-update":
    found = [adapter_updates(batch, json.loads(sys.argv[4])) for batch in batches]
    speeds = [speed for speed, _ in found]
    # What stands before the losses, this has not.
    numbers = [[], [], *([loss] for _, loss in found)]
else:
    model = load()
    if stage == "adapter-draw":
        adapt(model)
    speeds = [draws(model, batch) for batch in batches]
print(json.dumps({"device": f"{name}, torch {torch.__version__}", "speeds": speeds, "sent": sent, "numbers": numbers}))

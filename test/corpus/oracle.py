"""What PyTorch and Transformers say of the small models that ship, and of the loss that pretraining lowers: the numbers in
fixtures/oracle.json, which the tests compare with. Needs torch and transformers, in an environment of its own. To be run
again when data/models/tiny or tiny-python is replaced.

Usage: python oracle.py            (from any folder)
"""

import hashlib
import json
import math
import pathlib

import torch

torch.cuda.is_current_stream_capturing = lambda: False
import torch.cuda.graphs  # noqa: E402

torch.cuda.graphs.is_current_stream_capturing = lambda: False
import transformers  # noqa: E402

here = pathlib.Path(__file__).resolve().parent
models = here.parent.parent / "data" / "models"


def shipped(folder):
    model = transformers.GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    size = model.config.vocab_size
    rows = []
    for length, stride in [(1, 1), (12, 37), (60, 101), (model.config.n_positions, 13)]:
        ids = [(5 + i * stride) % size for i in range(length)]
        with torch.no_grad():
            out = model(torch.tensor([ids]), output_hidden_states=True)
        rows.append(
            {
                "ids": ids,
                "every16thLogit": [round(x, 6) for x in out.logits[0, -1][::16].tolist()],
                "every4thHidden": [round(x, 6) for x in out.hidden_states[-1][0, -1][::4].tolist()],
            }
        )
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    return {"sha256": digest, "parameters": model.num_parameters(), "rows": rows}


def weight(k, name, shape):
    """The k-th weight: 0.2 sin(0.7 k + 0.37 i), and 1 more for a LayerNorm's scale."""
    count = math.prod(shape)
    values = [0.2 * math.sin(0.7 * k + 0.37 * i) + (1 if ".ln_" in name and name.endswith("weight") else 0) for i in range(count)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def gradient():
    config = transformers.GPT2Config(
        vocab_size=11, n_positions=6, n_embd=8, n_head=2, n_layer=2, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0
    )
    model = transformers.GPT2LMHeadModel._from_config(config, attn_implementation="eager").double().train()
    names = [name for name, _ in model.named_parameters()]
    with torch.no_grad():
        for k, (name, value) in enumerate(model.named_parameters()):
            value.copy_(weight(k, name, tuple(value.shape)))
    ids = torch.tensor([[1, 5, 2, 10, 0, 7], [3, 3, 9, 4, 8, 6]])
    targets = torch.tensor([[5, 2, 10, 0, 7, 1], [3, 9, 4, 8, 6, 2]])
    loss = torch.nn.functional.cross_entropy(model(ids).logits.reshape(-1, 11), targets.reshape(-1))
    loss.backward()
    return {
        "size": {"vocabulary": 11, "context": 6, "width": 8, "layers": 2, "heads": 2},
        "ids": ids.flatten().tolist(),
        "targets": targets.flatten().tolist(),
        "loss": loss.item(),
        "names": names,
        "gradients": [[float(f"{x:.9g}") for x in value.grad.flatten().tolist()] for _, value in model.named_parameters()],
    }


found = {
    "transformers": transformers.__version__,
    "torch": torch.__version__,
    "shipped": {name: shipped(models / name) for name in ("tiny", "tiny-python")},
    "gradient": gradient(),
}
(here / "fixtures" / "oracle.json").write_text(json.dumps(found) + "\n")
print({name: one["parameters"] for name, one in found["shipped"].items()}, "weights; loss", found["gradient"]["loss"])

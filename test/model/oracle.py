"""What PyTorch and Transformers say of small random models, and what the package `gguf` says of its blocks: the numbers in
fixtures/reference.json, which the tests compare with. Needs torch, transformers, accelerate,
gguf and numpy, in an environment of its own; `--smollm2 FILE.gguf --tokenizer tokenizer.json` writes fixtures/smollm2.json as well.

Usage: python oracle.py FOLDER [--smollm2 FILE --tokenizer FILE --texts FILE]
Weights are by formula (`weight` here, `weightOf` in shared.ts), in steps of 1/256, so that float32, float16 and bfloat16
hold the same.
"""

import argparse
import json
import pathlib
import zlib

import numpy as np
import torch

torch.cuda.is_current_stream_capturing = lambda: False
import torch.cuda.graphs  # noqa: E402

torch.cuda.graphs.is_current_stream_capturing = lambda: False
import transformers  # noqa: E402

SIZES = {"vocab_size": 48}
MODELS = {
    "gpt2": transformers.GPT2Config(n_embd=32, n_head=4, n_layer=2, n_positions=40, **SIZES),
    "gpt2-relu": transformers.GPT2Config(
        n_embd=24, n_head=3, n_layer=1, n_positions=24, n_inner=40, activation_function="relu", **SIZES
    ),
    "llama": transformers.LlamaConfig(
        hidden_size=32, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=2, intermediate_size=64,
        max_position_embeddings=40, rope_theta=10000.0, tie_word_embeddings=False, rms_norm_eps=1e-5, **SIZES
    ),
    "llama-tied": transformers.LlamaConfig(
        hidden_size=24, num_attention_heads=3, num_key_value_heads=1, num_hidden_layers=1, intermediate_size=32,
        max_position_embeddings=40, rope_theta=100000.0, head_dim=16, tie_word_embeddings=True, **SIZES
    ),
    "qwen2": transformers.Qwen2Config(
        hidden_size=32, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=2, intermediate_size=64,
        max_position_embeddings=40, rope_theta=10000.0, tie_word_embeddings=True, use_sliding_window=False, **SIZES
    ),
}


def weight(name, shape):
    """Steps of 1/256 between -0.25 and 0.25; norms about 1."""
    count = int(np.prod(shape))
    x = np.arange(count, dtype=np.uint32) + np.uint32(zlib.crc32(name.encode()))
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
        x = x ^ (x >> np.uint32(16))
    values = ((x >> np.uint32(25)).astype(np.float64) - 64) / 256
    if ("norm" in name or "ln_" in name) and name.endswith("weight"):
        values = 1 + np.floor(values * 128) / 128
    return torch.tensor(values.reshape(shape), dtype=torch.float32)


def reference(config):
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    state = model.state_dict()
    shapes = {}
    for name, value in state.items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        value.copy_(weight(name, tuple(value.shape)))
        shapes[name] = list(value.shape)
    rows = [[5, 1, 47, 30, 2, 2, 9], [11, 3, 40], [7], [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]]
    found = []
    for ids in rows:
        with torch.no_grad():
            out = model(torch.tensor([ids]), output_hidden_states=True)
        found.append(
            {"ids": ids, "hidden": out.hidden_states[-1][0, -1].tolist(), "logits": out.logits[0, -1].tolist()}
        )
    # The older names of the rotary base are what most files have.
    written = json.loads(config.to_json_string(use_diff=False))
    theta = (written.pop("rope_parameters", None) or {}).get("rope_theta")
    keep = {
        key: value
        for key, value in written.items()
        if key.startswith(("n_", "num_", "hidden_", "intermediate", "max_pos", "rms", "layer_norm", "vocab", "tie", "head_dim"))
        or key in ("model_type", "activation_function")
    }
    if theta is not None:
        keep["rope_theta"] = theta
    return {"config": keep, "shapes": shapes, "rows": found}


def blocks():
    import gguf

    random = np.random.default_rng(7)
    found = {}
    for name in ["F16", "BF16", "Q4_0", "Q4_1", "Q8_0", "Q4_K", "Q6_K", "Q5_0", "Q5_1", "Q5_K"]:
        kind = gguf.GGMLQuantizationType[name]
        weights, size = gguf.GGML_QUANT_SIZES[kind]
        count = 2 if weights > 1 else 16
        raw = random.integers(0, 256, (count, size), dtype=np.uint8)
        scales = {"Q4_0": [0], "Q4_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2], "Q6_K": [208], "F16": [0], "BF16": [], "Q5_0": [0], "Q5_1": [0, 2], "Q5_K": [0, 2]}[name]
        for at in scales:
            raw[:, at : at + 2] = (random.standard_normal(count) * 0.1).astype(np.float16).view(np.uint8).reshape(count, 2)
        if name == "BF16":
            raw[:, 1] = 0x3E
        values = gguf.quants.dequantize(raw, kind) if name != "F16" else raw.view(np.float16).astype(np.float32)
        found[name] = {"bytes": raw.tobytes().hex(), "values": np.asarray(values, np.float32).reshape(-1).tolist()}
    return found


def smollm2(path, tokenizer, texts):
    import tokenizers

    path = pathlib.Path(path)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        str(path.parent), gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    reader = tokenizers.Tokenizer.from_file(tokenizer)
    found = []
    for text in ["The capital of France is", "function add(a, b) {", "// Remember the user's name.\nself."]:
        ids = reader.encode(text, add_special_tokens=False).ids
        with torch.no_grad():
            out = model(torch.tensor([ids]), output_hidden_states=True)
            more = list(ids)
            past = None
            for _ in range(64):
                step = model(torch.tensor([more if past is None else more[-1:]]), past_key_values=past, use_cache=True)
                past = step.past_key_values
                more.append(int(step.logits[0, -1].argmax()))
        logits = out.logits[0, -1]
        found.append(
            {
                "text": text,
                "ids": ids,
                "hidden": out.hidden_states[-1][0, -1].tolist(),
                "every64thLogit": logits[::64].tolist(),
                "greedy": more[len(ids) :],
            }
        )
    snippets = json.loads(pathlib.Path(texts).read_text())
    tokens = [reader.encode(text, add_special_tokens=False).ids for text in snippets]
    return {"prompts": found, "snippets": [[text, ids] for text, ids in zip(snippets, tokens)]}


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, list) else value


def write(path, value):
    path.write_text(json.dumps(rounded(value), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--smollm2")
    parser.add_argument("--tokenizer")
    parser.add_argument("--texts")
    options = parser.parse_args()
    folder = pathlib.Path(options.folder)
    if options.smollm2:
        write(folder / "smollm2.json", smollm2(options.smollm2, options.tokenizer, options.texts))
    else:
        versions = {"torch": torch.__version__, "transformers": transformers.__version__}
        models = {name: reference(config) for name, config in MODELS.items()}
        write(folder / "reference.json", {"versions": versions, "models": models, "blocks": blocks()})

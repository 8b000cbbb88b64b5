"""Tiny random models of each family with each field of its config set, as Transformers saves and computes them, and as GGUF
files by the package `gguf`: fixtures/families/, which the tests and the table of docs/models.md are made from. Needs torch,
transformers, safetensors, gguf, in an environment of its own.

Usage: python families.py FOLDER
Weights are normal, rounded to float16, and kept so in both formats. Each GGUF file is read back by Transformers too where its
reader knows what is set; what it computes then must be the same.
"""

import copy
import json
import math
import pathlib
import shutil
import sys

import gguf
import numpy as np
import torch

torch.cuda.is_current_stream_capturing = lambda: False
import torch.cuda.graphs  # noqa: E402

torch.cuda.graphs.is_current_stream_capturing = lambda: False
import safetensors.torch  # noqa: E402
import transformers  # noqa: E402

CHARACTERS = ["Ġ" if c == " " else c for c in "abcdefghijklmnopqrstuvwxyz (){};=.,0123"] + ["<end>"]
VOCABULARY = len(CHARACTERS)
LONG = [(7 * i * i + 3 * i + 5) % VOCABULARY for i in range(44)]
ROWS = [[5, 1, 39], LONG[:13], LONG]

GPT2 = dict(n_embd=16, n_head=2, n_layer=2, n_positions=64)
LLAMA = dict(
    hidden_size=16, num_attention_heads=2, num_key_value_heads=1, num_hidden_layers=2, intermediate_size=24,
    max_position_embeddings=64, head_dim=8,
)


def rope(kind, theta=20.0, **fields):
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=theta, **fields))


ORIGINAL = dict(original_max_position_embeddings=16)
YARN = rope("yarn", factor=4.0, **ORIGINAL)
# Family, what is set, the config's fields, and whether a GGUF file can say it.
CASES = [
    ("gpt2", "plain", {}, True),
    ("gpt2", "scale_attn_weights false", dict(scale_attn_weights=False), False),
    ("gpt2", "scale_attn_by_inverse_layer_idx", dict(scale_attn_by_inverse_layer_idx=True), False),
    ("gpt2", "n_inner, untied", dict(n_inner=24, tie_word_embeddings=False), True),
    ("gpt2", "layer_norm_epsilon 0.01", dict(layer_norm_epsilon=0.01), True),
    *[("gpt2", f"activation {name}", dict(activation_function=name), False)
      for name in ["gelu", "gelu_fast", "gelu_pytorch_tanh", "quick_gelu", "relu", "silu", "tanh"]],
    ("llama", "plain", {}, True),
    ("llama", "tied, rope_theta, rms_norm_eps", dict(tie_word_embeddings=True, rms_norm_eps=0.01, **rope("default", 100.0)), True),
    ("llama", "attention_bias", dict(attention_bias=True), True),
    ("llama", "mlp_bias", dict(mlp_bias=True), True),
    ("llama", "head_dim 16, hidden_act gelu", dict(head_dim=16, hidden_act="gelu"), False),
    ("llama", "rope linear", dict(max_position_embeddings=16, **rope("linear", factor=4.0)), True),
    ("llama", "rope dynamic", dict(max_position_embeddings=16, **rope("dynamic", factor=4.0)), False),
    ("llama", "rope llama3", rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, **ORIGINAL), True),
    ("llama", "rope yarn", YARN, True),
    ("llama", "rope yarn, betas", rope("yarn", factor=4.0, beta_fast=4.0, beta_slow=0.5, **ORIGINAL), True),
    ("llama", "rope yarn, mscale, truncate false",
     rope("yarn", factor=4.0, mscale=0.7, mscale_all_dim=0.3, truncate=False, beta_fast=3.0, **ORIGINAL), False),
    ("llama", "rope yarn, attention_factor", rope("yarn", factor=4.0, attention_factor=0.8, **ORIGINAL), False),
    ("qwen2", "plain", {}, True),
    ("qwen2", "tied, rope yarn", dict(tie_word_embeddings=True, **YARN), True),
    ("qwen2", "sliding window from layer 1", dict(use_sliding_window=True, sliding_window=5, max_window_layers=1), False),
    ("qwen2", "sliding window in layer_types",
     dict(use_sliding_window=True, sliding_window=7, layer_types=["sliding_attention", "full_attention"]), False),
]


def make(family, fields, seed):
    kinds = dict(gpt2=transformers.GPT2Config, llama=transformers.LlamaConfig, qwen2=transformers.Qwen2Config)
    ends = dict(bos_token_id=None, eos_token_id=VOCABULARY - 1, pad_token_id=None)
    config = kinds[family](**{**(GPT2 if family == "gpt2" else LLAMA), **ends, "vocab_size": VOCABULARY, **fields})
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    torch.manual_seed(seed)
    for name, value in model.named_parameters():
        drawn = torch.randn(value.shape)
        # Scores of different positions must differ, so that every field moves the logits.
        drawn = 1 + 0.1 * drawn if ("norm" in name or "ln_" in name) and name.endswith("weight") else 0.3 * drawn
        value.data.copy_(drawn.half().float())
    return model


def logits_of(model):
    # With dynamic frequencies a model remembers the longest text that it has seen: each row has a model of its own.
    with torch.no_grad():
        return [copy.deepcopy(model)(torch.tensor([ids])).logits[0, -1].double().tolist() for ids in ROWS]


def tensors_of(model):
    tied = model.config.tie_word_embeddings
    return {name: value for name, value in model.state_dict().items() if not (tied and name == "lm_head.weight")}


def write_folder(folder, model):
    folder.mkdir()
    held = {name: value.half().contiguous() for name, value in tensors_of(model).items()}
    safetensors.torch.save_file(held, str(folder / "model.safetensors"))
    model.config.save_pretrained(folder)


GGUF_NAMES = [
    ("transformer.wte", "token_embd"), ("transformer.wpe", "position_embd"), ("transformer.ln_f", "output_norm"),
    ("model.embed_tokens", "token_embd"), ("model.norm", "output_norm"), ("lm_head", "output"),
    ("transformer.h.", "blk."), ("model.layers.", "blk."), ("ln_1", "attn_norm"), ("ln_2", "ffn_norm"),
    ("post_attention_layernorm", "ffn_norm"), ("input_layernorm", "attn_norm"), ("attn.c_attn", "attn_qkv"),
    ("attn.c_proj", "attn_output"), ("mlp.c_fc", "ffn_up"), ("mlp.c_proj", "ffn_down"), ("self_attn.o_proj", "attn_output"),
    *[(f"self_attn.{part}_proj", f"attn_{part}") for part in "qkv"],
    *[(f"mlp.{part}_proj", f"ffn_{part}") for part in ["gate", "up", "down"]],
]


def write_gguf(path, model):
    config, family = model.config, model.config.model_type
    writer = gguf.GGUFWriter(str(path), family)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(
        (config.n_inner or 4 * config.n_embd) if family == "gpt2" else config.intermediate_size
    )
    writer.add_head_count(config.num_attention_heads)
    divisors = None
    if family == "gpt2":
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
    else:
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_dimension_count(config.head_dim if family == "llama" else 8)
        fields = config.rope_parameters
        writer.add_rope_freq_base(fields["rope_theta"])
        kind = fields["rope_type"]
        if kind == "linear":
            writer.add_context_length(int(config.max_position_embeddings * fields["factor"]))
        if kind in ("linear", "yarn"):
            writer.add_rope_scaling_type(gguf.RopeScalingType(kind))
            writer.add_rope_scaling_factor(fields["factor"])
        if kind == "yarn":
            writer.add_rope_scaling_orig_ctx_len(fields["original_max_position_embeddings"])
            if "beta_fast" in fields:
                writer.add_rope_scaling_yarn_beta_fast(fields["beta_fast"])
                writer.add_rope_scaling_yarn_beta_slow(fields["beta_slow"])
        if kind == "llama3":
            # As llama.cpp's converter: how much slower each frequency is than the plain one.
            found = model.model.rotary_emb.inv_freq.numpy()
            plain = fields["rope_theta"] ** (-np.arange(0, 8, 2, dtype=np.float32) / 8)
            divisors = (plain / found).astype(np.float32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(CHARACTERS)
    writer.add_token_types([gguf.TokenType.CONTROL if text == "<end>" else gguf.TokenType.NORMAL for text in CHARACTERS])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(VOCABULARY - 1)
    writer.add_bos_token_id(VOCABULARY - 1)
    if divisors is not None:
        writer.add_tensor("rope_freqs.weight", divisors)
    for name, value in tensors_of(model).items():
        values = value.numpy()
        if family == "gpt2" and values.ndim == 2 and ".h." in name:
            values = values.T
        if family == "llama" and ("q_proj" in name or "k_proj" in name):
            heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
            # Rotary pairs side by side.
            values = values.reshape(heads, 2, -1, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)
        for old, new in GGUF_NAMES:
            name = name.replace(old, new)
        writer.add_tensor(name, np.ascontiguousarray(values).astype(np.float16 if values.ndim == 2 else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_back(path, expected):
    """How far Transformers is from itself when it reads the GGUF file; None where its reader does not know all that is set."""
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            str(path.parent), gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
        ).eval()
    except Exception as error:
        print(f"  Transformers does not read {path.name}: {str(error)[:100]}")
        return None
    found = logits_of(model)
    size = max(abs(x) for row in expected for x in row)
    return max(abs(a - b) for f, e in zip(found, expected) for a, b in zip(f, e)) / size


def main(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    cases = []
    plain = {}
    for i, (family, what, fields, has_gguf) in enumerate(CASES):
        name = f"{family}-{i}"
        model = make(family, fields, seed=1)
        logits = logits_of(model)
        assert all(math.isfinite(x) for row in logits for x in row)
        write_folder(folder / name, model)
        far = None
        if has_gguf:
            write_gguf(folder / name / "model.gguf", model)
            far = read_back(folder / name / "model.gguf", logits)
        # What the field does to the longest row: it must do something.
        plain.setdefault(family, logits)
        moved = max(abs(a - b) for a, b in zip(logits[-1], plain[family][-1]))
        print(f"{name:10} {what:40} moved {moved:.3f} gguf read back {far}")
        cases.append(dict(name=name, family=family, what=what, gguf=has_gguf, readBack=far is not None and far < 1e-5, logits=logits))
    rounded = [dict(case, logits=[[float(f"{x:.9g}") for x in row] for row in case["logits"]]) for case in cases]
    versions = {m.__name__: m.__version__ for m in (torch, transformers, np)}
    import importlib.metadata
    versions["gguf"] = importlib.metadata.version("gguf")
    (folder / "expected.json").write_text(
        json.dumps(dict(versions=versions, rows=ROWS, cases=rounded), separators=(",", ":")) + "\n"
    )


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))

"""The peer of `npm run bench:policy` and `npm run bench:adapter`: PyTorch, Transformers and TRL on the same weights. Reads one JSON request a line on
stdin, answers one JSON line each. Threads are set by the caller (OMP_NUM_THREADS, OMP_WAIT_POLICY=PASSIVE: two spinning
threads on busy cores would be unfair to it)."""

import json
import os
import subprocess
import sys
import time
import traceback

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TRL_EXPERIMENTAL_SILENCE="1", WANDB_MODE="disabled", HF_HUB_DISABLE_PROGRESS_BARS="1")
import torch

# A wheel without its CUDA libraries answers this question by crashing.
torch.cuda.is_current_stream_capturing = lambda: False
import torch.cuda.graphs

torch.cuda.graphs.is_current_stream_capturing = lambda: False
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
from transformers import AutoModelForCausalLM
from transformers.utils import logging

logging.set_verbosity_error()
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what libraries print goes to stderr


class LowRank(torch.nn.Module):
    """The same head, as a change of the frozen output layer's weight and bias, which is what TRL's fused kernel reads."""

    def __init__(self, base, mean, deviation, subset, rank):
        super().__init__()
        self.base = base
        for p in base.parameters():
            p.requires_grad_(False)
        count, width = base.weight.shape
        self.count = count
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("scale", 1 / (torch.tensor(deviation, dtype=torch.float32) * width**0.5))
        self.register_buffer("subset", torch.tensor(subset))
        self.A = torch.nn.Parameter(torch.randn(rank, width))
        self.B = torch.nn.Parameter(torch.zeros(len(subset), rank))
        self.shift = torch.nn.Parameter(torch.zeros(len(subset)))

    @property
    def weight(self):
        return self.base.weight.index_add(0, self.subset, self.B @ (self.A * self.scale))

    @property
    def bias(self):
        own = self.shift - self.B @ (self.A * self.scale) @ self.mean
        return torch.zeros(self.count).index_add(0, self.subset, own)

    def forward(self, h):
        return torch.nn.functional.linear(h, self.weight, self.bias)


def load(path, head=None):
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    model.eval()
    if head:
        for p in model.parameters():
            p.requires_grad_(False)
        model.lm_head = LowRank(model.lm_head, **head)
    return model


def generate(model, prompts, tokens):
    """Transformers' own generate: sampling, KV cache, exactly `tokens` each."""
    ids = torch.tensor(prompts)
    t = time.perf_counter()
    with torch.inference_mode():
        model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=True, top_k=0, min_new_tokens=tokens, max_new_tokens=tokens, pad_token_id=0)
    return time.perf_counter() - t


def bare(model, prompts, tokens):
    """The least that PyTorch must do: forward with a cache, softmax, multinomial. No stopping rule, no processors."""
    ids = torch.tensor(prompts)
    t = time.perf_counter()
    with torch.inference_mode():
        step = model(ids, use_cache=True, logits_to_keep=1)
        for _ in range(tokens - 1):
            drawn = torch.multinomial(torch.softmax(step.logits[:, -1], -1), 1)
            step = model(drawn, past_key_values=step.past_key_values, use_cache=True)
        torch.multinomial(torch.softmax(step.logits[:, -1], -1), 1)
    return time.perf_counter() - t


class Update:
    """One REINFORCE update of the head by autograd, with the exact normaliser over the whole vocabulary."""

    def __init__(self, n, width, subset, rank):
        torch.manual_seed(0)
        self.x = torch.randn(n, width) / width**0.5
        self.base = torch.log_softmax(torch.randn(n, subset), -1) - 0.2
        self.rest = torch.log1p(-self.base.exp().sum(-1)).clamp_min(-50)
        self.drawn = torch.randint(subset, (n,))
        self.advantage = torch.randn(n)
        self.A = torch.randn(rank, width, requires_grad=True)
        self.B = torch.zeros(subset, rank, requires_grad=True)
        self.bias = torch.zeros(subset, requires_grad=True)
        self.optimizer = torch.optim.Adam([self.A, self.B, self.bias], lr=0.03)

    def step(self, kl_weight=0.02):
        t = time.perf_counter()
        d = (self.x @ self.A.T) @ self.B.T + self.bias
        logits = self.base + d
        log_z = torch.logaddexp(torch.logsumexp(logits, -1), self.rest)
        log_p = logits.gather(-1, self.drawn[:, None])[:, 0] - log_z
        kl = ((logits - log_z[:, None]).exp() * d).sum(-1) - log_z
        loss = -(self.advantage * log_p).mean() + kl_weight * kl.mean()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([self.A, self.B, self.bias], 1.0)
        self.optimizer.step()
        return time.perf_counter() - t


def lora(path, blocks, rank, scale, rate):
    """PEFT's adapter of the same blocks and rank."""
    from peft import LoraConfig

    layers = load(path).config.num_hidden_layers
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    return LoraConfig(r=rank, lora_alpha=scale * rank, target_modules=targets, layers_to_transform=list(range(layers - blocks, layers)), task_type="CAUSAL_LM")


def trl(path, prompts, episodes, group, updates, tokens, end, reward_command, head=None, adapter=None, temperature=1.0):
    """TRL's RLOO with the same trainable head or adapter, prompts, reward (our sandbox, asked over a pipe) and episodes."""
    from datasets import Dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast
    from trl import RLOOConfig, RLOOTrainer

    judge = subprocess.Popen(reward_command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    vocabulary = load(path).config.vocab_size
    words = {f"t{i}": i for i in range(vocabulary)}
    inner = Tokenizer(models.WordLevel(words, unk_token=f"t{vocabulary - 1}"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    # An empty line ends a program, as it does for ours: here it has to be the one token that ends a text.
    end = f"t{end}"
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token=end, eos_token=end, unk_token=end, padding_side="left", model_max_length=256)
    spent = {"reward": 0.0, "tokens": 0}

    def reward(prompts, completion_ids=None, task=None, **_):
        t = time.perf_counter()
        judge.stdin.write(json.dumps({"tasks": task, "ids": [[int(i) for i in ids] for ids in completion_ids]}) + "\n")
        judge.stdin.flush()
        scores = json.loads(judge.stdout.readline())
        spent["reward"] += time.perf_counter() - t
        spent["tokens"] += sum(len(ids) for ids in completion_ids)
        return scores

    data = Dataset.from_dict({"prompt": [" ".join(f"t{i}" for i in p["ids"]) for p in prompts], "task": [p["task"] for p in prompts]})
    settings = dict(output_dir=os.environ["TRL_OUTPUT"], use_cpu=True, max_steps=updates, per_device_train_batch_size=episodes, num_generations=group, max_completion_length=tokens, temperature=temperature, learning_rate=adapter["rate"] if adapter else 0.03, logging_steps=1000, report_to="none", save_strategy="no", bf16=False, gradient_checkpointing=False, beta=0.0, seed=0, disable_tqdm=True, lr_scheduler_type="constant", dataloader_pin_memory=False)
    trainer = RLOOTrainer(model=load(path, head), reward_funcs=reward, args=RLOOConfig(**settings), train_dataset=data, processing_class=tokenizer, peft_config=lora(path, **adapter) if adapter else None)
    marks = []

    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def on_step_begin(self, *_, **__):
            marks.append(time.perf_counter())

    trainer.add_callback(Clock())
    trainer.train()
    marks.append(time.perf_counter())
    judge.stdin.close()
    judge.wait()
    # The first step pays for what is made once.
    return {"seconds": (marks[-1] - marks[1]) / (len(marks) - 2), "reward": spent["reward"] / updates, "tokens": spent["tokens"] / updates}


state = {}
for line in sys.stdin:
    asked = json.loads(line)
    op = asked.pop("op")
    try:
        if op == "versions":
            import transformers
            import trl as trl_

            answer = {"torch": torch.__version__, "transformers": transformers.__version__, "trl": trl_.__version__, "threads": torch.get_num_threads()}
        elif op == "load":
            state["model"] = load(asked["path"])
            answer = {}
        elif op == "generate":
            answer = {"generate": generate(state["model"], **asked), "bare": bare(state["model"], **asked)}
        elif op == "update":
            update = state.setdefault("update", Update(**asked))
            answer = {"seconds": update.step()}
        elif op == "adapter":
            if asked.pop("fresh", False):
                from adapter_update import AdapterUpdate

                state["adapter"] = AdapterUpdate(load(asked.pop("folder")), **asked)
                answer = {}
            else:
                answer = state["adapter"].step()
        elif op == "trl":
            answer = trl(**asked)
        else:
            answer = {"error": f"unknown request {op}"}
    except Exception as error:
        traceback.print_exc()
        answer = {"error": f"{type(error).__name__}: {error}"[:500]}
    out.write(json.dumps(answer) + "\n")
    out.flush()

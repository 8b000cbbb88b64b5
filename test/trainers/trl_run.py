"""TRL's GRPOTrainer on lives of a server of this project; see `common.py` and `trl.ts`.

The model is a GPT-2 of random weights over bytes, so small that it could write no tool call: its output is held to the form of
one, and a single character of the program is the policy's. That is enough for rewards that differ and gradients above 0.
"""

from __future__ import annotations

import os
import socket

os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "TRL_EXPERIMENTAL_SILENCE": "1"}

import tempfile
from typing import Any

import torch
from common import URL, check, run_checks, version
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedTokenizerFast,
)
from trl import GRPOConfig, GRPOTrainer
from trl.chat_template_utils import qwen3_chat_template

os.environ["AUTOAGENT_ENV"] = URL
from autoagent_env.trl import AutoAgentEnv  # noqa: E402

STEPS, GROUP, GROUPS, CONTEXT = 3, 4, 2, 6144

# PyTorch without its CUDA libraries has no such call, and asks for it.
torch.cuda.is_current_stream_capturing = lambda: False
torch.manual_seed(0)
torch.set_num_threads(1)


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """A token a byte, and those that Qwen's chat template is made of."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    inner.add_tokens([f"<{end}{name}>" for name in ("tool_call", "tool_response", "think") for end in ("", "/")])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        model_max_length=CONTEXT,
    )
    tokenizer.chat_template = qwen3_chat_template
    return tokenizer


class Held(LogitsProcessor):
    """Lets the model write a call of `run_program` alone, whose last character it chooses: half of them are a syntax error."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        def ids(text: str) -> list[int]:
            return tokenizer(text, add_special_tokens=False)["input_ids"]

        head = ids('<tool_call>\n{"name": "run_program", "arguments": {"program": "self.k = ')
        tail = ids('"}}\n</tool_call><|im_end|>')
        free = [ids(letter)[0] for letter in "12345()["]
        self.form = [*([one] for one in head), free, *([one] for one in tail)]
        self.end = [tokenizer.eos_token_id]
        self.start: int | None = None

    def __call__(self, seen: Any, scores: Any) -> Any:
        self.start = seen.shape[1] if self.start is None else self.start
        at = seen.shape[1] - self.start
        allowed = self.form[at] if at < len(self.form) else self.end
        held = torch.full_like(scores, float("-inf"))
        held[:, allowed] = scores[:, allowed]
        return held


def tiny_model(tokenizer: PreTrainedTokenizerFast) -> GPT2LMHeadModel:
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=64,
        n_layer=2,
        n_head=2,
        n_positions=CONTEXT,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = GPT2LMHeadModel(config)
    plain = model.generate
    model.generate = lambda *args, **options: plain(
        *args, logits_processor=LogitsProcessorList([Held(tokenizer)]), **options
    )
    return model


FIRST: list[str] = []


class Watched(AutoAgentEnv):
    """Notes what each life saw first."""

    def reset(self, seed: int | None = None, **row: Any) -> str:
        FIRST.append(super().reset(seed, **row))
        return FIRST[-1]


@check(f"{version('trl')}, {version('torch')}", f"GRPOTrainer: {STEPS} optimiser steps on lives in the sandbox")
def _() -> str:
    tokenizer = byte_tokenizer()
    with tempfile.TemporaryDirectory() as folder:
        arguments = GRPOConfig(
            output_dir=folder,
            use_cpu=True,
            max_steps=STEPS,
            per_device_train_batch_size=GROUP * GROUPS,
            num_generations=GROUP,
            max_completion_length=2048,
            max_tool_calling_iterations=4,
            learning_rate=1e-2,
            lr_scheduler_type="constant",
            logging_steps=1,
            report_to="none",
            save_strategy="no",
            bf16=False,
            gradient_checkpointing=False,
            beta=0.0,
            disable_tqdm=True,
            dataloader_pin_memory=False,
            scale_rewards="none",
            loss_type="dr_grpo",
            chat_template_kwargs={"enable_thinking": False},
        )
        trainer = GRPOTrainer(
            model=tiny_model(tokenizer),
            args=arguments,
            processing_class=tokenizer,
            environment_factory=Watched,
            train_dataset=Watched.dataset(lives=32, prompt="Act by run_program.\n"),
        )
        before = [one.detach().clone() for one in trainer.model.parameters()]
        trainer.train()
        moved = sum(not torch.equal(a, b.detach()) for a, b in zip(before, trainer.model.parameters()))
    assert [tool.__name__ for tool in trainer.tools] == ["run_program"], trainer.tools
    logs = [one for one in trainer.state.log_history if "reward" in one]
    assert len(logs) == STEPS, logs
    for one in logs:
        assert one["reward_std"] > 0 and one["grad_norm"] > 0, one
        assert one["tools/failure_frequency"] == 0, one
    assert moved > 0
    groups = [FIRST[i : i + GROUP] for i in range(0, len(FIRST), GROUP)]
    assert len(FIRST) == STEPS * GROUP * GROUPS and all(len(set(group)) == 1 for group in groups), groups
    assert len({group[0] for group in groups}) > 1, groups
    figures = "; ".join(
        f"reward {one['reward']:.2f} ± {one['reward_std']:.2f}, gradient {one['grad_norm']:.3f}" for one in logs
    )
    return f"{len(FIRST)} lives, one first task in each of {len(groups)} groups; {figures}"


@check(version("trl"), "a life whose reward is None is left out of the update")
def _() -> str:
    from trl.trainer.grpo_trainer import GRPOTrainer as Trainer

    env = AutoAgentEnv()
    env.reset(seed=1)
    env._client._socket._socket.shutdown(socket.SHUT_RDWR)  # the connection is cut, as where the server was killed
    assert "lost" in env.run_program("self.a = 1") and env.get_reward() is None
    env.reset(seed=1)
    env.run_program("self.a = 1")
    assert env.get_reward() == 1
    assert hasattr(Trainer, "_calculate_rewards")
    return "and the next reset lives again"


run_checks()

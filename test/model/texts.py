"""What Transformers' chat templates and the Rust library `tokenizers` make of texts: fixtures/texts.json. Needs transformers,
tokenizers and jinja2 in an environment of their own. The templates are ours, of the kinds that models have.

Usage: python texts.py FILE
"""

import importlib.metadata
import json
import pathlib
import sys

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, processors, trainers
from transformers.utils.chat_template_utils import render_jinja_template

SYSTEM = {"role": "system", "content": "Be short."}
ASK = {"role": "user", "content": " What is 2 + 3?\n"}
SAID = {"role": "assistant", "content": "5"}
TOKENS = dict(bos_token="<s>", eos_token="</s>")
TEMPLATES = {
    "marks with a default system turn": """{% if messages[0]['role'] != 'system' %}<|im_start|>system
You help.<|im_end|>
{% endif %}{% for message in messages %}<|im_start|>{{ message['role'] }}
{{ message['content'] }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}""",
    "headers, trimmed": """{{- bos_token }}
{%- set system = "" %}
{%- if messages[0].role == "system" %}
    {%- set system = messages[0].content | trim %}
    {%- set messages = messages[1:] %}
{%- endif %}
{{- "<|head|>system<|end_head|>\\n\\n" ~ (system if system else "You help.") ~ "<|eot|>" }}
{%- for message in messages %}
    {{- "<|head|>" + message.role + "<|end_head|>\\n\\n" + message.content | trim + "<|eot|>" }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- "<|head|>assistant<|end_head|>\\n\\n" }}
{%- endif %}
""",
    "instructions that must alternate": """{{ bos_token }}{% for message in messages %}
    {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{ raise_exception('Turns must alternate user/assistant/user/assistant/...') }}
    {% endif %}
    {% if message['role'] == 'user' %}
        {{ '[INST] ' + message['content'].strip() + ' [/INST]' }}
    {% elif message['role'] == 'assistant' %}
        {{ ' ' + message['content'] + ' ' + eos_token }}
    {% endif %}
{% endfor %}""",
    "a macro and a namespace": """{% macro turn(name, text) %}<|{{ name }}|>{{ '\\n' }}{{ text }}{{ eos_token }}{{ '\\n' }}{% endmacro %}
{%- set seen = namespace(count=0) %}
{%- for message in messages %}
{%- set seen.count = seen.count + 1 %}
{{- turn(message.role if not loop.first or message.role == 'system' else 'first ' ~ message.role, message.content) }}
{%- endfor %}
{%- if tools is defined and tools is not none %}tools{% endif %}
{%- if add_generation_prompt %}<|assistant {{ seen.count }}|>{{ '\\n' }}{% endif %}""",
}
CONVERSATIONS = [[ASK], [SYSTEM, ASK], [ASK, SAID, ASK], [SYSTEM, ASK, SAID, ASK], [ASK, ASK]]


def told(template, turns):
    try:
        texts, _ = render_jinja_template([turns], chat_template=template, add_generation_prompt=True, **TOKENS)
        return dict(text=texts[0])
    except Exception as error:
        return dict(error=str(error))


TEXTS = [
    "hi", " ½", "a ²", "123 ٣٤٥", "x²+y² = 25", "Ⅷ and ⅔ of 42", "９９ bottles", "a1b22 333", " 12", "७८९ १२", "①②", "no digits",
]


def trained(individual):
    tokenizer = tokenizers.Tokenizer(models.BPE())
    # Trained without the cut at digits, so that merges cross it: only a right cut keeps them apart.
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=330, special_tokens=["<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([text for text in TEXTS for _ in range(20)], trainer)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=individual), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def tokenizer_cases():
    found = []
    for individual in [True, False]:
        tokenizer = trained(individual)
        ids = [[text, tokenizer.encode(text, add_special_tokens=False).ids] for text in TEXTS]
        found.append(dict(what=f"Digits(individual_digits={individual})", file=json.loads(tokenizer.to_str()), texts=ids))
    return found


def post_processors():
    found = []
    pair = [("<s>", 0), ("</s>", 1)]
    kinds = {
        "none": None,
        "<s> $A": processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=pair),
        "<s> $A </s>": processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A $B", special_tokens=pair),
        "$A </s>": processors.TemplateProcessing(single="$A </s>", pair="$A $B", special_tokens=pair),
    }
    kinds["in a sequence"] = processors.Sequence([processors.ByteLevel(trim_offsets=False), kinds["<s> $A"]])
    for what, processor in kinds.items():
        tokenizer = trained(True)
        if processor is not None:
            tokenizer.post_processor = processor
        file = json.loads(tokenizer.to_str())
        found.append(dict(what=what, postProcessor=file["post_processor"], ids=tokenizer.encode("hi").ids))
    return found


if __name__ == "__main__":
    templates = [
        dict(what=what, template=template, conversations=[dict(turns=turns, **told(template, turns)) for turns in CONVERSATIONS])
        for what, template in TEMPLATES.items()
    ]
    versions = {name: importlib.metadata.version(name) for name in ["transformers", "tokenizers", "jinja2"]}
    value = dict(versions=versions, tokens=TOKENS, templates=templates, tokenizers=tokenizer_cases(), postProcessors=post_processors())
    pathlib.Path(sys.argv[1]).write_text(json.dumps(value, separators=(",", ":")) + "\n")

"""What Transformers with PEFT computes with an adapter: `python peft_logits.py MODEL ADAPTER` prints the logits of a text's last
position as JSON; with `--write` it makes an adapter of its own first, of PEFT's usual kind, and saves it into ADAPTER.
`python peft_logits.py --plain MODEL...` prints those of each model without an adapter, and needs no PEFT."""

import json
import sys

import torch

torch.cuda.is_current_stream_capturing = lambda: False
import torch.cuda.graphs

torch.cuda.graphs.is_current_stream_capturing = lambda: False
import transformers

ids = [5, 15, 38, 37, 9, 35, 35, 9, 37, 38, 15]


def load(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def logits(model):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0, -1].tolist()


if sys.argv[1] == "--plain":
    print(json.dumps({"logits": [logits(load(folder)) for folder in sys.argv[2:]]}))
    sys.exit()
import peft

folder, adapter = sys.argv[1:3]
model = load(folder)
if "--write" in sys.argv:
    gpt2 = model.config.model_type == "gpt2"
    targets = ["c_attn", "mlp.c_proj"] if gpt2 else ["q_proj", "v_proj", "down_proj"]
    config = peft.LoraConfig(r=3, lora_alpha=5, target_modules=targets, fan_in_fan_out=gpt2, task_type="CAUSAL_LM")
    torch.manual_seed(1)
    model = peft.get_peft_model(model, config).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "lora_B" in name:
                value.normal_(0, 0.2)
    model.save_pretrained(adapter)
else:
    model = peft.PeftModel.from_pretrained(model, adapter).eval()
print(json.dumps({"logits": logits(model)}))

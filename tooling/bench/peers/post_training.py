"""Steps of TRL's trainers, one for each line on standard input: a callback waits before every step."""
import json
import os
import resource
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, TrainerCallback
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer

c = json.loads(sys.argv[1])
torch.set_num_threads(c["threads"])
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def say(value):
    print(json.dumps(value), file=out, flush=True)


class Turns(TrainerCallback):
    def __init__(self):
        self.start, self.steps = 0.0, 0

    def on_step_end(self, args, state, control, **_):
        self.steps += 1
        if self.steps < 3:
            return
        say({"warmUp": []} if self.steps == 3 else {"ms": (time.perf_counter() - self.start) * 1e3})
        if sys.stdin.readline().strip() in ("end", ""):
            control.should_training_stop = True
        self.start = time.perf_counter()


tokenizer = PreTrainedTokenizerFast(
    tokenizer_file=f"{c['folder']}/tokenizer.json", eos_token="<|endoftext|>", pad_token="<|endoftext|>"
)
model = AutoModelForCausalLM.from_pretrained(c["folder"], dtype=torch.float32)
data = load_dataset("json", data_files=c["data"], split="train")
common = dict(
    output_dir="/tmp/attune-bench-trl",
    use_cpu=True,
    bf16=False,
    max_steps=1000,
    learning_rate=1e-4,
    lr_scheduler_type="constant",
    report_to="none",
    save_strategy="no",
    logging_steps=1000,
    disable_tqdm=True,
    gradient_checkpointing=False,
    remove_unused_columns=False,
)
if c["kind"] == "dpo":
    trainer = DPOTrainer(
        model=model,
        args=DPOConfig(
            **common, per_device_train_batch_size=c["batch"], max_length=c["length"], precompute_ref_log_probs=c["precompute"]
        ),
        train_dataset=data,
        processing_class=tokenizer,
        callbacks=[Turns()],
    )
else:
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=lambda completions, **_: [float(any(ch.isdigit() for ch in text)) for text in completions],
        args=GRPOConfig(
            **common,
            per_device_train_batch_size=c["batch"],
            num_generations=c["answers"],
            max_completion_length=c["tokens"],
            generation_kwargs={"min_new_tokens": c["tokens"]},
            beta=0.0,
        ),
        train_dataset=data,
        processing_class=tokenizer,
        callbacks=[Turns()],
    )
trainer.train()
say({"peakMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})

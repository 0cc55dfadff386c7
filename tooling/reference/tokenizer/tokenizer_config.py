"""A folder as `transformers` writes it, and what its tokenizer makes of some texts.

    python tokenizer_config.py ../../../packages/tokenizer/src/fixtures
"""

import json
import sys
import tempfile
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

TEXTS = ["<s>low lower</s>", "the <tool> low<mask> x", "<extra>low"]


def main(folder: str) -> None:
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "low": 1, "lower": 2, "the": 3, "x": 4}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    bare = json.loads(tokenizer.to_str())
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token=AddedToken("</s>", rstrip=True), pad_token="<pad>",
        mask_token=AddedToken("<mask>", lstrip=True), additional_special_tokens=["<tool>"], model_max_length=12, padding_side="left")
    fast.add_tokens([AddedToken("<extra>", normalized=False)])
    with tempfile.TemporaryDirectory() as out:
        fast.save_pretrained(out)
        config = json.loads(Path(out, "tokenizer_config.json").read_text())
        saved = json.loads(Path(out, "tokenizer.json").read_text())
        loaded = AutoTokenizer.from_pretrained(out)
        batch = loaded(TEXTS, padding=True)
    # Older versions write the added tokens into this file.
    config["added_tokens_decoder"] = {str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in saved["added_tokens"]}
    fixture = {"config": config, "bare": bare, "texts": TEXTS, "ids": batch["input_ids"], "mask": batch["attention_mask"]}
    Path(folder, "tokenizer-config.json").write_text(json.dumps(fixture, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

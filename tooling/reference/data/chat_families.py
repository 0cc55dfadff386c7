"""Writes the fixture of the built-in chat templates: what others render, and where transformers finds {% generation %}.

    pnpm --filter @attune/data build
    python -m pip install transformers jinja2 trl fschat mistral-common
    python tooling/reference/data/chat_families.py   # made with transformers 5.24.0, trl 1.16.0, fschat 0.2.36, mistral-common 1.13.1

References: the published templates of Qwen, Llama 3, Gemma and DeepSeek-R1 as trl ships them, rendered by transformers;
fastchat for Vicuna and Llama 2; mistral-common for Mistral.
"""

import json
import re
import subprocess
from pathlib import Path

import fastchat.conversation as fastchat
import trl
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from transformers.utils.chat_template_utils import render_jinja_template

ROOT = Path(__file__).parents[3]
OUT = ROOT / "packages/data/src/fixtures/chat-families.json"
PUBLISHED = {
    "qwen2.5": "qwen2_5",
    "qwen3": "qwen3",
    "llama-3": "llama3",
    "llama-3.1": "llama3_1",
    "gemma": "gemma",
    "deepseek-r1": "deepseek_r1_distill",
}


def turn(role, content, **more):
    return {"role": role, "content": content, **more}


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "add",
            "description": "Adds \"two\" numbers: é, <b>.",
            "parameters": {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]},
        },
    }
]
CALL = {"id": "abcdefghi", "type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": 2.5}}}
PLAIN = [turn("user", "Hi"), turn("assistant", "Hello!"), turn("user", "1 + 1?\nQuick — 谢谢 🙂"), turn("assistant", "2")]
SYSTEM = [turn("system", "Be brief.")]
THOUGHTS = [
    turn("user", "Hi /think"),
    turn("assistant", "<think>\nA greeting.\n</think>\n\nHello!"),
    turn("user", "1 + 1? /no_think"),
    turn("assistant", "2"),
]
THINKING = [turn("user", "1 + 1?"), turn("assistant", "2", reasoning_content="Add\nthem.")]
INLINE = [turn("user", "1 + 1?"), turn("assistant", "<think>\nAdd.\n</think>\n\n2")]
CALLS = [
    turn("user", "1 + 2.5?"),
    turn("assistant", "", tool_calls=[CALL]),
    turn("tool", "3.5", tool_call_id="abcdefghi", name="add"),
    turn("assistant", "It is 3.5."),
]
STEPS = [
    turn("user", "Both."),
    turn("assistant", "Let me see.", reasoning_content="First add.", tool_calls=[CALL, CALL]),
    turn("tool", "3.5", tool_call_id="abcdefghi", name="add"),
    turn("tool", "3.5", tool_call_id="abcdefghi", name="add"),
    turn("assistant", "Done.", reasoning_content="Now answer."),
]

# template, messages, tools, variables
CASES = [(name, messages, None, {}) for name in PUBLISHED for messages in (PLAIN, PLAIN[:1], PLAIN[:2])]
CASES += [(name, SYSTEM + PLAIN, None, {}) for name in PUBLISHED if name != "gemma"]
CASES += [
    ("qwen2.5", CALLS, TOOLS, {}),
    ("qwen2.5", SYSTEM + CALLS[:1], TOOLS, {}),
    ("qwen3", THOUGHTS, None, {}),
    ("qwen3", THOUGHTS[:3], None, {"enable_thinking": False}),
    ("qwen3", THINKING, None, {}),
    ("qwen3", INLINE, None, {}),
    ("qwen3", CALLS, TOOLS, {}),
    ("qwen3", SYSTEM + STEPS, TOOLS, {}),
    ("llama-3.1", CALLS, TOOLS, {}),
    ("llama-3.1", SYSTEM + CALLS[:3], TOOLS, {"date_string": "1 Jan 2025"}),
    ("deepseek-r1", THOUGHTS, None, {}),
    ("deepseek-r1", SYSTEM + THOUGHTS[:3], None, {}),
    *[(name, messages, None, {}) for name in ("vicuna", "llama-2") for messages in (PLAIN, PLAIN[:1], PLAIN[:3], SYSTEM + PLAIN)],
    *[("mistral", messages, None, {}) for messages in (PLAIN, PLAIN[:1], PLAIN[:3], SYSTEM + PLAIN[:3])],
    ("mistral", PLAIN[:2] + CALLS[:3], TOOLS, {}),
    ("mistral", CALLS[:3], TOOLS, {}),
]


def published(name, messages, tools, prompt, variables):
    template = (Path(trl.__file__).parent / f"chat_templates/{PUBLISHED[name]}.jinja").read_text()
    [text], _ = render_jinja_template(
        [messages], tools=tools, chat_template=template, add_generation_prompt=prompt, **variables
    )
    return text


def conversation(name, messages, prompt, tokens):
    conv = fastchat.get_conv_template({"vicuna": "vicuna_v1.1", "llama-2": "llama-2"}[name])
    for message in messages:
        if message["role"] == "system":
            conv.set_system_message(message["content"])
        else:
            conv.append_message(conv.roles[message["role"] == "assistant"], message["content"])
    # fastchat's text of a question alone has no end in Llama 2; the prompt has.
    if prompt or (name == "llama-2" and messages[-1]["role"] == "user"):
        conv.append_message(conv.roles[1], None)
    # fastchat begins the next turn of Llama 2 at the end of an answer, and leaves the first token to the tokenizer.
    text = conv.get_prompt()
    text = text.removesuffix("<s>") if name == "llama-2" and not prompt else text
    return tokens["bos_token"] + text


def mistral(messages, tools):
    """mistral-common wants a question or a function's answer last: after an answer one more is added, and cut off."""
    messages = json.loads(json.dumps(messages))
    for message in messages:
        for call in message.get("tool_calls", []):
            call["function"]["arguments"] = json.dumps(call["function"]["arguments"])
    more = [turn("user", "END")] if messages[-1]["role"] == "assistant" else []
    request = ChatCompletionRequest(messages=messages + more, tools=tools)
    return MistralTokenizer.v3().encode_chat_completion(request).text.removesuffix("[INST]▁END[/INST]")


def pieces_to_text(text):
    return re.sub(r"(?:<0x[0-9A-F]{2}>)+", lambda m: bytes(int(h, 16) for h in re.findall("0x(..)", m[0])).decode(), text).replace("▁", " ")


def utf16(text, index):
    """Python counts code points, JavaScript UTF-16 units."""
    return len(text[:index].encode("utf-16-le")) // 2


def main():
    script = "import('./packages/data/dist/text/templates/index.js').then((m) => console.log(JSON.stringify(m.TEMPLATES)))"
    ours = json.loads(subprocess.run(["node", "-e", script], cwd=ROOT, capture_output=True, check=True, text=True).stdout)
    cases = []
    for name, messages, tools, variables in CASES:
        tokens = {"bos_token": ours[name].get("bosToken", ""), "eos_token": ours[name]["eosToken"]}
        for prompt in [False, True] if messages[-1]["role"] in ("user", "tool") else [False]:
            if name in PUBLISHED:
                text = published(name, messages, tools, prompt, {**tokens, **variables})
            elif name == "mistral":
                if prompt:
                    continue
                text = pieces_to_text(mistral(messages, tools))
            else:
                text = conversation(name, messages, prompt, tokens)
            [own], [spans] = render_jinja_template(
                [messages], tools=tools, chat_template=ours[name]["source"], return_assistant_tokens_mask=True,
                add_generation_prompt=prompt, **tokens, **variables,
            )
            if own != text:
                print(f"DIFFERS {name} {prompt}\n  {text!r}\n  {own!r}")
            spans = [[utf16(text, start), utf16(text, end)] for start, end in spans]
            case = {"template": name, "messages": messages, "addGenerationPrompt": prompt, "text": text, "assistant": spans}
            if tools:
                case["tools"] = tools
            if variables:
                case["variables"] = variables
            cases.append(case)
    OUT.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()

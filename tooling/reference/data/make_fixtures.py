"""Writes the fixtures of @attune/data: chat templates as Hugging Face transformers renders them, Arrow as pyarrow writes it.

    python -m pip install transformers jinja2 pyarrow    # made with transformers 5.23.0, pyarrow 26.0.1
    python tooling/reference/data/make_fixtures.py
"""

import io
import json
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from transformers.utils.chat_template_utils import render_jinja_template

OUT = Path(__file__).parents[3] / "packages/data/src/fixtures"

CHATML = """{%- for message in messages %}
    {{- '<|im_start|>' + message['role'] + '\\n' }}
    {%- if message['role'] == 'assistant' %}
        {%- generation %}
        {{- message['content'] + '<|im_end|>' }}
        {%- endgeneration %}
    {%- else %}
        {{- message['content'] + '<|im_end|>' }}
    {%- endif %}
    {{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""

# Blocks on lines of their own, so that trim_blocks and lstrip_blocks matter.
BLOCKS = """{% for message in messages %}
{% if message.role == 'assistant' %}
  {% generation %}
<a>{{ message.content | trim }}</a>
  {% endgeneration %}
{% else %}
<{{ message.role[0] }}>{{ message.content }}</{{ message.role[0] }}>
{% endif %}
{% endfor %}
{% if add_generation_prompt %}<a>{% endif %}
"""

INLINE = "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %}{% generation %} {{ m.content }}{{ eos_token }}{% endgeneration %}{% endif %}{% endfor %}"

CONVERSATIONS = [
    [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}],
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "1 + 1?\nQuick."},
        {"role": "assistant", "content": "  2 "},
        {"role": "user", "content": "Thanks — 谢谢 🙂"},
        {"role": "assistant", "content": "\nAny time."},
    ],
    [{"role": "user", "content": "Only a question"}],
]


def utf16(text, index):
    """Python counts code points, JavaScript UTF-16 units."""
    return len(text[:index].encode("utf-16-le")) // 2


def templates():
    cases = []
    for name, template in {"chatml": CHATML, "blocks": BLOCKS, "inline": INLINE}.items():
        for messages in CONVERSATIONS:
            for prompt in [False, True]:
                variables = {"bos_token": "<s>", "eos_token": "</s>"}
                [text], [spans] = render_jinja_template(
                    [messages], chat_template=template, return_assistant_tokens_mask=True, add_generation_prompt=prompt, **variables
                )
                spans = [[utf16(text, start), utf16(text, end)] for start, end in spans]
                cases.append({"template": name, "messages": messages, "addGenerationPrompt": prompt, "text": text, "assistant": spans})
    content = {"templates": {"chatml": CHATML, "blocks": BLOCKS, "inline": INLINE}, "cases": cases}
    (OUT / "chat-templates.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def arrow():
    table = pa.table(
        {
            "text": ["one", None, "drei"],
            "count": pa.array([1, 2**40, None], pa.int64()),
            "score": [0.5, -1.25, 3.0],
            "good": [True, False, None],
            "ids": pa.array([[1, 2], [], [3]], pa.list_(pa.int32())),
            "messages": pa.array(
                [[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], [], [{"role": "user", "content": "c"}]]
            ),
        }
    )
    with pa.OSFile(str(OUT / "rows.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    with pa.OSFile(str(OUT / "rows-stream.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    (OUT / "rows.json").write_text(json.dumps(table.to_pylist(), indent=1) + "\n")
    for codec in ["snappy", "zstd", "gzip"]:
        pq.write_table(table, OUT / f"rows-{codec}.parquet", compression=codec, row_group_size=2)
    lines = "".join(json.dumps(row) + "\n" for row in table.to_pylist())
    (OUT / "rows.jsonl.zst").write_bytes(pa.Codec("zstd").compress(lines.encode(), asbytes=True))


def webdataset():
    """A shard as the command tar writes it, with a name too long for the header, in GNU's and in pax format."""
    samples = {
        "a/0001": {"txt": "eins", "json": '{"n": 1}', "cls": "7", "bin": b"\x00\xff"},
        "a/" + "long/" * 30 + "0002": {"txt": "zwei 🙂", "seg.png": b"\x89PNG"},
    }
    for name, layout in {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}.items():
        with tarfile.open(OUT / f"shard-{name}.tar", "w", format=layout) as shard:
            for key, files in samples.items():
                for extension, content in files.items():
                    content = content.encode() if isinstance(content, str) else content
                    info = tarfile.TarInfo(f"{key}.{extension}")
                    info.size = len(content)
                    shard.addfile(info, io.BytesIO(content))


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    templates()
    arrow()
    webdataset()

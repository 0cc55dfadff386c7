"""Mathematical answers judged by math-verify: the peer of `workers/verifiers.mjs`."""
import json
import logging
import sys
from pathlib import Path

from math_verify import parse, verify
from worker import serve

logging.disable(logging.CRITICAL)
task = json.loads(sys.argv[1])["task"]
fixture = Path(__file__).parents[3] / "packages/rewards/src/fixtures/math-equivalence.json"
pairs = json.loads(fixture.read_text())["pairs"][::8]


def judge(gold, answer):
    text = f"${answer}$" if task == "pairs" else f"We compute step by step. So \\boxed{{{answer}}}."
    return bool(verify(parse(f"${gold}$"), parse(text)))


serve(lambda: {"right": sum(judge(gold, answer) for gold, answer, _ in pairs)})

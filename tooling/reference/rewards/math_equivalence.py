"""Verdicts of math-verify (PyPI) on pairs of answers: packages/rewards/src/fixtures/math-equivalence.json.

    pip install math-verify[antlr4_13_2]
    python tooling/reference/rewards/math_equivalence.py

Each line of GROUPS lists ways to write one answer; members of a line are compared with each other and with a member of
the next lines.
"""

import json
import logging
from importlib.metadata import version
from itertools import permutations
from pathlib import Path

from math_verify import parse, verify

GROUPS = r"""
1/2 | \frac{1}{2} | \frac12 | \dfrac{1}{2} | 0.5 | .5 | 50\% | \frac{2}{4} | 0.50
1/3 | \frac{1}{3} | 0.333333 | \frac{2}{6}
0.3333
-3 | -\frac{6}{2} | -3.0
1000 | 1,000 | 1{,}000 | 10^3 | 1000.00
12 | 12 \text{ cm} | 12\text{ inches} | \$12 | 12 \text{ cm}^2
\sqrt{12} | 2\sqrt{3} | 2\sqrt3 | \sqrt{4 \cdot 3}
\sqrt{3}/2 | \frac{\sqrt{3}}{2} | \frac12\sqrt{3}
\pi | 3.14159265
2\pi | \pi \cdot 2
\frac{\pi}{6} | \pi/6
(1,2) | (1, 2) | \left(1,2\right)
(2,1)
\{1,2\} | \{2,1\} | \left\{1, 2\right\}
\{1,2,3\} | \{3,1,2\}
[1,2] | \left[1,2\right]
[1,2)
(-\infty,3] | \left(-\infty, 3\right]
(-\infty,0)\cup(1,\infty) | (-\infty, 0) \cup (1, \infty)
x=5 | 5 | x = 5.0
x^2+2x+1 | (x+1)^2 | 1+2x+x^2
x^2-2x+1 | (1-x)^2 | (x-1)^2
\frac{1}{x+1} | (x+1)^{-1} | \frac{1}{1+x}
y=2x+3 | y = 3+2x | 2x+3
a+b | b+a
ab | ba
a-b
b-a
\frac{a}{b} | a/b
3\frac{1}{2} | \frac{7}{2} | 3.5
x<3 | 3>x
x>3 | 3<x
1<x<3
x \le 3 | x \leq 3
\log_2 8 | 3
\ln 2 | \ln{2}
e^2 | e \cdot e
\sin^2 x + \cos^2 x | 1
\sin 2x | 2\sin x\cos x
5! | 120
\binom{5}{2} | 10
|x-1| | |1-x|
2^{10} | 1024
2^{100} | 1267650600228229401496703205376
\frac{1+\sqrt{5}}{2} | \frac{\sqrt{5}+1}{2} | 0.5+\frac{\sqrt5}{2}
30^\circ | 30
1+2i | 2i+1
\begin{pmatrix}1 & 2\\3 & 4\end{pmatrix} | \begin{bmatrix}1 & 2\\3 & 4\end{bmatrix}
\begin{pmatrix}1 & 2\\3 & 5\end{pmatrix}
\infty
-\infty
\frac{3}{4} | 75\% | 0.75
9\% | 9 | 0.09
A
B
x
-x
0
\frac{5}{0}
1.41421356 | \sqrt{2}
\sqrt[3]{8} | 2
\frac{x^2-1}{x-1} | x+1
4x^2 | (2x)^2
\sqrt{x^2}
1,2 | 1, 2
3.14
\frac{22}{7}
"""


def main() -> None:
    logging.disable(logging.CRITICAL)
    groups = [[each.strip() for each in line.split(" | ")] for line in GROUPS.strip().splitlines()]
    pairs = [pair for group in groups for pair in permutations(group, 2)]
    for i, group in enumerate(groups):
        for step in (1, 2, 5, 11):
            pairs.append((group[0], groups[(i + step) % len(groups)][-1]))
    rows = []
    for gold, answer in dict.fromkeys(pairs):
        read = [parse(f"${each}$", raise_on_error=False) for each in (gold, answer)]
        rows.append([gold, answer, bool(verify(*read))])
    out = Path(__file__).parents[3] / "packages/rewards/src/fixtures/math-equivalence.json"
    head = {"made by": "tooling/reference/rewards/math_equivalence.py", "math-verify": version("math-verify")}
    lines = ",\n".join(f"    {json.dumps(row)}" for row in rows)
    out.write_text(f'{json.dumps(head)[:-1]},\n  "pairs": [\n{lines}\n  ]\n}}\n')
    print(len(rows), sum(row[2] for row in rows))


main()

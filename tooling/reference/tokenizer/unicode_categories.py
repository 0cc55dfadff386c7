"""The general category of every code point, as the regular expressions of `tokenizers` (Oniguruma) see it.

    python unicode_categories.py > ../../../packages/tokenizer/src/text/unicode-categories.data.ts
"""

from tokenizers import Regex, pre_tokenizers

CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cs Cn".split()


def base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def main() -> None:
    text = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF)
    of = {c: "Cs" for c in range(0xD800, 0xE000)}
    for category in CATEGORIES:
        split = pre_tokenizers.Split(Regex(rf"\p{{{category}}}"), "removed", invert=True)
        for char, _ in split.pre_tokenize_str(text):
            of[ord(char)] = category
    runs = ""
    start = 0
    for c in range(1, 0x110001):
        if c == 0x110000 or of.get(c, "Cn") != of.get(start, "Cn"):
            letter = chr(ord("A") + CATEGORIES.index(of.get(start, "Cn")))
            length = c - start
            runs += letter + (base36(length) if length > 1 else "")
            start = c
    print("// Written by tooling/reference/tokenizer/unicode_categories.py.\n")
    print("/** The general categories, in the order of the letters of `CATEGORY_RUNS`. */")
    print(f"export const CATEGORIES = '{' '.join(CATEGORIES)}'.split(' ');\n")
    print("/** Runs of code points from 0 of one category: its letter from `A`, then the length (base 36; none is 1). */")
    print("export const CATEGORY_RUNS =\n  String.raw`" + runs + "`;")


main()

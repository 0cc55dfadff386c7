"""Strings that tokenizers get wrong. All well formed: the references refuse lone surrogates."""

import json

SPACES = "".join(chr(c) for c in [9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, 0x2003, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000])

HARD_STRINGS = [
    "",
    " ",
    "Hello world",
    "  leading and trailing  ",
    "I'm you're they'll we've she'd it's don't I'M YOU'RE 'S 'sad 'tis",
    "tabs\tand\r\nnewlines\n\n\nand\u000bmore\f ",
    " " * 37 + "x" + " " * 5 + "\n" * 7 + " y",
    "0123456789 3.14159 1,000,000 ½ Ⅷ ٣ ४ ²",
    "naïve café Ångström e\u0301 o\u0308 ﬁ ﬀ Ⅳ ß ẞ İ ı ſ K Å",
    "日本語のテキスト、カタカナ。한국어 텍스트! 中文，标点。",
    "עברית مرحبا بالعالم \u200f\u202bRTL\u202c",
    "हिन्दी ภาษาไทย தமிழ் မြန်မာ ខ្មែរ",
    "👍🏽 👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇫🇷🇩🇪 ❤️ ☺ 🤷🏿‍♀️",
    "zero\u200bwidth\u200djoin\ufeffbom\u00adshy\u2060",
    "\ufeffbom first",
    "\u0000\u0001\u0007\u001b[31m\u007f\u0080\u009f",
    "\u0378\u0530\ufdd0\uffff\U0001fffe\U000e0fff\U0010ffff",
    "𝕳𝖊𝖑𝖑𝖔 𝟘𝟙𝟚 𐍈𐌰 𠮷野家",
    "a\u0300\u0301\u0302\u0303\u0304\u0305b Z̷̡͖a̶l̸g̴o̵",
    "function f(x) {\n    return x?.y ?? [1, 2, 3].map((n) => n ** 2);\n}\n",
    '{"a":[1,2.5e-10,null,true],"b":{"c":"\\u00e9\\n"}}',
    "<html><body class='x'>&amp; &lt;</body></html>",
    "https://example.com/path?q=1&r=%20#frag user@host.org C:\\dir\\file.txt",
    "____----====....!!!!???? ,,,;;; (((nested))) [[x]] {{y}}",
    "MixedCaseWords camelCaseIDs SCREAMING_SNAKE iPhone12ProMax",
    "<s> </s> <unk> <pad> [CLS] [SEP] [MASK] [UNK] [PAD] <|endoftext|> <|im_start|>user",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ab" * 90,
    "x" + SPACES + "y" + " ".join(SPACES) + "z",
    "▁lower ▁▁ block ▁",
    "don’t “quote” ‘single’ – — … •",
    "١٢٣ ۱۲۳ 〇一二三 Ⅻ ㊿ ⑳",
    "\u1100\u1161\u11a8 각 ㄱㅏ ｶﾞ ガ ＡＢＣ１２３ ㍿",
    "".join(chr(c) for c in range(0xE000, 0x1CC00, 257)),
    "Ǆ ǅ ǆ ŉ ΐ ᾳ ﬃ ẖ ΑΣ ας",
    " ".join(chr(c) for c in range(0x100, 0x3000, 97)),
    "".join(chr(c) for c in range(0x3000, 0xD800, 331)),
    "low lower newest widest lowest",
    "the quick brown fox jumps over the lazy dog. The Quick Brown Fox!",
]

if __name__ == "__main__":
    print(json.dumps(HARD_STRINGS))

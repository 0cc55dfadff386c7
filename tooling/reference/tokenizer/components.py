"""Fixtures of every `tokenizer.json` component by Hugging Face `tokenizers`.

    python components.py ../../../packages/tokenizer/src/fixtures

Each case is a whole tokenizer (small vocabulary) with its encodings of the hard strings: ids, tokens, offsets in
code points, and what decoding gives back. The special tokens of the texts are matched, as is the default there.
"""

import gzip
import io
import json
import sys
from pathlib import Path

import sentencepiece as spm
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from hard_strings import HARD_STRINGS

WORDS = "low lower newest widest the quick brown fox Hello world user path a b c 1 2 3 日本 テキスト".split()


def char_vocab() -> list[str]:
    chars = sorted(set("".join(HARD_STRINGS[:34])))
    return ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", *[c for c in chars if c.isprintable()]]


def word_level(**parts) -> Tokenizer:
    """A model whose tokens are the pre-tokens themselves, so that the encodings show the pre-tokenization."""
    return build(models.WordLevel({"[UNK]": 0, "low": 1, "lower": 2, "[CLS]": 3, "[SEP]": 4}, unk_token="[UNK]"), **parts)


def chars(**parts) -> Tokenizer:
    """A model that knows single characters, so that the encodings show the normalization."""
    vocab = {c: i for i, c in enumerate(char_vocab())}
    return build(models.BPE(vocab, [], unk_token="[UNK]"), **parts)


def word_piece(**parts) -> Tokenizer:
    pieces = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", *WORDS, "##er", "##est", "##s", "##t", "new", "wid", "lo", "##w",
              *"abcdefghijklmnopqrstuvwxyz0123456789.,!?'", *["##" + c for c in "abcdefghijklmnopqrstuvwxyz0123456789"]]
    vocab = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    return build(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=60), **parts)


def unigram(byte_fallback=False, **parts) -> Tokenizer:
    pieces = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0)]
    if byte_fallback:
        pieces += [(f"<0x{b:02X}>", -20.0) for b in range(256)]
    pieces += [("▁", -2.5), ("▁low", -4.0), ("er", -3.5), ("est", -3.6), ("▁the", -3.0), ("▁▁", -5.0), ("new", -5.5), ("wid", -6.0),
               ("a", -3.3), ("ab", -4.4), ("b", -4.0), ("aba", -7.0), ("日本", -6.5), ("👍", -8.0)]
    pieces += [(c, -6.0 - i / 10) for i, c in enumerate("cdefghijklmnopqrstuvwxyz0123456789.,!?'日語")]
    return build(models.Unigram(pieces, unk_id=0, byte_fallback=byte_fallback), **parts)


def bpe(byte_fallback=False, fuse_unk=False, prefix=None, suffix=None, **parts) -> Tokenizer:
    p, s = prefix or "", suffix or ""
    letters = list("abcdefghijklmnopqrstuvwxyz▁")
    vocab = ["<unk>", "<s>", "</s>"] + ([f"<0x{b:02X}>" for b in range(256)] if byte_fallback else [])
    vocab += letters + ([p + c for c in letters] if p else []) + ([c + s for c in letters] if s else [])
    merges = [("l", p + "o"), ("lo", p + "w" + s), ("e", p + "r" + s), ("a", p + "b"), ("ab", p + "ab"), ("t", p + "h"), ("th", p + "e" + s)]
    for left, right in merges:
        for token in (left, right, left + right[len(p):]):
            if token not in vocab:
                vocab.append(token)
    return build(
        models.BPE({t: i for i, t in enumerate(vocab)}, merges, unk_token="<unk>", byte_fallback=byte_fallback,
                   fuse_unk=fuse_unk, **({"continuing_subword_prefix": prefix} if prefix else {}), **({"end_of_word_suffix": suffix} if suffix else {})),
        **parts)


def build(model, normalizer=None, pre=None, post=None, decoder=None, added=()) -> Tokenizer:
    tokenizer = Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre:
        tokenizer.pre_tokenizer = pre
    if post:
        tokenizer.post_processor = post
    if decoder:
        tokenizer.decoder = decoder
    for token in added:
        (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
    return tokenizer


def charsmap(rule: str) -> bytes:
    """The compiled rules that SentencePiece puts into its models, here for a small set of rules."""
    model = io.BytesIO()
    Path("/tmp/rules.tsv").write_text(rule)
    spm.SentencePieceTrainer.train(sentence_iterator=iter(["a b c d e f g"] * 9), model_writer=model, vocab_size=12,
                                   normalization_rule_tsv="/tmp/rules.tsv", hard_vocab_limit=False, minloglevel=2)
    normalizer_spec = proto_fields(model.getvalue())[3]
    return proto_fields(normalizer_spec)[2]


def proto_fields(data: bytes) -> dict:
    """The last value of each length-delimited field of a protocol buffer."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 2:
            length = varint()
            fields[key >> 3] = data[at : at + length]
            at += length
        elif key & 7 == 0:
            varint()
        else:
            at += {1: 8, 5: 4}[key & 7]
    return fields


def rules() -> str:
    """Rows of: source code points, target code points."""
    pairs = [("ﬁ", "fi"), ("ﬀ", "ff"), ("½", "1/2"), ("Ａ", "A"), ("Ｂ", "B"), ("ｶﾞ", "ガ"), ("é", "E"), ("e\u0301", "é"),
             ("\u200b", ""), ("\u00ad", ""), ("…", "..."), ("㍿", "株式会社"), ("ẞ", "ss"), ("\ufeff", ""), ("👍", "+1")]
    row = lambda text: " ".join(f"{ord(c):X}" for c in text)
    return "".join(f"{row(a)}\t{row(b)}\n" for a, b in pairs)


def cases():
    n, p, d = normalizers, pre_tokenizers, decoders
    split_all = p.Split(Regex(r"."), "isolated")
    for name in ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Nmt", "StripAccents", "ByteLevel"]:
        yield f"normalizer {name}", chars(normalizer=getattr(n, name)(), pre=split_all)
    yield "normalizer Strip", chars(normalizer=n.Strip(), pre=p.WhitespaceSplit())
    yield "normalizer Strip left", chars(normalizer=n.Strip(left=True, right=False))
    yield "normalizer Prepend", chars(normalizer=n.Prepend("▁x"))
    yield "normalizer Replace string", chars(normalizer=n.Replace("e", "xyz"))
    yield "normalizer Replace regex", chars(normalizer=n.Replace(Regex(r"\s+|\d"), "_"))
    yield "normalizer Replace with nothing", chars(normalizer=n.Replace(Regex(r"[aeiou]"), ""))
    yield "normalizer Sequence", chars(normalizer=n.Sequence([n.NFD(), n.StripAccents(), n.Lowercase(), n.Replace(" ", "")]))
    yield "normalizer Bert", chars(normalizer=n.BertNormalizer())
    yield "normalizer Bert cased", chars(normalizer=n.BertNormalizer(lowercase=False))
    yield "normalizer Bert plain", chars(normalizer=n.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=True))
    yield "normalizer Precompiled", chars(normalizer=n.Precompiled(charsmap(rules())))

    for name in ["BertPreTokenizer", "UnicodeScripts", "Whitespace", "WhitespaceSplit", "Punctuation", "Digits", "FixedLength", "Metaspace"]:
        yield f"pre-tokenizer {name}", word_level(pre=getattr(p, name)())
    yield "pre-tokenizer Digits individual", word_level(pre=p.Digits(individual_digits=True))
    yield "pre-tokenizer CharDelimiterSplit", word_level(pre=p.CharDelimiterSplit("e"))
    yield "pre-tokenizer Metaspace first", word_level(pre=p.Metaspace(prepend_scheme="first"), added=[AddedToken("<s>", special=True)])
    yield "pre-tokenizer Metaspace never, whole", word_level(pre=p.Metaspace(prepend_scheme="never", split=False))
    yield "pre-tokenizer ByteLevel with prefix", word_level(pre=p.ByteLevel(add_prefix_space=True))
    yield "pre-tokenizer ByteLevel no regex", word_level(pre=p.ByteLevel(use_regex=False, add_prefix_space=False))
    for behavior in ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]:
        yield f"pre-tokenizer Split string {behavior}", word_level(pre=p.Split("a", behavior))
        yield f"pre-tokenizer Split regex {behavior}", word_level(pre=p.Split(Regex(r"[\p{P}\s]"), behavior))
        yield f"pre-tokenizer Split invert {behavior}", word_level(pre=p.Split(Regex(r"\w"), behavior, invert=True))
        yield f"pre-tokenizer Punctuation {behavior}", word_level(pre=p.Punctuation(behavior))
    patterns = json.loads(Path(__file__).with_name("patterns.json").read_text())
    for name, pattern in patterns.items():
        yield f"pattern {name}", word_level(pre=p.Split(Regex(pattern), "isolated"))
    yield "pre-tokenizer Sequence", word_level(pre=p.Sequence([p.WhitespaceSplit(), p.Punctuation(), p.Digits(True)]))

    yield "model WordPiece", word_piece(normalizer=n.BertNormalizer(), pre=p.BertPreTokenizer(), decoder=d.WordPiece(),
                                        post=processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1)),
                                        added=[AddedToken(t, special=True) for t in ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]])
    yield "model WordPiece no cleanup", word_piece(pre=p.Whitespace(), decoder=d.WordPiece(cleanup=False))
    for byte_fallback in [False, True]:
        yield f"model Unigram, fallback {byte_fallback}", unigram(
            byte_fallback, pre=p.Metaspace(), decoder=d.Sequence([d.ByteFallback(), d.Metaspace()]),
            added=[AddedToken("<s>", special=True), AddedToken("</s>", special=True)])
        yield f"model BPE, fallback {byte_fallback}", bpe(
            byte_fallback, normalizer=n.Sequence([n.Prepend("▁"), n.Replace(" ", "▁")]),
            decoder=d.Sequence([d.Replace("▁", " "), d.ByteFallback(), d.Fuse(), d.Strip(" ", 1, 0)]))
    yield "model BPE fused unknown", bpe(fuse_unk=True, pre=p.Metaspace())
    yield "model BPE suffix", bpe(suffix="</w>", normalizer=n.Lowercase(), pre=p.Whitespace(), decoder=d.BPEDecoder(suffix="</w>"))
    yield "model BPE prefix", bpe(prefix="##", normalizer=n.Lowercase(), pre=p.WhitespaceSplit(), decoder=d.WordPiece())

    yield "added tokens", word_level(pre=p.Whitespace(), normalizer=n.Lowercase(), added=[
        AddedToken("<s>", special=True), AddedToken("[MASK]", lstrip=True, special=True), AddedToken("</s>", rstrip=True, special=True),
        AddedToken("Fox", normalized=True), AddedToken("brown", single_word=True), AddedToken("ow", single_word=True),
        AddedToken("quick", normalized=False), AddedToken("<|im_start|>", lstrip=True, rstrip=True), AddedToken("aa", normalized=False), AddedToken("aaaa", normalized=False)])
    roberta = processors.RobertaProcessing(("</s>", 4), ("<s>", 3), trim_offsets=True, add_prefix_space=True)
    yield "post-processor Roberta", word_level(pre=p.ByteLevel(), post=roberta, decoder=d.ByteLevel())
    yield "post-processor ByteLevel", word_level(pre=p.ByteLevel(add_prefix_space=False), post=processors.ByteLevel(trim_offsets=True, add_prefix_space=False))
    yield "post-processor Template", word_level(pre=p.Whitespace(), post=processors.TemplateProcessing(
        single="[CLS] $A [SEP] [SEP]:2", pair="[CLS] $B:1 [SEP] $A:2 [SEP]", special_tokens=[("[CLS]", 3), ("[SEP]", 4)]))
    yield "post-processor Sequence", word_level(pre=p.ByteLevel(), post=processors.Sequence([
        processors.ByteLevel(trim_offsets=True), processors.TemplateProcessing(single="[CLS] $0", pair="[CLS] $A $B", special_tokens=[("[CLS]", 3)])]))
    yield "decoder CTC", word_level(pre=p.Split("", "isolated"), decoder=d.CTC("[UNK]", "o"))


def columns(encoding) -> dict:
    return {"ids": encoding.ids, "tokens": encoding.tokens, "offsets": encoding.offsets, "types": encoding.type_ids,
            "words": encoding.word_ids, "special": encoding.special_tokens_mask, "attention": encoding.attention_mask,
            "overflowing": [columns(part) for part in encoding.overflowing]}


def pairs_and_lengths():
    """Pairs, truncation with stride, padding: the same cases for three post-processors."""
    first, second = "low lower newest widest the quick brown fox", "Hello world a b c"
    post = {
        "none": None,
        "bert": processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1)),
        "template": processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
                                                  special_tokens=[("[CLS]", 1), ("[SEP]", 2)]),
    }
    truncations = [None, (6, 0, "longest_first", "right"), (7, 2, "longest_first", "right"), (8, 1, "only_first", "right"),
                   (9, 1, "only_second", "right"), (7, 2, "longest_first", "left"), (12, 3, "only_first", "left")]
    for name, processor in post.items():
        tokenizer = word_piece(pre=pre_tokenizers.Whitespace(), post=processor)
        results = []
        for truncation in truncations:
            tokenizer.no_truncation()
            if truncation:
                length, stride, strategy, direction = truncation
                tokenizer.enable_truncation(length, stride=stride, strategy=strategy, direction=direction)
            for padding in [None, ("right", None, None), ("left", 8, None), ("right", None, 5)]:
                tokenizer.no_padding()
                if padding:
                    direction, multiple, length = padding
                    tokenizer.enable_padding(direction=direction, pad_to_multiple_of=multiple, length=length, pad_id=3, pad_token="[PAD]")
                for texts in [(first,), (first, second), (second, first)]:
                    try:
                        result = columns(tokenizer.encode(*texts))
                    except BaseException:  # the reference refuses: so must we
                        result = None
                    results.append({"texts": texts, "truncation": truncation, "padding": padding, "result": result})
        tokenizer.no_truncation()
        tokenizer.no_padding()
        yield {"name": name, "tokenizer": json.loads(tokenizer.to_str()), "results": results}


def main(folder: str) -> None:
    out = []
    for name, tokenizer in cases():
        encodings = []
        for text in HARD_STRINGS:
            encoding = tokenizer.encode(text)
            encodings.append([encoding.ids, encoding.tokens, [x for pair in encoding.offsets for x in pair],
                              tokenizer.decode(encoding.ids, skip_special_tokens=False) if encoding.ids else ""])
        out.append({"name": name, "tokenizer": json.loads(tokenizer.to_str()), "encodings": encodings})
    dump = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
    save = lambda name, value: Path(folder, f"{name}.json.gz").write_bytes(gzip.compress(dump(value).encode(), mtime=0))
    save("components", {"texts": HARD_STRINGS, "cases": out})
    save("pairs", list(pairs_and_lengths()))


if __name__ == "__main__":
    main(sys.argv[1])

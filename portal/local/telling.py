"""How far long work has come: a bar on a terminal, and where output goes to a file a line now and then."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_LINE_SECONDS = 15.0


@dataclass
class Steps:
    """Work of a known number of steps; `reach` tells how many are done, and what is going on."""

    console: Console
    total: int
    bar: Progress | None = None
    task: TaskID | None = None
    began: float = field(default_factory=time.monotonic)
    told: float = 0.0

    def reach(self, done: int, doing: str) -> None:
        """Tell that so many steps are done."""
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, completed=done, description=doing)
            return
        now = time.monotonic()
        if now - self.told >= _LINE_SECONDS or done == self.total:
            self.told = now
            line = f"{now - self.began:5.0f} s  {done} of {self.total}  {doing}"
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def telling(console: Console, *, total: int, doing: str) -> Iterator[Steps]:
    """This function will tell how far work has come for as long as the block runs."""
    if not console.is_terminal:
        yield Steps(console, total)
        return
    columns = (TextColumn("{task.description:<44}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
               TimeElapsedColumn(), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=console) as bar:
        yield Steps(console, total, bar, bar.add_task(doing, total=total))

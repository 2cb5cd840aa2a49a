"""PDFium keeps state of its own, so one thread of a process uses it at a time, whoever asks."""

import threading
from typing import Final

ONE_AT_A_TIME: Final = threading.Lock()

"""Child processes that cannot outlive their parent.

Each child leads its own process group, so that what it forks ends with it, and asks the kernel for a
signal when the parent dies (Linux), so that even `kill -9` of the supervisor leaves nothing behind.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Account:
    """The user a child runs as, when that is not the user who starts it."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Child:
    """A running child: its name, process and log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the child itself."""
        if not self.ended():
            self.process.send_signal(number)

    def kill_group(self) -> None:
        """End the child and whatever it forked, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self, lines: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def start(
    command: Sequence[str | Path],
    *,
    name: str,
    log: Path,
    environment: Mapping[str, str],
    cwd: Path | str = "/",
    account: Account | None = None,
    when_parent_dies: signal.Signals = signal.SIGTERM,
    listening: socket.socket | None = None,
) -> Child:
    """This function will start a child whose output goes to the end of `log`.

    Call it from a thread that lives as long as the child should: the kernel watches that thread.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=cwd,
            start_new_session=True,
            pass_fds=[listening.fileno()] if listening else [],
            preexec_fn=_die_with(os.getpid(), when_parent_dies),
            **({"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}),  # type: ignore[call-overload]
        )
    return Child(name, process, log)


def _die_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """Runs in the child after it has become the other user: changing user would clear the request."""

    def ask_the_kernel() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
            if os.getppid() != parent:  # the parent died before the request was made
                os._exit(1)

    return ask_the_kernel


def stop(children: Iterable[Child], *, number: signal.Signals, seconds: float) -> None:
    """This function will ask children to end, all at once, and kill those that have not after `seconds`."""
    stopping = list(children)
    for child in stopping:
        child.signal(number)
    deadline = time.monotonic() + seconds
    for child in stopping:
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
        child.kill_group()


def wait_until(condition: Callable[[], bool], *, seconds: float, every: float = 0.03) -> bool:
    """This function will ask until the condition holds; false when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def command_line(pid: int) -> str:
    """This function will return the words a running process was started with; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        pass
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)
    return shown.stdout.decode(errors="replace")


def end_leftover(pid: int, *, sign: str, number: signal.Signals = signal.SIGTERM) -> None:
    """This function will end a process that an earlier run left, if `sign` in its words shows it is that one.

    Numbers are given out again: a live process with this number may be anybody's.
    """

    def gone() -> bool:
        return sign not in command_line(pid)

    for send, attempt in ((os.kill, number), (os.killpg, signal.SIGKILL)):
        if gone():
            return
        try:
            send(pid, attempt)
        except ProcessLookupError:
            return
        wait_until(gone, seconds=10)


def listen(*preferred: int) -> socket.socket:
    """This function will listen on the first preferred port of 127.0.0.1 that is free, else on any."""
    for port in (*preferred, 0):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
            listening.listen(128)
        except OSError:
            listening.close()
            continue
        return listening
    raise OSError("no free port on 127.0.0.1")


def free_port(*preferred: int) -> int:
    """This function will return a port that was free a moment ago, for a server that binds it itself."""
    with listen(*preferred) as listening:
        return port_of(listening)


def port_of(listening: socket.socket) -> int:
    """This function will return the port a socket listens on."""
    port: int = listening.getsockname()[1]
    return port

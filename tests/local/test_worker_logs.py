"""What a worker logs goes to the stream it inherited: Dramatiq's pipe stands still when two write at once."""

import logging
import multiprocessing
import sys

from dramatiq.compat import StreamablePipe

from portal.logs import log_past_dramatiq


def test_nothing_goes_through_the_pipe(capfd, monkeypatch):
    reader, writer = multiprocessing.Pipe(duplex=False)
    pipe = StreamablePipe(writer)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [logging.StreamHandler(pipe)])
    monkeypatch.setattr(sys, "stdout", pipe)
    monkeypatch.setattr(sys, "stderr", pipe)
    log_past_dramatiq()
    root.warning("from a library")
    sys.stdout.write("from us")
    sys.stdout.flush()
    assert not reader.poll()
    said, complained = capfd.readouterr()
    assert "from us" in said
    assert "from a library" in complained

"""Serves a web application on a socket that the supervisor holds: `python -m portal.local.serve APP FD`.

The supervisor keeps the port from its first moment on: nobody can take it between choosing and serving,
and while a part is started again its callers wait instead of being refused.
"""

import socket
import sys

import uvicorn

from portal.settling import settle_in


def serve(app: str, descriptor: int) -> None:
    """This function will serve until it is told to stop; open event streams get two seconds."""
    # Callers keep idle connections for five seconds: a server that closes them just then answers nobody.
    config = uvicorn.Config(app, timeout_graceful_shutdown=2, timeout_keep_alive=75, access_log=False)
    config.load()
    settle_in()
    # A socket made from the descriptor alone knows its own family, which switches off Nagle's delay.
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))

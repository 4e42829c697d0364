"""Starts the fork server. `python -I -X utf8 main.py '<configuration as JSON>'`, run by src/python/server.ts.

Stage "outside" (the host's view of the machine): makes the listening socket, then enters the sandbox. Stage "inside":
drops what privilege is left and serves. One line of JSON on standard output says how it went: {"ready": ...} or
{"error": "..."}. Standard input is held open by nudge; when it ends, everything here ends.
"""

import json
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_package = os.path.basename(os.path.dirname(os.path.abspath(__file__)))
outer = __import__(f"{_package}.outer", fromlist=["outer"])
server = __import__(f"{_package}.server", fromlist=["server"])


def _say(what: dict) -> None:
    os.write(1, (json.dumps(what) + "\n").encode())


def main() -> None:
    configuration = json.loads(sys.argv[1])
    try:
        if configuration.get("stage") == "inside":
            listener = socket.socket(fileno=configuration["listener"])
            outer.settle_in_bubblewrap()
        else:
            os.setsid()
            os.umask(0o077)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(configuration["socket"])
            listener.listen(256)
            os.umask(0o022)
            if configuration["isolation"] == "bubblewrap":
                outer.exec_bubblewrap(configuration, listener, os.path.abspath(__file__))
            elif configuration["isolation"] == "userns":
                outer.enter_namespaces(configuration)
        server.serve(configuration, listener, _say)
    except OSError as error:
        _say({"error": str(error)})
        os._exit(1)


main()

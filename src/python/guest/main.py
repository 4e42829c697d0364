"""Starts the fork server. `python -s -X utf8 main.py '<configuration as JSON>'`, run by src/python/server.ts
with an environment that holds nothing of the user's.

Stage "outside" (the host's view of the machine): makes the listening socket, then enters the sandbox. Stage "inside":
drops what privilege is left and serves. One line of JSON on standard output says how it went: {"ready": ...} or
{"error": "..."}. Standard input is held open by nudge; when it ends, everything here ends.
"""

import json
import os
import socket
import sys

_here = os.path.dirname(os.path.abspath(__file__))
# Python 3.10 does not know PYTHONSAFEPATH: no import of a block may find these files.
sys.path[:] = [os.path.dirname(_here)] + [path for path in sys.path if os.path.abspath(path) != _here]
_package = os.path.basename(_here)
linux = __import__(f"{_package}.linux", fromlist=["linux"])
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
            outer.check_open_files()
            if not linux.fix_addresses() and configuration["isolation"] != "bubblewrap":
                # Takes hold when a program is started; bubblewrap is, below.
                os.execv(sys.executable, sys.orig_argv)
            os.setsid()
            os.umask(0o077)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(configuration["socket"])
            listener.listen(4096)
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

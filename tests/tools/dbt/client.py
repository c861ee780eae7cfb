"""The program `dbt` for scripts: server.py runs the command. `argv[1]` is the socket of the server."""

import json
import os
import socket
import sys

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
asked = {"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}
connection.sendall((json.dumps(asked) + "\n").encode())
answer = json.loads(connection.makefile().read())
sys.stdout.write(answer["text"])
sys.exit(answer["code"])

"""Uploads a file to the file transfer service in parts, and goes on where it was after every failure.

usage: resumable_upload.py FILE URL [SECONDS_BETWEEN_TRIES [SECONDS_WITHOUT_ANSWER]]
"""

import http.client, os, sys, time
from urllib.parse import urlsplit

path, url = sys.argv[1], urlsplit(sys.argv[2])
pause, timeout = map(float, (sys.argv[3:] + ["1", "30"][len(sys.argv) - 3 :])[:2])


def ask(method, target, headers, body=None):
    connection = http.client.HTTPConnection(url.netloc, timeout=timeout)
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        print(method, answer.status, answer.getheader("Upload-Offset"), flush=True)
        return answer
    finally:
        connection.close()


size = os.path.getsize(path)
begun = ask("PUT", url.path, {"Upload-Complete": "?0", "Upload-Length": str(size), "Content-Length": "0"})
if begun.status != 201:
    sys.exit(f"refused: {begun.status}")
upload = begun.getheader("Location")
while True:
    try:
        state = ask("HEAD", upload, {})
        if state.status != 204:
            sys.exit(f"gone: {state.status}")
        if state.getheader("Upload-Complete") == "?1":
            break
        offset = state.getheader("Upload-Offset")
        with open(path, "rb") as file:
            file.seek(int(offset))
            fields = {"Upload-Offset": offset, "Upload-Complete": "?1", "Content-Length": str(size - int(offset))}
            ask("PATCH", upload, fields | {"Content-Type": "application/partial-upload"}, file)
    except OSError as problem:
        print("again:", problem, flush=True)
        time.sleep(pause)

#!/usr/bin/env python3
"""Images on a server that answers, stalls, cuts its answers short and fails: what comes back at last is right, and what does
not is one sentence after a bounded time."""
import http.server
import re
import threading
import time

import common
from common import SAMPLE, CliTest


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, data):
        super().__init__(("127.0.0.1", 0), Handler)
        self.data, self.mood, self.count, self.lock = data, lambda n: "ok", 0, threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, name="scene.tif"):
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"

    def handle_error(self, request, client_address):
        """Clients that hang up are part of the test."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """Quiet."""

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def answer(self, body):
        server = self.server
        with server.lock:
            server.count += 1
            mood = server.mood(server.count)
        if self.path.startswith("/missing"):
            return self.plain(404)
        if mood.isdigit():
            return self.plain(int(mood))
        data = server.data
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first = int(found[1]) if found else 0
        last = min(int(found[2]) if found and found[2] else len(data) - 1, len(data) - 1)
        piece = data[first:last + 1]
        self.send_response(206 if found else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(piece)))
        if found:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.end_headers()
        if not body:
            return None
        if mood == "stall":
            self.wfile.write(piece[:100])
            self.wfile.flush()
            time.sleep(20)
            self.close_connection = True
        elif mood == "cut":
            self.wfile.write(piece[:len(piece) // 2])
            self.wfile.flush()
            self.connection.close()
            self.close_connection = True
        else:
            self.wfile.write(piece)
        return None

    def plain(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Remote(CliTest):
    def setUp(self):
        super().setUp()
        self.server = Server(SAMPLE.read_bytes())
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def info(self, url, **env):
        return self.nadir("info", url, "--json",
                          env=self.env(GDAL_HTTP_LOW_SPEED_TIME="1", GDAL_HTTP_TIMEOUT="3", **env))

    def same_as_here(self, run):
        here = self.nadir("info", SAMPLE, "--json").json
        self.assertEqual(run.status, 0, run.err)
        for key in ("width", "height", "bands", "crs"):
            self.assertEqual(run.json[key], here[key], key)

    def test_answers(self):
        self.same_as_here(self.info(self.server.url()))

    def test_gdal_name(self):
        self.same_as_here(self.info("/vsicurl/" + self.server.url()))

    def test_busy_then_well(self):
        self.server.mood = lambda n: "503" if n <= 3 else "ok"
        self.same_as_here(self.info(self.server.url()))

    def test_cut_then_well(self):
        self.server.mood = lambda n: "cut" if n in (2, 3, 5) else "ok"
        self.same_as_here(self.info(self.server.url()))

    def test_stalls_then_well(self):
        self.server.mood = lambda n: "stall" if n in (2, 4) else "ok"
        self.same_as_here(self.info(self.server.url()))

    def test_numbers_in_the_address_are_no_answer(self):
        self.server.mood = lambda n: "stall" if n in (2, 4) else "ok"
        self.same_as_here(self.info(self.server.url("scene_400_401_403_404_405_410.tif")))

    def test_always_failing(self):
        self.server.mood = lambda n: "500"
        start = time.monotonic()
        self.fails(self.info(self.server.url()), "server")
        self.assertLess(time.monotonic() - start, 120)

    def test_missing_is_not_tried_again(self):
        run = self.info(self.server.url("missing.tif"))
        self.fails(run, self.server.url("missing.tif"))
        self.assertNotIn("vsicurl", run.err)
        self.assertLess(self.server.count, 8)

    def test_nobody_there(self):
        url = self.server.url()
        self.server.shutdown()
        self.server.server_close()
        self.fails(self.info(url), "server")


if __name__ == "__main__":
    common.main()

#!/usr/bin/env python3
"""scripts/fetch_data.sh against a web server of its own, with small files in place of the real ones."""

import contextlib
import gzip
import hashlib
import http.server
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

SCRIPT = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else None
NAMES = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
]
CONTENT = {name: random.Random(name).randbytes(20_000) for name in NAMES}
PACKED = {name: gzip.compress(content, mtime=0) for name, content in CONTENT.items()}


class Mirror(http.server.BaseHTTPRequestHandler):
    """Serves PACKED under folders named by what is wrong with them."""

    def do_GET(self):
        folder, name = self.path.strip("/").split("/")
        start = 0
        if "Range" in self.headers and folder != "norange":
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        self.server.requests.append((folder, name, start))
        body = PACKED[name]
        if folder == "absent":
            return self.send_error(404)
        if folder == "truncated":
            body = body[: len(body) // 2]
        if folder == "corrupt":
            body = body[:100] + bytes([body[100] ^ 1]) + body[101:]
        if start >= len(body):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.end_headers()
        # A dying server promises everything and hangs up in the middle.
        self.wfile.write(body[start : start + (len(body) - start) // 2] if folder == "dying" else body[start:])

    def log_message(self, *_):
        pass


class FetchData(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.root = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
        self.server.requests = []
        stack.callback(self.server.server_close)
        stack.callback(self.server.shutdown)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.sums = self.root / "sums"
        self.write_sums(PACKED)

    def write_sums(self, files):
        lines = [f"{hashlib.sha256(content).hexdigest()}  mnist/{name}\n" for name, content in files.items()]
        self.sums.write_text("".join(lines))

    def run_script(self, *mirrors, arguments=("mnist",), **environment):
        address = f"http://127.0.0.1:{self.server.server_port}"
        environment = {
            "PATH": os.environ["PATH"],
            "GLIFR_CHECKSUMS": str(self.sums),
            "GLIFR_MNIST_MIRRORS": " ".join(f"{address}/{mirror}" for mirror in mirrors),
            **environment,
        }
        command = ["bash", str(SCRIPT), "--data", str(self.root), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    def path(self, name):
        return self.root / "mnist" / name

    def assert_fetched(self, run):
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(sorted(p.name for p in (self.root / "mnist").iterdir()), sorted(NAMES))
        for name in NAMES:
            self.assertEqual(self.path(name).read_bytes(), PACKED[name])

    def assert_nothing_fetched(self, run):
        self.assertEqual(run.returncode, 1)
        self.assertEqual([p.name for p in (self.root / "mnist").iterdir() if p.name in NAMES], [])
        self.assertIn("By hand", run.stderr)

    def test_good_files_are_fetched_once(self):
        self.assert_fetched(self.run_script("good"))
        self.assertEqual(len(self.server.requests), 4)
        again = self.run_script("good")
        self.assert_fetched(again)
        self.assertEqual(len(self.server.requests), 4)
        self.assertIn("there already", again.stdout)

    def test_mirrors_are_tried_in_turn(self):
        for bad in "absent", "truncated", "corrupt", "dying":
            with self.subTest(bad):
                shutil.rmtree(self.root / "mnist", ignore_errors=True)
                self.assert_fetched(self.run_script(bad, "good"))

    def test_nothing_bad_takes_a_name(self):
        for bad in "absent", "truncated", "corrupt", "dying":
            with self.subTest(bad):
                shutil.rmtree(self.root / "mnist", ignore_errors=True)
                self.assert_nothing_fetched(self.run_script(bad))

    def test_a_closed_network_is_explained(self):
        self.server.shutdown()
        self.server.server_close()
        run = self.run_script("good")
        self.assert_nothing_fetched(run)
        self.assertIn(f"http://127.0.0.1:{self.server.server_port}/good", run.stderr)
        self.assertIn(f"{self.root}/mnist", run.stderr)

    def test_an_interrupted_transfer_goes_on(self):
        self.assertEqual(self.run_script("dying").returncode, 1)
        parts = {name: self.path(name + ".part").stat().st_size for name in NAMES}
        self.server.requests.clear()
        self.assert_fetched(self.run_script("good"))
        self.assertEqual(self.server.requests, [("good", name, parts[name]) for name in NAMES])

    def test_a_server_that_cannot_go_on_starts_again(self):
        self.assertEqual(self.run_script("dying").returncode, 1)
        self.assert_fetched(self.run_script("norange"))

    def test_a_part_of_something_else_is_replaced(self):
        (self.root / "mnist").mkdir()
        self.path(NAMES[0] + ".part").write_bytes(b"something else")
        self.path(NAMES[1] + ".part").write_bytes(bytes(30_000))
        self.path(NAMES[2] + ".part").write_bytes(PACKED[NAMES[2]])
        self.assert_fetched(self.run_script("good"))
        self.assertNotIn(NAMES[2], [name for _, name, _ in self.server.requests])

    def test_what_is_there_is_checked_and_left_alone(self):
        self.write_sums({**PACKED, **{name.removesuffix(".gz"): CONTENT[name] for name in NAMES}})
        (self.root / "mnist").mkdir()
        self.path(NAMES[0]).write_bytes(gzip.compress(CONTENT[NAMES[0]], compresslevel=1, mtime=7))
        self.path(NAMES[1].removesuffix(".gz")).write_bytes(CONTENT[NAMES[1]])
        run = self.run_script("good")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual([name for _, name, _ in self.server.requests], NAMES[2:])

        for changed in NAMES[0], NAMES[1].removesuffix(".gz"):
            self.path(changed).write_bytes(b"mine")
        run = self.run_script("good")
        self.assertEqual(run.returncode, 1)
        self.assertIn(NAMES[0] + ": has another SHA-256 sum", run.stderr)
        self.assertIn(NAMES[1].removesuffix(".gz") + ": has another SHA-256 sum", run.stderr)
        self.assertEqual(self.path(NAMES[0]).read_bytes(), b"mine")

    def test_nmnist_is_pointed_at(self):
        run = self.run_script(arguments=("nmnist",))
        self.assertEqual(run.returncode, 0)
        self.assertIn("garrickorchard.com", run.stdout)
        self.assertFalse((self.root / "nmnist").exists())

    def test_wrong_requests_are_refused(self):
        run = self.run_script(arguments=("emnist",))
        self.assertEqual(run.returncode, 2)
        self.assertIn("emnist: unknown", run.stderr)


if __name__ == "__main__":
    if not shutil.which("curl"):
        print("[skipped] curl is not installed")
        sys.exit(77)
    unittest.main(verbosity=2)

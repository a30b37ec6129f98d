"""A PostgreSQL server of the tests' own, with PostGIS: made in a temporary folder, reached by a socket in it and by a free
port, stopped and removed at the end. Without PostgreSQL the tests are skipped."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import common

PASSWORD = "correct-horse"
if os.access("/dev/shm", os.W_OK):
    tempfile.tempdir = "/dev/shm"  # databases and copies force every change to the disk


def programs() -> Path | None:
    """The newest installed server's programs; None without one that has PostGIS."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if not found:
        return None
    extension = Path("/usr/share/postgresql") / found[-1].parts[-3] / "extension" / "postgis.control"
    return found[-1].parent if extension.exists() else None


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Postgres:
    def __init__(self):
        self.bin = programs()
        if self.bin is None:
            print("PostgreSQL with PostGIS is not installed: skipped")
            sys.exit(common.SKIP)
        self.folder = Path(tempfile.mkdtemp(prefix="nadir-pg-"))
        self.port = free_port()
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_user:
            shutil.chown(self.folder, "postgres", "postgres")
        self.run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8")
        hba = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (self.folder / "data" / "pg_hba.conf").write_text(hba)
        self.start()
        self.psql("postgres", "CREATE DATABASE with_postgis")  # made once: the extension takes longest
        self.psql("with_postgis", "CREATE EXTENSION postgis")

    def run(self, program, *args):
        done = subprocess.run([*self.as_user, str(self.bin / program), *map(str, args)], capture_output=True, text=True,
                              cwd="/")
        if done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)

    def start(self):
        options = f"-k {self.folder} -p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=32MB"
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-m", mode, "stop")

    def remove(self):
        try:
            self.stop()
        except RuntimeError:
            pid = self.folder / "data" / "postmaster.pid"
            if pid.exists():
                os.kill(int(pid.read_text().split()[0]), signal.SIGQUIT)
                time.sleep(0.5)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def psql(self, database: str, sql: str, user: str = "postgres") -> list[list[str]]:
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "|", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder),
                               "-p", str(self.port), "-U", user, "-d", database, "-c", sql], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [line.split("|") for line in done.stdout.splitlines()]

    def create(self, database: str) -> str:
        self.psql("postgres", f"CREATE DATABASE {database} TEMPLATE with_postgis")
        return self.url(database)

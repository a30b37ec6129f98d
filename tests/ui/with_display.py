#!/usr/bin/env python3
"""Runs a test program under a virtual X display. Without xvfb-run the test is skipped and says so, instead of vanishing."""
import os
import shutil
import sys

runner = shutil.which("xvfb-run")
if not runner:
    print("1..0 # SKIP xvfb-run is missing", flush=True)
    sys.exit(0 if "--tap" in sys.argv[1:2] else 77)
command = sys.argv[2:] if sys.argv[1] == "--tap" else sys.argv[1:]
os.execv(runner, [runner, "-a", "-s", "-screen 0 1440x900x24", *command])

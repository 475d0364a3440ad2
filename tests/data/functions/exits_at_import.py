import os
import sys

print("no table to read from", file=sys.stderr, flush=True)
os._exit(5)

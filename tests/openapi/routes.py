"""Says what the router serves and cdi.json does not describe, and the other way round."""

import json
import os
import subprocess
import sys
from pathlib import Path

document = json.loads(Path(sys.argv[1]).read_text())
described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}

query = "SELECT method, path FROM auth.http_routes() WHERE door = 'cdi' AND method NOT IN ('HEAD', 'OPTIONS')"
psql = [f"{os.environ['PGBIN']}/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-F", " "]
answer = subprocess.run([*psql, "-d", os.environ["DATABASE_URL"], "-c", query], stdout=subprocess.PIPE, text=True)
if answer.returncode:
    sys.exit("the router's operations cannot be listed")
rows = [line.partition(" ") for line in answer.stdout.splitlines()]
served = {(method, path or "/") for method, _, path in rows}

differences = [f"served but not described: {method} {path}" for method, path in sorted(served - described)]
differences += [f"described but not served: {method} {path}" for method, path in sorted(described - served)]
print("\n".join(differences) or f"{len(served)} operations are served, and all are described")
sys.exit(bool(differences) or not served)

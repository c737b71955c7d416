"""Shows how a backend checks proofs of verification; check.py is what to copy. It reads
one JSON object a line, {"proof", "phoneNumber", "nonce"}, and prints a verdict for each.

    pip install 'PyJWT[crypto]'
    ISSUER=http://localhost:3000 AUDIENCE=http://localhost:3000 python3 main.py
"""

import json
import os
import sys
import time

import jwt

from check import Checker


class Memory:
    """For one process. Where there are several, use a table."""

    def __init__(self):
        self.until = {}

    def first(self, jti, seconds):
        if time.time() < self.until.get(jti, 0):
            return False
        self.until[jti] = time.time() + seconds
        return True


checker = Checker(os.environ["ISSUER"], os.environ["AUDIENCE"], Memory())
for line in sys.stdin:
    session = json.loads(line)
    verdict = "good"
    try:
        checker.check(session["proof"], session["phoneNumber"], session["nonce"])
    except jwt.PyJWTError as error:
        verdict = f"refused: {error}"
    print(json.dumps(verdict), flush=True)

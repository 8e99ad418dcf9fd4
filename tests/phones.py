"""A phone that counts activities: it asks the server, and locks entries as the page's script does."""

import asyncio
import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def ask(app, way, path, parts=(b"",)):
    """Ask the app's server; return its status, its answer, and how many parts of the body it read."""
    path, _, query = path.partition("?")
    sent, left = [], [*parts]

    async def receive():
        if not left:
            await asyncio.Event().wait()  # nothing more comes
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": way, "path": path, "query_string": query.encode()}
    with ThreadPoolExecutor(1) as thread:  # this one may have a browser's loop
        answered = app({**scope, "headers": [(b"host", b"localhost")]}, receive, send)
        thread.submit(asyncio.run, answered).result()
    answer = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], answer, len(parts) - len(left)


def call(app, way, path, given=None):
    """Ask the app's server for one answer."""
    status, answer, _ = ask(app, way, path, [b"" if given is None else json.dumps(given).encode()])
    assert status == 200, answer
    return json.loads(answer)


def lock(server_key, key, entry):
    """Lock an entry, or a text, by the words of the page's script and none of the server's code."""
    own, curve = ec.generate_private_key(ec.SECP256R1()), ec.SECP256R1()
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(curve, base64.b64decode(server_key))
    derived = HKDF(SHA256(), 32, None, b"csa activity").derive(own.exchange(ec.ECDH(), theirs))
    iv, text = os.urandom(12), entry if isinstance(entry, str) else json.dumps(entry)
    locked = AESGCM(derived).encrypt(iv, text.encode(), key.encode("utf-8", "replace"))
    public = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    parts = {"e": public, "n": iv, "c": locked}
    return {name: base64.b64encode(part).decode() for name, part in parts.items()}

"""A small OpenID provider: it publishes what it is and its key, and signs what it is told to."""

import base64
import hashlib
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from helpers import new_email

CLIENT_ID = "app"


def half_hash(text):
    """What an ID token says of the access token beside it."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).decode().rstrip("=")


def new_account(**more):
    """Someone who has an account at providers; the members are claims."""
    return {"sub": str(uuid.uuid4()), "email": new_email(), "email_verified": True, **more}


class Provider:
    def __init__(self, algorithm):
        self.algorithm = algorithm
        self.change_key()
        server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def change_key(self):
        """Signs with another key from now on, and publishes no other."""
        if self.algorithm == "RS256":
            self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            jwk = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        else:
            self.key = ec.generate_private_key(ec.SECP256R1())
            jwk = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.jwk = {**jwk, "kid": str(uuid.uuid4()), "alg": self.algorithm, "use": "sig"}

    def handler(self):
        documents = {
            "/.well-known/openid-configuration": lambda: {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": lambda: {"keys": [self.jwk]},
        }

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                document = documents.get(self.path)
                self.send_response(200 if document else 404)
                self.end_headers()
                self.wfile.write(json.dumps(document() if document else {}).encode())

            def log_message(self, *_):
                pass

        return Handler

    def credentials(self, account, nonce=None, **claims):
        """What an app hands to sign_in_with_id_token; the provider was given the hash of the nonce."""
        access_token, now = str(uuid.uuid4()), int(time.time())
        usual = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "at_hash": half_hash(access_token)}
        if nonce is not None:
            usual["nonce"] = hashlib.sha256(nonce.encode()).hexdigest()
        token = jwt.encode(
            {**usual, **account, **claims}, self.key, algorithm=self.algorithm, headers={"kid": self.jwk["kid"]}
        )
        given = {"provider": "keycloak", "token": token, "access_token": access_token}
        return given if nonce is None else {**given, "nonce": nonce}

    @property
    def settings(self):
        """With which a server trusts it, under the name of one that has no URL of its own."""
        return {
            "external_keycloak_enabled": True,
            "external_keycloak_url": self.url,
            "external_keycloak_client_id": CLIENT_ID,
        }

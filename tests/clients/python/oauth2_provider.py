"""A small OAuth 2.0 provider with OpenID Connect: authorization code flow, with PKCE when the client asks for it."""

import base64
import hashlib
import json
import time
import uuid
from urllib.parse import parse_qsl, urlencode

import jwt
from application import start
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse

CLIENT_ID, CLIENT_SECRET = "the-application", "the-application's secret"


class Provider:
    """Whoever comes to its authorization endpoint is signed in there as `visitor`, whose members are what the
    userinfo endpoint and the id token say."""

    def __init__(self):
        self.visitor, self.url = None, None
        self.codes, self.tokens, self.refusals = {}, {}, []
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.app = FastAPI()
        self.app.get("/authorize")(self.authorize)
        self.app.post("/token")(self.token)
        self.app.get("/userinfo")(self.userinfo)
        self.app.get("/keys")(self.keys)
        self.app.get("/.well-known/openid-configuration")(self.discovery)

    async def start(self):
        self.url, stop = await start(self.app)
        return stop

    async def authorize(self, request: Request):
        query = request.query_params
        if query["client_id"] != CLIENT_ID or query["response_type"] != "code":
            return JSONResponse({"error": "unauthorized_client"}, 400)
        code = str(uuid.uuid4())
        self.codes[code] = (query, self.visitor)
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode({'code': code})}", 302)

    async def token(self, request: Request):
        form = dict(parse_qsl((await request.body()).decode()))
        query, visitor = self.codes.pop(form.get("code"), ({}, None))  # a code is good once
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return self.refuse("invalid_client", 401)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        is_proven = query.get("code_challenge", challenge) == challenge
        is_same = query.get("redirect_uri") == form.get("redirect_uri")
        if form.get("grant_type") != "authorization_code" or visitor is None or not is_proven or not is_same:
            return self.refuse("invalid_grant", 400)
        token = str(uuid.uuid4())
        self.tokens[token] = visitor
        now = int(time.time())
        claims = {**visitor, "iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        id_token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one"})
        return {"access_token": token, "token_type": "Bearer", "id_token": id_token}

    def refuse(self, error, code):
        self.refusals.append(error)
        return JSONResponse({"error": error}, code)

    async def userinfo(self, request: Request):
        visitor = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return JSONResponse(visitor) if visitor else JSONResponse({"error": "invalid_token"}, 401)

    async def keys(self):
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**jwk, "kid": "one", "alg": "RS256", "use": "sig"}]}

    async def discovery(self):
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
        }

"""Whose signatures the client checks by itself, and which it lets the server check; keys that change."""

import base64
import json
import secrets

import httpx
import jwt as tokens
import pytest
from supabase_auth.errors import AuthInvalidJwtError

from conftest import done
from helpers import ASYMMETRIC, AUTO, CONFIRMED, PASSWORD, RSA_KID, SECRET, Instance
from helpers import claims_of, new_email, private_key, refused

OCT_KID = "12580317-221c-49b6-894a-f4473b8afe39"


def symmetric_key():
    k = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return {"kid": OCT_KID, "kty": "oct", "alg": "HS256", "k": k, "key_ops": ["sign", "verify"]}


def verifying(key):
    return {**key, "key_ops": ["verify"]}


def jwks_of(instance):
    return httpx.get(f"{instance.url}/.well-known/jwks.json").json()


async def token_of(client):
    return (await done(client.get_session())).access_token


async def test_get_claims_with_keys_that_are_given(flavour):
    client, _ = await flavour.member(ASYMMETRIC)
    token = await token_of(client)
    # The signature stays good when the session has ended.
    await done(client.sign_out())
    other = flavour.client(ASYMMETRIC)
    for options in ({}, {"jwks": jwks_of(ASYMMETRIC)}):
        answer = await done(other.get_claims(token, **options))
        assert answer["claims"] == claims_of(token)
    assert await done(other.get_claims()) is None


async def test_get_claims_of_what_only_the_server_can_check(flavour):
    client, _ = await flavour.member()
    token = await token_of(client)
    assert (await done(flavour.client(AUTO).get_claims(token)))["claims"] == claims_of(token)
    await done(client.sign_out())
    async with refused(403, "session_not_found"):
        await done(client.get_claims(token))


async def test_get_claims_is_refused(flavour):
    client, _ = await flavour.member(ASYMMETRIC)
    token = await token_of(client)
    forged = tokens.encode(claims_of(token), "another secret, just as long as that", headers={"kid": RSA_KID})
    async with refused(403, "bad_jwt", "unable to parse or verify signature"):
        await done(client.get_claims(forged))
    head, _, signature = token.split(".")
    changed = json.dumps({**claims_of(token), "role": "service_role"}).encode()
    changed = ".".join([head, base64.urlsafe_b64encode(changed).decode().rstrip("="), signature])
    with pytest.raises(AuthInvalidJwtError, match="^Invalid JWT signature$"):
        await done(client.get_claims(changed))
    async with refused(403, "bad_jwt"):
        await done(client.get_user(changed))
    async with refused(403, "bad_jwt"):
        await done(flavour.admin(ASYMMETRIC, changed).list_users())
    with pytest.raises(AuthInvalidJwtError, match="^JWT has expired$"):
        await done(client.get_claims(tokens.encode({**claims_of(token), "exp": 1}, SECRET)))
    with pytest.raises(AuthInvalidJwtError, match="^No matching signing key found in JWKS$"):
        await done(flavour.client(Instance(jwt_secret=None)).get_claims(token))
    with pytest.raises(AuthInvalidJwtError, match="^JWKS is empty$"):
        await done(flavour.client(AUTO).get_claims(token))


async def test_servers_that_know_each_others_keys(flavour):
    symmetric, asymmetric = symmetric_key(), private_key()
    first = Instance(**CONFIRMED, jwt_keys=json.dumps([symmetric, verifying(asymmetric)]))
    second = Instance(**CONFIRMED, jwt_keys=json.dumps([verifying(symmetric), asymmetric]))
    for own, other, expected in ((first, second, ("HS256", OCT_KID)), (second, first, ("RS256", RSA_KID))):
        assert [key["kid"] for key in jwks_of(own)["keys"]] == [RSA_KID], "symmetric keys are never told"
        client, email = await flavour.member(own)
        answer = await done(client.get_claims())
        assert (answer["headers"]["alg"], answer["headers"]["kid"]) == expected
        token = await token_of(client)
        assert (await done(flavour.client(other).get_user(token))).user.email == email
        assert (await done(flavour.client(other).get_claims(token)))["claims"]["email"] == email
    client, _ = await flavour.member(ASYMMETRIC)
    async with refused(403, "bad_jwt"):
        await done(flavour.client(first).get_user(await token_of(client)))


async def test_keys_that_come_later(flavour):
    instance, email = Instance(**CONFIRMED), new_email()
    client = flavour.client(instance)
    await done(client.sign_up({"email": email, "password": PASSWORD}))
    assert (await done(client.get_claims()))["headers"]["alg"] == "HS256"
    instance.set(jwt_keys=json.dumps([private_key()]))
    assert (await done(client.get_claims()))["claims"]["email"] == email
    await done(client.refresh_session())
    assert (await done(client.get_claims()))["headers"]["alg"] == "RS256"
    assert (await done(client.get_user())).user.email == email

"""Access tokens and other JWTs, seen by a library that knows nothing of SuperTokens; and the keys that signed them."""

import hashlib
import re

import httpx
import jwt
import pytest
from helpers import API_DOMAIN, AUTH_URL, PUBLIC, init, new_id, recipe_id, sign_up
from supertokens_python.recipe import jwt as jwt_recipe
from supertokens_python.recipe import openid
from supertokens_python.recipe.jwt import asyncio as jwts
from supertokens_python.recipe.jwt.interfaces import CreateJwtOkResult
from supertokens_python.recipe.openid import asyncio as openids
from supertokens_python.recipe.session import asyncio as session
from supertokens_python.recipe.session.exceptions import TryRefreshTokenError, UnauthorisedError

init(jwt_recipe.init(), openid.init())

ISSUER = f"{API_DOMAIN}/auth"
keys = jwt.PyJWKClient(f"{AUTH_URL}/.well-known/jwks.json")


def verify(token):
    return jwt.decode(token, keys.get_signing_key_from_jwt(token), algorithms=["RS256"])


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def tokens(of):
    given = of.get_all_session_tokens_dangerously()
    return given["accessToken"], given["refreshToken"]


def create(user_id, payload=None):
    return session.create_new_session_without_request_response(PUBLIC, recipe_id(user_id), payload)


async def test_an_access_token_has_the_claims_that_supertokens_has():
    user = await sign_up()
    made = await create(user.id, {"plan": "free"})
    access, refresh = tokens(made)
    header = jwt.get_unverified_header(access)
    assert re.fullmatch(r"d-\d+", header.pop("kid")), "a dynamic key, named by its time"
    assert header == {"alg": "RS256", "typ": "JWT", "version": "5"}
    claims = verify(access)
    life = claims.pop("exp") - claims.pop("iat")
    assert 3600 * 0.94 < life <= 3600, "an hour, less some jitter"
    assert claims == {
        "sub": user.id,
        "rsub": user.id,
        "tId": PUBLIC,
        "sessionHandle": made.get_handle(),
        "refreshTokenHash1": sha256(refresh),
        "parentRefreshTokenHash1": None,
        "antiCsrfToken": None,
        "iss": ISSUER,
        "plan": "free",
    }


async def test_a_refreshed_token_names_both_refresh_tokens_until_its_first_use():
    _, first = tokens(await create(new_id("user")))
    access, second = tokens(await session.refresh_session_without_request_response(first))
    claims = verify(access)
    assert (claims["refreshTokenHash1"], claims["parentRefreshTokenHash1"]) == (sha256(second), sha256(first))
    used = await session.get_session_without_request_response(access)
    claims = verify(used.get_access_token())
    assert (claims["refreshTokenHash1"], claims["parentRefreshTokenHash1"]) == (sha256(second), None)


@pytest.mark.parametrize("recipe", [jwts, openids, session])
@pytest.mark.parametrize(("static", "kid"), [(None, "s-.+"), (True, "s-.+"), (False, r"d-\d+")])
async def test_any_payload_is_signed_with_a_static_key_unless_told_otherwise(recipe, static, kid):
    payload = {"sub": "ada", "scope": ["a", "b"], "no": None}
    answer = await recipe.create_jwt(payload, 600, static)
    assert isinstance(answer, CreateJwtOkResult)
    assert re.fullmatch(kid, jwt.get_unverified_header(answer.jwt)["kid"])
    claims = verify(answer.jwt)
    assert {name: claims[name] for name in payload} == payload
    assert claims["exp"] - claims["iat"] == 600


async def test_a_changed_jwt_fails():
    head, body, signature = (await jwts.create_jwt({"sub": "ada"})).jwt.split(".")
    other = (await jwts.create_jwt({"sub": "eve"})).jwt.split(".")[1]
    assert verify(f"{head}.{body}.{signature}")
    with pytest.raises(jwt.InvalidSignatureError):
        verify(f"{head}.{other}.{signature}")


async def test_a_validity_of_nothing_is_refused():
    with pytest.raises(Exception, match="(?s)400.*validity must be greater than or equal to 0"):
        await jwts.create_jwt({}, 0)


async def test_a_jwt_is_no_session():
    for static in [True, False]:
        answer = await jwts.create_jwt({"sub": "ada"}, 600, static)
        with pytest.raises((TryRefreshTokenError, UnauthorisedError)):
            await session.get_session_without_request_response(answer.jwt)


@pytest.mark.parametrize("recipe", [jwts, openids, session])
async def test_the_public_keys_are_those_that_the_gateway_publishes(recipe):
    published = httpx.get(f"{AUTH_URL}/.well-known/jwks.json").json()["keys"]
    answer = await recipe.get_jwks()
    assert [vars(key) for key in answer.keys] == published, "nothing private, all that the SDK passes on"
    assert {key["kid"][:2] for key in published} == {"d-", "s-"}
    assert {(key["kty"], key["alg"], key["use"]) for key in published} == {("RSA", "RS256", "sig")}


@pytest.mark.parametrize("recipe", [openids, session])
async def test_the_discovery_document_names_the_issuer_of_the_tokens(recipe):
    document = await recipe.get_open_id_discovery_configuration()
    assert (document.issuer, document.jwks_uri) == (ISSUER, f"{ISSUER}/jwt/jwks.json")
    assert document.id_token_signing_alg_values_supported == ["RS256"]

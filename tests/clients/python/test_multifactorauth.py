"""A second factor: what users and tenants require, and a TOTP device between sign-in and the application."""

import time

import pyotp
import pytest
from application import Client, has_code, has_status
from helpers import PASSWORD, PUBLIC, create_app, init, new_email, new_id, recipe_id, sign_up
from supertokens_python.recipe import multifactorauth, totp, usermetadata
from supertokens_python.recipe.multifactorauth import asyncio as mfa
from supertokens_python.recipe.multifactorauth.multi_factor_auth_claim import MultiFactorAuthClaim
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant
from supertokens_python.recipe.multitenancy.interfaces import TenantConfigCreateOrUpdate
from supertokens_python.recipe.session.asyncio import create_new_session_without_request_response
from supertokens_python.recipe.session.exceptions import InvalidClaimsError
from supertokens_python.recipe.totp.asyncio import create_device, verify_device
from supertokens_python.recipe.totp.types import TOTPConfig

init(
    # Several codes at a time are good, as each is good once.
    totp.init(TOTPConfig(default_skew=3)),
    multifactorauth.init(first_factors=["emailpassword"]),
    usermetadata.init(),
    connection_uri=create_app(new_id("mfa")),
)


def code(secret, steps=0):
    return pyotp.TOTP(secret).at(time.time() + steps * 30)


async def open_session(user, tenant_id=PUBLIC):
    return await create_new_session_without_request_response(tenant_id, recipe_id(user))


async def tenant_that_requires(*factors):
    tenant_id = new_id("tenant")
    config = TenantConfigCreateOrUpdate(first_factors=["emailpassword"], required_secondary_factors=list(factors))
    await create_or_update_tenant(tenant_id, config)
    return tenant_id


async def with_device(user):
    """Gives the user a verified device and answers with its secret."""
    device = await create_device(user.id)
    await verify_device(PUBLIC, user.id, device.device_name, code(device.secret, -1))
    return device.secret


async def sign_in(url, email, path="/signin"):
    client = Client(url)
    answer = has_status(await client.form(path, {"email": email, "password": PASSWORD}), "OK")
    return client, answer["user"]


async def required(session):
    [requirement] = await mfa.get_mfa_requirements_for_auth(session)
    return sorted(requirement["oneOf"])


async def info(client):
    return has_status(await client.call("PUT", "/auth/mfa/info"), "OK")["factors"]


async def test_a_user_may_require_a_factor():
    user = await sign_up()
    assert await mfa.get_required_secondary_factors_for_user(user.id) == []
    for _ in range(2):
        await mfa.add_to_required_secondary_factors_for_user(user.id, "totp")
    await mfa.add_to_required_secondary_factors_for_user(user.id, "otp-email")
    assert await mfa.get_required_secondary_factors_for_user(user.id) == ["totp", "otp-email"]
    await mfa.remove_from_required_secondary_factors_for_user(user.id, "totp")
    assert await mfa.get_required_secondary_factors_for_user(user.id) == ["otp-email"]


async def test_a_verified_device_is_a_factor_that_is_set_up():
    user = await sign_up()
    device = await create_device(user.id)
    assert await mfa.get_factors_setup_for_user(user.id) == ["emailpassword"]
    await verify_device(PUBLIC, user.id, device.device_name, code(device.secret))
    assert set(await mfa.get_factors_setup_for_user(user.id)) == {"emailpassword", "totp"}


async def test_a_session_wants_what_user_and_tenant_require():
    user, other = await sign_up(), await sign_up()
    await mfa.add_to_required_secondary_factors_for_user(user.id, "totp")
    assert await required(await open_session(user)) == ["totp"]
    assert await required(await open_session(other)) == []
    tenant_id = await tenant_that_requires("totp", "otp-email")
    there = await open_session(await sign_up(tenant_id), tenant_id)
    assert await required(there) == ["otp-email", "totp"]


async def test_a_completed_factor_is_noted_in_the_session():
    user = await sign_up()
    await mfa.add_to_required_secondary_factors_for_user(user.id, "totp")
    session = await open_session(user)
    await mfa.mark_factor_as_complete_in_session(session, "emailpassword")
    assert session.get_access_token_payload()["st-mfa"]["v"] is False
    needs_all = MultiFactorAuthClaim.validators.has_completed_mfa_requirements_for_auth()
    with pytest.raises(InvalidClaimsError):
        await session.assert_claims([needs_all])
    await mfa.mark_factor_as_complete_in_session(session, "totp")
    claim = session.get_access_token_payload()["st-mfa"]
    assert (claim["v"], set(claim["c"])) == (True, {"emailpassword", "totp"})
    await session.assert_claims([needs_all])


async def test_another_factor_is_not_set_up_before_the_one_there_is_is_passed():
    user = await sign_up()
    session = await open_session(user)
    await mfa.mark_factor_as_complete_in_session(session, "emailpassword")
    await mfa.assert_allowed_to_setup_factor_else_throw_invalid_claim_error(session, "totp")
    await with_device(user)
    await mfa.add_to_required_secondary_factors_for_user(user.id, "totp")
    with pytest.raises(InvalidClaimsError):
        await mfa.assert_allowed_to_setup_factor_else_throw_invalid_claim_error(session, "otp-email")


async def test_who_needs_no_second_factor_is_let_in(url):
    client, _ = await sign_in(url, new_email(), "/signup")
    assert has_code(await client.get("/me"), 200)["payload"]["st-mfa"]["v"] is True
    assert (await info(client))["next"] == []


async def test_a_device_is_set_up_and_opens_the_door_from_then_on(url):
    tenant_id, email = await tenant_that_requires("totp"), new_email()
    client, user = await sign_in(url, email, f"/{tenant_id}/signup")
    refused = has_code(await client.get("/me"), 403)
    assert refused["claimValidationErrors"][0]["id"] == "st-mfa"
    factors = await info(client)
    assert (factors["next"], factors["alreadySetup"]) == (["totp"], ["emailpassword"])
    device = has_status(await client.post("/auth/totp/device", {"deviceName": "phone"}), "OK")
    wrong = has_status(
        await client.post("/auth/totp/device/verify", {"deviceName": "phone", "totp": code(device["secret"], 99)}),
        "INVALID_TOTP_ERROR",
    )
    assert (wrong["currentNumberOfFailedAttempts"], wrong["maxNumberOfFailedAttempts"]) == (1, 5)
    first = {"deviceName": "phone", "totp": code(device["secret"], -1)}
    assert has_status(await client.post("/auth/totp/device/verify", first), "OK")["wasAlreadyVerified"] is False
    assert has_code(await client.get("/me"), 200)["userId"] == user["id"]

    client, _ = await sign_in(url, email, f"/{tenant_id}/signin")
    has_code(await client.get("/me"), 403)
    assert (await info(client))["next"] == ["totp"]
    has_status(await client.post("/auth/totp/verify", {"totp": first["totp"]}), "INVALID_TOTP_ERROR")
    has_status(await client.post("/auth/totp/verify", {"totp": code(device["secret"], 1)}), "OK")
    assert has_code(await client.get("/me"), 200)["userId"] == user["id"]
    has_code(await client.post("/auth/session/refresh"), 200)
    has_code(await client.get("/me"), 200)


async def test_devices_are_listed_and_removed_by_their_user(url):
    client, _ = await sign_in(url, new_email(), "/signup")
    device = has_status(await client.post("/auth/totp/device"), "OK")
    listed = has_status(await client.get("/auth/totp/device/list"), "OK")["devices"]
    assert [(one["name"], one["verified"]) for one in listed] == [(device["deviceName"], False)]
    for existed in [True, False]:
        body = {"deviceName": device["deviceName"]}
        answer = has_status(await client.post("/auth/totp/device/remove", body), "OK")
        assert answer["didDeviceExist"] is existed
    has_code(await Client(url).get("/auth/totp/device/list"), 401)


async def test_the_password_alone_does_not_set_up_a_second_device(url):
    email = new_email()
    user = await sign_up(email=email)
    await with_device(user)
    await mfa.add_to_required_secondary_factors_for_user(user.id, "totp")
    client, _ = await sign_in(url, email)
    has_code(await client.post("/auth/totp/device", {"deviceName": "thief's"}), 403)

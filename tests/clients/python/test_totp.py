"""Every function of the TOTP recipe that needs no request: devices, their codes, and the limit of attempts."""

import time

import pyotp
import pytest
from helpers import PUBLIC, cdi, create_app, init, new_id, sign_up
from supertokens_python.asyncio import delete_user
from supertokens_python.recipe import multifactorauth
from supertokens_python.recipe import totp as recipe
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant
from supertokens_python.recipe.totp import asyncio as totp
from supertokens_python.recipe.totp.types import (
    CreateDeviceOkResult,
    DeviceAlreadyExistsError,
    InvalidTOTPError,
    LimitReachedError,
    UnknownDeviceError,
    UnknownUserIdError,
    UpdateDeviceOkResult,
    VerifyDeviceOkResult,
    VerifyTOTPOkResult,
)

APP = f"/appid-{new_id('totp')}"
# Not the usual number of attempts, so that it is seen to be the app's.
init(recipe.init(), multifactorauth.init(), connection_uri=create_app(APP.removeprefix("/appid-"), totp_max_attempts=3))

PERIOD = 30
# Codes of so many steps before and after now are good, so that a step may end while a test runs.
SKEW = 4


def code(device, steps=0):
    """The code of a device so many steps from now."""
    return pyotp.TOTP(device.secret, interval=PERIOD).at(time.time() + steps * PERIOD)


def wrong(device):
    """A code that the device does not have in this hour."""
    near = {code(device, steps) for steps in range(-120, 121)}
    return next(text for text in (f"{number:06}" for number in range(1000)) if text not in near)


async def create(user_id=None, name=None):
    answer = await totp.create_device(user_id or new_id("user"), "someone", name, SKEW, PERIOD)
    assert isinstance(answer, CreateDeviceOkResult)
    return answer


async def verify_device(user_id, device, text):
    return await totp.verify_device(PUBLIC, user_id, device.device_name, text)


async def verified_device(user_id, name=None):
    """A device, verified with the code of the step before this one."""
    device = await create(user_id, name)
    assert isinstance(await verify_device(user_id, device, code(device, -1)), VerifyDeviceOkResult)
    return device


async def names(user_id):
    return {device.name: device.verified for device in (await totp.list_devices(user_id)).devices}


async def test_a_device_has_a_secret_and_settings():
    user_id = new_id("user")
    device = await create(user_id, "phone")
    assert device.device_name == "phone"
    assert len(device.secret) == 32
    assert f"secret={device.secret}" in device.qr_code_string
    [listed] = (await totp.list_devices(user_id)).devices
    assert (listed.name, listed.period, listed.skew, listed.verified) == ("phone", PERIOD, SKEW, False)
    assert (await totp.list_devices(new_id("nobody"))).devices == []


async def test_the_sdk_knows_the_user_of_a_device():
    user = await sign_up()
    device = await totp.create_device(user.id)
    assert isinstance(device, CreateDeviceOkResult)
    assert user.emails[0].replace("@", "%40") in device.qr_code_string
    assert isinstance(await totp.create_device(new_id("nobody")), UnknownUserIdError)


async def test_devices_without_a_name_are_numbered():
    user_id = new_id("user")
    assert (await create(user_id)).device_name == "TOTP Device 0"
    assert (await create(user_id)).device_name == "TOTP Device 0", "in the place of the unverified one"
    device = (await totp.list_devices(user_id)).devices[0]
    again = await create(user_id)
    assert isinstance(await verify_device(user_id, again, code(again)), VerifyDeviceOkResult)
    assert (await create(user_id)).device_name == "TOTP Device 1"
    assert await names(user_id) == {device.name: True, "TOTP Device 1": False}


async def test_an_unverified_device_is_replaced_a_verified_one_stays():
    user_id = new_id("user")
    old = await create(user_id, "phone")
    new = await create(user_id, "phone")
    assert old.secret != new.secret
    assert isinstance(await verify_device(user_id, old, code(old)), InvalidTOTPError)
    assert isinstance(await verify_device(user_id, new, code(new)), VerifyDeviceOkResult)
    # By hand: the SDK reads the secret before it looks at the status.
    body = {"userId": user_id, "deviceName": "phone", "skew": SKEW, "period": PERIOD}
    assert cdi("POST", f"{APP}/recipe/totp/device", body) == {"status": "DEVICE_ALREADY_EXISTS_ERROR"}


async def test_a_device_is_verified_once():
    user_id = new_id("user")
    device = await create(user_id)
    first = await verify_device(user_id, device, code(device))
    assert isinstance(first, VerifyDeviceOkResult)
    assert first.was_already_verified is False
    again = await verify_device(user_id, device, "any")
    assert isinstance(again, VerifyDeviceOkResult)
    assert again.was_already_verified is True
    assert await names(user_id) == {device.device_name: True}
    absent = await totp.verify_device(PUBLIC, user_id, "absent", code(device))
    assert isinstance(absent, UnknownDeviceError)


async def test_a_code_lets_in_once():
    user_id = new_id("user")
    device = await verified_device(user_id)
    assert isinstance(await totp.verify_totp(PUBLIC, user_id, code(device, 1)), VerifyTOTPOkResult)
    for used in [code(device, 1), code(device, -1)]:
        assert isinstance(await totp.verify_totp(PUBLIC, user_id, used), InvalidTOTPError)
    assert isinstance(await totp.verify_totp(PUBLIC, user_id, code(device, 2)), VerifyTOTPOkResult)


async def test_any_verified_device_will_do():
    user_id = new_id("user")
    devices = [await verified_device(user_id, "phone"), await verified_device(user_id, "key")]
    for device in devices:
        assert isinstance(await totp.verify_totp(PUBLIC, user_id, code(device, 1)), VerifyTOTPOkResult)


async def test_an_unverified_device_lets_nobody_in():
    user_id = new_id("user")
    device = await create(user_id)
    assert isinstance(await totp.verify_totp(PUBLIC, user_id, code(device)), InvalidTOTPError)
    assert isinstance(await totp.verify_totp(PUBLIC, new_id("nobody"), "123456"), UnknownUserIdError)


async def test_codes_far_from_now_are_wrong():
    user_id = new_id("user")
    device = await verified_device(user_id)
    for steps in [-SKEW - 3, SKEW + 3]:
        assert isinstance(await totp.verify_totp(PUBLIC, user_id, code(device, steps)), InvalidTOTPError)


async def test_wrong_codes_are_counted_until_the_limit():
    user_id = new_id("user")
    device = await verified_device(user_id)
    for attempt in [1, 2, 3]:
        answer = await totp.verify_totp(PUBLIC, user_id, wrong(device))
        assert isinstance(answer, InvalidTOTPError)
        assert (answer.current_number_of_failed_attempts, answer.max_number_of_failed_attempts) == (attempt, 3)
    for text in [wrong(device), code(device, 1)]:
        limited = await totp.verify_totp(PUBLIC, user_id, text)
        assert isinstance(limited, LimitReachedError), "for the right code, too"
        assert 0 < limited.retry_after_ms <= 900_000
    other = await create(user_id, "other")
    assert isinstance(await verify_device(user_id, other, code(other)), LimitReachedError), "one limit for all"


async def test_the_right_code_ends_the_count():
    user_id = new_id("user")
    device = await verified_device(user_id)
    for steps in [1, 2]:
        for attempt in [1, 2]:
            answer = await totp.verify_totp(PUBLIC, user_id, wrong(device))
            assert answer.current_number_of_failed_attempts == attempt
        assert isinstance(await totp.verify_totp(PUBLIC, user_id, code(device, steps)), VerifyTOTPOkResult)


async def test_a_limit_holds_in_its_tenant_alone():
    user_id, tenant_id = new_id("user"), new_id("tenant")
    await create_or_update_tenant(tenant_id, None)
    device = await verified_device(user_id)
    for _ in range(3):
        await totp.verify_totp(PUBLIC, user_id, wrong(device))
    assert isinstance(await totp.verify_totp(PUBLIC, user_id, code(device, 1)), LimitReachedError)
    assert isinstance(await totp.verify_totp(tenant_id, user_id, code(device, 1)), VerifyTOTPOkResult)


async def test_a_device_is_renamed():
    user_id = new_id("user")
    await create(user_id, "phone")
    await create(user_id, "key")
    assert isinstance(await totp.update_device(user_id, "phone", "old phone"), UpdateDeviceOkResult)
    assert set(await names(user_id)) == {"old phone", "key"}
    assert isinstance(await totp.update_device(user_id, "phone", "new"), UnknownDeviceError)
    assert isinstance(await totp.update_device(user_id, "old phone", "key"), DeviceAlreadyExistsError)
    assert isinstance(await totp.update_device(user_id, "key", "key"), UpdateDeviceOkResult)


async def test_a_removed_device_lets_nobody_in_and_takes_its_history_along():
    user_id = new_id("user")
    device = await verified_device(user_id, "phone")
    for _ in range(3):
        await totp.verify_totp(PUBLIC, user_id, wrong(device))
    for existed in [True, False]:
        assert (await totp.remove_device(user_id, "phone")).did_device_exist is existed
    assert isinstance(await totp.verify_totp(PUBLIC, user_id, code(device, 1)), UnknownUserIdError)
    await verified_device(user_id, "phone")
    assert await names(user_id) == {"phone": True}


async def test_devices_go_with_their_user():
    user = await sign_up()
    await verified_device(user.id)
    await delete_user(user.id)
    assert await names(user.id) == {}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("skew", -1, "skew must be >= 0"),
        ("period", 0, "period must be > 0"),
        ("device_name", "", "deviceName cannot be"),
    ],
)
async def test_nonsense_is_refused(field, value, message):
    settings = {"user_identifier_info": "someone", "device_name": "phone", "skew": 1, "period": PERIOD, field: value}
    with pytest.raises(Exception, match=f"(?s)400.*{message}"):
        await totp.create_device(new_id("user"), **settings)

"""Every function of the Passwordless recipe that needs no request: codes by mail and text message, and their users."""

import pytest
from helpers import (
    PUBLIC,
    UNKNOWN,
    cdi,
    create_app,
    email_delivery,
    init,
    new_email,
    new_id,
    new_phone,
    recipe_id,
    sign_up,
    sms_delivery,
)
from supertokens_python.asyncio import delete_user, get_user
from supertokens_python.recipe import passwordless as recipe
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant
from supertokens_python.recipe.passwordless import ContactEmailOrPhoneConfig
from supertokens_python.recipe.passwordless import asyncio as passwordless
from supertokens_python.recipe.passwordless.interfaces import (
    CheckCodeIncorrectUserInputCodeError,
    CheckCodeOkResult,
    CheckCodeRestartFlowError,
    ConsumeCodeIncorrectUserInputCodeError,
    ConsumeCodeOkResult,
    ConsumeCodeRestartFlowError,
    CreateNewCodeForDeviceOkResult,
    CreateNewCodeForDeviceRestartFlowError,
    CreateNewCodeForDeviceUserInputCodeAlreadyUsedError,
    UpdateUserEmailAlreadyExistsError,
    UpdateUserOkResult,
    UpdateUserPhoneNumberAlreadyExistsError,
    UpdateUserUnknownUserIdError,
)

APP = f"/appid-{new_id('codes')}"
init(
    recipe.init(
        contact_config=ContactEmailOrPhoneConfig(),
        flow_type="USER_INPUT_CODE_AND_MAGIC_LINK",
        email_delivery=email_delivery,
        sms_delivery=sms_delivery,
    ),
    # Not the usual number of attempts, so that it is seen to be the app's.
    connection_uri=create_app(APP.removeprefix("/appid-"), passwordless_max_code_input_attempts=3),
)

CONTACTS = pytest.mark.parametrize("kind", ["email", "phone_number"])


def contact(kind):
    return {kind: new_email() if kind == "email" else new_phone()}


def by_link(code):
    return {"pre_auth_session_id": code.pre_auth_session_id, "link_code": code.link_code}


def by_otp(code, user_input_code=None):
    return {
        "pre_auth_session_id": code.pre_auth_session_id,
        "device_id": code.device_id,
        "user_input_code": user_input_code or code.user_input_code,
    }


def check(credentials, tenant_id=PUBLIC):
    return passwordless.check_code(tenant_id, **credentials)


def consume(credentials, tenant_id=PUBLIC):
    return passwordless.consume_code(tenant_id, **credentials)


def wrong(code):
    """A user input code that is not this one."""
    return "000000" if code.user_input_code != "000000" else "111111"


@CONTACTS
@pytest.mark.parametrize("proof", [by_link, by_otp])
async def test_a_code_signs_up_and_in(kind, proof):
    where = contact(kind)
    code = await passwordless.create_code(PUBLIC, **where)
    assert len(code.user_input_code) == 6
    assert code.user_input_code.isdigit()
    assert code.code_life_time == 900_000
    checked = await check(proof(code))
    assert isinstance(checked, CheckCodeOkResult), "a check spends nothing"
    answer = await consume(proof(code))
    assert isinstance(answer, ConsumeCodeOkResult)
    assert answer.created_new_recipe_user is True
    device = answer.consumed_device
    assert (device.pre_auth_session_id, device.failed_code_input_attempt_count) == (code.pre_auth_session_id, 0)
    assert {"email": device.email, "phone_number": device.phone_number}[kind] == where[kind]
    user = answer.user
    assert {"email": user.emails, "phone_number": user.phone_numbers}[kind] == [where[kind]]
    assert len(user.emails + user.phone_numbers) == 1
    [method] = user.login_methods
    assert (method.recipe_id, method.verified, method.recipe_user_id) == ("passwordless", True, answer.recipe_user_id)
    assert isinstance(await consume(proof(code)), ConsumeCodeRestartFlowError), "a second time"
    assert isinstance(await check(proof(code)), CheckCodeRestartFlowError)

    again = await consume(proof(await passwordless.create_code(PUBLIC, **where)))
    assert (again.created_new_recipe_user, again.user.id) == (False, user.id)


@CONTACTS
async def test_signinup_needs_no_code(kind):
    where = {"email": None, "phone_number": None, **contact(kind)}
    first, second = [await passwordless.signinup(PUBLIC, **where) for _ in range(2)]
    assert (first.created_new_recipe_user, second.created_new_recipe_user) == (True, False)
    assert first.user.id == second.user.id


async def test_a_contact_is_the_same_however_it_is_written():
    email, phone = new_email(), new_phone()
    for one, other in [
        ((email, None), (f" {email.upper()} ", None)),
        ((None, phone), (None, f"{phone[:3]} {phone[3:6]} / {phone[6:]}")),
    ]:
        users = [(await passwordless.signinup(PUBLIC, *where)).user for where in (one, other)]
        assert users[0].id == users[1].id


async def test_an_unclear_contact_is_refused():
    for where in [{}, {"email": new_email(), "phone_number": new_phone()}]:
        with pytest.raises(Exception, match="(?s)400.*exactly one of email, phoneNumber or deviceId"):
            await passwordless.create_code(PUBLIC, **where)


async def test_a_code_of_ones_own():
    code = await passwordless.create_code(PUBLIC, email=new_email(), user_input_code="open sesame")
    assert code.user_input_code == "open sesame"
    taken = await passwordless.create_new_code_for_device(PUBLIC, code.device_id, "open sesame")
    assert isinstance(taken, CreateNewCodeForDeviceUserInputCodeAlreadyUsedError)
    other = await passwordless.create_new_code_for_device(PUBLIC, code.device_id, "open barley")
    assert isinstance(other, CreateNewCodeForDeviceOkResult)
    assert isinstance(await check(by_otp(code, "Open Sesame")), CheckCodeIncorrectUserInputCodeError)
    for text in ["open sesame", "open barley"]:
        assert isinstance(await check(by_otp(code, text)), CheckCodeOkResult)
    assert isinstance(await consume(by_otp(code, "open sesame")), ConsumeCodeOkResult)


async def test_a_new_code_for_the_device_leaves_the_old_one_good():
    first = await passwordless.create_code(PUBLIC, email=new_email())
    second = await passwordless.create_new_code_for_device(PUBLIC, first.device_id)
    assert isinstance(second, CreateNewCodeForDeviceOkResult)
    assert (second.device_id, second.pre_auth_session_id) == (first.device_id, first.pre_auth_session_id)
    assert second.code_id != first.code_id
    for code in [first, second]:
        assert isinstance(await check(by_link(code)), CheckCodeOkResult)
    assert isinstance(await consume(by_link(first)), ConsumeCodeOkResult)
    assert isinstance(await consume(by_otp(second)), ConsumeCodeRestartFlowError), (
        "the device is gone with all its codes"
    )
    gone = await passwordless.create_new_code_for_device(PUBLIC, first.device_id)
    assert isinstance(gone, CreateNewCodeForDeviceRestartFlowError)


async def test_wrong_codes_are_counted_and_the_last_attempt_ends_the_device():
    code = await passwordless.create_code(PUBLIC, phone_number=new_phone())
    for attempt, (call, refusal) in enumerate(
        [
            (check, CheckCodeIncorrectUserInputCodeError),
            (consume, ConsumeCodeIncorrectUserInputCodeError),
        ],
        start=1,
    ):
        answer = await call(by_otp(code, wrong(code)))
        assert isinstance(answer, refusal)
        assert (answer.failed_code_input_attempt_count, answer.maximum_code_input_attempts) == (attempt, 3)
    device = await passwordless.list_codes_by_device_id(PUBLIC, code.device_id)
    assert device.failed_code_input_attempt_count == 2
    assert isinstance(await consume(by_otp(code, wrong(code))), ConsumeCodeRestartFlowError)
    assert isinstance(await consume(by_otp(code)), ConsumeCodeRestartFlowError), "the right one comes too late"
    assert await passwordless.list_codes_by_device_id(PUBLIC, code.device_id) is None


async def test_a_wrong_link_is_not_counted():
    code = await passwordless.create_code(PUBLIC, email=new_email())
    other = await passwordless.create_code(PUBLIC, email=new_email())
    for _ in range(4):
        absent = {**by_link(code), "link_code": "A" * 43}
        assert isinstance(await consume(absent), ConsumeCodeRestartFlowError)
    with pytest.raises(Exception, match="(?s)400.*preAuthSessionId and deviceId doesn't match"):
        await consume({**by_link(code), "link_code": other.link_code})
    with pytest.raises(Exception, match="(?s)400.*Input encoding error in linkCode"):
        await consume({**by_link(code), "link_code": "not/base64!"})
    assert isinstance(await consume(by_link(code)), ConsumeCodeOkResult)


async def test_a_sign_in_ends_all_devices_of_the_contact():
    email = new_email()
    used, other = [await passwordless.create_code(PUBLIC, email=email) for _ in range(2)]
    stays = await passwordless.create_code(PUBLIC, email=new_email())
    assert isinstance(await consume(by_otp(used)), ConsumeCodeOkResult)
    assert isinstance(await check(by_otp(other)), CheckCodeRestartFlowError)
    assert isinstance(await check(by_otp(stays)), CheckCodeOkResult)


async def test_a_code_is_good_in_its_tenant_alone():
    tenant_id, email = new_id("tenant"), new_email()
    await create_or_update_tenant(tenant_id, None)
    code = await passwordless.create_code(tenant_id, email=email)
    assert isinstance(await consume(by_link(code)), ConsumeCodeRestartFlowError)
    there = (await consume(by_link(code), tenant_id)).user
    here = (await passwordless.signinup(PUBLIC, email, None)).user
    assert (there.tenant_ids, here.tenant_ids) == ([tenant_id], [PUBLIC])
    assert there.id != here.id


async def test_devices_are_listed():
    email, phone = new_email(), new_phone()
    codes = [await passwordless.create_code(PUBLIC, email=email) for _ in range(2)]
    text = await passwordless.create_code(PUBLIC, phone_number=phone)
    by_mail = await passwordless.list_codes_by_email(PUBLIC, email)
    assert {device.pre_auth_session_id for device in by_mail} == {code.pre_auth_session_id for code in codes}
    assert {(device.email, device.phone_number) for device in by_mail} == {(email, None)}
    [by_phone] = await passwordless.list_codes_by_phone_number(PUBLIC, phone)
    for device in [
        by_phone,
        await passwordless.list_codes_by_device_id(PUBLIC, text.device_id),
        await passwordless.list_codes_by_pre_auth_session_id(PUBLIC, text.pre_auth_session_id),
    ]:
        assert (device.pre_auth_session_id, device.phone_number) == (text.pre_auth_session_id, phone)
    assert await passwordless.list_codes_by_email(PUBLIC, new_email()) == []
    assert await passwordless.list_codes_by_pre_auth_session_id(PUBLIC, "absent") is None
    # By hand: the SDK loses the codes of a device on the way.
    await passwordless.create_new_code_for_device(PUBLIC, text.device_id)
    [device] = cdi("GET", f"{APP}/recipe/signinup/codes?preAuthSessionId={text.pre_auth_session_id}")["devices"]
    assert len(device["codes"]) == 2
    assert text.code_id in [code["codeId"] for code in device["codes"]]


async def test_codes_are_revoked():
    email = new_email()
    code, other = [await passwordless.create_code(PUBLIC, email=email) for _ in range(2)]
    second = await passwordless.create_new_code_for_device(PUBLIC, code.device_id)
    await passwordless.revoke_code(PUBLIC, code.code_id)
    assert isinstance(await check(by_link(code)), CheckCodeRestartFlowError)
    assert isinstance(await check(by_link(second)), CheckCodeOkResult), "the device's other code"
    await passwordless.revoke_code(PUBLIC, second.code_id)
    assert await passwordless.list_codes_by_device_id(PUBLIC, code.device_id) is None, (
        "without codes there is no device"
    )
    await passwordless.revoke_code(PUBLIC, second.code_id)
    await passwordless.revoke_all_codes(PUBLIC, email=email)
    assert isinstance(await check(by_link(other)), CheckCodeRestartFlowError)
    phone = new_phone()
    text = await passwordless.create_code(PUBLIC, phone_number=phone)
    await passwordless.revoke_all_codes(PUBLIC, phone_number=phone)
    assert isinstance(await check(by_otp(text)), CheckCodeRestartFlowError)


async def test_a_magic_link_signs_in():
    email = new_email()
    link = await passwordless.create_magic_link(PUBLIC, email, None)
    query, link_code = link.split("?")[1].split("#")
    pre_auth_session_id = query.split("preAuthSessionId=")[1].split("&")[0]
    answer = await consume({"pre_auth_session_id": pre_auth_session_id, "link_code": link_code})
    assert isinstance(answer, ConsumeCodeOkResult)
    assert answer.user.emails == [email]


async def test_a_user_gets_a_second_contact_and_loses_the_first():
    email, phone = new_email(), new_phone()
    user = (await passwordless.signinup(PUBLIC, email, None)).user
    assert isinstance(await passwordless.update_user(recipe_id(user), phone_number=phone), UpdateUserOkResult)
    both = await get_user(user.id)
    assert (both.emails, both.phone_numbers) == ([email], [phone])
    for where in [(email, None), (None, phone)]:
        assert (await passwordless.signinup(PUBLIC, *where)).user.id == user.id
    assert isinstance(await passwordless.delete_email_for_user(recipe_id(user)), UpdateUserOkResult)
    assert (await get_user(user.id)).emails == []
    with pytest.raises(Exception, match="(?s)400.*cannot clear both email and phone number"):
        await passwordless.delete_phone_number_for_user(recipe_id(user))
    heir = (await passwordless.signinup(PUBLIC, email, None)).user
    assert heir.id != user.id, "the address is free"


async def test_an_update_changes_both_or_none():
    user = (await passwordless.signinup(PUBLIC, new_email(), None)).user
    email, phone = new_email(), new_phone()
    await passwordless.signinup(PUBLIC, email, None)
    await passwordless.signinup(PUBLIC, None, phone)
    taken = await passwordless.update_user(recipe_id(user), email=email)
    assert isinstance(taken, UpdateUserEmailAlreadyExistsError)
    taken = await passwordless.update_user(recipe_id(user), email=new_email(), phone_number=phone)
    assert isinstance(taken, UpdateUserPhoneNumberAlreadyExistsError)
    assert (await get_user(user.id)).emails == user.emails


async def test_updates_know_passwordless_users_alone():
    for unknown in [recipe_id(UNKNOWN), recipe_id(await sign_up())]:
        for answer in [
            await passwordless.update_user(unknown, email=new_email()),
            await passwordless.delete_email_for_user(unknown),
            await passwordless.delete_phone_number_for_user(unknown),
        ]:
            assert isinstance(answer, UpdateUserUnknownUserIdError)


async def test_a_deleted_users_contact_signs_up_anew():
    phone = new_phone()
    user = (await passwordless.signinup(PUBLIC, None, phone)).user
    await delete_user(user.id)
    again = await passwordless.signinup(PUBLIC, None, phone)
    assert again.created_new_recipe_user is True
    assert again.user.id != user.id

"""Sign-in by code and by link, by mail and by text message, through the SDK's own APIs in a FastAPI application."""

import pytest
from application import Client, has_code, has_status
from helpers import email_delivery, init, mails, new_email, new_phone, sms_delivery, texts
from supertokens_python.asyncio import get_user
from supertokens_python.recipe import passwordless
from supertokens_python.recipe.passwordless import ContactEmailOrPhoneConfig

init(
    passwordless.init(
        contact_config=ContactEmailOrPhoneConfig(),
        flow_type="USER_INPUT_CODE_AND_MAGIC_LINK",
        email_delivery=email_delivery,
        sms_delivery=sms_delivery,
    )
)


@pytest.fixture(params=["email", "phoneNumber"])
def contact(request):
    return {request.param: new_email() if request.param == "email" else new_phone()}


async def begin(client, contact):
    """What the front end keeps of a sign-in that has begun."""
    answer = has_status(await client.post("/auth/signinup/code", contact), "OK")
    assert answer["flowType"] == "USER_INPUT_CODE_AND_MAGIC_LINK"
    return {"deviceId": answer["deviceId"], "preAuthSessionId": answer["preAuthSessionId"]}


def sent(contact):
    """What was sent there, oldest first."""
    [where] = contact.values()
    return [
        one for one in [*mails, *texts] if where in (getattr(one, "email", None), getattr(one, "phone_number", None))
    ]


def consume(client, device, code):
    return client.post("/auth/signinup/code/consume", {**device, "userInputCode": code})


def wrong(code):
    return "000000" if code != "000000" else "111111"


async def test_the_code_signs_up_and_in(url, contact):
    client = Client(url)
    device = await begin(client, contact)
    [message] = sent(contact)
    answer = has_status(await consume(client, device, message.user_input_code), "OK")
    assert answer["createdNewRecipeUser"] is True
    assert [*answer["user"]["emails"], *answer["user"]["phoneNumbers"]] == [*contact.values()]
    assert has_code(await client.get("/me/checked"), 200)["userId"] == answer["user"]["id"]
    has_status(await client.post("/auth/signout"), "OK")
    device = await begin(client, contact)
    again = has_status(await consume(client, device, sent(contact)[-1].user_input_code), "OK")
    assert (again["createdNewRecipeUser"], again["user"]["id"]) == (False, answer["user"]["id"])


async def test_the_link_signs_in_in_another_browser(url, contact):
    await begin(Client(url, "header"), contact)
    query, link_code = sent(contact)[0].url_with_link_code.split("?")[1].split("#")
    pre_auth_session_id = query.split("preAuthSessionId=")[1].split("&")[0]
    body = {"linkCode": link_code, "preAuthSessionId": pre_auth_session_id}
    client = Client(url, "header")
    answer = has_status(await client.post("/auth/signinup/code/consume", body), "OK")
    assert has_code(await client.get("/me"), 200)["userId"] == answer["user"]["id"]
    has_status(await client.post("/auth/signinup/code/consume", body), "RESTART_FLOW_ERROR")


async def test_wrong_codes_are_counted_to_the_end(url, contact):
    client = Client(url)
    device = await begin(client, contact)
    code = sent(contact)[0].user_input_code
    for attempt in [1, 2, 3, 4]:
        answer = has_status(await consume(client, device, wrong(code)), "INCORRECT_USER_INPUT_CODE_ERROR")
        assert (answer["failedCodeInputAttemptCount"], answer["maximumCodeInputAttempts"]) == (attempt, 5)
    for last in [wrong(code), code]:
        has_status(await consume(client, device, last), "RESTART_FLOW_ERROR")
    has_code(await client.get("/me"), 401)


async def test_a_code_is_sent_again(url, contact):
    client = Client(url)
    device = await begin(client, contact)
    has_status(await client.post("/auth/signinup/code/resend", device), "OK")
    first, second = sent(contact)
    assert first.url_with_link_code != second.url_with_link_code
    has_status(await consume(client, device, first.user_input_code), "OK")
    has_status(await client.post("/auth/signinup/code/resend", device), "RESTART_FLOW_ERROR")


async def test_whether_a_contact_is_known_can_be_asked_for(url, contact):
    client = Client(url)
    [(kind, where)] = contact.items()
    path = f"/auth/passwordless/{kind.lower()}/exists"

    async def exists():
        return has_status(await client.http.get(path, params={kind: where}), "OK")["exists"]

    assert await exists() is False
    device = await begin(client, contact)
    assert await exists() is False, "nobody has proved it yet"
    answer = has_status(await consume(client, device, sent(contact)[0].user_input_code), "OK")
    assert await exists() is True
    assert (await get_user(answer["user"]["id"])).login_methods[0].verified is True


@pytest.mark.parametrize("body", [{"email": "no address"}, {"phoneNumber": "123"}])
async def test_what_is_no_contact_gets_no_code(url, body):
    has_status(await Client(url).post("/auth/signinup/code", body), "GENERAL_ERROR")
    assert sent(body) == []


@pytest.mark.parametrize("body", [{}, {"email": "a@example.org", "phoneNumber": "+4915112345678"}])
async def test_one_contact_is_needed(url, body):
    has_code(await Client(url).post("/auth/signinup/code", body), 400)

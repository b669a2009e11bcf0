"""Every function of the EmailPassword recipe that needs no request: sign-up, sign-in, reset, change."""

import pytest
from helpers import PASSWORD, PUBLIC, UNKNOWN, init, mails, new_email, new_id, recipe_id, sign_up, sql
from supertokens_python.asyncio import delete_user, get_user
from supertokens_python.recipe.emailpassword import asyncio as emailpassword
from supertokens_python.recipe.emailpassword.interfaces import (
    ConsumePasswordResetTokenOkResult,
    CreateResetPasswordOkResult,
    EmailAlreadyExistsError,
    PasswordPolicyViolationError,
    PasswordResetTokenInvalidError,
    SignInOkResult,
    SignUpOkResult,
    UnknownUserIdError,
    UpdateEmailOrPasswordOkResult,
    WrongCredentialsError,
)
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant

init()

NEW_PASSWORD = "battery staple 2"


async def reset_token(user, tenant_id=PUBLIC):
    answer = await emailpassword.create_reset_password_token(tenant_id, user.id, user.emails[0])
    assert isinstance(answer, CreateResetPasswordOkResult)
    return answer.token


async def can_sign_in(email, password=PASSWORD, tenant_id=PUBLIC):
    answer = await emailpassword.sign_in(tenant_id, email, password)
    assert isinstance(answer, (SignInOkResult, WrongCredentialsError))
    return isinstance(answer, SignInOkResult)


async def test_sign_up_makes_a_user():
    email = new_email()
    answer = await emailpassword.sign_up(PUBLIC, email, PASSWORD)
    assert isinstance(answer, SignUpOkResult)
    user = answer.user
    assert (user.emails, user.phone_numbers, user.third_party) == ([email], [], [])
    assert (user.tenant_ids, user.is_primary_user) == ([PUBLIC], False)
    [method] = user.login_methods
    assert (method.recipe_id, method.email, method.verified) == ("emailpassword", email, False)
    assert method.recipe_user_id == answer.recipe_user_id
    assert answer.recipe_user_id.get_as_string() == user.id
    assert method.time_joined == user.time_joined
    assert await get_user(user.id) == user
    assert sql("SELECT email FROM auth.users WHERE id = %s", user.id) == [{"email": email}]


async def test_an_address_is_taken_once_however_it_is_written():
    user = await sign_up()
    for email in [user.emails[0], f"  {user.emails[0].upper()} "]:
        assert isinstance(await emailpassword.sign_up(PUBLIC, email, PASSWORD), EmailAlreadyExistsError)


async def test_sign_in_needs_the_right_password():
    user = await sign_up()
    [email] = user.emails
    answer = await emailpassword.sign_in(PUBLIC, email, PASSWORD)
    assert isinstance(answer, SignInOkResult)
    assert (answer.user, answer.recipe_user_id.get_as_string()) == (user, user.id)
    assert await can_sign_in(f" {email.upper()} ")
    for password in [PASSWORD.upper(), PASSWORD + " ", "", NEW_PASSWORD]:
        assert not await can_sign_in(email, password), password
    assert not await can_sign_in(new_email())


@pytest.mark.parametrize("password", ["x", " inner and outer ", "pässwörd 🔑", "p" * 1000, "a\\b'c\"d"])
async def test_any_text_is_a_password(password):
    user = await sign_up(password=password)
    assert await can_sign_in(user.emails[0], password)
    assert not await can_sign_in(user.emails[0], password[:-1] + "?")


async def test_an_empty_password_is_refused():
    with pytest.raises(Exception, match="(?s)400.*Password cannot be an empty string"):
        await emailpassword.sign_up(PUBLIC, new_email(), "")


async def test_verify_credentials_tells_without_signing_in():
    user = await sign_up()
    answer = await emailpassword.verify_credentials(PUBLIC, user.emails[0], PASSWORD)
    assert isinstance(answer, SignInOkResult)
    assert answer.user.id == user.id
    answer = await emailpassword.verify_credentials(PUBLIC, user.emails[0], NEW_PASSWORD)
    assert isinstance(answer, WrongCredentialsError)


async def test_a_tenant_has_users_of_its_own():
    tenant_id = new_id("tenant")
    await create_or_update_tenant(tenant_id, None)
    here = await sign_up()
    [email] = here.emails
    assert not await can_sign_in(email, tenant_id=tenant_id)
    there = await sign_up(tenant_id, email, NEW_PASSWORD)
    assert there.id != here.id
    assert there.tenant_ids == [tenant_id]
    assert await can_sign_in(email, NEW_PASSWORD, tenant_id)
    assert not await can_sign_in(email, NEW_PASSWORD)
    with pytest.raises(Exception, match="(?s)400.*not found"):
        await emailpassword.sign_up(new_id("absent"), new_email(), PASSWORD)


async def test_a_reset_token_changes_the_password_once():
    user = await sign_up()
    token = await reset_token(user)
    answer = await emailpassword.reset_password_using_token(PUBLIC, token, NEW_PASSWORD)
    assert isinstance(answer, UpdateEmailOrPasswordOkResult)
    assert await can_sign_in(user.emails[0], NEW_PASSWORD)
    assert not await can_sign_in(user.emails[0])
    again = await emailpassword.reset_password_using_token(PUBLIC, token, PASSWORD)
    assert isinstance(again, PasswordResetTokenInvalidError)
    assert await can_sign_in(user.emails[0], NEW_PASSWORD)


async def test_consuming_a_token_tells_whose_it_was_and_ends_all_of_the_users():
    user = await sign_up()
    tokens = [await reset_token(user), await reset_token(user)]
    assert tokens[0] != tokens[1]
    answer = await emailpassword.consume_password_reset_token(PUBLIC, tokens[0])
    assert isinstance(answer, ConsumePasswordResetTokenOkResult)
    assert (answer.user_id, answer.email) == (user.id, user.emails[0])
    for token in [*tokens, "no token"]:
        refused = await emailpassword.consume_password_reset_token(PUBLIC, token)
        assert isinstance(refused, PasswordResetTokenInvalidError)
    assert await can_sign_in(user.emails[0]), "the password is what it was"


async def test_a_reset_token_is_good_in_any_tenant_of_its_app():
    tenant_id = new_id("tenant")
    await create_or_update_tenant(tenant_id, None)
    user = await sign_up()
    answer = await emailpassword.consume_password_reset_token(tenant_id, await reset_token(user))
    assert isinstance(answer, ConsumePasswordResetTokenOkResult)
    assert answer.user_id == user.id


async def test_nobody_gets_a_token_for_an_unknown_user():
    answer = await emailpassword.create_reset_password_token(PUBLIC, UNKNOWN, new_email())
    assert isinstance(answer, UnknownUserIdError)
    link = await emailpassword.create_reset_password_link(PUBLIC, UNKNOWN, new_email())
    assert isinstance(link, UnknownUserIdError)
    sent = await emailpassword.send_reset_password_email(PUBLIC, UNKNOWN, new_email())
    assert sent == "UNKNOWN_USER_ID_ERROR"


async def test_reset_links_carry_a_token():
    user = await sign_up()
    link = await emailpassword.create_reset_password_link(PUBLIC, user.id, user.emails[0])
    assert await emailpassword.send_reset_password_email(PUBLIC, user.id, user.emails[0]) == "OK"
    [mail] = [mail for mail in mails if mail.user.email == user.emails[0]]
    for url in [link, mail.password_reset_link]:
        token = url.split("token=")[1].split("&")[0]
        again = await emailpassword.reset_password_using_token(PUBLIC, token, NEW_PASSWORD)
        assert isinstance(again, UpdateEmailOrPasswordOkResult if url == link else PasswordResetTokenInvalidError)


async def test_a_reset_to_a_weak_password_changes_nothing():
    user = await sign_up()
    answer = await emailpassword.reset_password_using_token(PUBLIC, await reset_token(user), "weak")
    assert isinstance(answer, PasswordPolicyViolationError)
    assert await can_sign_in(user.emails[0])
    assert not await can_sign_in(user.emails[0], "weak")


async def test_update_changes_address_and_password():
    user, email = await sign_up(), new_email()
    update = emailpassword.update_email_or_password
    assert isinstance(await update(recipe_id(user), email=email), UpdateEmailOrPasswordOkResult)
    assert (await get_user(user.id)).emails == [email]
    assert isinstance(await update(recipe_id(user), password=NEW_PASSWORD), UpdateEmailOrPasswordOkResult)
    assert await can_sign_in(email, NEW_PASSWORD)
    assert not await can_sign_in(email)
    assert not await can_sign_in(user.emails[0], NEW_PASSWORD)
    heir = await sign_up(email=user.emails[0])
    assert heir.id != user.id, "the old address is free"


async def test_update_refuses_what_is_taken_unknown_or_weak():
    user, other = await sign_up(), await sign_up()
    update = emailpassword.update_email_or_password
    taken = await update(recipe_id(user), email=other.emails[0].upper(), password=NEW_PASSWORD)
    assert isinstance(taken, EmailAlreadyExistsError)
    assert await can_sign_in(user.emails[0]), "neither is changed"
    assert isinstance(await update(recipe_id(UNKNOWN), email=new_email()), UnknownUserIdError)
    assert isinstance(await update(recipe_id(user), password="weak"), PasswordPolicyViolationError)
    unchecked = await update(recipe_id(user), password="weak", apply_password_policy=False)
    assert isinstance(unchecked, UpdateEmailOrPasswordOkResult)
    assert await can_sign_in(user.emails[0], "weak")


async def test_a_deleted_user_cannot_sign_in_nor_reset():
    user = await sign_up()
    token = await reset_token(user)
    await delete_user(user.id)
    assert not await can_sign_in(user.emails[0])
    answer = await emailpassword.consume_password_reset_token(PUBLIC, token)
    assert isinstance(answer, PasswordResetTokenInvalidError)

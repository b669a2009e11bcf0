"""Users who come from elsewhere, made without a request; and where the SDK finds its providers."""

import pytest
from helpers import PUBLIC, create_app, init, new_email, new_id, recipe_id, sign_up
from supertokens_python.asyncio import delete_user, get_user
from supertokens_python.recipe import emailverification, thirdparty
from supertokens_python.recipe.accountlinking.asyncio import create_primary_user
from supertokens_python.recipe.emailverification.asyncio import is_email_verified
from supertokens_python.recipe.multitenancy.asyncio import (
    create_or_update_tenant,
    create_or_update_third_party_config,
    delete_third_party_config,
)
from supertokens_python.recipe.thirdparty import (
    ProviderClientConfig,
    ProviderConfig,
    ProviderInput,
    SignInAndUpFeature,
)
from supertokens_python.recipe.thirdparty.asyncio import get_provider, manually_create_or_update_user
from supertokens_python.recipe.thirdparty.exceptions import ClientTypeNotFoundError
from supertokens_python.recipe.thirdparty.interfaces import (
    EmailChangeNotAllowedError,
    ManuallyCreateOrUpdateUserOkResult,
)

static = ProviderConfig(third_party_id="static", clients=[ProviderClientConfig("static client")])
init(
    thirdparty.init(SignInAndUpFeature([ProviderInput(static)])),
    emailverification.init(mode="OPTIONAL"),
    connection_uri=create_app(new_id("providers")),
)


async def enter(subject, email, is_verified=True, provider="google", tenant_id=PUBLIC):
    answer = await manually_create_or_update_user(tenant_id, provider, subject, email, is_verified)
    assert isinstance(answer, ManuallyCreateOrUpdateUserOkResult)
    return answer


async def new_tenant():
    tenant_id = new_id("tenant")
    await create_or_update_tenant(tenant_id, None)
    return tenant_id


@pytest.mark.parametrize("is_verified", [True, False])
async def test_the_first_time_makes_a_user_the_second_signs_in(is_verified):
    subject, email = new_id("subject"), new_email()
    first = await enter(subject, email, is_verified)
    assert first.created_new_recipe_user is True
    user = first.user
    assert (user.emails, [vars(one) for one in user.third_party]) == ([email], [{"id": "google", "user_id": subject}])
    [method] = user.login_methods
    assert (method.recipe_id, method.email, method.verified) == ("thirdparty", email, is_verified)
    assert method.recipe_user_id == first.recipe_user_id
    again = await enter(subject, email, is_verified)
    assert (again.created_new_recipe_user, again.user) == (False, user)


async def test_subject_and_provider_make_the_user_and_are_taken_literally():
    subject, email = new_id("subject"), new_email()
    users = [
        await enter(subject, email),
        await enter(subject.upper(), email),
        await enter(subject, email, provider="github"),
        await enter(f" {subject}", email),
    ]
    assert len({answer.user.id for answer in users}) == 4
    assert (await sign_up(email=email)).id not in {answer.user.id for answer in users}


async def test_a_new_address_at_the_provider_is_the_users_new_address():
    subject, old, new = new_id("subject"), new_email(), new_email()
    first = await enter(subject, old)
    changed = await enter(subject, new.upper(), is_verified=False)
    assert (changed.user.id, changed.user.emails, changed.created_new_recipe_user) == (first.user.id, [new], False)
    assert await is_email_verified(first.recipe_user_id, new) is False
    back = await enter(subject, old, is_verified=False)
    assert back.user.login_methods[0].verified is True, "it was verified before"


async def test_a_primary_user_does_not_take_the_address_of_another():
    holder = await sign_up()
    await create_primary_user(recipe_id(holder))
    subject = new_id("subject")
    await create_primary_user((await enter(subject, new_email())).recipe_user_id)
    answer = await manually_create_or_update_user(PUBLIC, "google", subject, holder.emails[0], True)
    assert isinstance(answer, EmailChangeNotAllowedError)
    assert answer.reason == "Email already associated with another primary user."


async def test_a_tenant_has_users_of_its_own():
    subject, email, tenant_id = new_id("subject"), new_email(), await new_tenant()
    here, there = await enter(subject, email), await enter(subject, email, tenant_id=tenant_id)
    assert here.user.id != there.user.id
    assert there.user.tenant_ids == [tenant_id]


async def test_a_deleted_user_is_a_new_one_the_next_time():
    subject, email = new_id("subject"), new_email()
    first = await enter(subject, email)
    await delete_user(first.user.id)
    assert await get_user(first.user.id) is None
    again = await enter(subject, email)
    assert again.created_new_recipe_user is True
    assert again.user.id != first.user.id


async def test_a_provider_in_the_core_takes_the_place_of_those_in_the_code():
    tenant_id = await new_tenant()
    assert (await get_provider(PUBLIC, "static")).config.client_id == "static client"
    assert await get_provider(PUBLIC, "dynamic") is None
    dynamic = ProviderConfig(
        third_party_id="dynamic",
        name="Dynamic",
        clients=[
            ProviderClientConfig("for the web", "secret", client_type="web", scope=["email"]),
            ProviderClientConfig("for the phone", client_type="mobile", force_pkce=True),
        ],
        authorization_endpoint="https://provider.example.org/authorize",
        require_email=False,
    )
    await create_or_update_third_party_config(tenant_id, dynamic)
    web = (await get_provider(tenant_id, "dynamic", "web")).config
    assert (web.name, web.client_id, web.client_secret, web.scope) == ("Dynamic", "for the web", "secret", ["email"])
    assert (web.authorization_endpoint, web.require_email) == (dynamic.authorization_endpoint, False)
    phone = (await get_provider(tenant_id, "dynamic", "mobile")).config
    assert (phone.client_id, phone.client_secret, phone.force_pkce) == ("for the phone", None, True)
    assert await get_provider(tenant_id, "static") is None
    assert await get_provider(PUBLIC, "dynamic") is None

    dynamic.clients = dynamic.clients[:1]
    await create_or_update_third_party_config(tenant_id, dynamic)
    with pytest.raises(ClientTypeNotFoundError):
        await get_provider(tenant_id, "dynamic", "mobile")
    await delete_third_party_config(tenant_id, "dynamic")
    assert await get_provider(tenant_id, "dynamic", "web") is None


async def test_a_provider_that_the_sdk_knows_needs_only_a_client():
    tenant_id = await new_tenant()
    config = ProviderConfig(third_party_id="github", clients=[ProviderClientConfig("id", "secret")])
    await create_or_update_third_party_config(tenant_id, config)
    known = (await get_provider(tenant_id, "github")).config
    assert (known.client_id, known.name) == ("id", "Github")
    assert known.authorization_endpoint.startswith("https://github.com/")

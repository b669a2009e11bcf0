"""Tenants of one app: their records and providers, and users that know nothing of the other tenants."""

import pytest
from helpers import PASSWORD, PUBLIC, UNKNOWN, create_app, init, new_email, new_id, new_phone, recipe_id, sign_up
from supertokens_python.asyncio import delete_user, get_user, get_user_count, list_users_by_account_info
from supertokens_python.recipe import passwordless, thirdparty
from supertokens_python.recipe.emailpassword import asyncio as emailpassword
from supertokens_python.recipe.emailpassword.interfaces import SignInOkResult, WrongCredentialsError
from supertokens_python.recipe.multitenancy import asyncio as tenants
from supertokens_python.recipe.multitenancy.interfaces import (
    AssociateUserToTenantEmailAlreadyExistsError,
    AssociateUserToTenantOkResult,
    AssociateUserToTenantPhoneNumberAlreadyExistsError,
    AssociateUserToTenantThirdPartyUserAlreadyExistsError,
    AssociateUserToTenantUnknownUserIdError,
    TenantConfigCreateOrUpdate,
)
from supertokens_python.recipe.passwordless import ContactEmailOrPhoneConfig
from supertokens_python.recipe.passwordless.asyncio import signinup
from supertokens_python.recipe.session import asyncio as session
from supertokens_python.recipe.thirdparty.asyncio import manually_create_or_update_user
from supertokens_python.recipe.thirdparty.provider import ProviderClientConfig, ProviderConfig
from supertokens_python.types.base import AccountInfoInput

init(
    thirdparty.init(),
    passwordless.init(contact_config=ContactEmailOrPhoneConfig(), flow_type="USER_INPUT_CODE"),
    connection_uri=create_app(new_id("tenants")),
)


async def new_tenant(config=None):
    tenant_id = new_id("tenant")
    answer = await tenants.create_or_update_tenant(tenant_id, config)
    assert answer.created_new is True
    return tenant_id


async def change(tenant_id, **config):
    answer = await tenants.create_or_update_tenant(tenant_id, TenantConfigCreateOrUpdate(**config))
    assert answer.created_new is False


async def record(tenant_id):
    """The lists, the settings and the ids of the providers of a tenant."""
    tenant = await tenants.get_tenant(tenant_id)
    assert tenant.tenant_id == tenant_id
    providers = [provider.third_party_id for provider in tenant.third_party_providers]
    return tenant.first_factors, tenant.required_secondary_factors, tenant.core_config, providers


async def associate(tenant_id, user):
    answer = await tenants.associate_user_to_tenant(tenant_id, recipe_id(user))
    assert isinstance(answer, AssociateUserToTenantOkResult)
    return answer.was_already_associated


async def test_a_tenant_is_made_once_and_then_changed():
    tenant_id = await new_tenant()
    assert await record(tenant_id) == ([], None, {}, [])
    settings = {"password_reset_token_lifetime": 60000}
    await change(tenant_id, first_factors=["emailpassword", "custom"], core_config=settings)
    assert await record(tenant_id) == (["emailpassword", "custom"], None, settings, [])
    await change(tenant_id, required_secondary_factors=["totp"])
    assert await record(tenant_id) == (["emailpassword", "custom"], ["totp"], settings, []), "the rest stays"
    await change(
        tenant_id,
        first_factors=None,
        required_secondary_factors=None,
        core_config={"password_reset_token_lifetime": None},
    )
    assert await record(tenant_id) == (None, None, {}, []), "None takes back"


async def test_the_public_tenant_is_there_from_the_beginning():
    assert await record(PUBLIC) == (None, None, {}, [])


async def test_tenants_are_listed():
    made = {await new_tenant(), await new_tenant()}
    listed = [tenant.tenant_id for tenant in (await tenants.list_all_tenants()).tenants]
    assert {PUBLIC, *made} <= set(listed)
    assert len(set(listed)) == len(listed), "each once"


@pytest.mark.parametrize("tenant_id", ["with space", "appid-x", "recipe", "ümlaut", ""])
async def test_a_bad_id_is_refused(tenant_id):
    with pytest.raises(Exception, match="(?s)status code: 400"):
        await tenants.create_or_update_tenant(tenant_id, None)
    assert tenant_id not in [tenant.tenant_id for tenant in (await tenants.list_all_tenants()).tenants]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"core_config": {"no_such_setting": 1}}, "Invalid core config: Invalid config key: no_such_setting"),
        ({"core_config": {"password_reset_token_lifetime": "long"}}, "must be of type long"),
        ({"first_factors": ["otp-email", "otp-email"]}, "firstFactors input should not contain duplicate values"),
        ({"required_secondary_factors": ["a b"]}, "requiredSecondaryFactors should contain only"),
    ],
)
async def test_bad_settings_are_refused(config, message):
    tenant_id = new_id("tenant")
    with pytest.raises(Exception, match=f"(?s)status code: 400.*{message}"):
        await tenants.create_or_update_tenant(tenant_id, TenantConfigCreateOrUpdate(**config))
    assert await tenants.get_tenant(tenant_id) is None


async def test_a_deleted_tenant_leaves_its_users_without_one():
    tenant_id = await new_tenant()
    user = await sign_up(tenant_id)
    assert (await tenants.delete_tenant(tenant_id)).did_exist is True
    assert (await tenants.delete_tenant(tenant_id)).did_exist is False
    assert await tenants.get_tenant(tenant_id) is None
    with pytest.raises(Exception, match="(?s)400.*not found"):
        await emailpassword.sign_in(tenant_id, user.emails[0], PASSWORD)
    left = await get_user(user.id)
    assert (left.tenant_ids, left.login_methods[0].tenant_ids) == ([], [])
    assert await associate(PUBLIC, left) is False
    assert isinstance(await emailpassword.sign_in(PUBLIC, user.emails[0], PASSWORD), SignInOkResult)


async def test_the_public_tenant_cannot_be_deleted():
    with pytest.raises(Exception, match="(?s)403.*Cannot delete public tenant"):
        await tenants.delete_tenant(PUBLIC)


async def test_a_user_of_one_tenant_is_none_of_another():
    one, two = await new_tenant(), await new_tenant()
    user = await sign_up(one)
    [email] = user.emails
    assert isinstance(await emailpassword.sign_in(two, email, PASSWORD), WrongCredentialsError)
    account = AccountInfoInput(email=email)
    assert await list_users_by_account_info(two, account) == []
    assert await list_users_by_account_info(one, account) == [user]
    assert [await get_user_count(["emailpassword"], tenant) for tenant in (one, two)] == [1, 0]


async def test_a_user_is_associated_and_disassociated():
    tenant_id, user = await new_tenant(), await sign_up()
    [email] = user.emails
    assert await associate(tenant_id, user) is False
    assert await associate(tenant_id, user) is True
    assert set((await get_user(user.id)).tenant_ids) == {PUBLIC, tenant_id}
    for tenant in [PUBLIC, tenant_id]:
        answer = await emailpassword.sign_in(tenant, email, PASSWORD)
        assert isinstance(answer, SignInOkResult)
        assert answer.user.id == user.id
    made = await session.create_new_session_without_request_response(tenant_id, recipe_id(user))
    for was in [True, False]:
        answer = await tenants.disassociate_user_from_tenant(tenant_id, recipe_id(user))
        assert answer.was_associated is was
    assert await session.get_session_information(made.get_handle()) is None, "the tenant's sessions end"
    assert isinstance(await emailpassword.sign_in(tenant_id, email, PASSWORD), WrongCredentialsError)
    assert (await get_user(user.id)).tenant_ids == [PUBLIC]
    await tenants.disassociate_user_from_tenant(PUBLIC, recipe_id(user))
    assert (await get_user(user.id)).tenant_ids == [], "a user of no tenant stays a user"


async def test_association_keeps_accounts_unique_in_the_tenant():
    tenant_id, email, phone, subject = await new_tenant(), new_email(), new_phone(), new_id("subject")
    for make, refusal in [
        (lambda tenant: sign_up(tenant, email), AssociateUserToTenantEmailAlreadyExistsError),
        (lambda tenant: signinup(tenant, email, None), AssociateUserToTenantEmailAlreadyExistsError),
        (lambda tenant: signinup(tenant, None, phone), AssociateUserToTenantPhoneNumberAlreadyExistsError),
        (
            lambda tenant: manually_create_or_update_user(tenant, "google", subject, email, True),
            AssociateUserToTenantThirdPartyUserAlreadyExistsError,
        ),
    ]:
        here, there = [getattr(made, "user", made) for made in [await make(PUBLIC), await make(tenant_id)]]
        assert here.id != there.id
        assert isinstance(await tenants.associate_user_to_tenant(tenant_id, recipe_id(here)), refusal)
        assert (await get_user(here.id)).tenant_ids == [PUBLIC]
        await delete_user(there.id)
        assert await associate(tenant_id, here) is False
        await delete_user(here.id)


async def test_an_unknown_user_is_not_associated():
    tenant_id = await new_tenant()
    answer = await tenants.associate_user_to_tenant(tenant_id, recipe_id(UNKNOWN))
    assert isinstance(answer, AssociateUserToTenantUnknownUserIdError)


async def test_a_tenant_has_providers_of_its_own():
    tenant_id = await new_tenant()
    config = ProviderConfig(
        third_party_id="custom",
        name="Custom",
        clients=[ProviderClientConfig("id", "secret", client_type="web", scope=["a", "b"], force_pkce=True)],
        authorization_endpoint="https://provider.example.org/authorize",
        authorization_endpoint_query_params={"prompt": "consent", "removed": None},
        require_email=False,
    )
    for created_new in [True, False]:
        answer = await tenants.create_or_update_third_party_config(tenant_id, config)
        assert answer.created_new is created_new
    [stored] = (await tenants.get_tenant(tenant_id)).third_party_providers
    got = stored.to_json()
    assert {name: got[name] for name in config.to_json()} == config.to_json()
    assert (await record(PUBLIC))[3] == [], "the other tenants know nothing of it"
    for existed in [True, False]:
        assert (await tenants.delete_third_party_config(tenant_id, "custom")).did_config_exist is existed
    assert (await record(tenant_id))[3] == []


async def test_bad_providers_are_refused_unless_validation_is_skipped():
    tenant_id = await new_tenant()
    for third_party_id, clients, message in [
        ("", [ProviderClientConfig("id")], "thirdPartyId cannot be null or empty"),
        ("twice", [ProviderClientConfig("one"), ProviderClientConfig("two")], "Duplicate clientType"),
        ("apple", [ProviderClientConfig("id")], "keyId, teamId and privateKey"),
    ]:
        config = ProviderConfig(third_party_id=third_party_id, clients=clients)
        with pytest.raises(Exception, match=f"(?s)400.*Invalid third party config: .*{message}"):
            await tenants.create_or_update_third_party_config(tenant_id, config)
    apple = ProviderConfig(third_party_id="apple", clients=[ProviderClientConfig("id")])
    await tenants.create_or_update_third_party_config(tenant_id, apple, skip_validation=True)
    assert (await record(tenant_id))[3] == ["apple"]

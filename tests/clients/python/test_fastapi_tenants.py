"""Tenants in the SDK's own APIs: what a login form asks for, and sign-in in one tenant or the other."""

import pytest
from application import Client, has_code, has_status
from helpers import PASSWORD, create_app, init, new_email, new_id
from supertokens_python.recipe import passwordless, thirdparty
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant, create_or_update_third_party_config
from supertokens_python.recipe.multitenancy.interfaces import TenantConfigCreateOrUpdate
from supertokens_python.recipe.passwordless import ContactEmailOnlyConfig
from supertokens_python.recipe.thirdparty import ProviderClientConfig, ProviderConfig

init(
    thirdparty.init(),
    passwordless.init(contact_config=ContactEmailOnlyConfig(), flow_type="USER_INPUT_CODE"),
    connection_uri=create_app(new_id("tenants")),
)


async def new_tenant(*first_factors):
    tenant_id = new_id("tenant")
    await create_or_update_tenant(tenant_id, TenantConfigCreateOrUpdate(first_factors=list(first_factors)))
    return tenant_id


@pytest.mark.parametrize("factors", [("emailpassword",), ("otp-email",), ("thirdparty", "emailpassword"), ()])
async def test_the_login_methods_of_a_tenant(url, factors):
    tenant_id = await new_tenant(*factors)
    await create_or_update_third_party_config(
        tenant_id, ProviderConfig(third_party_id="github", clients=[ProviderClientConfig("id", "secret")])
    )
    answer = has_status(await Client(url).get(f"/auth/{tenant_id}/loginmethods"), "OK")
    assert set(answer["firstFactors"]) == set(factors)
    assert answer["emailPassword"]["enabled"] is ("emailpassword" in factors)
    assert answer["passwordless"]["enabled"] is ("otp-email" in factors)
    assert answer["thirdParty"]["enabled"] is ("thirdparty" in factors)
    assert [provider["id"] for provider in answer["thirdParty"]["providers"]] == ["github"]


async def test_the_public_tenant_has_all_of_them(url):
    answer = has_status(await Client(url).get("/auth/loginmethods"), "OK")
    assert set(answer["firstFactors"]) == {"emailpassword", "thirdparty", "otp-email"}


async def test_a_session_belongs_to_the_tenant_of_the_sign_up(url):
    tenant_id, email, client = await new_tenant("emailpassword"), new_email(), Client(url)
    fields = {"email": email, "password": PASSWORD}
    user = has_status(await client.form(f"/{tenant_id}/signup", fields), "OK")["user"]
    assert user["tenantIds"] == [tenant_id]
    assert has_code(await client.get("/me/checked"), 200)["payload"]["tId"] == tenant_id
    has_code(await client.post("/auth/session/refresh"), 200)
    assert has_code(await client.get("/me"), 200)["payload"]["tId"] == tenant_id
    elsewhere = Client(url)
    has_status(await elsewhere.form("/signin", fields), "WRONG_CREDENTIALS_ERROR")
    has_status(await elsewhere.form(f"/{tenant_id.upper()}/signin", fields), "OK")


async def test_a_factor_that_the_tenant_does_not_have_lets_nobody_in(url):
    tenant_id, client = await new_tenant("otp-email"), Client(url)
    has_code(await client.form(f"/{tenant_id}/signup", {"email": new_email(), "password": PASSWORD}), 401)
    has_code(await client.get("/me"), 401)


async def test_an_unknown_tenant(url):
    fields = {"email": new_email(), "password": PASSWORD}
    assert (await Client(url).form(f"/{new_id('absent')}/signup", fields)).status_code >= 400
    assert (await Client(url).get(f"/auth/{new_id('absent')}/loginmethods")).status_code >= 400

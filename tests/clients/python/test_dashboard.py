"""The user management dashboard: who may use it, and what its APIs say of users, sessions, roles and tenants."""

import json

import pytest
from application import Client, has_code, has_status
from helpers import PASSWORD, PUBLIC, cdi, create_app, init, new_email, new_id, recipe_id, sign_up
from supertokens_python.asyncio import get_user
from supertokens_python.recipe import dashboard, emailverification, passwordless, usermetadata, userroles
from supertokens_python.recipe.emailpassword.asyncio import sign_in
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant, get_tenant
from supertokens_python.recipe.passwordless import ContactEmailOnlyConfig
from supertokens_python.recipe.session.asyncio import (
    create_new_session_without_request_response,
    get_session_information,
)
from supertokens_python.recipe.usermetadata.asyncio import get_user_metadata, update_user_metadata
from supertokens_python.recipe.userroles.asyncio import create_new_role_or_add_permissions, get_roles_for_user

APP = f"/appid-{new_id('dashboard')}"
ADMIN, READER = new_email("admin"), new_email("reader")
init(
    dashboard.init(admins=[ADMIN]),
    emailverification.init(mode="OPTIONAL"),
    passwordless.init(contact_config=ContactEmailOnlyConfig(), flow_type="USER_INPUT_CODE"),
    usermetadata.init(),
    userroles.init(),
    connection_uri=create_app(APP.removeprefix("/appid-")),
)

# As an operator makes them; a password is trimmed.
operators = [
    cdi("POST", f"{APP}/recipe/dashboard/user", {"email": one, "password": PASSWORD}) for one in (ADMIN, READER)
]


class Dashboard:
    """The dashboard's front end, signed in as an operator."""

    def __init__(self, url):
        self.client, self.session_id = Client(url, "header"), None

    async def sign_in(self, email, password=PASSWORD):
        body = {"email": email, "password": password}
        return await self.client.post("/auth/dashboard/api/signin", body)

    async def call(self, method, path, body=None, tenant_id=PUBLIC):
        headers = {"authorization": f"Bearer {self.session_id}"} if self.session_id else {}
        return await self.client.call(method, f"/auth/{tenant_id}/dashboard/api{path}", body, headers=headers)

    async def get(self, path, status="OK", tenant_id=PUBLIC):
        return has_status(await self.call("GET", path, tenant_id=tenant_id), status)

    async def put(self, path, body, status="OK", tenant_id=PUBLIC):
        return has_status(await self.call("PUT", path, body, tenant_id), status)


async def signed_in(url, email):
    made = Dashboard(url)
    made.session_id = has_status(await made.sign_in(email), "OK")["sessionId"]
    return made


@pytest.fixture
async def admin(url):
    return await signed_in(url, ADMIN)


@pytest.fixture
async def reader(url):
    return await signed_in(url, READER)


def test_operators_are_made():
    for operator, email in zip(operators, [ADMIN, READER], strict=True):
        assert operator["status"] == "OK"
        assert set(operator["user"]) == {"email", "userId", "timeJoined"}
        assert operator["user"]["email"] == email


async def test_an_operator_signs_in_and_out(url):
    operator = Dashboard(url)
    for email, password in [(ADMIN, "wrong"), (new_email(), PASSWORD)]:
        has_status(await operator.sign_in(email, password), "INVALID_CREDENTIALS_ERROR")
    has_code(await operator.call("GET", "/users?limit=1"), 401)
    operator.session_id = has_status(await operator.sign_in(ADMIN, f" {PASSWORD} "), "OK")["sessionId"]
    await operator.get("/users?limit=1")
    has_status(await operator.call("POST", "/signout"), "OK")
    has_code(await operator.call("GET", "/users?limit=1"), 401)


async def test_an_operator_that_is_removed_is_out(url):
    email = new_email()
    cdi("POST", f"{APP}/recipe/dashboard/user", {"email": email, "password": PASSWORD})
    operator = await signed_in(url, email)
    await operator.get("/users?limit=1")
    assert cdi("DELETE", f"{APP}/recipe/dashboard/user?email={email}") == {"status": "OK", "didUserExist": True}
    has_code(await operator.call("GET", "/users?limit=1"), 401)
    has_status(await operator.sign_in(email), "INVALID_CREDENTIALS_ERROR")


async def test_only_admins_change_anything(reader, admin):
    user = await sign_up()
    await reader.get(f"/user?userId={user.id}")
    for operator, code in [(reader, 403), (admin, 200)]:
        has_code(await operator.call("DELETE", f"/user?userId={user.id}"), code)
        assert (await get_user(user.id) is None) is (code == 200)


async def test_users_are_listed_page_by_page(admin):
    users = [await sign_up() for _ in range(3)]
    await update_user_metadata(users[2].id, {"first_name": "Ada", "last_name": "Lovelace"})
    first = await admin.get("/users?limit=2")
    assert [user["id"] for user in first["users"]] == [users[2].id, users[1].id], "the newest first"
    assert (first["users"][0]["firstName"], first["users"][0]["lastName"]) == ("Ada", "Lovelace")
    second = await admin.get(f"/users?limit=1&paginationToken={first['nextPaginationToken']}")
    assert [user["id"] for user in second["users"]] == [users[0].id]
    searched = await admin.get(f"/users?limit=10&email={users[1].emails[0]}")
    assert [user["id"] for user in searched["users"]] == [users[1].id]
    assert await admin.get("/search/tags") == {"status": "OK", "tags": ["email", "phone", "provider"]}


async def test_users_are_counted(admin):
    tenant_id = new_id("tenant")
    await create_or_update_tenant(tenant_id, None)
    before = (await admin.get("/users/count"))["count"]
    await sign_up()
    await sign_up(tenant_id)
    assert (await admin.get("/users/count"))["count"] == before + 1
    assert (await admin.get("/users/count", tenant_id=tenant_id))["count"] == 1


async def test_a_user_in_detail(admin):
    user = await sign_up()
    shown = (await admin.get(f"/user?userId={user.id}"))["user"]
    assert (shown["emails"], shown["firstName"]) == (user.emails, "")
    assert [method["recipeId"] for method in shown["loginMethods"]] == ["emailpassword"]
    await admin.get(f"/user?userId={new_id('nobody')}", "NO_USER_FOUND_ERROR")


async def test_a_user_is_changed(admin):
    user, email, taken = await sign_up(), new_email(), (await sign_up()).emails[0]
    change = {"recipeUserId": user.id, "userId": user.id, "recipeId": "emailpassword", "phone": ""}
    change |= {"firstName": "Ada", "lastName": "Lovelace"}
    await admin.put("/user", {**change, "email": email})
    shown = (await admin.get(f"/user?userId={user.id}"))["user"]
    assert (shown["emails"], shown["firstName"], shown["lastName"]) == ([email], "Ada", "Lovelace")
    await admin.put("/user", {**change, "email": taken}, "EMAIL_ALREADY_EXISTS_ERROR")
    password = "battery staple 2"
    await admin.put("/user/password", {"recipeUserId": user.id, "newPassword": password})
    assert (await sign_in(PUBLIC, email, password)).user.id == user.id
    weak = {"recipeUserId": user.id, "newPassword": "weak"}
    await admin.put("/user/password", weak, "INVALID_PASSWORD_ERROR")


async def test_an_address_is_verified_by_an_admin(admin):
    user = await sign_up()
    path = f"/user/email/verify?recipeUserId={user.id}"
    for verified in [True, False]:
        await admin.put("/user/email/verify", {"recipeUserId": user.id, "verified": verified})
        assert (await admin.get(path))["isVerified"] is verified
        assert (await get_user(user.id)).login_methods[0].verified is verified


async def test_metadata_are_shown_and_replaced(admin):
    user = await sign_up()
    await update_user_metadata(user.id, {"old": 1})
    assert (await admin.get(f"/user/metadata?userId={user.id}"))["data"] == {"old": 1}
    await admin.put("/user/metadata", {"userId": user.id, "data": json.dumps({"new": [2]})})
    assert (await get_user_metadata(user.id)).metadata == {"new": [2]}


async def test_sessions_are_shown_and_revoked(admin):
    user = await sign_up()
    made = [await create_new_session_without_request_response(PUBLIC, recipe_id(user)) for _ in range(2)]
    handles = {one.get_handle() for one in made}
    shown = (await admin.get(f"/user/sessions?userId={user.id}"))["sessions"]
    assert {one["sessionHandle"] for one in shown} == handles
    gone, stays = handles
    has_status(await admin.call("POST", "/user/sessions", {"sessionHandles": [gone]}), "OK")
    assert await get_session_information(gone) is None
    assert await get_session_information(stays)


async def test_users_are_made_by_an_admin(admin):
    email = new_email()
    body = {"email": email, "password": PASSWORD}
    made = has_status(await admin.call("POST", "/user/emailpassword", body), "OK")["user"]
    assert (await sign_in(PUBLIC, email, PASSWORD)).user.id == made["id"]
    has_status(await admin.call("POST", "/user/emailpassword", body), "EMAIL_ALREADY_EXISTS_ERROR")
    for created_new in [True, False]:
        answer = has_status(await admin.call("POST", "/user/passwordless", {"email": email}), "OK")
        assert answer["createdNewRecipeUser"] is created_new


async def test_roles_are_given_and_taken(admin):
    user, role = await sign_up(), new_id("role")
    await create_new_role_or_add_permissions(role, ["read"])
    assert role in (await admin.get("/userroles/roles"))["roles"]
    await admin.put("/userroles/user/roles", {"userId": user.id, "role": role})
    assert (await get_roles_for_user(PUBLIC, user.id)).roles == [role]
    assert (await admin.get(f"/userroles/user/roles?userId={user.id}"))["roles"] == [role]
    has_status(await admin.call("DELETE", f"/userroles/user/roles?userId={user.id}&role={role}"), "OK")
    assert (await get_roles_for_user(PUBLIC, user.id)).roles == []
    await admin.put("/userroles/user/roles", {"userId": user.id, "role": new_id("absent")}, "UNKNOWN_ROLE_ERROR")


async def test_tenants_are_made_shown_and_set_up(admin):
    tenant_id = new_id("tenant")
    made = {"tenantId": tenant_id, "firstFactors": ["emailpassword"]}
    assert has_status(await admin.call("POST", "/tenant", made), "OK")["createdNew"] is True
    has_status(await admin.call("POST", "/tenant", made), "TENANT_ID_ALREADY_EXISTS_ERROR")
    bad = has_status(await admin.call("POST", "/tenant", {"tenantId": "a b"}), "INVALID_TENANT_ID_ERROR")
    assert "can only contain letters, numbers and hyphens" in bad["message"]
    assert tenant_id in [tenant["tenantId"] for tenant in (await admin.get("/tenants"))["tenants"]]
    await sign_up(tenant_id)
    tenant = (await admin.get("/tenant", tenant_id=tenant_id))["tenant"]
    assert (tenant["tenantId"], tenant["userCount"]) == (tenant_id, 1)

    async def setting(name):
        fields = (await admin.get("/tenant", tenant_id=tenant_id))["tenant"]["coreConfig"]
        [field] = [field for field in fields if field["key"] == name]
        return field

    name = "password_reset_token_lifetime"
    default = await setting(name)
    assert (default["value"], default["defaultValue"], default["valueType"]) == (3_600_000, 3_600_000, "number")
    await admin.put("/tenant/core-config", {"name": name, "value": 60_000}, tenant_id=tenant_id)
    assert (await setting(name))["value"] == 60_000
    assert (await get_tenant(tenant_id)).core_config == {name: 60_000}
    for wrong in [{"name": name, "value": "soon"}, {"name": "no_such_setting", "value": 1}]:
        await admin.put("/tenant/core-config", wrong, "INVALID_CONFIG_ERROR", tenant_id)
    assert has_status(await admin.call("DELETE", "/tenant", tenant_id=tenant_id), "OK")["didExist"] is True
    assert await get_tenant(tenant_id) is None


async def test_the_page_itself_needs_no_sign_in(url):
    response = await Client(url).get("/auth/dashboard")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")

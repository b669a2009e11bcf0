"""What the files share: the SDK's configuration, the CDI by plain HTTP, SQL, and a few assertions."""

import json
import os
import random
import subprocess
import uuid

import httpx
from supertokens_python import InputAppInfo, SupertokensConfig
from supertokens_python import init as init_sdk
from supertokens_python.ingredients.emaildelivery.types import EmailDeliveryConfig
from supertokens_python.ingredients.smsdelivery.types import SMSDeliveryConfig
from supertokens_python.recipe import accountlinking, emailpassword, multitenancy, session
from supertokens_python.recipe.accountlinking.types import ShouldNotAutomaticallyLink
from supertokens_python.recipe.emailpassword.asyncio import sign_up as sdk_sign_up
from supertokens_python.recipe.emailpassword.interfaces import SignUpOkResult
from supertokens_python.types import RecipeUserId

AUTH_URL = os.environ["AUTH_URL"]
API_DOMAIN = "http://localhost:3001"
WEBSITE_DOMAIN = "http://localhost:3000"
PASSWORD = "correct horse 1"
PUBLIC = "public"
UNKNOWN = "00000000-0000-4000-8000-000000000000"

# What the SDK would have sent by e-mail, and as text messages.
mails = []
texts = []


def keep_mails(original):
    async def send_email(template_vars, user_context):
        mails.append(template_vars)

    original.send_email = send_email
    return original


def keep_texts(original):
    async def send_sms(template_vars, user_context):
        texts.append(template_vars)

    original.send_sms = send_sms
    return original


# For the configuration of a recipe: what it sends is kept above instead.
email_delivery = EmailDeliveryConfig(override=keep_mails)
sms_delivery = SMSDeliveryConfig(override=keep_texts)


async def link_nothing(*_):
    return ShouldNotAutomaticallyLink()


def init(*recipes, connection_uri=AUTH_URL, api_key=None, link=link_nothing, sessions=None):
    """Initialises the SDK with further `recipes`; `sessions` is the configuration of its session recipe, `link`
    decides about automatic account linking."""
    init_sdk(
        telemetry=False,
        framework="fastapi",
        mode="asgi",
        supertokens_config=SupertokensConfig(connection_uri=connection_uri, api_key=api_key),
        app_info=InputAppInfo(app_name="tests", api_domain=API_DOMAIN, website_domain=WEBSITE_DOMAIN),
        recipe_list=[
            # Before the one for passwords, which would take /webauthn/signup for its own, in a tenant of that name.
            *recipes,
            accountlinking.init(should_do_automatic_account_linking=link),
            emailpassword.init(email_delivery=email_delivery),
            multitenancy.init(),
            session.init(**(sessions or {})),
        ],
    )


def new_email(name="user"):
    """An address that no other test uses."""
    return f"{name}-{uuid.uuid4()}@example.org"


def new_phone():
    """A number that no other test uses, and that the SDK takes for a mobile one."""
    return f"+49151{random.randrange(10_000_000, 100_000_000)}"


def new_id(name):
    """An id for an app, a tenant or a user that no other test uses."""
    return f"{name}-{str(uuid.uuid4())[:8]}"


async def sign_up(tenant_id=PUBLIC, email=None, password=PASSWORD):
    """A user with an address and a password."""
    answer = await sdk_sign_up(tenant_id, email or new_email(), password)
    assert isinstance(answer, SignUpOkResult), f"sign-up of {email} in {tenant_id}: {answer}"
    return answer.user


def recipe_id(user_or_id):
    """The id of a user's first login method, or an id, as the SDK wants it."""
    if isinstance(user_or_id, str):
        return RecipeUserId(user_or_id)
    return user_or_id.login_methods[0].recipe_user_id


def cdi(method, path, body=None, version="5.4"):
    """A call of the CDI without the SDK: the answer must be 200 with JSON."""
    response = httpx.request(method, AUTH_URL + path, json=body, headers={"cdi-version": version})
    assert response.status_code == 200, f"{method} {path}: {response.text}"
    return response.json()


def create_app(app_id, **core_config):
    """Creates an app and answers with the connection URI for it."""
    answer = cdi("PUT", "/recipe/multitenancy/app/v2", {"appId": app_id, "coreConfig": core_config})
    assert answer == {"status": "OK", "createdNew": True}
    return f"{AUTH_URL}/appid-{app_id}"


def sql(query, *values):
    """The rows of a query as dicts; `%s` stands for the values."""
    quoted = tuple("'" + str(value).replace("'", "''") + "'" for value in values)
    wrapped = f"SELECT coalesce(json_agg(r), '[]') FROM ({query % quoted}) AS r"
    psql = os.path.join(os.environ["PGBIN"], "psql")
    options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", os.environ["DATABASE_URL"]]
    return json.loads(subprocess.check_output([psql, *options, "-c", wrapped], text=True))

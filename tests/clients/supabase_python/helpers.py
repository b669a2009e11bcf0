"""What the files share: instances with settings of their own, mails, and a few assertions."""

import email
import email.policy
import json
import os
import pathlib
import random
import re
import subprocess
import time
import uuid
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from supabase_auth.errors import AuthError

AUTH_URL = os.environ["AUTH_URL"]
MAIL = pathlib.Path(os.environ["AUTH_CLUSTER"], "mail")
PASSWORD = "correct horse 1"
OTHER_PASSWORD = "another password 2"
SITE = "https://app.example.org"
SECRET = "37c304f8-51aa-419a-a1af-06154e63707a"
RSA_KID = "638c54b8-28c2-4b12-9598-ba12ef610a29"
# An administrator of every instance: they share their secret.
ADMIN = jwt.encode({"role": "service_role"}, SECRET)
DEADLINE = 10


def sql(query, *values):
    """Runs a query; `%s` stands for the values."""
    quoted = tuple("NULL" if value is None else "'" + str(value).replace("'", "''") + "'" for value in values)
    psql = os.path.join(os.environ["PGBIN"], "psql")
    options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", os.environ["DATABASE_URL"]]
    return subprocess.check_output([psql, *options, "-c", query % quoted], text=True)


def cdi(path, body):
    response = httpx.put(AUTH_URL + path, json=body, headers={"cdi-version": "5.4"})
    assert response.json()["status"] == "OK", response.text


class Instance:
    """A tenant of the app of this run, with settings of its own; all of them share their users' ids."""

    app_id = f"p-{uuid.uuid4().hex[:8]}"

    def __init__(self, **settings):
        self.tenant_id = f"t-{uuid.uuid4().hex[:8]}"
        cdi(f"/appid-{self.app_id}/recipe/multitenancy/tenant/v2", {"tenantId": self.tenant_id})
        self.url = f"{AUTH_URL}/appid-{self.app_id}/{self.tenant_id}/auth/v1"
        usual = {"site_url": SITE, "api_external_url": self.url, "jwt_secret": SECRET}
        usual |= {"smtp_max_frequency": "0s", "sms_max_frequency": "0s"}
        self.set(**{**usual, **settings})

    def set(self, **settings):
        """Sets settings, all at once; None is the default again."""
        sql(
            "SELECT auth.set_setting(key, nullif(value, 'null'), tenant_id => %s, app_id => %s) FROM jsonb_each(%s)",
            self.tenant_id,
            self.app_id,
            json.dumps(settings),
        )


def private_key():
    """A key that signs, as a JWK."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = RSAAlgorithm.to_jwk(key, as_dict=True)
    return {**jwk, "kid": RSA_KID, "alg": "RS256", "use": "sig", "key_ops": ["sign", "verify"]}


cdi("/recipe/multitenancy/app/v2", {"appId": Instance.app_id, "coreConfig": {}})

# The servers of the client's own suite: they confirm, do not confirm, let nobody sign up, sign with a pair of keys.
PHONE = {"external_phone_enabled": True}
CONFIRMED = {"mailer_autoconfirm": True, "sms_autoconfirm": True}
CONFIRMING = Instance(**PHONE, sms_provider="twilio", rate_limit_email_sent="1000", rate_limit_sms_sent="1000")
AUTO = Instance(**PHONE, **CONFIRMED, external_anonymous_users_enabled=True)
CLOSED = Instance(disable_signup=True, external_email_enabled=False)
ASYMMETRIC = Instance(**CONFIRMED, jwt_keys=json.dumps([private_key()]))


def new_email(name="user"):
    """An address that no other test uses."""
    return f"{name}-{uuid.uuid4()}@example.org"


def new_phone():
    """A number that no other test uses."""
    return f"+49151{random.randrange(10_000_000, 100_000_000)}"


def claims_of(token):
    """The claims of a token, unchecked."""
    return jwt.decode(token, options={"verify_signature": False})


def methods_of(session):
    """How a session was signed in to, the newest way first."""
    return [entry["method"] for entry in claims_of(session.access_token)["amr"]]


def events_of(client):
    """What a client reports from now on."""
    events = []
    client.on_auth_state_change(lambda event, _: events.append(event))
    return events


@asynccontextmanager
async def refused(status, code, message=None):
    """What is done within must be refused with this status, code and pattern of a message."""
    with pytest.raises(AuthError) as caught:
        yield
    error = caught.value
    assert (getattr(error, "status", None), error.code) == (status, code), error.message
    if message is not None:
        assert re.search(message, error.message), error.message


# The messages that were read.
_seen = set()


def _next(pattern, is_its):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        for path in MAIL.glob(pattern):
            if path.name[0] != "." and path.name not in _seen and is_its(path):
                _seen.add(path.name)
                return path
        time.sleep(0.05)
    raise AssertionError("no message")


def mail_to(address):
    """Waits for the next mail to an address: its code, and where its link leads."""
    path = _next("*.eml", lambda path: f"To: {address}" in path.read_text())
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    text = message.get_body(("plain",)).get_content()
    link = re.search(r"https?://\S*token=\S*", text)
    code = re.search(r"\b\d{6,10}\b", re.sub(r"\S*[@/]\S*", "", text))
    return Mail(link and link.group(), code and code.group())


class Mail:
    def __init__(self, link, code):
        self.link, self.code = link, code

    @property
    def token_hash(self):
        return dict(parse_qsl(urlsplit(self.link).query))["token"]

    def target(self):
        """Where the link leads a browser."""
        response = httpx.get(self.link)
        assert response.status_code == 303, response.text
        return response.headers["location"]

    def follow(self):
        """What a browser finds where the link leads: the members of query and fragment."""
        target = urlsplit(self.target())
        return {**dict(parse_qsl(target.query)), **dict(parse_qsl(target.fragment))}


def text_to(phone):
    """Waits for the next text message to a number: its code."""
    path = _next("*.txt", lambda path: f"To: {phone}\n" in path.read_text())
    return re.search(r"\b\d{6,10}\b", path.read_text()).group()

"""What the files share: instances whose mails go to a mail server, the outbox, and a few assertions."""

import json
import os
import pathlib
import subprocess
import time
import uuid
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt

AUTH_URL = os.environ["AUTH_URL"]
GATEWAY_LOG = pathlib.Path(os.environ["GATEWAY_LOG"])
SERVER_LOG = pathlib.Path(os.environ["AUTH_CLUSTER"], "postgres.log")
SITE = "https://app.example.org"
SENDER = "noreply@example.org"
PASSWORD = "correct horse 1"
OTHER_PASSWORD = "another password 2"
SECRET = "37c304f8-51aa-419a-a1af-06154e63707a"
# An administrator of every instance: they share their secret.
ADMIN = jwt.encode({"role": "service_role"}, SECRET)
DEADLINE = 20


PSQL = [os.path.join(os.environ["PGBIN"], "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
PSQL += ["-d", os.environ["DATABASE_URL"]]


def psql(*statements):
    """Runs statements in one session; what they print."""
    commands = [part for statement in statements for part in ("-c", statement)]
    return subprocess.run([*PSQL, *commands], check=True, capture_output=True, text=True).stdout


class Session:
    """A session that stays open."""

    def __enter__(self):
        self.process = subprocess.Popen(PSQL, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def ask(self, statements):
        """The line that statements print, once they are done."""
        self.process.stdin.write(statements + ";\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def __exit__(self, *_):
        self.process.communicate()


def quoted(value):
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


def rows(query, *values):
    """The rows of a query as dictionaries; `%s` stands for the values."""
    query = query % tuple(map(quoted, values))
    return json.loads(psql(f"WITH r AS ({query}) SELECT coalesce(json_agg(r), '[]') FROM r"))


def until(what, found):
    """Waits until `found` gives something, which it gives back."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.1)
    raise AssertionError(f"in vain: {what}")


def new_email(name="user"):
    """An address that no other test uses."""
    return f"{name}-{uuid.uuid4()}@example.org"


class Instance:
    """An app of its own, whose mails go to a server."""

    def __init__(self, server, **settings):
        self.app_id = f"m-{uuid.uuid4().hex[:8]}"
        body = {"appId": self.app_id, "coreConfig": {}}
        made = httpx.put(f"{AUTH_URL}/recipe/multitenancy/app/v2", json=body, headers={"cdi-version": "5.4"})
        assert made.json()["status"] == "OK", made.text
        self.path = f"/appid-{self.app_id}/auth/v1"
        self.url = AUTH_URL + self.path
        usual = {
            "site_url": SITE,
            "api_external_url": self.url,
            "jwt_secret": SECRET,
            "smtp_admin_email": SENDER,
            "smtp_max_frequency": "0s",
            "rate_limit_email_sent": "100000",
        }
        self.set(**{**usual, **server.settings(), **settings})

    def set(self, **settings):
        """Sets settings; None is the default again."""
        calls = []
        for key, value in settings.items():
            text = quoted(None if value is None else json.dumps(value))
            calls.append(f"auth.set_setting({quoted(key)}, {text}::jsonb, app_id => {quoted(self.app_id)})")
        psql(f"SELECT {', '.join(calls)}")

    def call(self, method, path, body=None, token=None, query=None):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.request(method, self.url + path, json=body, params=query, headers=headers)

    def post(self, path, body, token=None, query=None):
        """What a call answers, which must be good."""
        return ok(self.call("POST", path, body, token, query))

    def admin(self, path, body):
        return self.post(path, body, ADMIN)

    def sign_up(self, email=None, **more):
        """Signs up; the address."""
        email = email or new_email()
        self.post("/signup", {"email": email, "password": PASSWORD, **more})
        return email

    def member(self):
        """The address of a new, confirmed user, with the token of a session."""
        email = new_email()
        self.admin("/admin/users", {"email": email, "password": PASSWORD, "email_confirm": True})
        return email, self.sign_in(email)["access_token"]

    def sign_in(self, email, password=PASSWORD):
        return self.post("/token?grant_type=password", {"email": email, "password": password})

    def verify(self, kind, email, code):
        """Types a code in; the session."""
        return self.post("/verify", {"type": kind, "email": email, "token": code})

    def outbox(self):
        """What waits to be sent, or was given up."""
        return rows("SELECT id, kind, attempts, due_at, dead_at, error FROM auth.outbox WHERE app_id = %s", self.app_id)

    def dead_letters(self):
        return rows("SELECT * FROM auth.dead_letters WHERE app_id = %s", self.app_id)

    def failure(self, attempts=1):
        """Waits until the only mail was not delivered so many times; its row, with times in seconds."""
        query = """SELECT id, error, extract(epoch FROM due_at) AS due, extract(epoch FROM now()) AS seen
            FROM auth.outbox WHERE app_id = %s AND attempts = %s::int AND error IS NOT NULL"""
        return until(f"failure {attempts}", lambda: rows(query, self.app_id, attempts))[0]

    def hasten(self, age="0"):
        """Makes what waits due now, and so much older; when that was, in seconds."""
        # Without the error one can tell when there is another.
        moved = """UPDATE auth.outbox SET due_at = now(), error = NULL, created_at = created_at - %s::interval
            WHERE app_id = %s AND due_at IS NOT NULL RETURNING extract(epoch FROM now()) AS now"""
        return rows(moved, age, self.app_id)[0]["now"]

    def wait_until_sent(self):
        """Until nothing is left in the outbox, not even what was given up."""
        until("everything is sent", lambda: not self.outbox())


def ok(response):
    assert response.status_code == 200, response.text
    return response.json()


def follow(link):
    """What a browser finds where a link leads: the target, with the members of the fragment."""
    response = httpx.get(link)
    assert response.status_code == 303, response.text
    target = urlsplit(response.headers["location"])
    return target._replace(fragment="").geturl(), dict(parse_qsl(target.fragment))

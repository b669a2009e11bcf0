"""What stands in mails: settings and templates, other scripts, and what users say of themselves."""

import json
import re

import pytest

from helpers import SENDER, SITE, Instance, follow, new_email, ok
from mail_server import MailServer

TEMPLATE = """<dl>
<dt>SiteURL<dd>{{ .SiteURL }}
<dt>ConfirmationURL<dd>{{ .ConfirmationURL }}
<dt>Email<dd>{{ .Email }}
<dt>NewEmail<dd>{{ .NewEmail }}
<dt>SendingTo<dd>{{ .SendingTo }}
<dt>Token<dd>{{ .Token }}
<dt>TokenHash<dd>{{ .TokenHash }}
<dt>RedirectTo<dd>{{ .RedirectTo }}
<dt>Team<dd>{{ .Data.team }}
</dl>
{{ if eq .Data.team "blue" }}Blue{{ else }}Another{{ end }}
"""


@pytest.fixture(scope="module")
def server():
    return MailServer()


def shown(mail):
    """What the template has made of its variables."""
    text = mail.html.replace("&amp;", "&").replace("&#43;", "+")
    return dict(re.findall(r"<dt>(\w+)<dd>(.*)", text))


def raw_headers(mail):
    return mail.raw.split(b"\r\n\r\n", 1)[0]


def test_a_template_of_ones_own(server):
    instance = Instance(
        server,
        uri_allow_list=f"{SITE}/**",
        mailer_subjects_confirmation="{{ .Token }} for {{ .Email }} of team {{ .Data.team }}",
        mailer_templates_confirmation=TEMPLATE,
    )
    email, welcome = new_email(), f"{SITE}/welcome"
    body = {"email": email, "password": "correct horse 1", "data": {"team": "blue"}}
    instance.post("/signup", body, query={"redirect_to": welcome})
    mail = server.mail_to(email)
    found = shown(mail)
    assert (found["SiteURL"], found["Email"], found["RedirectTo"]) == (SITE, email, welcome)
    link = f"{instance.url}/verify?token={found['TokenHash']}&type=signup&redirect_to={welcome}"
    assert found["ConfirmationURL"] == link
    assert re.fullmatch(r"\d{6}", found["Token"])
    assert mail.subject == f"{found['Token']} for {email} of team blue"
    assert found["Team"] == "blue" and "Blue" in mail.html and "Another" not in mail.html
    # What we would say in plain text is something else.
    assert (mail.message.get_content_type(), list(mail.parts)) == ("text/html", ["text/html"])
    target, members = follow(link)
    assert target == welcome and members["access_token"]


@pytest.mark.parametrize("key", ["token", "token_hash"])
def test_what_a_template_shows_can_be_used(server, key):
    instance = Instance(server, mailer_templates_magic_link=TEMPLATE)
    email, _ = instance.member()
    instance.post("/otp", {"email": email})
    found = shown(server.mail_to(email))
    body = {"type": "magiclink", "token_hash": found["TokenHash"]}
    if key == "token":
        body = {"type": "magiclink", "email": email, "token": found["Token"]}
    assert instance.post("/verify", body)["user"]["email"] == email


def test_the_template_of_a_change_of_address(server):
    instance = Instance(server, mailer_templates_email_change=TEMPLATE)
    old, token = instance.member()
    new = new_email("new")
    ok(instance.call("PUT", "/user", {"email": new}, token))
    for to in (old, new):
        found = shown(server.mail_to(to))
        assert (found["Email"], found["NewEmail"], found["SendingTo"]) == (old, new, to)


def test_every_subject_and_template_is_its_own(server):
    names = ["confirmation", "invite", "recovery", "magic_link", "email_change", "reauthentication"]
    subjects = {f"mailer_subjects_{name}": f"Subject of {name}" for name in names}
    templates = {f"mailer_templates_{name}": f"<p>Body of {name}" for name in names}
    instance = Instance(server, **subjects, **templates)
    (lost, _), (magic, _), (changing, token) = [instance.member() for _ in range(3)]
    recipients = {"confirmation": instance.sign_up(), "invite": new_email(), "email_change": new_email()}
    recipients |= {"recovery": lost, "magic_link": magic, "reauthentication": changing}
    instance.admin("/invite", {"email": recipients["invite"]})
    instance.post("/recover", {"email": lost})
    instance.post("/magiclink", {"email": magic})
    ok(instance.call("GET", "/reauthenticate", token=token))
    server.mail_to(changing)
    ok(instance.call("PUT", "/user", {"email": recipients["email_change"]}, token))
    for name, email in recipients.items():
        mail = server.mail_to(email)
        assert (mail.subject, mail.html.strip()) == (f"Subject of {name}", f"<p>Body of {name}"), name


def test_the_sender(server):
    instance = Instance(server, smtp_admin_email="Hello.World@mail.example.net", smtp_sender_name="The Example Team")
    mail = server.mail_to(instance.sign_up())
    assert mail.sender == "Hello.World@mail.example.net"
    assert mail.sender_name == "The Example Team"
    assert mail.message["From"].addresses[0].addr_spec == "Hello.World@mail.example.net"
    assert mail.id.endswith("@mail.example.net>")
    # A change is in force at once.
    instance.set(smtp_sender_name=None)
    assert server.mail_to(instance.sign_up()).message["From"] == "Hello.World@mail.example.net"
    instance.set(smtp_admin_email=SENDER)
    assert server.mail_to(instance.sign_up()).sender == SENDER


def test_further_headers(server):
    headers = {"X-Campaign": ["accounts"], "Reply-To": ["help@example.org"]}
    instance = Instance(server, smtp_headers=json.dumps(headers))
    message = server.mail_to(instance.sign_up()).message
    assert (message["X-Campaign"], message["Reply-To"]) == ("accounts", "help@example.org")


NAMES = {
    "latin": "Bücher & Söhne",
    "quotes": 'Ömer "the Boss" O\'Neill, Jr.',
    "chinese": "北京书店",
    "cyrillic": "Дом книги",
    "emoji": "📚 Books",
    "specials": 'A, B; <C> "D" (E) @F \\ G',
    "long": "é" * 90,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_and_subjects_in_any_script(server, name):
    instance = Instance(server, smtp_sender_name=name, mailer_subjects_confirmation=f"{name}: {{{{ .Data.city }}}}")
    mail = server.mail_to(instance.sign_up(data={"city": "Kraków 東京 🏙"}))
    assert mail.sender_name == name
    assert len(mail.message["From"].addresses) == 1
    assert mail.message["From"].addresses[0].addr_spec == SENDER
    assert mail.subject == f"{name}: Kraków 東京 🏙"
    # Not every server takes more than ASCII, or longer lines (RFC 5322, section 2.1.1; RFC 2047, section 2).
    assert mail.raw.isascii()
    assert max(map(len, raw_headers(mail).split(b"\r\n"))) <= 998
    for word in re.findall(rb"=\?.*?\?=", raw_headers(mail)):
        assert len(word) <= 75, word


def test_text_in_any_script_and_lines_of_any_length(server):
    body = "<p>Grüße aus 北京 🏙</p>\n<p>" + "lang und länger " * 200 + "</p>\n<p>{{ .Data.name }}</p>\n"
    instance = Instance(server, mailer_templates_confirmation=body)
    mail = server.mail_to(instance.sign_up(data={"name": "Žofie & Łukasz"}))
    assert mail.html.strip() == body.replace("{{ .Data.name }}", "Žofie &amp; Łukasz").strip()
    assert mail.raw.isascii() and max(map(len, mail.raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "local",
    ["o'brien", "user+tag", "first.last", "a!b#c$d%e&f*g/h=i?j^k_l`m{n|o}p~q-r", "-dash", "1", "x" * 64],
    ids=["apostrophe", "tag", "dot", "all_signs", "dash", "digit", "64_characters"],
)
@pytest.mark.parametrize("domain", ["example.org", "localhost", "xn--bcher-kva.example"])
def test_unusual_addresses(server, local, domain):
    instance = Instance(server)
    email = instance.sign_up(f"{local}@{domain}")
    mail = server.mail_to(email)
    assert mail.recipients == [email]
    assert mail.message["To"].addresses[0].addr_spec == email
    assert mail.sender == SENDER
    assert instance.verify("signup", email, mail.code)["user"]["email"] == email
    assert follow(mail.link)[1]["error_code"] == "otp_expired", "it was confirmed by the code"


def test_capital_letters(server):
    instance = Instance(server)
    email = new_email("user")
    instance.sign_up(email.upper())
    assert server.mail_to(email).recipients == [email]

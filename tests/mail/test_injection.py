"""Nothing that a user says becomes a header, a recipient, a command or markup."""

import pytest

from helpers import PASSWORD, SENDER, Instance
from mail_server import MailServer

EVE = "eve@example.org"


@pytest.fixture(scope="module")
def server():
    return MailServer()


def only_mail(instance, server, email):
    """The mail to an address, which is all that has come of it."""
    mail = server.mail_to(email)
    instance.wait_until_sent()
    assert (mail.sender, mail.recipients) == (SENDER, [email])
    assert len(server.mails_to(email)) == 1 and server.mails_to(EVE) == []
    assert server.asked(EVE) == 0
    for header in ("Bcc", "Cc", "Reply-To", "X-Evil"):
        assert mail.message[header] is None
    for header in ("To", "From", "Subject", "Content-Type"):
        assert len(mail.message.get_all(header)) == 1
    return mail


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\u0085", "\x0b", "\x0c", "\x1b"], ids=ascii)
def test_subjects(server, end):
    instance = Instance(server, mailer_subjects_confirmation="Hello {{ .Data.name }}!")
    name = f"Ada{end}Bcc: {EVE}{end}X-Evil: yes{end}{end}Another body"
    email = instance.sign_up(data={"name": name})
    mail = only_mail(instance, server, email)
    # Line breaks are blanks.
    assert mail.subject == f"Hello Ada Bcc: {EVE} X-Evil: yes Another body!"
    assert "Somebody, hopefully you" in mail.text


def test_encoded_words(server):
    instance = Instance(server, mailer_subjects_confirmation="Hello {{ .Data.name }}!")
    # "\r\nBcc: ..." to whoever decodes what looks encoded (RFC 2047), so it must be encoded itself.
    name = "=?utf-8?B?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?="
    mail = only_mail(instance, server, instance.sign_up(data={"name": name}))
    assert mail.subject == f"Hello {name}!"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"], ids=ascii)
def test_texts_do_not_end_mails(server, end):
    template = "<pre>{{ .Data.name }}</pre>\n"
    instance = Instance(server, mailer_templates_confirmation=template)
    commands = [f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{EVE}>", "DATA", "Subject: Evil", "", "Pay me.", ".", "QUIT"]
    name = end.join(["Ada", ".", *commands])
    mail = only_mail(instance, server, instance.sign_up(data={"name": name}))
    shown = mail.html.replace("\r", "\n").replace("&lt;", "<").replace("&gt;", ">")
    assert "\n.\nMAIL FROM" in shown and shown.rstrip().endswith(".\nQUIT</pre>")
    # What comes next on the connection is not held for part of it.
    only_mail(instance, server, instance.sign_up())


def test_markup_of_others_is_text(server):
    template = '<p title="{{ .Data.name }}">{{ .Data.name }}</p><a href="{{ .Data.url }}">x</a>'
    instance = Instance(server, mailer_templates_confirmation=template)
    data = {"name": '"><script>alert(1)</script>', "url": "javascript:alert(1)"}
    html = only_mail(instance, server, instance.sign_up(data=data)).html
    assert "<script" not in html and "javascript:" not in html
    assert "&lt;script&gt;" in html and '"">' not in html


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", " ", "%0d%0a"], ids=ascii)
def test_addresses(server, end):
    instance = Instance(server)
    for email in (f"a@example.org{end}", f"a@example.org{end}Bcc: {EVE}", f"a@example.org>{end}RCPT TO:<{EVE}"):
        answer = instance.call("POST", "/signup", {"email": email, "password": PASSWORD})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed"), email
    only_mail(instance, server, instance.sign_up())


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"], ids=ascii)
def test_where_links_lead(server, end):
    # The whole list is open: what users ask for stands in the link, and here in the subject.
    instance = Instance(server, uri_allow_list="https://**", mailer_subjects_recovery="Go to {{ .RedirectTo }}")
    email, _ = instance.member()
    target = f"https://app.example.org/{end}Bcc: {EVE}"
    instance.post("/recover", {"email": email}, query={"redirect_to": target})
    mail = only_mail(instance, server, email)
    assert mail.subject.startswith("Go to https://app.example.org")
    assert f"\nBcc: {EVE}" not in mail.text


@pytest.mark.parametrize("setting", ["smtp_sender_name", "smtp_admin_email"])
def test_settings(server, setting):
    value = {"smtp_sender_name": "Team", "smtp_admin_email": SENDER}[setting]
    instance = Instance(server, **{setting: f"{value}\r\nBcc: {EVE}"})
    email = instance.sign_up()
    failure = instance.failure()
    assert "line break" in failure["error"] and failure["due"] is None
    assert server.mails_to(email) == server.mails_to(EVE) == []

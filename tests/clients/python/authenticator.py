"""A security key and the browser in front of it: what they make of the options that the SDK gives."""

import base64

from soft_webauthn import SoftWebauthnDevice
from supertokens_python.recipe.webauthn.interfaces.recipe import AuthenticationPayload, RegistrationPayload


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """Holds one credential. A passkey does not count its signatures: its counter stays 0."""

    def __init__(self, counts=False):
        self.device, self.counts = SoftWebauthnDevice(), counts

    @property
    def credential_id(self):
        return encode(self.device.credential_id)

    def register(self, options, origin):
        """The browser's registration, as JSON; `options` are those of the SDK, as JSON."""
        public_key = {**options, "challenge": decode(options["challenge"])}
        public_key["user"] = {**options["user"], "id": decode(options["user"]["id"])}
        return self._json(self.device.create({"publicKey": public_key}, origin))

    def sign(self, options, origin, rp_id):
        """The browser's authentication, as JSON."""
        if not self.counts:
            self.device.sign_count = -1  # it counts up before it signs
        public_key = {"challenge": decode(options["challenge"]), "rpId": rp_id}
        return self._json(self.device.get({"publicKey": public_key}, origin))

    def _json(self, made):
        response = {name: encode(value) for name, value in made["response"].items()}
        made = {"id": encode(made["rawId"]), "rawId": encode(made["rawId"]), "type": made["type"], "response": response}
        return {**made, "clientExtensionResults": {}}


def registration(body):
    return RegistrationPayload.from_json(body)


def authentication(body):
    return AuthenticationPayload.from_json(body)

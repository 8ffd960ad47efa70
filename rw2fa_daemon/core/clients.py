"""What PAM clients can do, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class ServiceClass(StrEnum):
    """What a PAM service is asked for."""

    CODE = "code"
    RDP = "rdp"
    IGNORE = "ignore"


class Information(StrEnum):
    """When an information message reaches the user."""

    AT_ONCE = "at-once"
    WITH_PROMPT = "with-prompt"
    LOG_ONLY = "log-only"
    NEVER = "never"


class Prompts(StrEnum):
    """How many questions a client can ask."""

    MANY = "many"
    ONE = "one"


class Qr(StrEnum):
    """What of a QR code is sure to reach the user's screen."""

    BLOCKS = "blocks"
    ASCII = "ascii"
    URI = "uri"
    """None: the client draws the picture itself, from the URI, and makes a page of each question (core.page_text)."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Client:
    """The abilities of the program behind one PAM service; the shipped table says what each means."""

    service_class: ServiceClass
    outside: bool = False
    attended: bool = True
    prompts: Prompts = Prompts.MANY
    information: Information = Information.WITH_PROMPT
    logs_messages: bool = False
    qr: Qr = Qr.NONE
    colour: bool = False
    forgeable_address: bool = False
    remembers_session: bool = False
    portal: bool = False

    @property
    def enrolment(self) -> bool:
        """Whether a user may enrol here: secrets are shown to that user alone (promise 3)."""
        asks = self.service_class is ServiceClass.CODE and self.prompts is Prompts.MANY
        return asks and self.qr is not Qr.NONE and not self.logs_messages


@dataclass(frozen=True, slots=True)
class ClientTable:
    """The client of each PAM service, with one for those that are not listed."""

    default: Client
    clients: Mapping[str, Client] = field(default_factory=dict)

    def of(self, service: str) -> Client:
        """The client for a PAM service name; libpam gives these in lower case."""
        return self.clients.get(service.lower(), self.default)

    @property
    def portal_service(self) -> str:
        """The PAM service of logons at the web portal: the first whose codes serve these."""
        return next((service for service, client in self.clients.items() if client.portal), "")

    def override(self, classes: Mapping[str, ServiceClass], default: ServiceClass) -> "ClientTable":
        """This table with the classes that an administrator chose in `[services]`."""
        listed = dict(self.clients)
        for service, service_class in classes.items():
            name = service.lower()
            listed[name] = replace(listed.get(name, self.default), service_class=service_class)
        return ClientTable(default=replace(self.default, service_class=default), clients=listed)

"""Forms: read within bounds, and only from pages of our own."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from rw2fa_portal.web.limits import BODY_MAX, FIELDS_MAX
from rw2fa_portal.web.origin import is_own_page

_TYPE = "application/x-www-form-urlencoded"


class BadForm(Exception):
    """What came is no form of ours."""


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form that a page of this portal sent; BadForm for anything else."""
    if not is_own_page(request.headers):
        raise BadForm("of another site")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise BadForm("of another type")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            raise BadForm("too long")
    try:
        fields = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict",
            max_num_fields=FIELDS_MAX,
        )  # fmt: skip
    except ValueError as error:
        raise BadForm("not readable") from error
    if len(dict(fields)) != len(fields):
        raise BadForm("a field twice")
    return dict(fields)

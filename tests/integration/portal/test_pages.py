"""The portal in a real browser, with real PAM and the real daemon behind it."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from rw2fa_portal.web.browsers import COOKIE
from rw2fa_portal.web.limits import ATTEMPTS_MAX, FLOOR_SECONDS
from rw2fa_portal.web.logon import FOREIGN, REFUSED, UNAVAILABLE
from tests.support.browser import NARROW, read_code, scrolls_sideways, violations, window
from tests.support.world.accounts import User, expire_password
from tests.support.world.forward import Forward
from tests.support.world.logons import LogonServer
from tests.support.world.phone import Phone
from tests.support.world.portal import PORT, PortalServer
from tests.support.world.secrecy import assert_absent, process_lists
from tests.support.world.site import Member, Site

COLOURS: Final[tuple[Literal["light"], Literal["dark"]]] = ("light", "dark")

pytestmark = pytest.mark.namespaces


@pytest.fixture(scope="module")
def portal(logons: LogonServer) -> Iterator[PortalServer]:
    with PortalServer(logons.world) as server:
        yield server


def _fill(page: Page, user: User, password: str | None = None, code: str = "") -> None:
    page.goto("/")
    page.fill("[name=username]", user.name)
    page.fill("[name=password]", user.password if password is None else password)
    page.fill("[name=code]", code)


def _sign_in(page: Page, user: User, password: str | None = None, code: str = "") -> None:
    _fill(page, user, password, code)
    with page.expect_navigation():  # what is looked at next is on the page that comes
        page.get_by_role("button", name="Sign in").click()


def _answer(page: Page, code: str, button: str = "Continue") -> None:
    page.fill("[name=code]", code)
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


def _is_in(page: Page, user: User) -> None:
    expect(page).to_have_url(re.compile("/applications$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Applications")
    expect(page.locator(".who")).to_have_text(user.name)


def _click_twice(page: Page, button: str) -> None:
    """As an impatient person does: the browser drops the first answer, and sends the form once more."""
    page.get_by_role("button", name=button).evaluate(
        "button => { button.click(); setTimeout(() => button.click(), 10); }"
    )


def _logons(site: Site, member: Member) -> list[Any]:
    """The logons of somebody, as the daemon keeps them."""
    return [one for one in site.rw2fa.json("logons", "list") if one["user"] == member.user.name]


def _alert(page: Page) -> str:
    return page.get_by_role("alert").inner_text()


# Signing in and out


def test_a_password_signs_in_who_is_not_in_the_scope_and_signing_out_ends_it(
    site: Site, page: Page, outsider: User
) -> None:
    _sign_in(page, outsider)
    _is_in(page, outsider)
    page.goto("/")
    _is_in(page, outsider)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    page.go_back()
    page.goto("/applications")
    expect(page).not_to_have_url(re.compile("/applications$"))


def test_a_member_types_all_three_on_one_page(site: Site, page: Page, member: Member) -> None:
    _sign_in(page, member.user, code=member.phone.fresh())
    _is_in(page, member.user)


def test_promise_1_a_double_click_signs_in_once_with_one_code(site: Site, page: Page, member: Member) -> None:
    _fill(page, member.user, code=member.phone.fresh())
    _click_twice(page, "Sign in")
    _is_in(page, member.user)
    assert len(_logons(site, member)) == 1
    assert "refused" not in site.rw2fa.command("audit", "--user", member.user.name).stdout


def test_promise_1_a_double_click_on_the_page_of_the_code_is_one_answer(site: Site, page: Page, member: Member) -> None:
    _sign_in(page, member.user)
    page.fill("[name=code]", member.phone.fresh())
    _click_twice(page, "Continue")
    _is_in(page, member.user)
    assert len(_logons(site, member)) == 1


def test_a_form_that_comes_again_gets_the_answer_of_the_first(
    site: Site, page: Page, portal: PortalServer, member: Member
) -> None:
    """The second click may arrive before the first is answered, or just after, and its browser knows no new name."""
    cookie, token = _form(portal)
    form = {"username": member.user.name, "password": member.user.password, "code": member.phone.fresh()}

    def send(_number: int) -> tuple[int, str]:
        response, _ = portal.request("POST", "/", form={**form, "token": token}, cookie=cookie)
        return response.status, str(response.headers["Set-Cookie"])

    with ThreadPoolExecutor(3) as pool:
        answers = {*pool.map(send, range(3)), send(3)}
    assert {status for status, _ in answers} == {303}
    assert len(answers) == 1
    assert len(_logons(site, member)) == 1
    # Another form is another logon: that code was used.
    response, text = portal.request("POST", "/", form={**form, "token": token, "session": "html5"}, cookie=cookie)
    assert response.status == 403
    assert REFUSED in text


def test_a_member_who_left_the_code_out_is_asked_on_the_next_page(site: Site, page: Page, member: Member) -> None:
    _sign_in(page, member.user)
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    assert page.get_by_role("alert").count() == 0
    _answer(page, member.phone.wrong())
    assert _alert(page) == REFUSED
    code = member.phone.fresh()
    _answer(page, f"{code[:3]} {code[3:]}")
    _is_in(page, member.user)


def test_what_was_wrong_cannot_be_told(site: Site, page: Page, portal: PortalServer, member: Member) -> None:
    """Password, code, a code that was used, or the name: the same page, after the same time."""
    used = member.phone.fresh()
    _sign_in(page, member.user, code=used)
    _is_in(page, member.user)
    name, password = member.user.name, member.user.password
    attempts = [
        (name, "not the password", member.phone.fresh()),
        (name, "not the password", ""),
        (name, password, member.phone.wrong()),
        (name, password, used),
        ("nobody-of-that-name", password, "123456"),
    ]

    def attempt(typed: tuple[str, str, str]) -> tuple[int, str, float]:
        cookie, token = _form(portal)
        began = time.monotonic()
        form = dict(zip(("username", "password", "code"), typed, strict=True))
        response, text = portal.request("POST", "/", form={**form, "token": token}, cookie=cookie)
        told = re.sub(r'value="[^"]*"', "", text)
        return response.status, told, time.monotonic() - began

    with ThreadPoolExecutor(len(attempts)) as pool:
        results = list(pool.map(attempt, attempts))
    assert {status for status, _, _ in results} == {403}
    assert len({told for _, told, _ in results}) == 1
    assert REFUSED in results[0][1]
    assert all(took >= FLOOR_SECONDS for _, _, took in results)


def _form(portal: PortalServer) -> tuple[str, str]:
    """The cookie and the token of a logon page."""
    response, text = portal.request("GET", "/")
    cookie = str(response.headers["Set-Cookie"]).partition(";")[0]
    match = re.search(r'name="token" value="([0-9a-f]+)"', text)
    assert match is not None
    return cookie, match.group(1)


def test_a_code_that_was_used_and_a_lock_are_told_to_who_has_shown_the_password(
    site: Site, page: Page, member: Member
) -> None:
    code = member.phone.fresh()
    _sign_in(page, member.user, code=code)
    _is_in(page, member.user)
    page.get_by_role("button", name="Sign out").click()
    _sign_in(page, member.user)
    _answer(page, code)
    assert "used already" in _alert(page)
    wrong = member.phone.wrong()
    for _ in range(3):
        _answer(page, wrong)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")
    assert _alert(page) == REFUSED
    _sign_in(page, member.user)
    while page.locator("[name=code]").count() > 0:
        _answer(page, wrong)
    assert re.fullmatch(r"Login refused\. Try again in \d+ minutes?\.", _alert(page))
    _sign_in(page, member.user)
    assert re.fullmatch(r"Login refused\. Try again in \d+ minutes?\.", _alert(page))
    _sign_in(page, member.user, password="not the password")
    assert _alert(page) == REFUSED, "told to somebody without the password"


def test_an_expired_password_is_changed_on_the_way(site: Site, page: Page, outsider: User) -> None:
    expire_password(site.world, outsider)
    new = "Another-horse-9-battery"
    _sign_in(page, outsider)
    for typed in (outsider.password, new, new):
        expect(page.get_by_role("heading", level=1)).to_have_text("Choose a new password")
        page.fill("[name=answer]", typed)
        with page.expect_navigation():
            page.get_by_role("button", name="Continue").click()
    _is_in(page, outsider)


# Activation


def test_the_first_logon_activates(site: Site, page: Page, url: str, newcomer: User) -> None:
    _sign_in(page, newcomer, code="123456")
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up your second factor")
    phone = Phone(read_code(page))
    assert phone.name == newcomer.name
    assert page.inner_text("#key").replace(" ", "") == phone.secret
    _answer(page, phone.wrong(), "Finish")
    assert "not the code for this key" in _alert(page)
    assert read_code(page) == phone.uri, "another key after a wrong code"
    first = phone.fresh()
    sent = {name: page.input_value(f"[name={name}]") for name in ("token", "n")}
    _answer(page, first, "Finish")
    codes = page.locator("#recovery-codes li").all_inner_texts()
    assert len(codes) >= 8
    # A second click of an impatient person is no answer to what is asked by then.
    again = page.request.post("/logon", form={**sent, "code": first}, headers={"Origin": url})
    assert codes[0] in again.text()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.get_by_role("button", name="I have noted them down").click()
    _is_in(page, newcomer)
    for path in ("/logon", "/logon/qr.svg"):
        shown = page.request.get(path).text()
        assert codes[0] not in shown
        assert phone.secret not in shown
    page.go_back()
    assert codes[0] not in page.content()
    told = {**process_lists(site.world), "auth log": site.log.text, "audit": site.rw2fa.command("audit").stdout}
    assert_absent({phone.secret, phone.uri, codes[0], newcomer.password}, told)


def test_a_recovery_code_signs_in_once(site: Site, page: Page, member: Member) -> None:
    code = re.findall(
        r"[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}", site.rw2fa.command("users", "recovery", member.user.name).stdout
    )[0]
    _sign_in(page, member.user)
    page.get_by_role("link", name="Use a recovery code instead").click()
    _answer(page, code)
    _is_in(page, member.user)
    page.get_by_role("button", name="Sign out").click()
    _sign_in(page, member.user, code=code)
    assert _alert(page) == REFUSED


# The user's own page


def test_the_own_page_tells_of_logons_and_device_and_gives_new_recovery_codes_after_a_code(
    site: Site, browser: Browser, url: str, member: Member
) -> None:
    with window(browser, url, viewport=NARROW, reduced_motion="reduce") as page:
        _sign_in(page, member.user, code=member.phone.fresh())
        page.get_by_role("button", name="Sign out").click()
        _sign_in(page, member.user, code=member.phone.fresh())
        page.get_by_role("link", name=member.user.name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
        expect(page.locator("#device")).to_contain_text("an authenticator app")
        now, before = page.locator(".logons tbody tr").all_inner_texts()[:2]
        assert "This one, still signed in" in now
        assert "Signed out" in before
        assert "127.0.0.1" in now
        found = []
        for colours in COLOURS:
            page.emulate_media(color_scheme=colours)
            found.append(violations(page))
        assert not "".join(found)
        assert not scrolls_sideways(page)
        page.get_by_role("button", name="Make new recovery codes").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
        assert page.request.get("/account", max_redirects=0).headers["location"] == "/logon"
        _answer(page, member.phone.fresh())
        codes = page.locator("#recovery-codes li").all_inner_texts()
        assert not violations(page)
        page.get_by_role("button", name="I have noted them down").click()
        expect(page.locator("#left")).to_contain_text(f"{len(codes)} codes left.")
        for path in ("/account/recovery-codes", "/account", "/logon"):
            assert codes[0] not in page.request.get(path).text()
        page.get_by_role("button", name="Sign out").click()
        _sign_in(page, member.user, code=codes[0])
        _is_in(page, member.user)
        told = {**process_lists(site.world), "auth log": site.log.text, "audit": site.rw2fa.command("audit").stdout}
        assert_absent(set(codes), told)


def test_the_own_page_of_who_is_not_in_the_scope_has_no_second_factor(site: Site, page: Page, outsider: User) -> None:
    _sign_in(page, outsider)
    page.goto("/account")
    expect(page.get_by_text("not switched on for your account")).to_be_visible()
    assert page.get_by_role("button", name="Make new recovery codes").count() == 0


def test_only_the_own_form_asks_for_new_recovery_codes(
    site: Site, page: Page, portal: PortalServer, member: Member
) -> None:
    _sign_in(page, member.user, code=member.phone.fresh())
    _is_in(page, member.user)
    cookie = f"{COOKIE}={_cookie(page)}"
    for form, headers in (({"token": "0" * 64}, {}), ({}, {"Origin": "https://evil.example"})):
        assert portal.request("POST", "/account/recovery", form=form, cookie=cookie, headers=headers)[0].status == 403
    page.goto("/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


# For everybody


def test_all_pages_are_accessible_and_fit_a_small_phone(site: Site, browser: Browser, url: str, newcomer: User) -> None:
    # Colours change at once, or axe-core looks at them on their way.
    with window(browser, url, viewport=NARROW, reduced_motion="reduce") as page:
        found: list[str] = []

        def look(heading: str) -> None:
            expect(page.get_by_role("heading", level=1)).to_have_text(heading)
            for colours in COLOURS:
                page.emulate_media(color_scheme=colours)
                found.append(violations(page))
            if scrolls_sideways(page):
                found.append(f"{heading}: sticks out to the right")

        page.goto("/")
        look("Sign in")
        _sign_in(page, newcomer, password="wrong")
        look("Sign in")
        _sign_in(page, newcomer)
        look("Set up your second factor")
        phone = Phone(read_code(page))
        _answer(page, phone.fresh(), "Finish")
        look("Your recovery codes")
        page.get_by_role("button", name="I have noted them down").click()
        look("Applications")
        page.get_by_role("button", name="Sign out").click()
        _sign_in(page, newcomer)
        look("Enter your code")
        page.goto("/nowhere")
        look("This did not work")
        assert not "".join(found)


@pytest.mark.parametrize(
    ("locale", "language", "heading", "nowhere"),
    [
        ("de-AT", "de", "Anmelden", "Diese Seite gibt es nicht."),
        ("es-MX", "es", "Iniciar sesión", "Esta página no existe."),
        ("fr-CA", "fr", "Se connecter", "Cette page n’existe pas."),
        ("ja-JP", "en", "Sign in", "There is no such page."),
    ],
)
def test_pages_are_in_the_language_of_the_browser(
    site: Site, browser: Browser, url: str, locale: str, language: str, heading: str, nowhere: str
) -> None:
    with window(browser, url, locale=locale, viewport=NARROW, reduced_motion="reduce") as page:
        page.goto("/")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert page.locator("html").get_attribute("lang") == language
        assert not violations(page)
        assert not scrolls_sideways(page)
        page.goto("/nowhere")
        assert _alert(page) == nowhere


def test_an_activation_in_german_fits_a_small_phone(site: Site, browser: Browser, url: str, newcomer: User) -> None:
    with window(browser, url, locale="de-DE", viewport=NARROW, reduced_motion="reduce") as page:
        page.goto("/")
        page.fill("[name=username]", newcomer.name)
        page.fill("[name=password]", newcomer.password)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Zweiten Faktor einrichten")
        phone = Phone(read_code(page))
        _answer(page, phone.wrong(), "Fertig")
        assert _alert(page).startswith("Das ist nicht der Code zu diesem Schlüssel.")
        assert not violations(page)
        assert not scrolls_sideways(page)
        _answer(page, phone.fresh(), "Fertig")
        expect(page.get_by_role("heading", level=1)).to_have_text("Ihre Wiederherstellungscodes")
        assert not scrolls_sideways(page)
        page.get_by_role("button", name="Ich habe sie notiert").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Anwendungen")
        expect(page.get_by_role("button", name="Abmelden")).to_be_visible()


def test_it_works_without_javascript_and_with_a_keyboard_alone(
    site: Site, browser: Browser, url: str, newcomer: User
) -> None:
    with window(browser, url, java_script_enabled=False) as page:
        page.goto("/")
        expect(page.locator("[name=username]")).to_be_focused()
        page.keyboard.type(newcomer.name)
        page.keyboard.press("Tab")
        page.keyboard.type(newcomer.password)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Set up your second factor")
        phone = Phone.of_secret(page.inner_text("#key").replace(" ", ""))
        _answer(page, phone.fresh(), "Finish")
        expect(page.locator("#recovery-codes li").first).to_be_visible()
        expect(page.get_by_role("button", name="Print")).to_have_count(0)
        page.get_by_role("button", name="I have noted them down").press("Enter")
        _is_in(page, newcomer)


# Against others


def test_nothing_comes_from_elsewhere_and_nothing_is_inline(
    site: Site, browser: Browser, url: str, outsider: User
) -> None:
    with window(browser, url) as page:
        asked: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        _sign_in(page, outsider)
        _is_in(page, outsider)
        assert all(address.startswith(f"{url}/") for address in asked)
        assert not complaints
        (cookie,) = page.context.cookies()
        assert cookie["name"] == COOKIE
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
        assert cookie["path"] == "/"
        assert cookie["expires"] == -1
        response = page.goto("/applications")
        assert response is not None
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["cache-control"] == "no-store"


def test_a_name_that_was_planted_is_nobody_s(site: Site, browser: Browser, url: str, member: Member) -> None:
    """Session fixation: before the code, and after it."""
    planted = "planted-by-somebody-else-who-knows-it"
    with window(browser, url) as page, window(browser, url) as other:
        for window_ in (page, other):
            window_.context.add_cookies(
                [{"name": COOKIE, "value": planted, "url": url, "secure": True, "httpOnly": True}]
            )
        _sign_in(page, member.user)
        expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
        before = _cookie(page)
        assert before != planted
        _answer(page, member.phone.fresh())
        _is_in(page, member.user)
        assert _cookie(page) not in {planted, before}
        for name in (planted, before):
            other.context.clear_cookies()
            other.context.add_cookies([{"name": COOKIE, "value": name, "url": url, "secure": True, "httpOnly": True}])
            other.goto("/applications")
            expect(other.get_by_role("heading", level=1)).to_have_text("Sign in")


def _cookie(page: Page) -> str:
    return next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"X-Token": "wrong"},
        {"X-Cookie": "none"},
    ],
    ids=lambda headers: " ".join(f"{name} {value}" for name, value in headers.items()),
)
def test_forms_of_other_sites_sign_nobody_in_and_nobody_out(
    site: Site, page: Page, portal: PortalServer, outsider: User, headers: dict[str, str]
) -> None:
    cookie, token = _form(portal)
    form = {"username": outsider.name, "password": outsider.password, "code": "", "token": token}
    if headers.pop("X-Token", ""):
        form["token"] = "0" * 64
    if headers.pop("X-Cookie", ""):
        cookie = ""
    response, text = portal.request("POST", "/", form=form, cookie=cookie, headers=headers)
    assert response.status == 403
    assert 'role="alert"' in text
    assert COOKIE not in response.headers.get("Set-Cookie", "") or cookie == ""
    response, _ = portal.request("POST", "/signout", form={"token": form["token"]}, cookie=cookie, headers=headers)
    assert response.status in {303, 403}


def test_only_the_own_form_signs_out(site: Site, page: Page, portal: PortalServer, outsider: User) -> None:
    _sign_in(page, outsider)
    _is_in(page, outsider)
    cookie = f"{COOKIE}={_cookie(page)}"
    foreign, _ = portal.request("POST", "/signout", form={"token": "0" * 64}, cookie=cookie)
    other, _ = portal.request("POST", "/signout", form={}, cookie=cookie, headers={"Origin": "https://evil.example"})
    assert (foreign.status, other.status) == (403, 403)
    page.goto("/applications")
    _is_in(page, outsider)


@pytest.mark.parametrize("foreign", [{"Origin": "https://evil.example"}, {}], ids=["another page", "another token"])
def test_no_other_page_answers_for_somebody_or_asks_for_a_code(
    site: Site, page: Page, portal: PortalServer, member: Member, foreign: dict[str, str]
) -> None:
    def send(path: str, **form: str) -> int:
        token = page.input_value("[name=token]") if foreign else "0" * 64
        cookie = f"{COOKIE}={_cookie(page)}"
        return portal.request("POST", path, form={**form, "token": token}, cookie=cookie, headers=foreign)[0].status

    code = member.phone.fresh()
    _sign_in(page, member.user)
    assert send("/logon", n=page.input_value("[name=n]"), code=code) == 403
    _answer(page, code)
    _is_in(page, member.user)
    assert send("/code") == 403
    page.goto("/applications")
    _is_in(page, member.user)


def test_promise_10_many_failures_from_one_address_shut_it_out_before_a_password_is_looked_at(
    site: Site, logons: LogonServer, outsider: User
) -> None:
    settings = 'trusted_proxies = ["127.0.0.1/32"]\n'
    with PortalServer(site.world, settings, port=PORT + 1, folder="/run/rw2fa-portal-2") as other:
        cookie, token = _form(other)

        def attempt(password: str, address: str = "198.51.100.9") -> int:
            form = {"username": outsider.name, "password": password, "code": "", "token": token}
            headers = {"X-Forwarded-For": address}
            return other.request("POST", "/", form=form, cookie=cookie, headers=headers)[0].status

        with ThreadPoolExecutor(ATTEMPTS_MAX) as pool:
            statuses = list(pool.map(attempt, (f"wrong {number}" for number in range(ATTEMPTS_MAX))))
        assert statuses == [403] * ATTEMPTS_MAX
        assert attempt(outsider.password) == 429
        assert attempt(outsider.password, "198.51.100.10") == 303


@pytest.mark.parametrize(("trusted", "address"), [("", "127.0.0.1"), ("127.0.0.1/32", "198.51.100.9")])
def test_x_forwarded_for_counts_from_configured_proxies_alone(
    site: Site, portal: PortalServer, logons: LogonServer, outsider: User, trusted: str, address: str
) -> None:
    settings = f'trusted_proxies = ["{trusted}"]\n' if trusted else ""
    with PortalServer(site.world, settings, port=PORT + 1, folder="/run/rw2fa-portal-2") as other:
        cookie, token = _form(other)
        form = {"username": outsider.name, "password": "wrong", "code": "", "token": token}
        # What a browser made up stands before what the proxy added.
        headers = {"X-Forwarded-For": "203.0.113.1, 198.51.100.9"}
        response, _ = other.request("POST", "/", form=form, cookie=cookie, headers=headers)
        assert response.status == 403
    site.log.wait_for(rf"pam_unix\(rw2fa-portal:auth\): authentication failure;.*rhost={re.escape(address)} ")


def test_what_is_no_page_or_no_form_is_refused(site: Site, portal: PortalServer) -> None:
    cookie, token = _form(portal)
    assert portal.request("GET", "/healthz")[0].status == 200
    assert portal.request("GET", "/static/../main.py")[0].status == 404
    assert portal.request("GET", "/logon", cookie=cookie)[0].headers["Location"] == "/?ended"
    assert portal.request("GET", "/logon/qr.svg", cookie=cookie)[0].status == 404
    assert portal.request("DELETE", "/")[0].status == 405
    long = {"username": "x" * 10_000, "token": token}
    many = {f"field{n}": "x" for n in range(20)}
    for form in (long, many):
        response, text = portal.request("POST", "/", form=form, cookie=cookie)
        assert response.status == 403
        assert FOREIGN in text


# Looks

LOGO: Final = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 3 1'><path fill='#700' d='M0 0h3v1H0z'/></svg>"


def test_title_logo_colour_and_pictures_of_applications_are_the_site_s(
    site: Site, browser: Browser, logons: LogonServer, outsider: User
) -> None:
    for name in ("logo.svg", "xterm.svg"):
        site.world.write(f"/etc/rw2fa/{name}", LOGO)
    settings = (
        'title = "Orchard & Sons"\nlogo = "/etc/rw2fa/logo.svg"\ncolour = "#8A1538"\n'
        '[[portal.applications]]\nname = "Terminal"\ncommand = "xterm"\nicon = "/etc/rw2fa/xterm.svg"\n'
    )
    with (
        PortalServer(site.world, settings, port=PORT + 2, folder="/run/rw2fa-portal-3") as other,
        Forward(other.world, other.port) as forward,
        window(browser, f"https://127.0.0.1:{forward.port}", viewport=NARROW, reduced_motion="reduce") as page,
    ):
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto("/")
        expect(page.locator(".name")).to_have_text("Orchard & Sons")
        assert page.locator(".logo").evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 0
        button = page.get_by_role("button", name="Sign in")
        found, seen = [], []
        for colours in COLOURS:
            page.emulate_media(color_scheme=colours)
            seen.append(button.evaluate("button => getComputedStyle(button).backgroundColor"))
            found.append(violations(page))
        assert seen[0] == "rgb(138, 21, 56)"
        assert seen[1] != seen[0], "the same on dark pages"
        _sign_in(page, outsider)
        picture = page.locator("[data-application=Terminal] img")
        assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 0
        found.append(violations(page))
        assert not "".join(found)
        assert not complaints


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ('colour = "#ffcc00"', "it has to be darker"),
        ('logo = "/etc/passwd"', "neither PNG nor SVG"),
        ('logo = "/nowhere.svg"', "cannot be read"),
    ],
)
def test_looks_that_do_not_work_are_refused_with_the_reason(site: Site, settings: str, reason: str) -> None:
    site.world.write("/etc/rw2fa/looks.toml", f"[portal]\n{settings}\n")
    refused = site.world.run("rw2fa-portal", "--check", "--config", "/etc/rw2fa/looks.toml", check=False)
    assert refused.returncode == 1
    assert reason in refused.stderr


# When something is gone


def test_a_portal_that_was_restarted_has_nobody_signed_in(
    site: Site, page: Page, portal: PortalServer, outsider: User
) -> None:
    _sign_in(page, outsider)
    _is_in(page, outsider)
    portal.restart()
    page.goto("/applications")
    expect(page.get_by_role("status")).to_have_text("Your session has ended. Sign in again.")


def test_a_daemon_that_is_down_is_told(site: Site, page: Page, member: Member) -> None:
    site.rw2fa.stop()
    _sign_in(page, member.user, code="123456")
    assert _alert(page) == UNAVAILABLE


def test_the_portal_s_process_is_nobody_s(site: Site, portal: PortalServer) -> None:
    status = site.world.run("cat", f"/proc/{_inside(site, portal)}/status").stdout
    uid = site.world.run("id", "-u", "rw2fa-portal").stdout.strip()
    assert re.search(rf"^Uid:\t{uid}\t{uid}\t{uid}\t{uid}$", status, re.MULTILINE)
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
    for path in ("/etc/rw2fa/rw2fa.toml", "/etc/rw2fa/master.key", "/etc/shadow", "/var/lib/rw2fa"):
        assert site.world.run("ls", f"{path}/.", user="rw2fa-portal", check=False).returncode != 0
        assert site.world.run("head", "-c1", path, user="rw2fa-portal", check=False).returncode != 0


def _inside(site: Site, portal: PortalServer) -> str:
    return site.world.run("pgrep", "-u", "rw2fa-portal", "-o").stdout.strip()

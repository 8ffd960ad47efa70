"""A logon at the portal of this machine, as a browser makes it. Run inside, by the project's own Python.

python portal_logon.py USER PASSWORD [ANSWER…]   prints where each step leads: /applications, /logon, or a status
"""

import http.client
import re
import ssl
import sys
from urllib.parse import urlencode

HOST, PORT = "127.0.0.1", 8443


def main() -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    cookie = ""

    def ask(method: str, path: str, form: dict[str, str] | None = None) -> tuple[str, str]:
        nonlocal cookie
        client = http.client.HTTPSConnection(HOST, PORT, context=context, timeout=60)
        headers = {"Origin": f"https://{HOST}:{PORT}", "Cookie": cookie}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        client.request(method, path, urlencode(form) if form else None, headers)
        response = client.getresponse()
        text = response.read().decode()
        if named := response.headers.get("Set-Cookie"):
            cookie = named.partition(";")[0]
        return response.headers.get("Location") or str(response.status), text

    def hidden(text: str) -> dict[str, str]:
        return dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', text))

    user, password, *answers = sys.argv[1:]
    _, page = ask("GET", "/")
    where, page = ask("POST", "/", {"username": user, "password": password, "code": "", **hidden(page)})
    print(where)
    for answer in answers:
        _, page = ask("GET", "/logon")
        where, page = ask("POST", "/logon", {"answer": answer, "code": answer, **hidden(page)})
        print(where)


main()

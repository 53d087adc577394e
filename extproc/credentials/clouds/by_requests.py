"""Sessions of the library `requests`, with which Google's and Microsoft's SDKs ask, by a proxy."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter

from extproc.credentials.clouds.by_proxy import Way


class ByProxy(HTTPAdapter):
    """Goes by one proxy, whatever the environment says of others."""

    def __init__(self, way: Way) -> None:
        self._way = way
        super().__init__()

    def send(self, request: Any, *args: Any, **given: Any) -> Any:
        """As every adapter does; raises requests.exceptions.RequestException."""
        return super().send(request, *args, **{**given, "proxies": {"https": self._way.url}})

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """Who asks, in UTF-8 as everywhere else here; the library itself writes Latin-1."""
        return {"Proxy-Authorization": said} if (said := self._way.authorization) else {}

    def proxy_manager_for(self, proxy: str, **given: Any) -> Any:
        """The pool of connections by the proxy, whose own certificate is judged by its own rule."""
        return super().proxy_manager_for(proxy, **given, proxy_ssl_context=self._way.trust)


def session(way: Way) -> requests.Session:
    """A session whose https requests go by `way`; all others are as ever."""
    made = requests.Session()
    made.mount("https://", ByProxy(way))
    return made

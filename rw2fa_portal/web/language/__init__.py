"""The language of a page: chosen for each request, from what the browser asks for."""

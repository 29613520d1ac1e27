"""Serves the built single-page application as a bucket behind a CDN does.

`python -m tests.sandbox.stack.web --port P --root web/dist --bot-username NAME`
"""

import argparse
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route


def application(root: Path, bot_username: str) -> Starlette:
    """Files of `root`; anything else is the application's page, which knows its own routes."""

    def config(_request: Request) -> Response:
        return JSONResponse({"bot_username": bot_username})

    def page(request: Request) -> Response:
        wanted = (root / request.path_params["path"]).resolve()
        if wanted.is_file() and wanted.is_relative_to(root.resolve()):
            return FileResponse(wanted)
        return FileResponse(root / "index.html")

    return Starlette(routes=[Route("/config.json", config), Route("/{path:path}", page)])


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--bot-username", required=True)
    chosen = parser.parse_args()
    app = application(chosen.root, chosen.bot_username)
    uvicorn.run(app, host="127.0.0.1", port=chosen.port, log_level="warning")


if __name__ == "__main__":
    main()

"""`python -m fastphoto_native` is the `fastphoto` command."""

from fastphoto_native.commands.main import run

run()

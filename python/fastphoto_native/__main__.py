"""`python -m fastphoto_native` is the `fastphoto` command."""

from fastphoto_native.commands.main import main

main(prog_name="fastphoto")

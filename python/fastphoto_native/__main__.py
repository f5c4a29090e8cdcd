"""`python -m fastphoto_native` is the `fastphoto` command."""

from fastphoto_command import main

main()

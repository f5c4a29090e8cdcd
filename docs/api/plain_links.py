"""Doxygen's filter for README.md: links to other pages of the repository become plain text."""

from __future__ import annotations

import re
import sys
from pathlib import Path

page = Path(sys.argv[1]).read_text()
page = re.sub(r"!\[([^\]]*)\]\(docs/pictures/([^)]+)\)", r"![\1](\2)", page)
sys.stdout.write(re.sub(r"(?<!!)\[([^\]]+)\]\((?!https?:)[^)]+\)", r"\1", page))

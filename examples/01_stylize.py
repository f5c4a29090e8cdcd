"""Gives one photo the look of another, in one call.  python 01_stylize.py CONTENT STYLE OUT"""

import sys

import fastphoto_native as fp


def main(content_file: str, style_file: str, out_file: str) -> None:
    """Reads two photos of any format and writes the third one, with the content's alpha."""
    content = fp.read_photo(content_file)
    style = fp.read_photo(style_file)
    result = fp.stylize(content.pixels, style.pixels)
    fp.write_photo(out_file, fp.Photo(result, alpha=content.alpha, depth=content.depth))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: 01_stylize.py CONTENT STYLE OUT")
    try:
        main(*sys.argv[1:])
    except fp.FastphotoError as error:
        sys.exit(f"01_stylize.py: {error}")

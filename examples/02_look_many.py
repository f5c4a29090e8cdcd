"""Analyses a style once and gives its look to many photos.  python 02_look_many.py STYLE OUT_FOLDER CONTENT..."""

import sys
from pathlib import Path

import fastphoto_native as fp


def main(style_file: str, out_folder: str, content_files: list[str]) -> None:
    """Writes each content under its own name into the folder, and the look beside them for another day."""
    folder = Path(out_folder)
    folder.mkdir(parents=True, exist_ok=True)
    stylizer = fp.Stylizer()
    look = stylizer.analyze(fp.read_photo(style_file).pixels)
    look.save(folder / "style.look")
    for name in content_files:
        content = fp.read_photo(name)
        result, report = stylizer.apply(content.pixels, look, strength=0.8, return_report=True)
        fp.write_photo(folder / Path(name).name, fp.Photo(result, alpha=content.alpha, depth=content.depth))
        sys.stdout.write(f"{name}: {sum(stage.seconds for stage in report.stages):.2f} s on {report.device.used}\n")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: 02_look_many.py STYLE OUT_FOLDER CONTENT...")
    try:
        main(sys.argv[1], sys.argv[2], sys.argv[3:])
    except fp.FastphotoError as error:
        sys.exit(f"02_look_many.py: {error}")

"""Setting up the virtual environment again after it was made by halves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# A Python that makes environments: whole ones, or with FAILS ones without pip, as where python3-venv is missing.
PYTHON = """#!/bin/sh
[ "$2" = venv ] || exit 0
for folder; do :; done
rm -rf "$folder" && mkdir -p "$folder/bin" && touch "$folder/pyvenv.cfg" "$folder/made"
if [ -n "$FAILS" ]; then printf '#!/bin/sh\\nexit 1\\n' >"$folder/bin/python"
else printf '#!/bin/sh\\nexit 0\\n' >"$folder/bin/python"; fi
chmod +x "$folder/bin/python"
[ -z "$FAILS" ]
"""
LDCONFIG = "#!/bin/sh\necho libEGL.so.1\n"  # Mesa is there: nothing is to be installed


def set_up(folder: Path, *, fails: bool = False) -> subprocess.CompletedProcess[str]:
    """Make ``folder/venv``."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name, text in (("python", PYTHON), ("ldconfig", LDCONFIG)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    return subprocess.run(
        ["sh", str(ROOT / "tools" / "setup.sh")],
        env={
            "PYTHON": str(tools / "python"),
            "VENV": str(folder / "venv"),
            "PATH": f"{tools}:/usr/bin:/bin",
            "FAILS": "yes" if fails else "",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_environment_that_could_not_be_made_is_removed_and_made_the_next_time(tmp_path: Path) -> None:
    result = set_up(tmp_path, fails=True)
    assert result.returncode == 2 and "install python3-venv" in result.stderr
    assert not (tmp_path / "venv").exists()
    assert set_up(tmp_path).returncode == 0


def test_an_environment_without_pip_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    python = tmp_path / "venv" / "bin" / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert set_up(tmp_path).returncode == 0
    assert (tmp_path / "venv" / "made").exists()


def test_a_whole_environment_is_kept(tmp_path: Path) -> None:
    assert set_up(tmp_path).returncode == 0
    (tmp_path / "venv" / "made").unlink()
    assert set_up(tmp_path).returncode == 0
    assert not (tmp_path / "venv" / "made").exists()


@pytest.mark.parametrize("fails", [False, True])
def test_a_folder_that_is_no_environment_is_left_alone(tmp_path: Path, fails: bool) -> None:
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "letters.txt").write_text("dear")
    result = set_up(tmp_path, fails=fails)
    assert result.returncode == 2 and "no virtual environment" in result.stderr
    assert (tmp_path / "venv" / "letters.txt").read_text() == "dear"

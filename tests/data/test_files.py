"""Files are written whole or not at all, and nowhere but through `data.files`."""

import ast
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import DataError
from data.files import DRAFT, flush, move_folder, read_json, whole_file, whole_folder, write_json, write_whole

ROOT = Path(__file__).parents[2]


class TestWholeFile:
    def test_text_bytes_and_what_a_library_writes(self, tmp_path: Path) -> None:
        assert write_whole(tmp_path / "new" / "text", "é\n").read_bytes() == b"\xc3\xa9\n"
        assert write_whole(tmp_path / "bytes", b"\0\r\n").read_bytes() == b"\0\r\n"
        with whole_file(tmp_path / "table.parquet") as draft:
            pq.write_table(pa.table({"a": [1]}), draft)
        assert pq.read_table(tmp_path / "table.parquet").to_pylist() == [{"a": 1}]
        assert sorted(path.name for path in tmp_path.iterdir()) == ["bytes", "new", "table.parquet"]

    def test_until_the_end_the_old_content_stands(self, tmp_path: Path) -> None:
        path = write_whole(tmp_path / "a", "old")
        with whole_file(path) as draft:
            draft.write_text("new")
            assert path.read_text() == "old"
            assert draft.parent == tmp_path and draft.suffix == DRAFT
        assert path.read_text() == "new"

    @pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
    def test_a_failure_leaves_nothing_behind(self, tmp_path: Path, failure: type[BaseException]) -> None:
        path = write_whole(tmp_path / "a", "old")
        for target in (path, tmp_path / "b"):
            with pytest.raises(failure), whole_file(target) as draft:
                draft.write_text("half")
                raise failure
        assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]

    def test_a_target_that_cannot_be_replaced_leaves_nothing_behind(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        with pytest.raises(DataError, match="folder: cannot be written: Is a directory"):
            write_whole(tmp_path / "folder", "text")
        assert not list(tmp_path.rglob(f"*{DRAFT}"))

    @pytest.mark.parametrize("folder", ["", ".", "/"])
    def test_what_has_no_name_is_no_file(self, folder: str) -> None:
        with pytest.raises(DataError, match="cannot be written: it is a folder"), whole_file(folder):
            raise AssertionError("nothing is written")

    def test_the_content_is_on_the_disk_before_the_name_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[str] = []
        fsync, replace = os.fsync, Path.replace

        def synced(descriptor: int) -> None:
            told.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
            fsync(descriptor)

        def renamed(self: Path, target: Path) -> Path:
            told.append("name")
            return replace(self, target)

        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(Path, "replace", renamed)
        write_whole(tmp_path / "a", "text")
        assert told == ["file", "name", "folder"]
        told.clear()
        with whole_file(tmp_path / "b", flushed=False) as draft:
            draft.write_text("text")
        assert told == ["name"]
        flush(tmp_path)
        assert told == ["name", "file", "file", "folder"]

    def test_what_a_link_leads_to_stays_as_it_is(self, tmp_path: Path) -> None:
        theirs = write_whole(tmp_path / "theirs", "theirs")
        (tmp_path / "soft").symlink_to(theirs)
        os.link(theirs, tmp_path / "hard")
        for name in ("soft", "hard"):
            assert write_whole(tmp_path / name, "ours").read_text() == "ours"
        assert theirs.read_text() == "theirs"

    def test_a_file_put_in_its_own_place_leaves_nothing_behind(self, tmp_path: Path) -> None:
        """POSIX renames nothing where both names are links to one file."""
        path = write_whole(tmp_path / "a", "text")
        with whole_file(path) as draft:
            os.link(path, draft)
        assert list(tmp_path.iterdir()) == [path] and path.read_text() == "text"

    def test_others_may_read_it_as_they_may_any_new_file(self, tmp_path: Path) -> None:
        (tmp_path / "usual").touch()
        mode = write_whole(tmp_path / "a", "text").stat().st_mode
        assert mode == (tmp_path / "usual").stat().st_mode

    def test_a_kill_in_the_middle_leaves_the_old_content(self, tmp_path: Path) -> None:
        path = write_whole(tmp_path / "a", "old")
        code = (
            "import sys, time; from data.files import whole_file\n"
            "with whole_file(sys.argv[1]) as draft, draft.open('w') as file:\n"
            "    file.write('half'); file.flush(); print('ready', flush=True); time.sleep(60)\n"
        )
        with subprocess.Popen([sys.executable, "-c", code, path], cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
            writer.send_signal(signal.SIGKILL)
        assert path.read_text() == "old"
        assert [left.suffix for left in tmp_path.iterdir() if left != path] == [DRAFT]

    def test_readers_never_see_a_part(self, tmp_path: Path) -> None:
        path = write_whole(tmp_path / "a", "0" * 100_000)
        code = (
            "import sys; from data.files import write_whole\n"
            "for n in range(200): write_whole(sys.argv[1], str(n % 10) * 100_000)\n"
        )
        with subprocess.Popen([sys.executable, "-c", code, path], cwd=ROOT) as writer:
            while writer.poll() is None:
                content = path.read_text()
                assert len(content) == 100_000 and len(set(content)) == 1
                time.sleep(0)
        assert writer.returncode == 0


class TestJson:
    def test_what_is_written_is_read(self, tmp_path: Path) -> None:
        content = {"é": [1, None, {"a": 0.1}]}
        path = write_json(tmp_path / "a.json", content)
        assert (
            read_json(path) == content and "é" in path.read_text("utf-8") and path.read_text("utf-8").endswith("}\n")
        )
        assert len(write_json(path, content, indent=None).read_text("utf-8").splitlines()) == 1

    def test_what_json_does_not_have_is_refused_and_nothing_written(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="JSON"):
            write_json(tmp_path / "a.json", {"a": float("nan")})
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"{", "a.json: not JSON"),
            (b"", "a.json: not JSON"),
            (b"\xff", "a.json: not UTF-8"),
            (b"[" * 100_000, "a.json: nested too deeply"),
            (b'{"a": 1e999}', "a.json: 1e999 is too large"),
            (b'{"a": NaN}', "a.json: NaN is not JSON"),
            (b"9" * 5_000, "a.json: an integer of 5,000 digits"),
            (b"[1]", "a.json: want a JSON object, not list"),
            (None, "a.json: cannot be read"),
        ],
    )
    def test_what_is_no_json_object_is_named(self, tmp_path: Path, content: bytes | None, message: str) -> None:
        if content is not None:
            (tmp_path / "a.json").write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_json(tmp_path / "a.json")


class TestWholeFolder:
    def test_it_is_there_when_it_is_filled(self, tmp_path: Path) -> None:
        with whole_folder(tmp_path / "new" / "folder") as draft:
            (draft / "a").write_text("a")
            assert not (tmp_path / "new" / "folder").exists()
        assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("a")] == ["new/folder/a"]

    def test_a_failure_leaves_nothing_behind(self, tmp_path: Path) -> None:
        with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "folder") as draft:
            (draft / "a").write_text("a")
            raise KeyboardInterrupt
        assert not list(tmp_path.iterdir())

    def test_of_two_the_first_stays(self, tmp_path: Path) -> None:
        with whole_folder(tmp_path / "folder") as slow:
            (slow / "a").write_text("slow")
            with whole_folder(tmp_path / "folder") as fast:
                (fast / "a").write_text("fast")
        assert (tmp_path / "folder" / "a").read_text() == "fast" and len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_is_moved_takes_the_place_of_another(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    move_folder(tmp_path / "a", tmp_path / "b")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["b", "b/a"]


APPENDED = {"rl/generation/episode_log.py", "rl/runs/journal.py", "rl/terminal/messages.py"}
"""Logs that are only ever appended to."""
WRITERS = {
    "write_text", "write_bytes", "write_table", "ParquetWriter", "to_parquet", "save_file", "copyfile",
    "copy2", "copytree", "link", "symlink", "move", "rename", "renames", "mkstemp", "NamedTemporaryFile",
}  # fmt: skip
"""What writes or moves files, by name."""


def writes(source: str) -> Iterator[int]:
    """Lines of a module that write a file which is no draft of `whole_file`'s."""
    tree, drafts = ast.parse(source), set[str]()
    for node in ast.walk(tree):
        for item in node.items if isinstance(node, ast.With) else ():
            wholes = {"whole_file", "whole_folder", *drafts}
            if isinstance(item.optional_vars, ast.Name) and wholes & names(item.context_expr):
                drafts.add(item.optional_vars.id)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and is_a_write(node) and not names(node) & drafts:
            yield node.lineno


def names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def is_a_write(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "open":
        modes = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
        return any(isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+") for mode in modes)
    if name == "replace":  # of a file: texts are given two words, and dataclasses name their fields
        return ast.unparse(call.func) == "os.replace" or (len(call.args) == 1 and not call.keywords)
    return name in WRITERS


@pytest.mark.parametrize(
    "line",
    [
        "path.write_text('a')", "path.write_bytes(b'')", "open(path, 'w')", "path.open(mode='wb')", "path.open('r+b')",
        "path.rename(other)", "path.replace(other)", "os.replace(path, other)", "pq.write_table(table, path)",
        "pq.ParquetWriter(path, schema)", "shutil.copyfile(other, path)", "os.link(other, path)",
    ],
)  # fmt: skip
def test_what_writes_in_place_is_recognised(line: str) -> None:
    assert list(writes(line)) == [1]
    assert not list(writes(f"with whole_file(target) as path:\n    {line}"))


@pytest.mark.parametrize(
    "line", ["text.replace('a', 'b')", "replace(row, case=None)", "path.open('rb')", "open(path)", "path.read_text()"]
)
def test_what_writes_nothing_is_let_alone(line: str) -> None:
    assert not list(writes(line))


def test_nothing_is_written_in_place() -> None:
    modules = [path for floor in ("data", "prompts", "rewards", "rl") for path in sorted((ROOT / floor).rglob("*.py"))]
    sources = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in modules}
    assert sources.keys() > APPENDED
    elsewhere = sources.keys() - APPENDED - {"data/files.py"}
    assert not [f"{name}:{line}" for name in sorted(elsewhere) for line in writes(sources[name])]
